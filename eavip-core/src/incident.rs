//! Incidents (seed: *Incident Management*): from detection to a review that somebody signed. Here: an incident as its events
//! made it, and the deadlines that it is held to. Notifying people, paging and pages to look at are the caller's part.
//!
//! ```
//! use eavip_core::aggregate::Aggregate;
//! use eavip_core::incident::change::{Declaration, IncidentCommand, Request};
//! use eavip_core::incident::sev::{Impact, Integrity, Scope};
//! use eavip_core::incident::{Actor, Incident};
//! use eavip_core::policy::{Policy, Source};
//! use eavip_core::time::Timestamp;
//!
//! let people = "[person.ana]\nteams = [\"platform-operations\"]\n";
//! let policy = Policy::load(&[Source::new("runbook.toml", people)]).unwrap();
//! let now: Timestamp = "2026-01-31T13:05:00Z".parse().unwrap();
//! let declaration = Declaration {
//!     id: "inc-1".parse().unwrap(),
//!     title: "checkout fails".into(),
//!     owner: "platform-operations".parse().unwrap(),
//!     environment: eavip_core::environment::Environment::Production,
//!     mode: eavip_core::mode::Mode::Saas,
//!     deployment: None,
//!     services: Default::default(),
//!     impact: Impact { scope: Scope::MajorFunction, integrity: Integrity::Intact },
//!     security: false,
//!     began_at: now,
//!     alert: None,
//! };
//! let ana = || Actor::Person("ana".parse().unwrap());
//! let declare = IncidentCommand { by: ana(), request: Request::Declare(Box::new(declaration)) };
//! let events = Incident::decide(None, declare, &policy, now).unwrap();
//! let incident = Incident::replay(events).unwrap();
//! assert_eq!(incident.sev.as_str(), "SEV-2");
//!
//! let close = IncidentCommand { by: ana(), request: Request::Close };
//! let refused = Incident::decide(Some(&incident), close, &policy, now).unwrap_err();
//! assert_eq!(refused.findings.len(), 16, "everything that is missing, at once");
//! ```

pub mod change;
pub mod clocks;
pub mod comms;
pub mod deadline;
pub mod decide;
mod evolve;
pub mod phase;
pub mod review;
pub mod sev;
pub mod timeline;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use self::change::{Declaration, IncidentCommand, IncidentEvent, Plan, Proof, Role};
use self::deadline::Deadline;
use self::phase::Phase;
use self::review::Review;
use self::sev::{Impact, Sev};
use self::timeline::Entry;
use crate::aggregate::Aggregate;
use crate::decision::{Basis, Decision, Refused};
use crate::finding::Finding;
use crate::id::{Digest128, IncidentId, PersonId, ServiceId, TeamId};
use crate::policy::Policy;
use crate::roster::Roster;
use crate::time::{Span, Timestamp};

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Actor {
    /// A person.
    Person(PersonId),
    /// The platform itself: an evaluation, an agent's report.
    Platform,
}

impl Actor {
    /// The person, when it is an active one of the roster.
    #[must_use]
    pub fn person(&self, roster: &Roster) -> Option<&PersonId> {
        match self {
            Self::Person(person) => Some(person).filter(|person| is_active(roster, person)),
            Self::Platform => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => person.fmt(f),
            Self::Platform => f.write_str("the platform"),
        }
    }
}

fn is_active(roster: &Roster, person: &PersonId) -> bool {
    roster.people.get(person).is_some_and(|person| person.active)
}

/// A person's mark under something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// Something that was done to end an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// What.
    pub what: String,
    /// What showed that it worked.
    pub proof: Option<Proof>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// An action item; its number is its place in the list, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What is to be done.
    pub plan: Plan,
    /// Who said that it is done, and when.
    pub done: Option<Mark>,
}

/// An incident as its events made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Incident {
    /// As what it was declared; it stays as it was.
    pub declaration: Declaration,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// When it was declared or last reopened.
    pub opened_at: Timestamp,
    /// When it began to be bad: the earliest of all that it absorbed.
    pub began_at: Timestamp,
    /// How severe it is.
    pub sev: Sev,
    /// Who declared the impact that it follows from.
    pub sev_by: Actor,
    /// How bad it is.
    pub impact: Impact,
    /// Whether it is a security event; never taken back.
    pub security: bool,
    /// What it affects.
    pub services: BTreeSet<ServiceId>,
    /// Who works on it: its owner, and Security & Compliance when it is flagged.
    pub teams: BTreeSet<TeamId>,
    /// Where the response stands.
    pub phase: Phase,
    /// Who has which part.
    pub roles: BTreeMap<Role, PersonId>,
    /// Who took it first.
    pub acknowledged: Option<Mark>,
    /// When triage began, the last time.
    pub triage_at: Option<Timestamp>,
    /// When those who are affected were told last, since it was opened.
    pub told_at: Option<Timestamp>,
    /// Whether they were told since the mitigation was proven.
    pub all_clear: bool,
    /// What was done to end it.
    pub actions: Vec<Action>,
    /// When a signal proved an action, since it was opened.
    pub mitigated_at: Option<Timestamp>,
    /// When those who are affected had the all-clear and the response ended.
    pub resolved_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// The alerts that belong to it, and when each was over.
    pub episodes: BTreeMap<Digest128, Option<Timestamp>>,
    /// Whether a step was done that the runbook doesn't have.
    pub improvised: bool,
    /// Its review.
    pub review: Review,
    /// What keeps it from coming back.
    pub items: Vec<Item>,
    /// The incidents that are part of it.
    pub absorbed: BTreeSet<IncidentId>,
    /// The incident that it is part of.
    pub duplicate_of: Option<IncidentId>,
    /// Everything that happened, in the order in which it was recorded.
    pub timeline: Vec<Entry>,
}

impl Incident {
    /// Whether people still work on it: neither closed nor part of another.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.phase != Phase::Closed && self.duplicate_of.is_none()
    }

    /// The number that its next event has.
    #[must_use]
    pub fn next_number(&self) -> u32 {
        u32::try_from(self.timeline.len()).unwrap_or(u32::MAX)
    }

    /// What is due: the next update, the review, and each action item that isn't done. What is late fails, and is owned by
    /// who has to act.
    #[must_use]
    pub fn duties(&self, policy: &IncidentPolicy, now: Timestamp) -> Vec<Finding> {
        let head = [comms::check(self, policy, now), review::check(self, policy, now)];
        head.into_iter().chain(review::items(self, now)).collect()
    }

    /// Whether it may be closed: what every phase and the review must leave.
    #[must_use]
    pub fn may_close(&self, policy: &Policy, now: Timestamp) -> Decision {
        let basis = Basis { policy: policy.digest, evidence: Digest128::of_value(self), at: now };
        Decision::over(phase::before_closing(self, &policy.roster), basis)
    }
}

impl Aggregate for Incident {
    type Command = IncidentCommand;
    type Event = IncidentEvent;
    type Policy = Policy;

    fn decide(
        state: Option<&Self>,
        command: IncidentCommand,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<IncidentEvent>, Refused> {
        decide::decide(state, command, policy, now)
    }

    fn evolve(state: Option<Self>, event: IncidentEvent) -> Option<Self> {
        evolve::evolve(state, event)
    }
}

/// What a severity is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadlines {
    /// Longest time without an update.
    pub update: Span,
    /// When the review is due.
    pub review: Deadline,
}

/// The deadlines of incidents, `[incident.sev-1]` to `[incident.sev-4]`; the numbers are those of the runbook's rules on
/// incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentPolicy {
    /// Updates every 30 minutes, review within 3 days.
    pub sev_1: Deadlines,
    /// Updates every 60 minutes, review within 5 business days.
    pub sev_2: Deadlines,
    /// Updates every 4 hours, review within 10 business days.
    pub sev_3: Deadlines,
    /// Updates every 24 hours, review within 10 business days.
    pub sev_4: Deadlines,
}

impl IncidentPolicy {
    /// What a severity is held to.
    #[must_use]
    pub const fn deadlines(&self, sev: Sev) -> &Deadlines {
        match sev {
            Sev::Sev1 => &self.sev_1,
            Sev::Sev2 => &self.sev_2,
            Sev::Sev3 => &self.sev_3,
            Sev::Sev4 => &self.sev_4,
        }
    }
}

impl Default for IncidentPolicy {
    fn default() -> Self {
        let minutes = |n: u64| Span::from_secs(60).times(n);
        let of = |update, review| Deadlines { update, review };
        Self {
            sev_1: of(minutes(30), Deadline::Within(minutes(3 * 24 * 60))),
            sev_2: of(minutes(60), Deadline::BusinessDays(5)),
            sev_3: of(minutes(4 * 60), Deadline::BusinessDays(10)),
            sev_4: of(minutes(24 * 60), Deadline::BusinessDays(10)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
