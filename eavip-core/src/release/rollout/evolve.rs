//! Applying events: total, and an event that doesn't fit changes nothing.

use super::event::RolloutEvent as Event;
use super::{Rollout, Status};
use crate::time::Timestamp;

pub(super) fn evolve(state: Option<Rollout>, event: Event) -> Option<Rollout> {
    let Some(mut rollout) = state else {
        let Event::Planned { plan, at } = event else { return None };
        let (status, stage) = (Status::Pending, 0);
        return Some(Rollout { plan: *plan, status, stage, since: at, cause: None, notes: None });
    };
    match (rollout.status, event) {
        (Status::Pending, Event::Started { at, .. }) => rollout.enter(Status::Running, at),
        (Status::Running | Status::Paused, Event::Advanced { stage, at })
            if stage == rollout.stage + 1 && stage < rollout.plan.stages.len() =>
        {
            rollout.stage = stage;
            rollout.enter(Status::Running, at);
        }
        (Status::Running | Status::Paused, Event::VerificationBegan { at }) => {
            rollout.enter(Status::Verifying, at);
        }
        // The stage's clock goes on: its nodes keep what they have.
        (Status::Running, Event::Held { .. } | Event::Paused { .. }) => rollout.status = Status::Paused,
        (Status::Paused, Event::Resumed { at, .. }) => rollout.enter(Status::Running, at),
        (
            Status::Running | Status::Paused | Status::Verifying | Status::Failed,
            Event::RollbackBegan { cause, at, .. },
        ) => {
            rollout.cause = Some(cause);
            rollout.enter(Status::RollingBack, at);
        }
        (Status::RollingBack, Event::RolledBack { at, .. }) => rollout.enter(Status::RolledBack, at),
        (Status::Verifying, Event::Verified { notes, at }) => {
            rollout.notes = Some(notes);
            rollout.enter(Status::Verified, at);
        }
        (Status::Pending | Status::RollingBack, Event::Failed { at, .. }) => {
            rollout.enter(Status::Failed, at)
        }
        _ => {}
    }
    Some(rollout)
}

impl Rollout {
    fn enter(&mut self, status: Status, at: Timestamp) {
        self.status = status;
        self.since = at;
    }
}
