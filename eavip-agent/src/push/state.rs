//! How the link to the server is doing, for `status`, `/readyz` and logs.

use std::sync::Arc;
use std::time::Duration;

use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::clock;
use crate::spool::{Durability, Spool};
use crate::witness::WitnessStatus;

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
    /// How far this host's clock is from the server's at least; `None` while no server answers. Half of the round trip is
    /// taken off, because within it nobody knows when the server looked at its clock.
    #[serde(default)]
    pub clock_off_ms: Option<u64>,
    /// What this node saw of the server's audit log.
    #[serde(default)]
    pub audit: WitnessStatus,
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

/// Takes the spool's figures into the link's status, and gives what the link has measured.
#[derive(Debug, Clone)]
pub struct Meter(pub(super) Arc<watch::Sender<LinkStatus>>);

impl Meter {
    /// Asks the spool, which may wait for a disk.
    pub fn measure(&self, spool: &Spool) {
        let figures = Figures::of(spool);
        self.0.send_modify(|status| status.measured(figures));
    }

    /// Whether this node was shown audit logs that contradict each other.
    #[must_use]
    pub fn audit(&self, now: Timestamp) -> Reading {
        self.0.borrow().audit.reading(now)
    }

    /// This host's clock against the server's.
    #[must_use]
    pub fn clock(&self) -> Reading {
        self.0.borrow().clock()
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
            clock_off_ms: None,
            audit: WitnessStatus::default(),
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
        match state {
            LinkState::Connected => self.last_success = Some(now),
            _ => self.clock_off_ms = None,
        }
        self.reason = reason;
        url.clone_into(&mut self.server);
        metrics::gauge!("eavip_agent_server_connected").set(f64::from(state == LinkState::Connected));
    }

    /// Compares the clocks, `round_trip` after the server was asked.
    pub(super) fn compared(&mut self, server: Timestamp, now: Timestamp, round_trip: Duration) {
        let half = u64::try_from(round_trip.as_millis() / 2).unwrap_or(u64::MAX);
        let middle = now - Span::from_millis(half);
        let off = server.as_millis().abs_diff(middle.as_millis());
        self.clock_off_ms = Some(off.saturating_sub(half));
    }

    /// What was found when the clocks were compared, as a reading.
    fn clock(&self) -> Reading {
        match self.clock_off_ms {
            Some(millis) => Reading::exact(Metric::ClockOffset, millis as f64 / 1e3).estimated(),
            None => Reading::unknown(Metric::ClockOffset, "no server answers whose clock could be compared"),
        }
    }

    pub(super) fn measured(&mut self, figures: Figures) {
        (self.pending, self.spool_bytes) = (figures.pending, figures.bytes);
        (self.acknowledged, self.durable) = (figures.acknowledged, figures.durable);
        metrics::gauge!("eavip_agent_spool_pending_reports").set(figures.pending as f64);
        metrics::gauge!("eavip_agent_spool_bytes").set(figures.bytes as f64);
        metrics::gauge!("eavip_agent_spool_durable").set(f64::from(figures.durable));
    }
}

#[cfg(test)]
mod tests;
