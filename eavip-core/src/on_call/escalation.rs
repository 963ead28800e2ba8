//! Escalations: who is told of an alert, and who next while nobody acknowledges. What happens to one alert is
//! [`page`](super::page).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Channel, Reach};
use crate::id::{PersonId, ScheduleId, TeamId};
use crate::policy::Policy;
use crate::time::{Span, Timestamp};

/// Most escalations of one policy.
pub const MAX_ESCALATIONS: usize = 500;
/// Most steps of one escalation; after so many delays it is a broadcast.
pub const MAX_STEPS: usize = 20;

/// People who are told at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// How long after the step before; of the first step, after the alert.
    pub after: Span,
    /// Whoever has duty in these schedules.
    pub schedules: Vec<ScheduleId>,
    /// These people.
    pub people: Vec<PersonId>,
    /// All active members of these teams.
    pub teams: Vec<TeamId>,
}

impl Step {
    /// Who the step means at a moment, each with what is known of their channel.
    #[must_use]
    pub fn people(&self, policy: &Policy, reach: &Reach, now: Timestamp) -> BTreeMap<PersonId, Channel> {
        let on_duty = self.schedules.iter().filter_map(|id| {
            let more = reach.overrides.get(id).map_or(&[][..], Vec::as_slice);
            policy.on_call.schedules.get(id)?.on_call(more, now)
        });
        let members = self.teams.iter().flat_map(|team| policy.roster.members(team));
        let lasts = policy.on_call.proof_lasts;
        let known = |person: &PersonId| (person.clone(), reach.channel(person, &policy.roster, lasts, now));
        on_duty.chain(&self.people).chain(members).map(known).collect()
    }
}

/// A declared `[escalation.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Whose alerts escalate so.
    pub team: TeamId,
    /// One after the other.
    pub steps: Vec<Step>,
    /// How often it begins again after the last step.
    pub repeat: u32,
    /// How long an acknowledgement of a Critical alert holds unless it is renewed; 30 min.
    pub ack_lapse: Span,
}

/// How long an acknowledgement holds unless declared otherwise.
pub const ACK_LAPSE: Span = Span::from_secs(30 * 60);

/// A step of a round; both from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// How often it began again.
    pub round: u32,
    /// The step's place.
    pub step: usize,
}

impl Position {
    /// Where an escalation begins.
    pub const FIRST: Self = Self { round: 0, step: 0 };
}

impl Escalation {
    /// The step after a position, in the next round after the last.
    #[must_use]
    pub fn following(&self, position: Position) -> Position {
        let step = position.step.saturating_add(1);
        if step < self.steps.len() {
            Position { step, ..position }
        } else {
            Position { round: position.round.saturating_add(1), step: 0 }
        }
    }

    /// How long a step waits after the one before. Before it begins again, those who were told last have as long as its
    /// longest delay, and `least` at least.
    #[must_use]
    pub fn delay(&self, position: Position, least: Span) -> Span {
        let own = self.steps.get(position.step).map_or(Span::ZERO, |step| step.after);
        if position.step == 0 && position.round > 0 { self.longest_delay().max(least) } else { own }
    }

    /// The longest of all delays.
    #[must_use]
    pub fn longest_delay(&self) -> Span {
        self.steps.iter().map(|step| step.after).max().unwrap_or_default()
    }
}
