//! How the link to the server is doing, for `status`, `/readyz` and logs.

use std::sync::Arc;

use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::clock;
use crate::spool::{Durability, Spool};

/// Where the link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Nothing was sent yet.
    Starting,
    /// The server takes what is sent.
    Connected,
    /// No server can be asked, or none can answer now.
    Unreachable,
    /// The server wants nothing from this node.
    Denied,
}

impl LinkState {
    /// The word that stands for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Connected => "connected",
            Self::Unreachable => "unreachable",
            Self::Denied => "denied",
        }
    }
}

/// What is known of the link and of what waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkStatus {
    /// Where it stands.
    pub state: LinkState,
    /// Since when.
    pub since: Timestamp,
    /// Why, in the server's or the system's words; empty when connected.
    pub reason: String,
    /// The server that was asked last.
    pub server: String,
    /// When a server last took something.
    pub last_success: Option<Timestamp>,
    /// The newest acknowledged report.
    pub acknowledged: u64,
    /// Reports that wait.
    pub pending: u64,
    /// Bytes of what waits and of what is kept for a server that lost its tail.
    pub spool_bytes: u64,
    /// Whether what is spooled survives a power cut.
    pub durable: bool,
    /// Reports that the server refused for good, since the start.
    pub refused: u64,
}

/// What the spool holds at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures {
    acknowledged: u64,
    pending: u64,
    bytes: u64,
    durable: bool,
}

impl Figures {
    /// Asks the spool, which may wait for a disk.
    pub(super) fn of(spool: &Spool) -> Self {
        let (pending, bytes) = spool.backlog();
        let durable = spool.durability() == Durability::Durable;
        Self { acknowledged: spool.acknowledged().seq, pending: pending as u64, bytes, durable }
    }
}

/// Takes the spool's figures into the link's status.
#[derive(Debug, Clone)]
pub struct Meter(pub(super) Arc<watch::Sender<LinkStatus>>);

impl Meter {
    /// Asks the spool, which may wait for a disk.
    pub fn measure(&self, spool: &Spool) {
        let figures = Figures::of(spool);
        self.0.send_modify(|status| status.measured(figures));
    }
}

impl LinkStatus {
    pub(super) fn new(figures: Figures) -> Self {
        let mut status = Self {
            state: LinkState::Starting,
            since: clock::now(),
            reason: String::new(),
            server: String::new(),
            last_success: None,
            acknowledged: 0,
            pending: 0,
            spool_bytes: 0,
            durable: true,
            refused: 0,
        };
        status.measured(figures);
        status
    }

    /// Takes a new state; logs when it is another one than before.
    pub(super) fn change(&mut self, state: LinkState, url: &str, reason: String) {
        let now = clock::now();
        if state != self.state {
            match state {
                LinkState::Connected => tracing::info!(server = url, "connected to the server"),
                _ => tracing::warn!(server = url, reason, "reports can't be delivered: {}", state.as_str()),
            }
            (self.state, self.since) = (state, now);
        }
        if state == LinkState::Connected {
            self.last_success = Some(now);
        }
        self.reason = reason;
        url.clone_into(&mut self.server);
        metrics::gauge!("eavip_agent_server_connected").set(f64::from(state == LinkState::Connected));
    }

    pub(super) fn measured(&mut self, figures: Figures) {
        (self.pending, self.spool_bytes) = (figures.pending, figures.bytes);
        (self.acknowledged, self.durable) = (figures.acknowledged, figures.durable);
        metrics::gauge!("eavip_agent_spool_pending_reports").set(figures.pending as f64);
        metrics::gauge!("eavip_agent_spool_bytes").set(figures.bytes as f64);
        metrics::gauge!("eavip_agent_spool_durable").set(f64::from(figures.durable));
    }
}
