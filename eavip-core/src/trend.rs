//! Trends (seed: *Continuous Improvement*): what many incidents, deployments and drills amount to over a month, and what
//! follows from it. What other rooms know comes in as plain figures; nothing is measured here.
//!
//! ```
//! use eavip_core::policy::Policy;
//! use eavip_core::trend::month::Month;
//! use eavip_core::trend::review::{Material, pack};
//!
//! let month: Month = "2026-03".parse().unwrap();
//! let pack = pack(month, Material::default(), &Policy::builtin(), month.period().to);
//! assert!(pack.markdown(None).starts_with("# Operations review 2026-03\n"));
//! ```

pub mod dora;
pub mod feedback;
pub mod month;
pub mod recovery;
pub mod recurrence;
mod render;
pub mod review;
pub mod statistics;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{AlertRuleId, IncidentId, ServiceId};
use crate::incident::Incident;
use crate::incident::clocks::Clocks;
use crate::incident::deadline::Deadline;
use crate::incident::review::Cause;
use crate::incident::sev::Sev;
use crate::mode::Mode;
use crate::signal::health::SignalHealth;
use crate::time::{Span, Timestamp};

/// Most rows of a table of the review, and most proposals: what nobody reads to the end isn't reviewed.
pub const MAX_ROWS: usize = 100;

/// A stretch of time, without its end. One that ends before it begins holds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub to: Timestamp,
}

impl Period {
    /// Whether a moment lies in it.
    #[must_use]
    pub fn contains(&self, moment: Timestamp) -> bool {
        self.from <= moment && moment < self.to
    }
}

/// What trends need to know of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentRecord {
    /// Its name.
    pub id: IncidentId,
    /// How severe it is.
    pub sev: Sev,
    /// Who runs the installation.
    pub mode: Mode,
    /// What it affects.
    pub services: BTreeSet<ServiceId>,
    /// The rule of the alert that it was declared from.
    pub rule: Option<AlertRuleId>,
    /// The kind of cause, once it is known.
    pub cause: Option<Cause>,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// How long what took.
    pub clocks: Clocks,
    /// What was done to end it.
    pub actions: Vec<String>,
}

impl IncidentRecord {
    /// The record of an incident; none of a duplicate, which counts with the incident that absorbed it.
    #[must_use]
    pub fn of(incident: &Incident) -> Option<Self> {
        incident.duplicate_of.is_none().then(|| Self {
            id: incident.declaration.id.clone(),
            sev: incident.sev,
            mode: incident.declaration.mode,
            services: incident.services.clone(),
            rule: incident.declaration.alert.as_ref().map(|alert| alert.rule.clone()),
            cause: incident.review.text.cause,
            declared_at: incident.declared_at,
            clocks: Clocks::of(incident),
            actions: incident.actions.iter().map(|action| action.what.clone()).collect(),
        })
    }
}

/// A golden signal of a service over the month, against its objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceSignal {
    /// The service.
    pub service: ServiceId,
    /// What the signal says over the month.
    pub health: SignalHealth,
}

/// How noisy alerting was.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NoiseFigures {
    /// How many pages people got.
    pub pages: u64,
    /// The share of alerts that somebody acted on, 0 to 1.
    pub precision: Option<f64>,
    /// The share of incidents that an alert told of, 0 to 1.
    pub recall: Option<f64>,
    /// The defects that are open because a noise budget was breached, each in a few words.
    pub defects: Vec<String>,
}

/// The latest recovery drill of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillResult {
    /// What was restored.
    pub data_set: String,
    /// When.
    pub at: Timestamp,
    /// Whether what came back was compared and right.
    pub passed: bool,
    /// How long it took, where it was measured.
    pub took: Option<Span>,
    /// How long it may take.
    pub objective: Span,
}

/// When something will be used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacityForecast {
    /// What: a disk, a pool, a quota.
    pub resource: String,
    /// What the forecast says.
    pub outlook: Outlook,
}

/// What a forecast says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outlook {
    /// There is too little to go by.
    Unknown,
    /// It isn't used up faster than it is given back.
    Steady,
    /// It will be used up.
    Full {
        /// The early end of the interval.
        earliest: Timestamp,
        /// The best guess.
        likely: Timestamp,
    },
}

/// How trends are judged, `[review]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrendPolicy {
    /// Until when a month's review is signed off, from the month's end: 10 business days, so that it is done before the next
    /// month is half over.
    pub sign_off: Deadline,
    /// How soon after one incident another of the same pattern is a repeat: 30 days, as the runbook's rules on improvement say.
    pub repeats_within: Span,
    /// Until when a proposed change of the runbook is answered: 7 days, as after a major incident.
    pub runbook_change: Deadline,
    /// Until when a proposed architecture decision is answered: 10 business days, as a review of a SEV-3.
    pub decision: Deadline,
    /// From how many incidents of one pattern on the runbook isn't the remedy and an architecture decision is proposed: 3.
    pub decision_after: usize,
    /// How long before something may be full it is a finding: 90 days, a quarter to order and build in.
    pub capacity_horizon: Span,
}

impl Default for TrendPolicy {
    fn default() -> Self {
        let days = |n: u64| Span::from_secs(86_400).times(n);
        Self {
            sign_off: Deadline::BusinessDays(10),
            repeats_within: days(30),
            runbook_change: Deadline::Within(days(7)),
            decision: Deadline::BusinessDays(10),
            decision_after: 3,
            capacity_horizon: days(90),
        }
    }
}

#[cfg(test)]
mod tests;
