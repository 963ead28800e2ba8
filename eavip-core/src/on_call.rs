//! On-call (seed: *Platform reliability does not depend on tribal knowledge*): who has duty by the clock of a zone, how
//! further people are told while nobody acknowledges, and the proof, before it is needed, that somebody would be.
//!
//! Core sends nothing: it says who is to be told and what is known of their channels; the caller sends, and brings back
//! whether it arrived.

pub mod coverage;
pub mod escalation;
pub mod page;
pub mod schedule;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::escalation::Escalation;
use self::schedule::{Override, Schedule};
use crate::freshness::is_within;
use crate::id::{EscalationId, PersonId, ScheduleId, TeamId};
use crate::roster::Roster;
use crate::time::{Span, Timestamp};
use crate::words;

/// The declared duties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OnCallPolicy {
    /// Who has duty when.
    pub schedules: BTreeMap<ScheduleId, Schedule>,
    /// Who is told one after the other.
    pub escalations: BTreeMap<EscalationId, Escalation>,
    /// How far ahead duties are proved; 28 days.
    pub horizon: Span,
    /// How long a channel that worked counts as working; 90 days, as for the confirmation of an owner group.
    pub proof_lasts: Span,
    /// How long after nobody could be reached it is tried again; 5 min.
    pub retry: Span,
}

impl Default for OnCallPolicy {
    fn default() -> Self {
        let day = Span::from_secs(24 * 3_600);
        Self {
            schedules: BTreeMap::new(),
            escalations: BTreeMap::new(),
            horizon: day.times(28),
            proof_lasts: day.times(90),
            retry: Span::from_secs(300),
        }
    }
}

impl OnCallPolicy {
    /// How a team's alerts escalate: the first declared for it, by name.
    #[must_use]
    pub fn escalation_of(&self, team: &TeamId) -> Option<(&EscalationId, &Escalation)> {
        self.escalations.iter().find(|(_, escalation)| escalation.team == *team)
    }
}

words! {
    /// What is known of somebody's channel.
    #[non_exhaustive]
    pub enum Channel ("channel state") {
        /// A message reached them lately.
        Working = "working",
        /// They have one, and nobody knows whether it works; it is tried all the same.
        Unproven = "unproven",
        /// They have none, or the last message didn't reach them.
        Broken = "broken",
    }
}

/// When messages last reached somebody, and last didn't.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// When one last did; ahead of the clock it proves nothing.
    pub proven_at: Option<Timestamp>,
    /// When one last didn't.
    pub failed_at: Option<Timestamp>,
}

impl Contact {
    fn channel(&self, lasts: Span, now: Timestamp) -> Channel {
        match self.proven_at {
            proven_at if self.failed_at.is_some() && self.failed_at >= proven_at => Channel::Broken,
            Some(proven_at) if is_within(proven_at, now, lasts) => Channel::Working,
            _ => Channel::Unproven,
        }
    }
}

/// What is known of people beside what is declared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// Those who have a channel.
    pub contacts: BTreeMap<PersonId, Contact>,
    /// Who takes whose place for a while, beside those that the runbook declares.
    pub overrides: BTreeMap<ScheduleId, Vec<Override>>,
}

impl Reach {
    /// What is known of somebody's channel; who isn't an active person of the roster has none.
    #[must_use]
    pub fn channel(&self, person: &PersonId, roster: &Roster, lasts: Span, now: Timestamp) -> Channel {
        let active = roster.people.get(person).is_some_and(|person| person.active);
        let contact = self.contacts.get(person).filter(|_| active);
        contact.map_or(Channel::Broken, |contact| contact.channel(lasts, now))
    }
}

#[cfg(test)]
mod tests;
