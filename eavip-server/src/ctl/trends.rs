//! `trends` and `report`: what the month amounts to, what trends ask for, and each month's operations review.

use clap::Subcommand;
use eavip_agent::cli::exit;
use eavip_core::trend::feedback::Reply;
use serde_json::Value;

use crate::api::export::Format as File;
use crate::api::view::trends::ProposalStatus;
use crate::client::model::{Durations, OpenItem, Proposal, ResponseTimes, ReviewRow};
use crate::ctl::failure::Failure;
use crate::ctl::output::{Cell, Output, raw, talk};
use crate::ctl::session::Session;
use crate::value::coarse;

/// Arguments of `trends`.
#[derive(Debug, clap::Args)]
#[command(after_help = "eavipctl trends\neavipctl trends export --format csv > response.csv\n\
    eavipctl trends answer 0f3c... accepted --reason \"written down\" --record rev-42")]
pub(crate) struct Trends {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Response times of this month's incidents by severity: median, 90th percentile, and of how many
    Response,
    /// Action items of incidents that aren't done, the longest due first; exits 3 when one is late
    Items,
    /// What trends ask for; exits 3 when something should have been answered
    Proposals,
    /// Answer what a trend asks for, as a member of the team that owns it
    Answer {
        /// The proposal's id
        id: String,
        /// accepted or rejected
        reply: Reply,
        /// Why
        #[arg(long)]
        reason: String,
        /// The revision of the runbook, or the decision's record; needed to accept
        #[arg(long)]
        record: Option<String>,
    },
    /// Print this month until now as a file
    Export {
        /// How: markdown, csv (response times alone) or json
        #[arg(long, default_value = "markdown")]
        format: File,
    },
}

impl Trends {
    pub(crate) async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        match self.command.unwrap_or(Command::Response) {
            Command::Response => {
                let trends = session.client.trends().await?;
                response(&trends.response, &trends.json, out)?;
            }
            Command::Items => {
                let items = session.client.open_items().await?;
                open_items(&items.items, &items.json, out)?;
                if items.items.iter().any(|item| item.late_seconds.is_some()) {
                    return Ok(exit::FINDINGS);
                }
            }
            Command::Proposals => {
                let found = session.client.proposals().await?;
                proposals(&found.items, &found.json, out)?;
                if found.items.iter().any(|one| one.status == ProposalStatus::Overdue) {
                    return Ok(exit::FINDINGS);
                }
            }
            Command::Answer { id, reply, reason, record } => {
                let answered =
                    session.client.answer_proposal(&id, reply.as_str(), &reason, record.as_deref()).await?;
                talk(&format!("{} is {}", answered.title, answered.status));
                out.one(
                    &[("proposal", Cell::from(&answered.id)), ("status", Cell::from(answered.status))],
                    &answered.json,
                )?;
            }
            Command::Export { format } => raw(&session.client.export("trends", format.as_str()).await?)?,
        }
        Ok(exit::OK)
    }
}

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
#[command(after_help = "eavipctl report\neavipctl report 2026-03 > review.md\n\
    eavipctl report 2026-03 --sign \"two items for the team\"")]
pub(crate) struct Report {
    /// The month, such as 2026-03; the reviews that there are when it is left out
    month: Option<String>,
    /// How it is printed: markdown, csv (response times alone) or json
    #[arg(long, default_value = "markdown")]
    format: File,
    /// Sign it, and say what was decided
    #[arg(long, value_name = "REMARK", requires = "month")]
    sign: Option<String>,
}

impl Report {
    pub(crate) async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        match (self.month, self.sign) {
            (None, _) => {
                let found = session.client.reviews().await?;
                reviews(&found.items, &found.json, out)?;
            }
            (Some(month), Some(remark)) => {
                let signed = session.client.sign_review(&month, &remark).await?;
                talk(&format!("the review of {} is signed", signed.month));
                let row = [("month", Cell::from(&signed.month)), ("status", Cell::from(signed.status))];
                out.one(&row, &signed.json)?;
            }
            (Some(month), None) => {
                raw(&session.client.export_review(&month, self.format.as_str()).await?)?;
            }
        }
        Ok(exit::OK)
    }
}

fn response(rows: &[ResponseTimes], json: &Value, out: &mut Output) -> std::io::Result<()> {
    let clock = |of: &Durations| {
        let both = of.median_seconds.zip(of.p90_seconds);
        let text = both.map(|(median, p90)| format!("{}, {} ({})", coarse(median), coarse(p90), of.n));
        Cell::from(text.unwrap_or_else(|| "none".to_owned()))
    };
    let row = |row: &ResponseTimes| {
        let head = [Cell::from(row.sev), Cell::from(row.incidents)];
        let clocks = [&row.detect, &row.acknowledge, &row.mitigate, &row.resolve].map(clock);
        head.into_iter().chain(clocks).chain([Cell::from(row.auto_resolved)]).collect()
    };
    let rows: Vec<Vec<Cell>> = rows.iter().map(row).collect();
    let head = ["SEVERITY", "INCIDENTS", "DETECT", "ACKNOWLEDGE", "MITIGATE", "RESOLVE", "BY THEMSELVES"];
    out.table(&head, &rows, json)
}

fn open_items(items: &[OpenItem], json: &Value, out: &mut Output) -> std::io::Result<()> {
    let row = |item: &OpenItem| {
        let late = item.late_seconds.map_or_else(|| "no".to_owned(), coarse);
        vec![
            Cell::from(&item.incident),
            Cell::from(&item.owner.id),
            Cell::from(&item.due_at),
            Cell::from(late),
            Cell::from(&item.what),
        ]
    };
    let rows: Vec<Vec<Cell>> = items.iter().map(row).collect();
    out.table(&["INCIDENT", "OWNER", "DUE", "LATE", "WHAT"], &rows, json)
}

fn proposals(proposals: &[Proposal], json: &Value, out: &mut Output) -> std::io::Result<()> {
    let row = |one: &Proposal| {
        vec![
            Cell::from(&one.id),
            Cell::from(one.status),
            Cell::from(one.remedy),
            Cell::from(&one.owner.id),
            Cell::from(&one.due_at),
            Cell::from(&one.title),
        ]
    };
    let rows: Vec<Vec<Cell>> = proposals.iter().map(row).collect();
    out.table(&["ID", "STATUS", "ASKS FOR", "OWNER", "DUE", "TITLE"], &rows, json)
}

fn reviews(reviews: &[ReviewRow], json: &Value, out: &mut Output) -> std::io::Result<()> {
    let row = |row: &ReviewRow| {
        vec![
            Cell::from(&row.month),
            Cell::from(row.status),
            Cell::from(&row.due_at),
            Cell::or_none(row.signed.as_ref().map(|signed| &signed.by)),
        ]
    };
    let rows: Vec<Vec<Cell>> = reviews.iter().map(row).collect();
    out.table(&["MONTH", "STATUS", "DUE", "SIGNED BY"], &rows, json)
}
