//! `nodes`: the list, one of them, and taking an identity back.

use crate::client::model::{Node, NodeDetail, Series};
use clap::Subcommand;
use eavip_agent::cli::exit;
use serde_json::Value;

use crate::ctl::failure::Failure;
use crate::ctl::output::{Cell, Format, Output, talk};
use crate::ctl::session::Session;
use crate::ctl::{alerts, status};

/// Nodes printed when nobody says how many.
const LIMIT: usize = 500;

/// Arguments of `nodes`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Nodes {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Nodes by id
    List(List),
    /// One node with its services, series and alerts
    Show {
        /// The node's id
        id: String,
    },
    /// Take a node's identity back: it may not report any more
    Revoke {
        /// The node's id
        id: String,
        /// Why; kept in the ledger
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, clap::Args)]
struct List {
    /// Most nodes
    #[arg(long, value_name = "N", default_value_t = LIMIT)]
    limit: usize,
}

impl Nodes {
    pub(crate) async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        match self.command.unwrap_or(Command::List(self.list)) {
            Command::List(List { limit }) => {
                let page = session.client.nodes(limit).await?;
                table(&page.items, &page.json, out)?;
                if page.next_cursor.is_some() {
                    talk(&format!("there are more; --limit {} shows them", limit.saturating_mul(4)));
                }
            }
            Command::Show { id } => {
                let node = session.client.node(&id).await?;
                show(&node, &node.json, out)?;
            }
            Command::Revoke { id, reason } => {
                session.client.revoke_node(&id, &reason).await?;
                talk("the node is revoked; end its agent");
            }
        }
        Ok(exit::OK)
    }
}

fn percent(share: Option<f64>) -> Cell {
    Cell::or_none(share.map(|share| format!("{:.0} %", share * 100.0)))
}

fn table(nodes: &[Node], json: &Value, out: &mut Output) -> std::io::Result<()> {
    let row = |node: &Node| {
        vec![
            Cell::from(&node.id),
            Cell::from(&node.hostname),
            Cell::health(node.health),
            Cell::from(&node.deployment),
            Cell::from(node.environment),
            Cell::from(node.mode),
            percent(node.cpu),
            percent(node.memory),
            percent(node.disk),
            Cell::or_none(node.seen_at.as_ref()),
        ]
    };
    let rows: Vec<Vec<Cell>> = nodes.iter().map(row).collect();
    let headings =
        ["ID", "HOST", "HEALTH", "DEPLOYMENT", "ENVIRONMENT", "MODE", "CPU", "MEMORY", "DISK", "SEEN"];
    out.table(&headings, &rows, json)
}

fn show(detail: &NodeDetail, json: &Value, out: &mut Output) -> std::io::Result<()> {
    if out.format != Format::Table {
        return out.one(&[], json);
    }
    let node = &detail.node;
    let place = format!("{}, {}, {}", node.deployment, node.environment, node.mode);
    out.facts(&[
        ("node", Cell::from(&node.id)),
        ("host", Cell::from(&node.hostname)),
        ("health", Cell::health(node.health)),
        ("place", Cell::from(place)),
        ("alerts", Cell::from(status::firing(&node.firing))),
        ("system", Cell::from(format!("{}, {}, {} cores", detail.os, detail.kernel, detail.cores))),
        ("agent", Cell::from(&node.agent_version)),
        ("enrolled", Cell::from(&detail.enrolled_at)),
        ("seen", Cell::or_none(node.seen_at.as_ref())),
        ("silent", Cell::from(if node.stale { "yes" } else { "no" })),
        ("dropped", Cell::from(format!("{} reports", detail.dropped_reports))),
    ])?;
    let series = |series: &Series| {
        let labels: Vec<String> =
            series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        vec![
            Cell::or_none(series.service.as_ref()),
            Cell::from(&series.metric),
            Cell::from(labels.join(" ")),
            Cell::from(&series.text),
        ]
    };
    let rows: Vec<Vec<Cell>> = detail.series.iter().map(series).collect();
    out.gap()?;
    out.rows(&["SERVICE", "METRIC", "LABELS", "LATEST"], &rows)?;
    if detail.alerts.is_empty() {
        return Ok(());
    }
    out.gap()?;
    alerts::table(&detail.alerts, json, out)
}

#[cfg(test)]
mod tests;
