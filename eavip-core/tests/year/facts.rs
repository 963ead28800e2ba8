//! What happened in the simulated year, as its world knows it: written down by the world when it lets something happen,
//! never read from the library. The recount counts these.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::alert::Category;
use eavip_core::incident::review::Cause;
use eavip_core::incident::sev::{Integrity, Scope};
use eavip_core::mode::Mode;
use eavip_core::time::{Span, Timestamp};

/// An alert that fired.
#[derive(Debug, Clone)]
pub struct AlertFact {
    pub rule: &'static str,
    pub team: String,
    pub category: Category,
    /// Machine and thing: the same for each time it fires.
    pub thing: String,
    pub opened: Timestamp,
    pub over: Option<Timestamp>,
    pub taken: Option<Timestamp>,
    pub noise: bool,
    pub flapped: bool,
    /// It belongs to an incident that another alert had told of.
    pub second: bool,
    /// The number of the message that paged somebody.
    pub page: Option<u64>,
    pub responders: BTreeSet<String>,
}

/// An incident.
#[derive(Debug, Clone)]
pub struct IncidentFact {
    pub name: String,
    pub mode: Mode,
    pub services: BTreeSet<String>,
    pub rule: Option<&'static str>,
    pub owner: String,
    pub began: Timestamp,
    pub declared: Timestamp,
    pub impact: (Scope, Integrity),
    pub security: bool,
    pub taken: Option<Timestamp>,
    pub mitigated: Option<Timestamp>,
    pub resolved: Option<Timestamp>,
    pub closed: Option<Timestamp>,
    pub cause: Option<Cause>,
    pub actions: Vec<String>,
    /// Its alerts, by their place in the list.
    pub alerts: BTreeSet<usize>,
    /// What people see to the end of, by its place in the list of troubles.
    pub troubles: Vec<usize>,
    pub merged_into: Option<usize>,
    pub reopened: u32,
    /// Severities in their order, 1 to 4, and who lowered one and why.
    pub sevs: Vec<(u8, Option<(String, String)>)>,
}

impl IncidentFact {
    /// The severity by the runbook's words.
    pub fn sev(&self) -> u8 {
        let by_impact = match self.impact {
            (Scope::PlatformUnavailable, _) | (_, Integrity::Unknown | Integrity::AtRisk) => 1,
            (Scope::MajorFunction, _) => 2,
            (Scope::Partial, _) => 3,
            (Scope::Minor, _) => 4,
            other => panic!("{other:?}"),
        };
        if self.security && by_impact > 2 { 2 } else { by_impact }
    }
}

/// A release that went to production somewhere.
#[derive(Debug, Clone)]
pub struct DeployFact {
    pub release: String,
    pub site: usize,
    pub committed: Timestamp,
    pub deployed: Timestamp,
    pub failed: Option<Timestamp>,
    pub recovered: Option<Timestamp>,
    pub verified: Option<Timestamp>,
    pub unplanned: bool,
}

/// A recovery drill that is over.
#[derive(Debug, Clone)]
pub struct DrillFact {
    pub data_set: &'static str,
    pub over: Timestamp,
    pub passed: bool,
    pub took: Option<Span>,
}

/// A silence of one rule.
#[derive(Debug, Clone)]
pub struct SilenceFact {
    pub rule: &'static str,
    pub team: String,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// When a block of traffic ended, how many requests were good and bad, and durations in milliseconds with how many took
/// so long.
pub type Served = (Timestamp, u64, u64, Vec<(u64, u64)>);

/// Everything that happened.
#[derive(Debug, Default)]
pub struct Facts {
    pub alerts: Vec<AlertFact>,
    pub incidents: Vec<IncidentFact>,
    pub deployments: Vec<DeployFact>,
    /// Questions to the gates of Production that were answered with no, by gate.
    pub denied: BTreeMap<String, u64>,
    pub broken_glass: u64,
    pub drills: Vec<DrillFact>,
    pub silences: Vec<SilenceFact>,
    pub used: BTreeMap<&'static str, Vec<(Timestamp, f64)>>,
    /// The traffic of each service.
    pub served: BTreeMap<&'static str, Vec<Served>>,
    /// By service: day, good, bad.
    pub probed: BTreeMap<&'static str, Vec<(Timestamp, u64, u64)>>,
    /// Forbidden moves that the world tried, by the rule that refused them.
    pub refusals: BTreeMap<&'static str, u64>,
}
