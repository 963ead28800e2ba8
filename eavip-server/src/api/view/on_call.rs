//! Duty as the outside sees it: who has it, who is told next, who can be reached. Nobody sees another's addresses.

use eavip_core::alert::Category;
use eavip_core::decision::Verdict;
use eavip_core::finding::Outcome;
use eavip_core::on_call::Channel;
use eavip_core::on_call::page::PageStatus;
use serde::Serialize;
use utoipa::ToSchema;

use super::{TeamName, words};

/// Who has duty.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Duty {
    /// Each schedule, by name.
    pub schedules: Vec<ScheduleDuty>,
    /// How the alerts of each team escalate, by team.
    pub teams: Vec<TeamDuty>,
}

/// A schedule's duty at a moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ScheduleDuty {
    /// The schedule's name.
    pub id: String,
    /// Whose clock counts, such as `Europe/Berlin`.
    pub zone: String,
    /// Who has duty now; nobody in a gap.
    pub now: Option<Reached>,
    /// Until when, RFC 3339; none when it goes on for a month and more.
    pub until: Option<String>,
    /// Who has it then; nobody in a gap.
    pub next: Option<Reached>,
}

/// A person, and whether messages reach them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Reached {
    /// The person's id in the roster.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// What is known of their channels.
    #[schema(schema_with = words::<Channel>)]
    pub channel: Channel,
}

/// How a team's alerts escalate.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TeamDuty {
    /// The team.
    pub team: TeamName,
    /// The escalation's name.
    pub escalation: String,
    /// Its steps, with whom each means now.
    pub steps: Vec<StepDuty>,
    /// How often it begins again after the last.
    pub repeat: u32,
    /// How long an acknowledgement holds unless it is renewed, such as `30m`.
    pub ack_lapse: String,
}

/// A step of an escalation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StepDuty {
    /// How long after the step before, such as `5m`.
    pub after: String,
    /// Whom it means now.
    pub people: Vec<Reached>,
}

/// A schedule over a period.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ScheduleDetail {
    /// Now and next.
    #[serde(flatten)]
    pub duty: ScheduleDuty,
    /// The period's begin, RFC 3339.
    pub from: String,
    /// Its end, RFC 3339.
    pub to: String,
    /// Who has duty over it, without holes.
    pub shifts: Vec<Shift>,
    /// Who takes whose place, the first first; those of the runbook are in the shifts alone.
    pub overrides: Vec<Override>,
}

/// A stretch during which the same person has duty, or nobody.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Shift {
    /// Who; none is a gap.
    pub person: Option<String>,
    /// What people call them.
    pub name: Option<String>,
    /// Its begin, RFC 3339.
    pub from: String,
    /// Its end, RFC 3339.
    pub until: String,
}

/// Somebody in another's place.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Override {
    /// Its id.
    pub id: String,
    /// In which schedule.
    pub schedule: String,
    /// Who has duty.
    pub person: String,
    /// From when on, RFC 3339.
    pub from: String,
    /// Until when, RFC 3339.
    pub until: String,
    /// Why.
    pub reason: String,
    /// Who made it so.
    pub by: String,
}

/// Whether somebody would be told, proved ahead.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Coverage {
    /// The answer.
    #[schema(schema_with = words::<Verdict>)]
    pub verdict: Verdict,
    /// How far ahead was looked, such as `28d`.
    pub horizon: String,
    /// What every rule found.
    pub findings: Vec<CoverageFinding>,
}

/// What one rule found of duties.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CoverageFinding {
    /// The rule's code.
    pub rule: String,
    /// What it says.
    #[schema(schema_with = words::<Outcome>)]
    pub outcome: Outcome,
    /// One sentence that reads alone.
    pub message: String,
    /// What would mend it; empty when nothing has to be done.
    pub remedy: String,
    /// When it holds: stretches of time; at most 20.
    pub evidence: Vec<String>,
    /// The team that has to act, where one is known.
    pub owner: Option<String>,
}

/// A page: one alert on its way through an escalation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PageView {
    /// The alert's id, which is the page's too.
    pub id: String,
    /// The alert in a sentence.
    pub summary: String,
    /// How urgent it is.
    #[schema(schema_with = words::<Category>)]
    pub category: Category,
    /// By which escalation.
    pub escalation: String,
    /// Where it stands.
    #[schema(schema_with = words::<PageStatus>)]
    pub status: PageStatus,
    /// Who has it.
    pub holder: Option<Holder>,
    /// Who is told next, while nobody has it.
    pub next: Option<NextStep>,
    /// Since when it is known that nobody could be told, RFC 3339.
    pub unreached_since: Option<String>,
    /// What happened, the last 100, oldest first.
    pub events: Vec<PageEntry>,
}

/// Who has a page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Holder {
    /// Who.
    pub person: String,
    /// Since when, or since they last said that they go on, RFC 3339.
    pub since: String,
    /// When others are told again unless they say that they go on, RFC 3339; none when it stays theirs.
    pub lapses_at: Option<String>,
}

/// Who is told next.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NextStep {
    /// The step's number, from 1.
    pub step: usize,
    /// When, RFC 3339.
    pub at: String,
    /// Whom it means now.
    pub people: Vec<Reached>,
}

/// What happened to a page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PageEntry {
    /// When, RFC 3339.
    pub at: String,
    /// What, as a word such as `told` or `nobody-reachable`.
    pub kind: &'static str,
    /// One sentence.
    pub text: String,
    /// Who was told, took it or has it now.
    pub people: Vec<String>,
}

/// How people are reached.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Contacts {
    /// The person who asks; none when they aren't one of the roster.
    pub person: Option<String>,
    /// Their own ways.
    pub own: Vec<Contact>,
    /// Receivers that a way can be made of.
    pub receivers: Vec<String>,
    /// Everybody of the roster who is active, and whether messages reach them.
    pub people: Vec<Reached>,
}

/// A way to reach the person who asks.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Contact {
    /// Its id.
    pub id: String,
    /// The receiver of the server's configuration that carries messages.
    pub receiver: String,
    /// Their address with it, where it has many.
    pub address: Option<String>,
    /// Whether they showed that it is theirs; nothing else is sent to it before.
    pub verified: bool,
    /// What is known of it.
    #[schema(schema_with = words::<Channel>)]
    pub state: Channel,
    /// When a message last arrived, RFC 3339.
    pub proven_at: Option<String>,
    /// When one was last given up, RFC 3339.
    pub failed_at: Option<String>,
}
