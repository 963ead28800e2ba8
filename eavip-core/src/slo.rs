//! Objectives: what share of events a service keeps good over a window, how much of the allowed rest is left, and which
//! burn of it pages somebody (seed: *Monitoring & Health*, *Platform availability*).
//!
//! Events are counted by the caller; latency is a count of requests that were fast enough, so that everything is good
//! or bad. The five signals and their thresholds live in [`crate::signal::health`].

pub mod burn;
pub mod lint;
pub mod standing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::burn::{BurnAlert, BurnRule};
use crate::id::{ObjectiveId, ServiceId};
use crate::time::Span;
use crate::words;

const DAY: Span = Span::from_secs(86_400);

/// The window that the built-in burn rules are written for: 30 days.
pub const REFERENCE_WINDOW: Span = DAY.times(30);
/// The least window of an objective: below it the slow rules would look back further than the objective does.
pub const MIN_WINDOW: Span = DAY.times(7);
/// The longest window of an objective: a quarter; what is older is a matter of review, not of budget.
pub const MAX_WINDOW: Span = DAY.times(90);
/// Most objectives of one policy: some for each of a few hundred services.
pub const MAX_OBJECTIVES: usize = 2_000;

/// What is counted as good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "measure", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Measure {
    /// Probes that got the answer they expect.
    Availability,
    /// Requests that were answered rightly.
    Errors,
    /// Requests that were answered within a time.
    Latency {
        /// The longest good answer.
        within: Span,
    },
}

words! {
    /// What is counted, without its numbers: as it is declared and shown.
    #[non_exhaustive]
    pub enum MeasureKind ("measure") {
        /// [`Measure::Availability`]
        Availability = "availability",
        /// [`Measure::Errors`]
        Errors = "errors",
        /// [`Measure::Latency`]
        Latency = "latency",
    }
}

words! {
    /// What decides below the traffic floor, without its numbers: as it is declared and shown.
    #[non_exhaustive]
    pub enum BelowKind ("decision below the traffic floor") {
        /// [`BelowFloor::Counts`]
        Counts = "counts",
        /// [`BelowFloor::Probe`]
        Probe = "probe",
    }
}

/// Who decides when there are too few events for a share to mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decides", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum BelowFloor {
    /// The number of bad events itself, as long as more budget than planned burns.
    Counts {
        /// This many within the long window are too many.
        bad_events: u64,
    },
    /// The service's probe, whose results take the place of the events.
    Probe,
}

/// The traffic that a share needs, and what decides with less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    /// Least events in a rule's long window.
    pub events: u64,
    /// What decides with fewer.
    pub below: BelowFloor,
}

/// A declared objective.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// What is counted as good.
    pub measure: Measure,
    /// Least share of good events, above 0 and below 1.
    pub target: f64,
    /// Over how long.
    pub window: Span,
    /// The traffic that it needs.
    pub floor: Floor,
}

/// An objective and the service that keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Declared {
    /// The service.
    pub service: ServiceId,
    /// What it keeps.
    pub objective: Objective,
}

/// Events of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Those as they should be.
    pub good: u64,
    /// The others.
    pub bad: u64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.good.saturating_add(self.bad)
    }
}

/// Objectives and the rules over their budgets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SloPolicy {
    /// Objectives by name.
    pub objectives: BTreeMap<ObjectiveId, Declared>,
    /// Burn rules for a window of [`REFERENCE_WINDOW`], the most urgent first.
    pub rules: Vec<BurnRule>,
    /// How long after its end a count still speaks of the present; 5 minutes, the shortest window.
    pub stale_after: Span,
}

impl Default for SloPolicy {
    /// The numbers of the Site Reliability Workbook, chapter 5: 2 % of a month's budget in an hour, 5 % in six hours,
    /// 10 % in a day, 10 % in three days.
    fn default() -> Self {
        const HOUR: Span = Span::from_secs(3_600);
        const MINUTE: Span = Span::from_secs(60);
        let rule = |alert, long, short, burn| BurnRule { alert, long, short, burn };
        Self {
            objectives: BTreeMap::new(),
            rules: vec![
                rule(BurnAlert::PageFast, HOUR, MINUTE.times(5), 14.4),
                rule(BurnAlert::PageSlow, HOUR.times(6), MINUTE.times(30), 6.0),
                rule(BurnAlert::TicketFast, DAY, HOUR.times(2), 3.0),
                rule(BurnAlert::TicketSlow, DAY.times(3), HOUR.times(6), 1.0),
            ],
            stale_after: MINUTE.times(5),
        }
    }
}

#[cfg(test)]
mod tests;
