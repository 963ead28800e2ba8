//! *Decide, then evolve*: the one pattern of everything that changes over time.
//!
//! A command is decided against the state and answered with events, or with every reason why not; an event is applied
//! and can't fail. The caller makes events durable in between. State is nothing but its events: replaying them gives the
//! same state, whatever the policy has become since.

use crate::decision::Refused;
use crate::time::Timestamp;

/// Something with a history: an alert episode, a silence, an incident, a release, a drill.
pub trait Aggregate: Sized {
    /// What somebody asks for: a person, the evaluation, an agent.
    type Command;
    /// What happened; kept for good, so its form only ever grows.
    type Event;
    /// The part of the declared runbook that decides.
    type Policy: ?Sized;

    /// Decides a command. `None` is the state before the first event.
    ///
    /// # Errors
    /// Every reason why not, at once.
    fn decide(
        state: Option<&Self>,
        command: Self::Command,
        policy: &Self::Policy,
        now: Timestamp,
    ) -> Result<Vec<Self::Event>, Refused>;

    /// Applies an event; one that doesn't fit changes nothing.
    #[must_use]
    fn evolve(state: Option<Self>, event: Self::Event) -> Option<Self>;

    /// The state after events, from the first on.
    fn replay(events: impl IntoIterator<Item = Self::Event>) -> Option<Self> {
        events.into_iter().fold(None, Self::evolve)
    }
}
