//! `notify`: where messages go, whether they arrive, and those that didn't.

use clap::Subcommand;
use eavip_agent::cli::exit;

use crate::client::DeliveryFilter;
use crate::client::model::{Message, Receiver};
use crate::ctl::failure::Failure;
use crate::ctl::output::{Cell, Output, talk};
use crate::ctl::session::Session;
use crate::record::DeliveryStatus;

/// Messages printed when nobody says how many.
const LIMIT: usize = 50;

/// What `notify` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Notify {
    /// Receivers, with what waits for them and what was given up
    Receivers,
    /// Send a receiver a test and wait for it; exits 1 when it doesn't arrive
    #[command(after_help = "eavipctl notify test pager")]
    Test {
        /// The receiver's name
        receiver: String,
    },
    /// Messages that were given up, the newest first
    #[command(after_help = "eavipctl notify dead-letters --receiver pager -o json")]
    DeadLetters {
        /// Only those to this receiver
        #[arg(long)]
        receiver: Option<String>,
        /// Most messages
        #[arg(long, value_name = "N", default_value_t = LIMIT)]
        limit: usize,
    },
    /// Try a message anew that was given up
    Resend {
        /// The message's id
        id: String,
    },
}

impl Notify {
    pub(crate) async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::Receivers => {
                let receivers = session.client.receivers().await?;
                let rows: Vec<Vec<Cell>> = receivers.items.iter().map(row).collect();
                let headings =
                    ["RECEIVER", "TYPE", "HOST", "FALLBACK", "LAST SUCCESS", "WAITING", "GIVEN UP"];
                out.table(&headings, &rows, &receivers.json)?;
            }
            Self::Test { receiver } => return test(&receiver, session, out).await,
            Self::DeadLetters { receiver, limit } => {
                let status = Some(DeliveryStatus::GivenUp.to_string());
                let page = session.client.deliveries(&DeliveryFilter { status, receiver }, limit).await?;
                let rows: Vec<Vec<Cell>> = page.items.iter().map(message).collect();
                out.table(
                    &["ID", "RECEIVER", "DECIDED", "ATTEMPTS", "LAST ERROR", "TELLS"],
                    &rows,
                    &page.json,
                )?;
                if page.next_cursor.is_some() {
                    talk(&format!("there are more; --limit {} shows them", limit.saturating_mul(4)));
                }
            }
            Self::Resend { id } => {
                let message = session.client.resend(&id).await?;
                talk(&format!("the message to {} is tried anew", message.receiver));
                out.one(&facts(&message), &message.json)?;
            }
        }
        Ok(exit::OK)
    }
}

async fn test(receiver: &str, session: &Session, out: &mut Output) -> Result<u8, Failure> {
    let message = session.client.test_receiver(receiver).await?;
    out.one(&facts(&message), &message.json)?;
    Ok(if message.status == DeliveryStatus::Delivered { exit::OK } else { exit::FAILURE })
}

fn row(receiver: &Receiver) -> Vec<Cell> {
    vec![
        Cell::from(&receiver.id),
        Cell::from(&receiver.kind),
        Cell::from(&receiver.host),
        Cell::or_none(receiver.fallback.as_ref()),
        Cell::or_none(receiver.last_success_at.as_ref()),
        Cell::from(receiver.waiting.to_string()),
        Cell::from(receiver.given_up.to_string()),
    ]
}

fn message(message: &Message) -> Vec<Cell> {
    vec![
        Cell::from(&message.id),
        Cell::from(&message.receiver),
        Cell::from(&message.decided_at),
        Cell::from(message.attempts),
        Cell::or_none(message.last_error.as_ref()),
        Cell::from(&message.title),
    ]
}

fn facts(message: &Message) -> Vec<(&'static str, Cell)> {
    vec![
        ("message", Cell::from(&message.id)),
        ("receiver", Cell::from(&message.receiver)),
        ("tells", Cell::from(&message.title)),
        ("status", Cell::from(message.status)),
        ("last error", Cell::or_none(message.last_error.as_ref())),
    ]
}

#[cfg(test)]
mod tests;
