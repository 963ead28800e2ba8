//! Trends and operations reviews as the API sends them and pages show them. Moments are RFC 3339.

use eavip_core::incident::sev::Sev;
use eavip_core::trend::feedback::{Remedy, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use super::noise::NoiseFinding;
use super::{TeamName, words};

eavip_core::words! {
    /// Where a month's review stands.
    pub enum ReviewStatus ("review status") {
        /// Somebody has to go through it.
        Open = "open",
        /// Somebody should have by now.
        Overdue = "overdue",
        /// It is signed.
        Signed = "signed",
    }
}

eavip_core::words! {
    /// Where a proposal stands.
    pub enum ProposalStatus ("proposal status") {
        /// It waits for an answer.
        Open = "open",
        /// It should have been answered by now.
        Overdue = "overdue",
        /// It is done or decided.
        Accepted = "accepted",
        /// It isn't done.
        Rejected = "rejected",
    }
}

/// What incidents and alerts of a month amount to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Trends {
    /// The month, such as `2026-03`.
    pub month: String,
    /// When it was put together.
    pub generated_at: String,
    /// What is beyond its limit or unknown, and what isn't.
    pub findings: Vec<NoiseFinding>,
    /// How fast incidents were noticed, taken, ended and told to be over, by severity.
    pub response: Vec<ResponseTimes>,
    /// Incidents by what they have in common, the most frequent first.
    pub patterns: Vec<PatternCount>,
    /// Incidents of one pattern that followed each other too soon.
    pub repeats: Vec<RepeatedPattern>,
    /// How noisy alerting was; none when nobody counted.
    pub noise: Option<NoiseTotals>,
    /// The same, as Markdown.
    pub markdown: String,
}

/// The clocks of the incidents of one severity.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ResponseTimes {
    /// The severity.
    #[schema(schema_with = words::<Sev>)]
    pub sev: Sev,
    /// How many incidents were declared.
    pub incidents: usize,
    /// From when it began until it was declared.
    pub detect: Durations,
    /// From declared until somebody took it.
    pub acknowledge: Durations,
    /// From when it began until a signal proved an action.
    pub mitigate: Durations,
    /// From when it began until the all-clear.
    pub resolve: Durations,
    /// How many were over by themselves before anybody took them.
    pub auto_resolved: usize,
}

/// What durations amount to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Durations {
    /// How many.
    pub n: usize,
    /// Half of them took no longer; none without any.
    pub median_seconds: Option<f64>,
    /// Nine in ten took no longer; none without any.
    pub p90_seconds: Option<f64>,
}

/// How many incidents have something in common.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PatternCount {
    /// A rule, a service, or a kind of cause.
    pub pattern: String,
    /// In the month before.
    pub before: usize,
    /// In this month.
    pub now: usize,
}

/// Incidents of one pattern, each too soon after the one before.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RepeatedPattern {
    /// What they have in common.
    pub pattern: String,
    /// How many.
    pub count: usize,
    /// Which, the first hundred.
    pub incidents: Vec<String>,
    /// When the first was declared.
    pub first_at: String,
    /// When the last was declared.
    pub last_at: String,
}

/// How noisy alerting was.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoiseTotals {
    /// How many pages people got.
    pub pages: u64,
    /// The most pages that one team got in one shift.
    pub worst_shift: u64,
    /// Alerts that have an outcome.
    pub decided: u64,
    /// How many of these were worth it.
    pub worth: u64,
    /// Incidents.
    pub incidents: u64,
    /// How many of these an alert told of.
    pub told: u64,
    /// The defects that are open, in a few words each.
    pub defects: Vec<String>,
}

/// A month's review in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReviewRow {
    /// The month, such as `2026-03`.
    pub month: String,
    /// Where it stands.
    #[schema(schema_with = words::<ReviewStatus>)]
    pub status: ReviewStatus,
    /// Until when it is to be signed.
    pub due_at: String,
    /// Who signed it.
    pub signed: Option<SignOff>,
}

/// Who signed a review.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignOff {
    /// Who.
    pub by: String,
    /// What was decided.
    pub remark: String,
    /// When.
    pub at: String,
}

/// A month's review.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Review {
    /// Where it stands.
    #[serde(flatten)]
    pub row: ReviewRow,
    /// What there is to look at.
    pub trends: Trends,
}

/// What a trend asks for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Proposal {
    /// Its id.
    pub id: String,
    /// What it asks for.
    #[schema(schema_with = words::<Remedy>)]
    pub remedy: Remedy,
    /// The page of the runbook, or the title of the decision.
    pub title: String,
    /// The lines that the page would get, or the question; Markdown.
    pub text: String,
    /// What the incidents that ask for it have in common.
    pub pattern: String,
    /// The incidents that ask for it.
    pub incidents: Vec<String>,
    /// Who must answer.
    pub owner: TeamName,
    /// Where it stands.
    #[schema(schema_with = words::<ProposalStatus>)]
    pub status: ProposalStatus,
    /// When it was made.
    pub proposed_at: String,
    /// Until when it is to be answered.
    pub due_at: String,
    /// The answer.
    pub answer: Option<ProposalAnswer>,
}

/// What was answered to a proposal.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProposalAnswer {
    /// Who.
    pub by: String,
    /// What.
    #[schema(schema_with = words::<Reply>)]
    pub reply: Reply,
    /// Why.
    pub reason: String,
    /// The revision of the runbook, or the decision's record.
    pub record: Option<String>,
    /// When.
    pub at: String,
}

/// An action item of an incident that isn't done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OpenItem {
    /// Of which incident.
    pub incident: String,
    /// What is to be done.
    pub what: String,
    /// By whom.
    pub owner: TeamName,
    /// Until when.
    pub due_at: String,
    /// How long it is late, in seconds; none while it isn't.
    pub late_seconds: Option<f64>,
}
