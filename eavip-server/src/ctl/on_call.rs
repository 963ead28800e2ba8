//! `on-call`: who has duty, whether somebody would be told, overrides, pages, and the own ways to be reached.

use clap::Subcommand;
use eavip_agent::cli::exit;
use eavip_core::decision::Verdict;
use eavip_core::time::Timestamp;
use serde_json::json;

use crate::client::on_call::{Contact, Paged, Reached, Schedule};
use crate::ctl::failure::Failure;
use crate::ctl::output::{Cell, Output, talk};
use crate::ctl::session::Session;

/// What is asked about duty.
#[derive(Debug, Subcommand)]
pub(crate) enum OnCall {
    /// Who has duty now, and whether messages reach them
    Now,
    /// Who has duty next, and from when on
    Next,
    /// Prove that somebody would be told; exits 3 where nobody would, 8 where that isn't known
    Coverage,
    /// Print shifts for a calendar (iCalendar), half a year ahead
    #[command(after_help = "eavipctl on-call calendar primary > primary.ics\n\
                            eavipctl on-call calendar --person ana > ana.ics")]
    Calendar {
        /// The schedule
        #[arg(required_unless_present = "person", conflicts_with = "person")]
        schedule: Option<String>,
        /// All shifts of a person instead
        #[arg(long)]
        person: Option<String>,
    },
    /// Let somebody take another's place for a while
    #[command(subcommand)]
    Override(Override),
    /// Open pages: who was told, who has them
    #[command(subcommand)]
    Pages(Pages),
    /// The own ways to be reached
    #[command(subcommand)]
    Contacts(Contacts),
}

/// What is done with overrides.
#[derive(Debug, Subcommand)]
pub(crate) enum Override {
    /// Overrides that hold or will
    List,
    /// Let somebody have duty instead of whoever would
    #[command(
        after_help = "eavipctl on-call override add primary --person ben --from 2026-12-24T08:00:00Z \\\n    \
                            --until 2026-12-27T08:00:00Z --reason \"ana is away\""
    )]
    Add {
        /// The schedule
        schedule: String,
        /// Who has duty
        #[arg(long)]
        person: String,
        /// From when on, RFC 3339 [default: now]
        #[arg(long)]
        from: Option<Timestamp>,
        /// Until when, RFC 3339
        #[arg(long)]
        until: Timestamp,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Take one back
    Remove {
        /// The override's id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// What is done with pages.
#[derive(Debug, Subcommand)]
pub(crate) enum Pages {
    /// Pages that aren't over
    List,
    /// Take one, or say that you go on with it
    Ack {
        /// The alert's id
        id: String,
        /// What you are about to do
        #[arg(long)]
        reason: String,
    },
}

/// What is done with the own ways to be reached.
#[derive(Debug, Subcommand)]
pub(crate) enum Contacts {
    /// The own ways, and whether messages reach the others
    List,
    /// Name one; a code is sent through it
    #[command(after_help = "eavipctl on-call contacts add mail --address ana@example.com\n\
                            eavipctl on-call contacts verify ID 12345678")]
    Add {
        /// The receiver of the server's configuration that carries messages
        receiver: String,
        /// Your address with it, where it has many
        #[arg(long)]
        address: Option<String>,
    },
    /// Have another code sent
    Code {
        /// The way's id
        id: String,
    },
    /// Show by the code that arrived that it is yours
    Verify {
        /// The way's id
        id: String,
        /// The code
        code: String,
    },
    /// Have a test message sent
    Test {
        /// The way's id
        id: String,
    },
    /// Remove one
    Remove {
        /// The way's id
        id: String,
    },
}

impl OnCall {
    pub(crate) async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        let client = &session.client;
        match self {
            Self::Now => {
                let duty = client.duty().await?;
                let row = |one: &Schedule| {
                    let (who, channel) = reached(one.now.as_ref());
                    vec![Cell::from(&one.id), who, channel, Cell::or_none(one.until.as_ref())]
                };
                let rows: Vec<Vec<Cell>> = duty.schedules.iter().map(row).collect();
                out.table(&["SCHEDULE", "ON CALL", "CHANNEL", "UNTIL"], &rows, &duty.json)?;
            }
            Self::Next => {
                let duty = client.duty().await?;
                let row = |one: &Schedule| {
                    let (who, channel) = reached(one.next.as_ref());
                    vec![Cell::from(&one.id), who, channel, Cell::or_none(one.until.as_ref())]
                };
                let rows: Vec<Vec<Cell>> = duty.schedules.iter().map(row).collect();
                out.table(&["SCHEDULE", "NEXT", "CHANNEL", "FROM"], &rows, &duty.json)?;
            }
            Self::Coverage => return coverage(session, out).await,
            Self::Calendar { schedule, person } => {
                let id = person.as_ref().or(schedule.as_ref()).map_or("", String::as_str);
                let text = client.calendar(person.is_some(), id).await?;
                out.text(text.trim_end(), &json!({ "calendar": text }))?;
            }
            Self::Override(command) => return command.run(session, out).await,
            Self::Pages(command) => return command.run(session, out).await,
            Self::Contacts(command) => return command.run(session, out).await,
        }
        Ok(exit::OK)
    }
}

fn reached(person: Option<&Reached>) -> (Cell, Cell) {
    match person {
        Some(person) => (Cell::from(format!("{} ({})", person.name, person.id)), Cell::from(person.channel)),
        None => (Cell::from("nobody"), Cell::from("-")),
    }
}

async fn coverage(session: &Session, out: &mut Output) -> Result<u8, Failure> {
    let coverage = session.client.coverage().await?;
    let row = |found: &crate::client::on_call::Found| {
        vec![
            Cell::from(&found.rule),
            Cell::outcome(found.outcome),
            Cell::from(&found.message),
            Cell::from(&found.remedy),
        ]
    };
    let rows: Vec<Vec<Cell>> = coverage.findings.iter().map(row).collect();
    out.table(&["RULE", "OUTCOME", "WHAT", "DO"], &rows, &coverage.json)?;
    Ok(match coverage.verdict {
        Verdict::Allow => exit::OK,
        Verdict::Hold => exit::UNDECIDED,
        Verdict::Deny => exit::FINDINGS,
    })
}

impl Override {
    async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::List => {
                let found = session.client.overrides().await?;
                let row = |one: &crate::client::on_call::Override| {
                    [&one.id, &one.schedule, &one.person, &one.from, &one.until, &one.by, &one.reason]
                        .map(Cell::from)
                        .to_vec()
                };
                let rows: Vec<Vec<Cell>> = found.items.iter().map(row).collect();
                out.table(
                    &["ID", "SCHEDULE", "PERSON", "FROM", "UNTIL", "BY", "REASON"],
                    &rows,
                    &found.json,
                )?;
            }
            Self::Add { schedule, person, from, until, reason } => {
                let asked = json!({
                    "schedule": schedule, "person": person, "from": from, "until": until, "reason": reason,
                });
                let made = session.client.add_override(&asked).await?;
                talk(&format!("{} has duty in {} until {}", made.person, made.schedule, made.until));
                out.text(&made.id, &made.json)?;
            }
            Self::Remove { id, reason } => {
                session.client.remove_override(&id, &reason).await?;
                talk("the override is taken back");
            }
        }
        Ok(exit::OK)
    }
}

impl Pages {
    async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::List => {
                let found = session.client.open_pages().await?;
                pages(&found.items, &found.json, out)?;
            }
            Self::Ack { id, reason } => {
                let page = session.client.acknowledge_page(&id, &reason).await?;
                talk("the alert is yours");
                pages(std::slice::from_ref(&page.value), &page.json, out)?;
            }
        }
        Ok(exit::OK)
    }
}

/// Pages as a table.
pub(crate) fn pages(pages: &[Paged], json: &serde_json::Value, out: &mut Output) -> std::io::Result<()> {
    let row = |page: &Paged| {
        let lapses = page.holder.as_ref().and_then(|holder| holder.lapses_at.as_ref());
        vec![
            Cell::from(&page.id),
            Cell::from(page.status),
            Cell::or_none(page.holder.as_ref().map(|holder| &holder.person)),
            Cell::or_none(lapses),
            Cell::or_none(page.next.as_ref().map(|next| &next.at)),
            Cell::from(&page.summary),
        ]
    };
    let rows: Vec<Vec<Cell>> = pages.iter().map(row).collect();
    out.table(&["ALERT", "STATUS", "HAS IT", "LAPSES", "NEXT STEP", "SUMMARY"], &rows, json)
}

impl Contacts {
    async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        let client = &session.client;
        match self {
            Self::List => {
                let found = client.contacts().await?;
                let rows: Vec<Vec<Cell>> = found.own.iter().map(contact).collect();
                out.table(&CONTACT, &rows, &found.json)?;
            }
            Self::Add { receiver, address } => {
                let made = client.add_contact(&receiver, address.as_deref()).await?;
                talk("a code is on its way there; give it with `eavipctl on-call contacts verify ID CODE`");
                out.text(&made.id, &made.json)?;
            }
            Self::Code { id } => {
                client.send_to_contact(&id, "code").await?;
                talk("another code is on its way");
            }
            Self::Verify { id, code } => {
                let made = client.verify_contact(&id, &code).await?;
                talk("alerts reach you there from now on");
                out.table(&CONTACT, &[contact(&made)], &made.json)?;
            }
            Self::Test { id } => {
                client.send_to_contact(&id, "test").await?;
                talk("a test message is on its way");
            }
            Self::Remove { id } => {
                client.remove_contact(&id).await?;
                talk("nothing is sent there any more");
            }
        }
        Ok(exit::OK)
    }
}

const CONTACT: [&str; 5] = ["ID", "RECEIVER", "ADDRESS", "VERIFIED", "STATE"];

fn contact(one: &Contact) -> Vec<Cell> {
    vec![
        Cell::from(&one.id),
        Cell::from(&one.receiver),
        Cell::or_none(one.address.as_ref()),
        Cell::proof(one.verified),
        Cell::from(one.state),
    ]
}
