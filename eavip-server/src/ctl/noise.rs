//! `noise`: scores against the budget, the defects, and saying that one is mended.

use clap::Subcommand;
use eavip_agent::cli::exit;
use eavip_core::alert::noise::defect::DefectStatus;
use serde_json::Value;

use crate::api::export::Format as File;
use crate::client::model::{Noise as Known, NoiseDefect, NoiseScore};
use crate::ctl::failure::Failure;
use crate::ctl::output::{Cell, Format, Output, raw, talk};
use crate::ctl::session::Session;

/// Arguments of `noise`.
#[derive(Debug, clap::Args)]
#[command(after_help = "eavipctl noise\neavipctl noise export --format csv > noise.csv\n\
    eavipctl noise mend 0f3c... --how \"for = 5m\"")]
pub(crate) struct Noise {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Scores by rule, team and responder, the worst first; exits 3 when one is over the budget
    Scores,
    /// What is to be mended, and what was; exits 3 when something is to be mended
    Defects,
    /// Say that a defect is mended
    Mend {
        /// The defect's id
        id: String,
        /// What you changed
        #[arg(long)]
        how: String,
    },
    /// Print scores and defects as a file
    Export {
        /// How: markdown, csv or json
        #[arg(long, default_value = "markdown")]
        format: File,
    },
}

impl Noise {
    pub(crate) async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        match self.command.unwrap_or(Command::Scores) {
            Command::Scores => {
                let noise = session.client.noise().await?;
                scores(&noise, &noise.json, out)?;
                Ok(code(noise.scores.iter().any(|score| score.over)))
            }
            Command::Defects => {
                let noise = session.client.noise().await?;
                let json = noise.json.get("defects").cloned().unwrap_or(Value::Null);
                defects(&noise.defects, &serde_json::json!({ "items": json }), out)?;
                Ok(code(noise.defects.iter().any(|defect| defect.status != DefectStatus::Mended)))
            }
            Command::Mend { id, how } => {
                let defect = session.client.mend_defect(&id, &how).await?;
                talk("it is counted anew from now on, and opened again when it comes back");
                out.one(&facts(&defect), &defect.json)?;
                Ok(exit::OK)
            }
            Command::Export { format } => {
                raw(&session.client.export("noise", format.as_str()).await?)?;
                Ok(exit::OK)
            }
        }
    }
}

const fn code(found: bool) -> u8 {
    if found { exit::FINDINGS } else { exit::OK }
}

fn scores(noise: &Known, json: &Value, out: &mut Output) -> std::io::Result<()> {
    if out.format != Format::Table {
        let items = json.get("scores").cloned().unwrap_or(Value::Null);
        return out.table(&[], &[], if out.format == Format::Json { json } else { &items });
    }
    if let (Some(from), Some(until)) = (&noise.from, &noise.until) {
        talk(&format!("counted from {from} until {until}"));
    }
    let row = |score: &NoiseScore| {
        let share = |share: Option<f64>| Cell::or_none(share.map(|share| format!("{:.0} %", share * 100.0)));
        vec![
            Cell::from(score.whose),
            Cell::from(&score.name),
            Cell::or_none(score.owner.as_ref().map(|owner| &owner.id)),
            Cell::from(if score.over { "over" } else { "kept" }),
            Cell::from(score.alerts),
            share(score.precision),
            Cell::from(format!("{} of {}", score.worth, score.decided)),
            share(score.recall),
            Cell::from(score.worst_shift),
            Cell::from(score.chatter),
            Cell::from(score.stale),
        ]
    };
    let rows: Vec<Vec<Cell>> = noise.scores.iter().map(row).collect();
    let head = [
        "WHOSE",
        "NAME",
        "OWNER",
        "BUDGET",
        "ALERTS",
        "PRECISION",
        "WORTH IT",
        "RECALL",
        "WORST SHIFT",
        "CHATTER",
        "STALE",
    ];
    out.rows(&head, &rows)
}

fn defects(defects: &[NoiseDefect], json: &Value, out: &mut Output) -> std::io::Result<()> {
    let row = |defect: &NoiseDefect| {
        let found = defect.evidence.first().map(|found| found.message.clone());
        vec![
            Cell::from(&defect.id),
            Cell::from(defect.status),
            Cell::from(&defect.owner.id),
            Cell::from(&defect.due_at),
            Cell::or_none(found),
        ]
    };
    let rows: Vec<Vec<Cell>> = defects.iter().map(row).collect();
    out.table(&["ID", "STATUS", "OWNER", "DUE", "FOUND"], &rows, json)
}

fn facts(defect: &NoiseDefect) -> Vec<(&'static str, Cell)> {
    vec![
        ("defect", Cell::from(&defect.id)),
        ("noise of", Cell::from(format!("{} {}", defect.whose, defect.name))),
        ("owner", Cell::from(&defect.owner.id)),
        ("status", Cell::from(defect.status)),
        ("due", Cell::from(&defect.due_at)),
    ]
}

#[cfg(test)]
mod tests;
