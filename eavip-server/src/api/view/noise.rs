//! Noise as the API sends it and its page shows it: what was counted, what the budget says, and the defects. Moments are
//! RFC 3339, shares 0 to 1.

use std::collections::BTreeMap;

use eavip_core::alert::noise::defect::DefectStatus;
use eavip_core::finding::Outcome;
use serde::Serialize;
use utoipa::ToSchema;

use super::{TeamName, words};
use crate::noise::Whose;

/// The noise of the last 30 days.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Noise {
    /// From when on was counted; none before the first look.
    pub from: Option<String>,
    /// Until when.
    pub until: Option<String>,
    /// Whether alerts of the period are missing, because there was no room for more.
    pub incomplete: bool,
    /// How much there may be.
    pub budget: NoiseBudget,
    /// Who bears how much: those over the budget first, then by the number of alerts; at most 1000.
    pub scores: Vec<NoiseScore>,
    /// What is to be mended, the earliest due first, then what was mended, the latest first.
    pub defects: Vec<NoiseDefect>,
    /// The last runbook that was tried, when it wasn't put in force.
    pub refused_runbook: Option<RefusedRunbook>,
}

/// How much noise there may be.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoiseBudget {
    /// How long a shift is, in seconds.
    pub shift_seconds: f64,
    /// Paging incidents of one shift at most.
    pub pages_per_shift: u64,
    /// Alerts of one responder in a day at most.
    pub alerts_per_day: u64,
    /// More alerts than this within ten minutes are a flood.
    pub flood_over: u64,
    /// Below which share of periods floods stay.
    pub flood_share: f64,
    /// Which share of alerts must have been worth it.
    pub precision: f64,
    /// Over fewer alerts than this that share says nothing.
    pub least_episodes: u64,
    /// Alerts that begin again and again within a minute, at most.
    pub chatter: u64,
    /// Below which number alerts stay that are open for more than a day.
    pub stale: u64,
    /// How long the owner has to mend a defect, in seconds.
    pub due_seconds: f64,
}

/// What one rule, team or responder had to bear.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoiseScore {
    /// What it is that is counted for.
    #[schema(schema_with = words::<Whose>)]
    pub whose: Whose,
    /// The rule, team or person.
    pub name: String,
    /// Who mends it; none of a person whom the roster doesn't know.
    pub owner: Option<TeamName>,
    /// Whether it is over the budget.
    pub over: bool,
    /// How many alerts began.
    pub alerts: u64,
    /// What became of them, by outcome; those still undecided aren't in it.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// How many have an outcome.
    pub decided: u64,
    /// How many of these were worth it: acted on, or of an incident.
    pub worth: u64,
    /// The share of decided alerts that were worth it; none without any.
    pub precision: Option<f64>,
    /// The share of what should have been told that was; none without any.
    pub recall: Option<f64>,
    /// Paging incidents.
    pub pages: u64,
    /// Those of the worst shift.
    pub worst_shift: u64,
    /// Alerts of the busiest responder on their busiest day.
    pub worst_day: u64,
    /// The share of ten-minute periods with a flood.
    pub flood_share: Option<f64>,
    /// The share of all alerts that the ten busiest rules have.
    pub top_share: Option<f64>,
    /// Alerts that began again and again within a minute.
    pub chatter: u64,
    /// Alerts that were open for more than a day.
    pub stale: u64,
    /// For how many hours rules were silenced, each for itself.
    pub silence_hours: f64,
    /// What the budget says, one finding a limit.
    pub findings: Vec<NoiseFinding>,
}

/// What a limit says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoiseFinding {
    /// The rule's code.
    pub rule: String,
    /// What it says.
    #[schema(schema_with = words::<Outcome>)]
    pub outcome: Outcome,
    /// In one sentence.
    pub message: String,
    /// What would mend it.
    pub remedy: String,
}

/// Noise that has to be mended, or was.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoiseDefect {
    /// Its id.
    pub id: String,
    /// Whose noise.
    #[schema(schema_with = words::<Whose>)]
    pub whose: Whose,
    /// The rule, team or person.
    pub name: String,
    /// Who mends it.
    pub owner: TeamName,
    /// Where it stands.
    #[schema(schema_with = words::<DefectStatus>)]
    pub status: DefectStatus,
    /// What was found when it was opened, or last reopened.
    pub evidence: Vec<NoiseFinding>,
    /// When it was opened, or last reopened.
    pub opened_at: String,
    /// Until when it is to be mended.
    pub due_at: String,
    /// How often it came back.
    pub reopened: u32,
    /// Who mended it last.
    pub mended: Option<NoiseMended>,
}

/// How a defect was mended.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoiseMended {
    /// Who.
    pub by: String,
    /// What they changed.
    pub how: String,
    /// When.
    pub at: String,
}

/// A runbook that wasn't put in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefusedRunbook {
    /// When it was tried.
    pub at: String,
    /// Why not.
    pub findings: Vec<NoiseFinding>,
}
