//! Receivers and messages as the outside sees them: where messages go, and what became of each.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Delivery, words};
use crate::config::receivers::Kind;

/// A receiver of the configuration, without anything secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Receiver {
    /// Its name in the configuration.
    pub id: String,
    /// What it is.
    #[serde(rename = "type")]
    #[schema(schema_with = words::<Kind>)]
    pub kind: Kind,
    /// Where it leads: the host alone.
    pub host: String,
    /// The receiver that is told when this one can't be.
    pub fallback: Option<String>,
    /// Whether it is told of what is over.
    pub send_resolved: bool,
    /// When it last took a message, RFC 3339.
    pub last_success_at: Option<String>,
    /// Messages that wait for it.
    pub waiting: usize,
    /// Messages to it that were given up.
    pub given_up: usize,
}

/// A message to a receiver.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Message {
    /// Where it stands.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// What it tells, on one line.
    pub title: String,
    /// The receiver whose messages don't arrive, where this one is sent in place of one to it.
    pub instead_of: Option<String>,
    /// When it was delivered or given up, RFC 3339.
    pub ended_at: Option<String>,
}

/// A message with what it tells.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageDetail {
    /// The message.
    #[serde(flatten)]
    pub message: Message,
    /// Ids of the alerts that it tells something new of.
    pub alerts: Vec<String>,
    /// What it says, where it isn't about alerts.
    pub text: Option<String>,
}
