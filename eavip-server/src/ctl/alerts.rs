//! `alerts`: the list, one of them, and taking one.

mod export;
mod why;

use crate::client::AlertFilter;
use crate::client::model::{Alert, AlertDetail, Delivery, Held};
use clap::Subcommand;
use eavip_agent::cli::exit;
use serde_json::Value;

use crate::ctl::failure::Failure;
use crate::ctl::on_call;
use crate::ctl::output::{Cell, Format, Output, talk};
use crate::ctl::session::Session;

/// Alerts printed when nobody says how many.
const LIMIT: usize = 50;

/// Arguments of `alerts`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Alerts {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Alerts, the newest first
    List(List),
    /// One alert with its deliveries
    Show {
        /// The alert's id
        id: String,
    },
    /// Say why somebody was told of an alert or wasn't, and what each rule says now
    Why {
        /// The alert's id
        id: String,
        /// The receiver that asks [default: all]
        #[arg(long)]
        receiver: Option<String>,
    },
    /// Print alerts of a time, one per line: as JSON, or as CSV that no spreadsheet takes for formulas
    #[command(after_help = "eavipctl alerts export --from 2026-11-01T00:00:00Z --csv > november.csv")]
    Export(export::Export),
    /// Take an alert, so that others know who has it
    Ack {
        /// The alert's id
        id: String,
        /// What you are about to do
        #[arg(long)]
        reason: String,
    },
    /// Say whether there was something to do about an alert, or it was noise
    Vote {
        /// The alert's id
        id: String,
        /// There was something to do
        #[arg(long, conflicts_with = "noise", required_unless_present = "noise")]
        actionable: bool,
        /// There was nothing to do
        #[arg(long)]
        noise: bool,
    },
    /// Hand an alert that you have over to somebody else, who is told
    HandOver {
        /// The alert's id
        id: String,
        /// Who is to have it: their id in the runbook's roster
        #[arg(long, value_name = "PERSON")]
        to: String,
        /// What they have to know
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, clap::Args)]
struct List {
    /// Only these: firing, acknowledged or resolved
    #[arg(long)]
    status: Option<eavip_core::alert::episode::Status>,
    /// Only these: critical, warning or informational
    #[arg(long)]
    category: Option<eavip_core::alert::Category>,
    /// Only those of a team
    #[arg(long, value_name = "TEAM")]
    owner: Option<String>,
    /// Only those of a rule
    #[arg(long)]
    rule: Option<String>,
    /// Only those of a node, by its id
    #[arg(long, value_name = "ID")]
    node: Option<String>,
    /// Most alerts
    #[arg(long, value_name = "N", default_value_t = LIMIT)]
    limit: usize,
}

impl Alerts {
    pub(crate) async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        match self.command.unwrap_or(Command::List(self.list)) {
            Command::List(asked) => list(asked, session, out).await,
            Command::Show { id } => {
                let alert = session.client.alert(&id).await?;
                show(&alert, &alert.json, out)?;
                Ok(exit::OK)
            }
            Command::Why { id, receiver } => {
                let why = session.client.why(&id, receiver.as_deref()).await?;
                why::show(&why, &why.json, out)?;
                Ok(exit::OK)
            }
            Command::Export(asked) => asked.run(session, out).await,
            Command::Ack { id, reason } => {
                let alert = session.client.acknowledge(&id, &reason).await?;
                talk("the alert is yours");
                show(&alert, &alert.json, out)?;
                Ok(exit::OK)
            }
            Command::Vote { id, actionable, .. } => {
                let alert = session.client.vote(&id, actionable).await?;
                talk(if actionable { "it counts as worth it" } else { "it counts as noise" });
                show(&alert, &alert.json, out)?;
                Ok(exit::OK)
            }
            Command::HandOver { id, to, reason } => {
                let page = session.client.hand_over(&id, &to, &reason).await?;
                talk(&format!("{to} has the alert, and is told by every channel that is shown to be theirs"));
                on_call::pages(std::slice::from_ref(&page.value), &page.json, out)?;
                Ok(exit::OK)
            }
        }
    }
}

async fn list(asked: List, session: &Session, out: &mut Output) -> Result<u8, Failure> {
    let List { status, category, owner, rule, node, limit } = asked;
    let (status, category) = (status.map(|status| status.to_string()), category.map(|word| word.to_string()));
    let filter = AlertFilter { status, category, owner, rule, node, ..AlertFilter::default() };
    let page = session.client.alerts(&filter, limit).await?;
    table(&page.items, &page.json, out)?;
    if page.next_cursor.is_some() {
        talk(&format!("there are more; --limit {} shows them", limit.saturating_mul(4)));
    }
    Ok(exit::OK)
}

/// Alerts as a table.
pub(crate) fn table(alerts: &[Alert], json: &Value, out: &mut Output) -> std::io::Result<()> {
    let row = |alert: &Alert| {
        vec![
            Cell::from(&alert.id),
            Cell::from(alert.status),
            Cell::category(alert.category),
            Cell::from(&alert.rule),
            Cell::from(&alert.owner.id),
            Cell::or_none(alert.hostname.as_ref()),
            Cell::from(&alert.opened_at),
            Cell::from(&alert.summary),
        ]
    };
    let rows: Vec<Vec<Cell>> = alerts.iter().map(row).collect();
    out.table(&["ID", "STATUS", "CATEGORY", "RULE", "OWNER", "HOST", "OPENED", "SUMMARY"], &rows, json)
}

fn show(detail: &AlertDetail, json: &Value, out: &mut Output) -> std::io::Result<()> {
    if out.format != Format::Table {
        return out.one(&[], json);
    }
    let alert = &detail.alert;
    let taken =
        alert.acknowledged.as_ref().map(|taken| format!("{} by {}: {}", taken.at, taken.by, taken.reason));
    let over = alert.resolved.as_ref().map(|over| format!("{} ({})", over.at, over.ending));
    let labels: Vec<String> = alert.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let host = alert.hostname.as_ref().zip(alert.node.as_ref()).map(|(name, id)| format!("{name} ({id})"));
    out.facts(&[
        ("alert", Cell::from(&alert.id)),
        ("status", Cell::from(alert.status)),
        ("category", Cell::category(alert.category)),
        ("summary", Cell::from(&alert.summary)),
        ("rule", Cell::from(&alert.rule)),
        ("owner", Cell::from(format!("{} ({})", alert.owner.name, alert.owner.id))),
        ("do first", Cell::from(&alert.action)),
        ("runbook", Cell::from(&alert.runbook)),
        ("host", Cell::or_none(host)),
        ("value", Cell::or_none(alert.value.as_ref())),
        ("labels", Cell::from(labels.join(" "))),
        ("bad since", Cell::from(&alert.since)),
        ("opened", Cell::from(&alert.opened_at)),
        ("acknowledged", Cell::or_none(taken)),
        ("resolved", Cell::or_none(over)),
    ])?;
    told(detail, out)
}

/// Who was told, and who wasn't and why not.
fn told(detail: &AlertDetail, out: &mut Output) -> std::io::Result<()> {
    if !detail.held.is_empty() {
        out.gap()?;
        let held =
            |held: &Held| vec![Cell::from(&held.at), Cell::from(&held.receiver), Cell::from(&held.reason)];
        let rows: Vec<Vec<Cell>> = detail.held.iter().map(held).collect();
        out.rows(&["SINCE", "NOT TOLD", "WHY"], &rows)?;
    }
    if detail.deliveries.is_empty() {
        return Ok(());
    }
    out.gap()?;
    let delivery = |delivery: &Delivery| {
        vec![
            Cell::from(&delivery.decided_at),
            Cell::from(&delivery.receiver),
            Cell::from(&delivery.reason),
            Cell::from(delivery.status),
            Cell::from(delivery.attempts),
            Cell::or_none(delivery.last_error.as_ref()),
        ]
    };
    let rows: Vec<Vec<Cell>> = detail.deliveries.iter().map(delivery).collect();
    out.rows(&["DECIDED", "RECEIVER", "WHY", "STATUS", "ATTEMPTS", "LAST ERROR"], &rows)
}

#[cfg(test)]
mod tests;
