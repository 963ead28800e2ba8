//! A destination of notifications.

use std::time::Duration;

use super::message::Message;
use super::webhook::Webhook;

/// Why a message didn't arrive.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Trying again may help; after this long, where the receiver said so.
    #[error("{0}")]
    Passing(String, Option<Duration>),
    /// Trying again would meet the same.
    #[error("{0}")]
    Final(String),
}

impl SendError {
    /// Whether trying again would meet the same.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Final(_))
    }

    /// How long the receiver asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Passing(_, wait) => *wait,
            Self::Final(_) => None,
        }
    }
}

/// A destination of notifications.
#[derive(Debug)]
pub enum Receiver {
    /// An HTTP endpoint that gets signed JSON.
    Webhook(Webhook),
}

impl Receiver {
    /// Sends a message once.
    ///
    /// # Errors
    /// Why it didn't arrive.
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        match self {
            Self::Webhook(webhook) => webhook.send(message).await,
        }
    }
}
