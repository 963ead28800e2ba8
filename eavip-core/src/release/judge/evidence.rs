//! What a judgement looks at: plain sums and lists, as the server made them from reports.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{CollectorId, NodeId, ServiceId};
use crate::signal::health::Health;
use crate::signal::metric::Unit;
use crate::stats::sequential::Tally;
use crate::time::{Span, Timestamp};
use crate::words;

/// Most nodes of one group: a large platform's whole fleet.
pub const MAX_NODES: usize = 10_000;
/// Most services and probes each: as many as a node can have.
pub const MAX_WATCHED: usize = 200;

words! {
    /// Which look at a stage it is.
    #[non_exhaustive]
    pub enum Look ("look at a rollout") {
        /// While a stage goes on.
        Interim = "interim",
        /// Once a stage has its time and its exposure.
        StageEnd = "stage-end",
        /// When everything runs the release, after earlier stages compared it.
        Whole = "whole",
    }
}

words! {
    /// What is counted with the release and beside it.
    #[non_exhaustive]
    pub enum Counted ("counted failure") {
        /// Requests that failed, of all requests.
        FailedRequests = "failed-requests",
        /// Job runs that failed, of all runs.
        FailedJobs = "failed-jobs",
        /// Requests that took longer than the objective, of all requests.
        SlowRequests = "slow-requests",
    }
}

words! {
    /// What is measured with the release and beside it; more is worse.
    #[non_exhaustive]
    pub enum Gauge ("compared gauge") {
        /// Messages that wait.
        Backlog = "backlog",
        /// Time until the queue is empty.
        DrainTime = "drain-time",
        /// Share of CPU time that is busy.
        Cpu = "cpu",
        /// Share of memory in use.
        Memory = "memory",
    }
}

impl Gauge {
    /// The unit of its values.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Backlog => Unit::Count,
            Self::DrainTime => Unit::Seconds,
            Self::Cpu | Self::Memory => Unit::Ratio,
        }
    }
}

/// What is known of a node's reports.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// When it last reported; `None` when it never did.
    pub at: Option<Timestamp>,
    /// How far its clock is off, in seconds, as last known; `None` when it isn't.
    pub offset_s: Option<f64>,
}

/// The nodes that should report, and what is known of each.
pub type Group = BTreeMap<NodeId, Report>;

/// A service's last five minutes on the nodes with the release.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Burn {
    /// How many events were bad, of how many.
    pub tally: Tally,
    /// The share of bad events that the objective allows, above 0 and below 1.
    pub allowed: f64,
}

/// The same thing counted with the release and beside it, or before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// With the release, since the stage began.
    pub canary: Tally,
    /// Beside it in the same time; without a baseline group, at the same hour of the week before.
    pub baseline: Tally,
}

/// The same thing measured with the release and beside it, or before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Points {
    /// With the release.
    pub canary: Vec<f64>,
    /// Beside it, or before it.
    pub baseline: Vec<f64>,
}

/// Everything that one judgement looks at. What is missing is left out, never filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which look it is.
    pub look: Look,
    /// When it was summed up.
    pub at: Timestamp,
    /// How often nodes report.
    pub interval: Span,
    /// The nodes with the release.
    pub canary: Group,
    /// The nodes without it that are compared; `None` where there are none, so that before stands against after.
    pub baseline: Option<Group>,
    /// Error budgets by service.
    pub burns: BTreeMap<ServiceId, Burn>,
    /// Critical probes of the nodes with the release: how often each failed in a row; `None` when it isn't known.
    pub probes: BTreeMap<CollectorId, Option<u32>>,
    /// What was counted.
    pub counts: BTreeMap<Counted, Comparison>,
    /// What was measured.
    pub gauges: BTreeMap<Gauge, Points>,
    /// The worst of the five golden signals on the nodes with the release.
    pub health: Health,
}

impl Evidence {
    /// Whether nodes with and without the release are compared in the same time.
    pub(super) fn is_side_by_side(&self) -> bool {
        self.look != Look::Whole && self.baseline.is_some()
    }
}
