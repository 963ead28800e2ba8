//! The numbers of a judgement: those of the design, section 6, unless said otherwise.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::evidence::{Counted, Gauge};
use crate::time::Span;

/// What is compared, and from when on it counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgePolicy {
    /// How many report intervals old evidence may be.
    pub intervals: u64,
    /// Least share of a group's nodes that must report, 0 to 1.
    pub least_reporting: f64,
    /// How far a node's clock may be off.
    pub skew: Span,
    /// Burn of the error budget over 5 minutes that rolls back at once, as a multiple of the sustainable rate.
    pub kill_burn: f64,
    /// Least number of bad events in those 5 minutes.
    pub kill_events: u64,
    /// Failures of a critical probe in a row that roll back at once.
    pub kill_probes: u32,
    /// What is counted; each must be there.
    pub counts: BTreeSet<Counted>,
    /// Largest chance of a false alarm in a stage, over all counts and looks together.
    pub alpha: f64,
    /// The ratio of rates that must be shown not to be reached.
    pub rate_ratio: f64,
    /// What is measured, each with the least difference that matters, in its unit. The differences are ours: ten messages,
    /// ten seconds, 5 % of CPU or memory.
    pub gauges: BTreeMap<Gauge, f64>,
    /// Least number of values on each side.
    pub gauge_points: u64,
    /// Confidence that the release's values are the larger ones.
    pub gauge_confidence: f64,
    /// From this ratio of medians on an effect matters.
    pub gauge_ratio: f64,
    /// From this chance on that a value with the release is the larger of a pair, an effect matters.
    pub gauge_superiority: f64,
}

impl Default for JudgePolicy {
    fn default() -> Self {
        Self {
            intervals: 2,
            least_reporting: 0.9,
            skew: Span::from_secs(5),
            kill_burn: 14.4,
            kill_events: 10,
            kill_probes: 3,
            counts: Counted::ALL.iter().copied().collect(),
            alpha: 0.05,
            rate_ratio: 1.25,
            gauges: BTreeMap::from([
                (Gauge::Backlog, 10.0),
                (Gauge::DrainTime, 10.0),
                (Gauge::Cpu, 0.05),
                (Gauge::Memory, 0.05),
            ]),
            gauge_points: 30,
            gauge_confidence: 0.98,
            gauge_ratio: 1.10,
            gauge_superiority: 0.70,
        }
    }
}
