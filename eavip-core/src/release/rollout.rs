//! A rollout: one release on its way through a place in stages, forward only on evidence, and back to exactly what was
//! there before (seed: *Release Process*, "Staged rollout" and "Post-release verification"; "Rollback is mandatory for
//! every release").
//!
//! What evidence says is the [judge's](super::judge) part; whether a release may begin at all is its gates'. Putting it on
//! nodes is the agents'.

mod decide;
mod event;
mod evolve;
mod plan;

pub use event::{Cause, Judgement, Observed, RolloutCommand, RolloutEvent};
pub use plan::{Bundle, MAX_STAGES, Plan, Reach, RolloutPolicy, Stage};

use serde::{Deserialize, Serialize};

use super::judge::Look;
use crate::aggregate::Aggregate;
use crate::decision::Refused;
use crate::id::Digest256;
use crate::time::{Span, Timestamp};
use crate::words;

crate::rules! {
    /// A rollout moves along its states only: pending, running, paused, verifying, verified; rolling back, rolled back,
    /// failed. The message says where it stands.
    MOVES = "EAVIP-L01", "a rollout moves along its states only", "Staged rollout";
    /// Whoever steps in says why, in 1 to 1000 characters. It is kept in the ledger.
    SAYS_WHY = "EAVIP-L02", "whoever steps into a rollout says why", "No manual production changes without traceability";
    /// A plan has 1 to 50 stages, each with a time and an exposure; shares rise to 100 %, no deployment comes twice, and the
    /// way back leads somewhere else.
    WHOLE_PLAN = "EAVIP-L03", "a rollout has a plan that can end, and a way back", "Rollback is mandatory for every release";
    /// A judgement counts for the stage it was made in, within 5 minutes. Judge again.
    CURRENT = "EAVIP-L04", "a rollout goes forward on current evidence", "Staged rollout";
    /// A person may take on the doubt of evidence that is there, at the end of a stage; never that of evidence that is
    /// missing, and never a failure. Bring back what is missing, or roll back.
    NOT_BLIND = "EAVIP-L05", "nobody accepts a stage that can't be seen", "Staged rollout";
    /// A rollback is over when every node that had the release shows the previous artifact, configuration and flags, all
    /// three. Wait for the nodes that the finding names, or see to them.
    RESTORED = "EAVIP-L06", "a rollback brings back everything together, and is verified", "Rollback is mandatory for every release";
    /// Verified means: the verification window is over and the release was found good after it.
    SHOWN = "EAVIP-L07", "a release is verified by evidence after its window", "Post-release verification";
}

words! {
    /// Where a rollout stands.
    #[non_exhaustive]
    pub enum Status ("rollout status") {
        /// Planned, and not begun.
        Pending = "pending",
        /// A stage goes on.
        Running = "running",
        /// A stage was stopped, by a person or by evidence that doesn't decide; the nodes keep what they have.
        Paused = "paused",
        /// What was there before is brought back.
        RollingBack = "rolling-back",
        /// What was there before is back.
        RolledBack = "rolled-back",
        /// Everything runs the release, and is watched.
        Verifying = "verifying",
        /// The release was found good.
        Verified = "verified",
        /// It couldn't begin or couldn't be brought back: people have to see to it.
        Failed = "failed",
    }
}

/// A rollout as its events made it.
///
/// ```
/// use eavip_core::aggregate::Aggregate;
/// use eavip_core::id::Digest256;
/// use eavip_core::release::rollout::{Bundle, Plan, Rollout, RolloutCommand, RolloutPolicy};
/// use eavip_core::time::Timestamp;
///
/// let policy = RolloutPolicy::default();
/// let bundle = |artifact: &[u8]| Bundle {
///     artifact: Digest256::of(artifact),
///     config: Digest256::of(b"config"),
///     flags: Digest256::of(b"flags"),
/// };
/// let plan = Plan::by_share("shop-1.2.0".parse().unwrap(), bundle(b"next"), bundle(b"before"), 100, &policy);
/// let plan = RolloutCommand::Plan(Box::new(plan));
/// let events = Rollout::decide(None, plan, &policy, Timestamp::default()).unwrap();
/// assert_eq!(Rollout::replay(events).unwrap().plan.stages.len(), 4, "5, 25, 50 and 100 %");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rollout {
    /// What goes where, in which stages.
    pub plan: Plan,
    /// Where it stands.
    pub status: Status,
    /// The stage, from 0.
    pub stage: usize,
    /// When the stage began, or the state outside of stages; a pause leaves it, a resumed stage begins again.
    pub since: Timestamp,
    /// Why it went back, if it did.
    pub cause: Option<Cause>,
    /// The release notes that were published with it.
    pub notes: Option<Digest256>,
}

impl Rollout {
    /// Whether the stage is the last of several: everything runs the release, and nothing is left to compare with.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let last = self.stage + 1 >= self.plan.stages.len();
        self.status == Status::Verifying || (last && self.stage > 0)
    }

    /// Which look at the release is due, where the stage had this exposure. While it is paused, gauges aren't looked at
    /// again and again; a person who accepts it brings one more look at the stage's end.
    #[must_use]
    pub fn look(&self, exposure: u64, now: Timestamp) -> Look {
        if self.is_whole() {
            Look::Whole
        } else if self.status == Status::Running && self.is_over(exposure, now) {
            Look::StageEnd
        } else {
            Look::Interim
        }
    }

    /// Whether the stage has both its time and its exposure.
    fn is_over(&self, exposure: u64, at: Timestamp) -> bool {
        self.plan
            .stages
            .get(self.stage)
            .is_some_and(|stage| at.since(self.since) >= stage.least_time && exposure >= stage.least_exposure)
    }

    /// Whether the stage has waited for its exposure or its evidence for as long as it may.
    fn is_out_of_patience(&self, patience: Span, at: Timestamp) -> bool {
        let time = self.plan.stages.get(self.stage).map_or(Span::ZERO, |stage| stage.least_time);
        at >= self.since + time + patience
    }
}

impl Aggregate for Rollout {
    type Command = RolloutCommand;
    type Event = RolloutEvent;
    type Policy = RolloutPolicy;

    fn decide(
        state: Option<&Self>,
        command: RolloutCommand,
        policy: &RolloutPolicy,
        now: Timestamp,
    ) -> Result<Vec<RolloutEvent>, Refused> {
        decide::decide(state, command, policy, now)
    }

    fn evolve(state: Option<Self>, event: RolloutEvent) -> Option<Self> {
        evolve::evolve(state, event)
    }
}

#[cfg(test)]
mod tests;
