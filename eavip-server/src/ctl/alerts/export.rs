//! `alerts export`: the alerts of a time as lines, for sheets and other programs. The server's memory holds the open ones and some
//! ten thousand that are over.

use eavip_agent::cli::exit;
use eavip_core::time::Timestamp;
use serde_json::Value;

use crate::client::AlertFilter;
use crate::client::model::Alert;
use crate::csv::row;
use crate::ctl::failure::Failure;
use crate::ctl::output::{Output, talk};
use crate::ctl::session::Session;
use crate::ctl::text::escaped;

/// Most alerts of one export: as many as the server holds.
const MOST: usize = 100_000;
const COLUMNS: [&str; 13] = [
    "id",
    "status",
    "category",
    "rule",
    "owner",
    "host",
    "opened_at",
    "acknowledged_at",
    "acknowledged_by",
    "resolved_at",
    "ending",
    "summary",
    "labels",
];

/// Which alerts, and how.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// Only those that opened at this moment or later, RFC 3339
    #[arg(long, value_name = "MOMENT")]
    from: Option<Timestamp>,
    /// Only those that opened before this moment, RFC 3339
    #[arg(long, value_name = "MOMENT")]
    to: Option<Timestamp>,
    /// As CSV (RFC 4180) with a line of headings, instead of a JSON document per line
    #[arg(long)]
    csv: bool,
}

impl Export {
    pub(super) async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        let filter = AlertFilter { from: moment(self.from), to: moment(self.to), ..AlertFilter::default() };
        let page = session.client.alerts(&filter, MOST).await?;
        if self.csv {
            out.lines(std::iter::once(row(COLUMNS)).chain(page.items.iter().map(line)))?;
        } else {
            let items = page.json.get("items").and_then(Value::as_array);
            out.lines(items.into_iter().flatten().map(|item| escaped(&item.to_string())))?;
        }
        if page.next_cursor.is_some() {
            talk(&format!("these are the newest {MOST}; --to and --from give the others"));
        }
        Ok(exit::OK)
    }
}

fn line(alert: &Alert) -> String {
    let labels: Vec<String> = alert.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let (taken, over) = (alert.acknowledged.as_ref(), alert.resolved.as_ref());
    let fields = [
        alert.id.clone(),
        alert.status.to_string(),
        alert.category.to_string(),
        alert.rule.clone(),
        alert.owner.id.clone(),
        alert.hostname.clone().unwrap_or_default(),
        alert.opened_at.clone(),
        taken.map(|taken| taken.at.clone()).unwrap_or_default(),
        taken.map(|taken| taken.by.clone()).unwrap_or_default(),
        over.map(|over| over.at.clone()).unwrap_or_default(),
        over.map(|over| over.ending.to_string()).unwrap_or_default(),
        alert.summary.clone(),
        labels.join(" "),
    ];
    row(fields)
}
