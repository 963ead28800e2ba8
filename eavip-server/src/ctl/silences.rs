//! `silences`: the list, asking for one, agreeing to it and ending it; and those of an Alertmanager, in and out.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use eavip_agent::cli::exit;
use eavip_core::alert::silence::SilenceStatus;
use eavip_core::time::{Span, Timestamp};
use serde_json::{Value, json};

use crate::client::model::Silence;
use crate::ctl::failure::Failure;
use crate::ctl::given;
use crate::ctl::output::{Cell, Format, Output, talk};
use crate::ctl::session::Session;
use crate::ctl::text::escaped;

/// Silences printed when nobody says how many.
const LIMIT: usize = 50;
/// Largest file of silences: ten thousand of them.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Arguments of `silences`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Silences {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Silences, the newest first
    List(List),
    /// Ask for a silence; for more than 24 h, or of nearly everything, it waits for a second person
    #[command(
        after_help = "eavipctl silences add alertname=disk-full 'node=~\"a.*\"' --reason 'disk is replaced' \
        --ticket OPS-7 --for 2h"
    )]
    Add {
        /// Which alerts: labels that all hold, such as `alertname=disk-full`
        #[arg(required = true)]
        matchers: Vec<String>,
        /// Why; the owners of the silenced rules read it
        #[arg(long)]
        reason: String,
        /// Where the cause is being mended
        #[arg(long)]
        ticket: String,
        /// For how long, such as `90m`
        #[arg(long = "for", value_name = "TIME", default_value = "1h")]
        lasts: Span,
        /// When it begins, RFC 3339 [default: now]
        #[arg(long, value_name = "MOMENT")]
        from: Option<Timestamp>,
    },
    /// Agree to a silence that waits for a second person
    Approve {
        /// The silence's id
        id: String,
    },
    /// End a silence now
    End {
        /// The silence's id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Print silences in Alertmanager's form, for `amtool silence import`
    #[command(after_help = "eavipctl silences export > silences.json")]
    Export {
        /// Also those that are over
        #[arg(long)]
        expired: bool,
    },
    /// Ask for silences in Alertmanager's form, as `amtool silence query -o json` prints them
    #[command(after_help = "amtool silence query -o json | eavipctl silences import -")]
    Import {
        /// The file; `-` for standard input
        file: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct List {
    /// Only these: waiting, scheduled, active, expired or ended
    #[arg(long)]
    status: Option<SilenceStatus>,
    /// Most silences
    #[arg(long, value_name = "N", default_value_t = LIMIT)]
    limit: usize,
}

impl Silences {
    pub(crate) async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        let client = &session.client;
        match self.command.unwrap_or(Command::List(self.list)) {
            Command::List(List { status, limit }) => {
                let page = client.silences(status.map(SilenceStatus::as_str), limit).await?;
                table(&page.items, &page.json, out)?;
                if page.next_cursor.is_some() {
                    talk(&format!("there are more; --limit {} shows them", limit.saturating_mul(4)));
                }
            }
            Command::Add { matchers, reason, ticket, lasts, from } => {
                let from = from.unwrap_or_else(crate::shared::now);
                let until = from + lasts;
                let asked = json!({
                    "matchers": matchers, "reason": reason, "ticket": ticket, "from": from, "until": until,
                });
                let made = client.request_silence(&asked).await?;
                if made.status == SilenceStatus::Waiting {
                    talk(&format!(
                        "it holds once somebody else has run: eavipctl silences approve {}",
                        made.id
                    ));
                }
                show(&made, &made.json, out)?;
            }
            Command::Approve { id } => {
                let approved = client.approve_silence(&id).await?;
                talk("it holds");
                show(&approved, &approved.json, out)?;
            }
            Command::End { id, reason } => {
                let ended = client.end_silence(&id, &reason).await?;
                talk("it ended");
                show(&ended, &ended.json, out)?;
            }
            Command::Export { expired } => {
                let mut all = client.alertmanager_silences().await?.value;
                all.retain(|silence| expired || !is_over(silence));
                let all = Value::from(all);
                // Both forms for people are the document: whoever reads it next is a program.
                out.text(&escaped(&format!("{all:#}")), &all)?;
            }
            Command::Import { file } => return import(&file, session).await,
        }
        Ok(exit::OK)
    }
}

/// Whether a silence in Alertmanager's form is over.
fn is_over(silence: &Value) -> bool {
    silence.pointer("/status/state").and_then(Value::as_str) == Some("expired")
}

/// Asks for each silence of a file, and goes on after one that is refused.
async fn import(file: &Path, session: &Session) -> Result<u8, Failure> {
    let text = given::read(file, MAX_FILE).map_err(|problems| given::undecided(&problems))?;
    let remedy = "give a list as `amtool silence query -o json` prints it";
    let silences = serde_json::from_slice::<Vec<Value>>(&text)
        .map_err(|error| Failure::new(exit::USAGE, format!("it is no list of silences: {error}"), remedy))?;
    let (mut taken, mut refused) = (0_usize, 0_usize);
    for (at, mut silence) in silences.into_iter().enumerate() {
        if is_over(&silence) {
            continue;
        }
        // An id that another system gave means nothing here.
        if let Some(silence) = silence.as_object_mut() {
            silence.remove("id");
        }
        match session.client.take_alertmanager_silence(&silence).await {
            Ok(_) => taken += 1,
            Err(error @ crate::client::ClientError::Refused(_)) => {
                refused += 1;
                talk(&crate::ctl::text::shown(&format!("silence {at}: {error}")));
            }
            Err(error) => return Err(error.into()),
        }
    }
    talk(&format!("{taken} taken, {refused} refused"));
    Ok(if refused == 0 { exit::OK } else { exit::FINDINGS })
}

fn table(silences: &[Silence], json: &Value, out: &mut Output) -> std::io::Result<()> {
    let row = |silence: &Silence| {
        vec![
            Cell::from(&silence.id),
            Cell::from(silence.status),
            Cell::from(&silence.by),
            Cell::from(&silence.until),
            Cell::from(&silence.ticket),
            Cell::from(silence.hides_count),
            Cell::from(silence.matchers.join(", ")),
            Cell::from(&silence.reason),
        ]
    };
    let rows: Vec<Vec<Cell>> = silences.iter().map(row).collect();
    out.table(&["ID", "STATUS", "BY", "UNTIL", "TICKET", "MEANS", "MATCHERS", "REASON"], &rows, json)
}

fn show(silence: &Silence, json: &Value, out: &mut Output) -> std::io::Result<()> {
    if out.format != Format::Table {
        return out.one(&[], json);
    }
    let step = |step: &crate::client::model::Step| format!("{} by {}", step.at, step.by);
    out.facts(&[
        ("silence", Cell::from(&silence.id)),
        ("status", Cell::from(silence.status)),
        ("matchers", Cell::from(silence.matchers.join(", "))),
        ("reason", Cell::from(&silence.reason)),
        ("ticket", Cell::from(&silence.ticket)),
        ("by", Cell::from(&silence.by)),
        ("from", Cell::from(&silence.from)),
        ("until", Cell::from(&silence.until)),
        ("owners", Cell::from(silence.owners.join(", "))),
        ("means", Cell::from(crate::ctl::text::counted(silence.hides_count, "open alert"))),
        ("approved", Cell::or_none(silence.approved.as_ref().map(step))),
        ("ended", Cell::or_none(silence.ended.as_ref().map(step))),
    ])
}

#[cfg(test)]
mod tests;
