//! Incidents as the API sends them and pages show them. Moments are RFC 3339.

use std::collections::BTreeMap;

use eavip_core::environment::Environment;
use eavip_core::finding::Outcome;
use eavip_core::incident::phase::Phase;
use eavip_core::incident::review::Cause;
use eavip_core::incident::sev::{Integrity, Scope, Sev};
use eavip_core::incident::timeline::Topic;
use eavip_core::mode::Mode;
use eavip_core::signal::Signal;
use eavip_core::signal::health::Health;
use serde::Serialize;
use utoipa::ToSchema;

use super::{TeamName, words};
use crate::incidents::template::Audience;

/// An incident in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Incident {
    /// Its name, such as `inc-2026-0042`.
    pub id: String,
    /// What is wrong, in one line.
    pub title: String,
    /// How severe it is.
    #[schema(schema_with = words::<Sev>)]
    pub sev: Sev,
    /// Where the response stands.
    #[schema(schema_with = words::<Phase>)]
    pub phase: Phase,
    /// Whether people still work on it: neither closed nor part of another.
    pub open: bool,
    /// Whether it is a security event.
    pub security: bool,
    /// Whose it is.
    pub owner: TeamName,
    /// Who leads the response.
    pub commander: Option<String>,
    /// Who took it first.
    pub acknowledged_by: Option<String>,
    /// The installation.
    pub deployment: Option<String>,
    /// The environment.
    #[schema(schema_with = words::<Environment>)]
    pub environment: Environment,
    /// Who runs the installation.
    #[schema(schema_with = words::<Mode>)]
    pub mode: Mode,
    /// What it affects.
    pub services: Vec<String>,
    /// When it began to be bad.
    pub began_at: String,
    /// When it was declared.
    pub declared_at: String,
    /// When it was closed.
    pub closed_at: Option<String>,
    /// The incident that it is part of.
    pub duplicate_of: Option<String>,
    /// When those who are affected have to hear again; none while nobody waits for an update.
    pub update_due_at: Option<String>,
    /// When the review has to be signed; none when it is.
    pub review_due_at: Option<String>,
    /// How many of its duties are late: updates, review, action items.
    pub overdue: usize,
}

/// An incident, whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentDetail {
    /// The same as in the list.
    #[serde(flatten)]
    pub incident: Incident,
    /// How much is affected.
    #[schema(schema_with = words::<Scope>)]
    pub scope: Scope,
    /// What is known of the data.
    #[schema(schema_with = words::<Integrity>)]
    pub integrity: Integrity,
    /// Who declared scope and integrity.
    pub sev_by: String,
    /// Who works on it.
    pub teams: Vec<String>,
    /// Who has which part: `commander`, `scribe`, `comms`.
    pub roles: BTreeMap<String, String>,
    /// Who took it first, and when.
    pub acknowledged: Option<IncidentMark>,
    /// When a signal proved an action.
    pub mitigated_at: Option<String>,
    /// How long what took.
    pub clocks: IncidentClocks,
    /// What is due: the next update, the review, action items. What fails is late.
    pub duties: Vec<IncidentFinding>,
    /// The phases in their order, each with what it must leave.
    pub phases: Vec<IncidentPhase>,
    /// What stands in the way of closing it.
    pub before_closing: Vec<IncidentFinding>,
    /// What was done to end it.
    pub actions: Vec<IncidentAction>,
    /// Its alerts.
    pub alerts: Vec<IncidentAlert>,
    /// Open alerts of the same place that may belong to it; a person adds them.
    pub proposed_alerts: Vec<IncidentAlert>,
    /// Signals that can prove an action, as they are now.
    pub signals: Vec<SignalNow>,
    /// The steps of the runbook pages that its alerts cite.
    pub runbooks: Vec<IncidentRunbook>,
    /// Drafts of the next update.
    pub updates: Vec<UpdateDraft>,
    /// The review.
    pub review: IncidentReview,
    /// What keeps it from coming back.
    pub items: Vec<IncidentItem>,
    /// The incidents that are part of it.
    pub absorbed: Vec<String>,
    /// What happened, in the order in which it happened: the latest 500 entries. The export has all.
    pub timeline: Vec<IncidentEntry>,
    /// How many entries the timeline has.
    pub entries: usize,
}

/// Who did something, and when.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentMark {
    /// Who.
    pub by: String,
    /// When.
    pub at: String,
}

/// How long what took, in seconds; what hasn't happened is null.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentClocks {
    /// From when it began until it was declared.
    pub detect_seconds: f64,
    /// From declared until somebody took it.
    pub acknowledge_seconds: Option<f64>,
    /// From when it began until a signal proved an action.
    pub mitigate_seconds: Option<f64>,
    /// From when it began until those who were affected had the all-clear.
    pub resolve_seconds: Option<f64>,
    /// Whether its alerts were over before anybody took it.
    pub auto_resolved: bool,
}

/// What a rule says of an incident.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentFinding {
    /// The rule's code.
    pub rule: String,
    /// What it says.
    #[schema(schema_with = words::<Outcome>)]
    pub outcome: Outcome,
    /// The same in a sentence.
    pub message: String,
    /// What would mend it; empty when nothing has to be done.
    pub remedy: String,
    /// The team that has to act, where the rule knows one.
    pub owner: Option<String>,
}

/// A phase and what it must leave.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentPhase {
    /// Which.
    #[schema(schema_with = words::<Phase>)]
    pub phase: Phase,
    /// What it must leave, and whether that is there.
    pub leaves: Vec<IncidentFinding>,
}

/// Something that was done to end it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentAction {
    /// What.
    pub what: String,
    /// What showed that it worked.
    pub proof: Option<SignalNow>,
    /// When it was recorded.
    pub at: String,
}

/// A signal over all nodes that measure it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignalNow {
    /// Which.
    #[schema(schema_with = words::<Signal>)]
    pub signal: Signal,
    /// Of which service; none for the hosts.
    pub service: Option<String>,
    /// What it says.
    #[schema(schema_with = words::<Health>)]
    pub health: Health,
    /// When it was measured.
    pub at: String,
}

/// An alert of an incident.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentAlert {
    /// Its id.
    pub id: String,
    /// One sentence; empty when the alert is no longer held.
    pub summary: String,
    /// When it opened.
    pub opened_at: Option<String>,
    /// When it was over.
    pub resolved_at: Option<String>,
}

/// A runbook page with its steps.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentRunbook {
    /// The page's name, or an address.
    pub page: String,
    /// Its title.
    pub title: String,
    /// The revision of its text as it is now; empty for an address.
    pub revision: String,
    /// Its steps.
    pub steps: Vec<IncidentStep>,
}

/// A step of a runbook page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentStep {
    /// What is to be done.
    pub text: String,
    /// Who did it, and when.
    pub ticked: Option<IncidentMark>,
}

/// A draft of the next update.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UpdateDraft {
    /// For whom.
    #[schema(schema_with = words::<Audience>)]
    pub audience: Audience,
    /// The text.
    pub text: String,
}

/// The review of an incident.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentReview {
    /// The digest of its text: what a new text says that it `replaces`.
    pub digest: String,
    /// What happened.
    pub summary: String,
    /// What it meant for those who were affected.
    pub consequences: String,
    /// The kind of cause.
    #[schema(schema_with = words::<Cause>)]
    pub cause: Option<Cause>,
    /// The cause, explained.
    pub explanation: String,
    /// What contributed to it.
    pub factors: Vec<String>,
    /// Why it wasn't noticed earlier.
    pub detection_gap: String,
    /// What was learnt.
    pub lessons: String,
    /// The revision of the runbook that took it in.
    pub runbook_revision: Option<String>,
    /// Who completed it, and when.
    pub completed: Option<IncidentMark>,
    /// Who signed it, and when.
    pub signed: Option<IncidentMark>,
}

/// An action item.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentItem {
    /// Its number, from 1.
    pub number: u16,
    /// What is to be done.
    pub what: String,
    /// Who does it.
    pub owner: TeamName,
    /// Until when.
    pub due_at: String,
    /// How one will see that it works.
    pub verification: String,
    /// Whether its time is over and it isn't done.
    pub late: bool,
    /// Who said that it is done, and when.
    pub done: Option<IncidentMark>,
}

/// An entry of a timeline.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentEntry {
    /// Its place in the history, from 0.
    pub number: u32,
    /// When it happened.
    pub at: String,
    /// When it was recorded.
    pub recorded_at: String,
    /// Who did it or recorded it.
    pub by: String,
    /// What it is about.
    #[schema(schema_with = words::<Topic>)]
    pub topic: Topic,
    /// What happened, in people's own words where they wrote them.
    pub text: String,
}
