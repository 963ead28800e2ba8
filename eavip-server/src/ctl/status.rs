//! `status`: the strip "Now" and the five golden signals.

use crate::client::model::{Firing, Overview};
use eavip_agent::cli::exit;
use eavip_core::signal::health::Health;
use serde_json::Value;

use crate::ctl::failure::Failure;
use crate::ctl::output::{Cell, Format, Output};
use crate::ctl::session::Session;

pub(crate) async fn run(session: &Session, out: &mut Output) -> Result<u8, Failure> {
    let overview = session.client.overview().await?;
    show(&overview, &overview.json, out)?;
    Ok(verdict(&overview))
}

/// 0 only when everything is measured and good, and nothing fires: what nobody can see isn't healthy.
fn verdict(overview: &Overview) -> u8 {
    let Firing { critical, warning, informational } = overview.now.firing;
    let quiet = critical + warning + informational == 0;
    if quiet && overview.now.health == Health::Healthy { exit::OK } else { exit::FINDINGS }
}

fn show(overview: &Overview, json: &Value, out: &mut Output) -> std::io::Result<()> {
    if out.format != Format::Table {
        return out.one(&[], json);
    }
    let now = &overview.now;
    out.facts(&[
        ("now", Cell::health(now.health)),
        ("", Cell::from(&now.headline)),
        ("alerts", Cell::from(firing(&now.firing))),
        ("unacknowledged", Cell::from(format!("{} critical", now.unacknowledged_critical))),
        ("nodes", Cell::from(format!("{}, {} silent", now.nodes, now.silent_nodes))),
        (
            "undelivered",
            Cell::from(format!("{} notifications, {} receivers", now.undelivered, now.receivers)),
        ),
        ("evaluated", Cell::or_none(now.evaluated_at.as_ref())),
    ])?;
    out.gap()?;
    let card = |card: &crate::client::model::SignalCard| {
        vec![
            Cell::from(card.signal),
            Cell::health(card.health),
            Cell::from(&card.value),
            Cell::from(&card.objective),
            Cell::from(&card.detail),
        ]
    };
    let rows: Vec<Vec<Cell>> = overview.signals.iter().map(card).collect();
    out.rows(&["SIGNAL", "HEALTH", "WORST", "OBJECTIVE", "DETAIL"], &rows)
}

/// Open alerts by category, in words.
pub(crate) fn firing(firing: &Firing) -> String {
    let Firing { critical, warning, informational } = firing;
    format!("{critical} critical, {warning} warning, {informational} informational")
}

#[cfg(test)]
mod tests;
