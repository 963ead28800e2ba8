//! A release, from its draft through the environments (seed: *Release Management*, *Environment Model*). It goes to a
//! place only when the [gates](gate) let it, which the release asks itself: no command promotes it otherwise.
//!
//! Stages of a rollout and the judgement of canaries are not here: a rollout begins with [`ReleaseEvent::Promoted`] and
//! ends in a verification or a rollback.

pub mod approval;
pub mod break_glass;
pub mod candidate;
mod decide;
mod event;
pub mod freeze;
pub mod gate;
pub mod judge;
pub mod notes;
pub mod rollback;
pub mod rollout;
pub mod version;

pub use event::{Place, Promotion, ReleaseCommand, ReleaseEvent};

use serde::{Deserialize, Serialize};

use self::approval::{Approval, ApprovalPolicy};
use self::break_glass::Use;
use self::candidate::Candidate;
use self::gate::{GatePolicy, GateRequest};
use self::rollback::RollbackPlan;
use crate::aggregate::Aggregate;
use crate::decision::{Refused, Verdict};
use crate::environment::Environment;
use crate::id::PersonId;
use crate::policy::Policy;
use crate::time::Timestamp;
use crate::words;

crate::rules! {
    /// A release is drafted once, with its artifact and its way back; everything else comes after that.
    DRAFTED = "EAVIP-R01", "a release is drafted once, and before anything else", "Promotions are environment-driven";
    /// What was withdrawn goes nowhere; it can only be rolled back where it still runs. Draft a new release.
    STILL_WANTED = "EAVIP-R02", "a withdrawn release goes nowhere", "Promotions are environment-driven";
    /// A release is asked for in one place at a time, where it neither is nor is on its way to. Finish what goes on first.
    ONE_REQUEST = "EAVIP-R03", "a release is asked for in one place at a time", "Promotions are environment-driven";
    /// Only what is rolling out can be verified, and only what was promoted can be rolled back.
    IN_PLACE = "EAVIP-R04", "only what was promoted is verified or rolled back", "Post-release verification";
    /// The plan must bring back everything that the release touches: binary, configuration, schema and flags. Complete it.
    WAY_BACK = "EAVIP-R05", "a release has a way back", "Rollback is mandatory for every release";
    /// Whoever acts is an active person of the roster. Who wrote a release or asks for it doesn't approve it, nobody approves
    /// twice, and everybody approves what they saw.
    WHO = "EAVIP-R06", "the one who acts may do so", "No manual production changes without traceability";
    /// Reasons, proofs and conclusions have 1 to 1000 characters; lists and lines of a release have stated bounds.
    BOUNDS = "EAVIP-R07", "what is said with a release says something, and within bounds", "Release notes published";
}

/// Most places one release runs in: every installation of a large platform.
pub const MAX_PLACES: usize = 1_000;
/// Most approvals kept for one request; nobody needs more, and each is looked at by every decision.
pub const MAX_KEPT_APPROVALS: usize = 50;

/// The numbers and people that decide about releases.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReleasePolicy {
    /// The gates' numbers.
    pub gate: GatePolicy,
    /// Who has to approve.
    pub approvals: ApprovalPolicy,
}

words! {
    /// Where a release stands in one place.
    #[non_exhaustive]
    pub enum Progress ("progress of a release") {
        /// On its way.
        RollingOut = "rolling-out",
        /// There, and shown to work.
        Verified = "verified",
        /// Taken back.
        RolledBack = "rolled-back",
    }
}

words! {
    /// Where a release stands.
    #[non_exhaustive]
    pub enum Status ("release status") {
        /// Nobody asked for it.
        Draft = "draft",
        /// Asked for in a place.
        Requested = "requested",
        /// On its way to a place.
        RollingOut = "rolling-out",
        /// Shown to work where it went last.
        Verified = "verified",
        /// Taken back where it went last.
        RolledBack = "rolled-back",
        /// Not wanted any more.
        Withdrawn = "withdrawn",
    }
}

/// A release that was asked for in a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Where.
    pub place: Place,
    /// Who asked.
    pub requester: PersonId,
    /// When.
    pub at: Timestamp,
    /// Who agreed. Those that were given before an amendment stay, and count for nothing.
    pub approvals: Vec<Approval>,
}

/// A release in a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Where.
    pub place: Place,
    /// How far it is.
    pub progress: Progress,
    /// Since when.
    pub since: Timestamp,
}

/// A release as its events made it.
///
/// ```
/// use eavip_core::aggregate::Aggregate;
/// use eavip_core::policy::Policy;
/// use eavip_core::release::{Release, ReleaseCommand};
/// use eavip_core::time::Timestamp;
///
/// let command = ReleaseCommand::Withdraw { reason: "superseded".into(), by: "ana".parse().unwrap() };
/// let refused = Release::decide(None, command, &Policy::builtin(), Timestamp::default());
/// assert!(refused.is_err(), "what was never drafted can't be withdrawn");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Release {
    /// What is released.
    pub candidate: Candidate,
    /// The way back.
    pub rollback: RollbackPlan,
    /// When it was drafted.
    pub drafted_at: Timestamp,
    /// What was asked for and isn't decided.
    pub pending: Option<Pending>,
    /// Where it went, the latest last; each place once.
    pub placements: Vec<Placement>,
    /// How often break-glass was used for it.
    pub break_glass: Vec<Use>,
    /// When its notes were published: with the first verification in Production.
    pub published_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
}

impl Release {
    /// The command that begins a release. There is none without a way back.
    #[must_use]
    pub fn draft(candidate: Candidate, rollback: RollbackPlan, by: PersonId) -> ReleaseCommand {
        ReleaseCommand::Draft { candidate: Box::new(candidate), rollback: Box::new(rollback), by }
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        let rolling_out = self.placements.iter().any(|one| one.progress == Progress::RollingOut);
        match (self.withdrawn_at, &self.pending, self.placements.last()) {
            (Some(_), ..) => Status::Withdrawn,
            (None, ..) if rolling_out => Status::RollingOut,
            (None, Some(_), _) => Status::Requested,
            (None, None, None) => Status::Draft,
            (None, None, Some(last)) if last.progress == Progress::RolledBack => Status::RolledBack,
            (None, None, Some(_)) => Status::Verified,
        }
    }

    /// How far it is in a place.
    #[must_use]
    pub fn progress(&self, place: &Place) -> Option<Progress> {
        self.placements.iter().find(|one| one.place == *place).map(|one| one.progress)
    }

    /// The question to the gates that is open; its digest is what people approve.
    #[must_use]
    pub fn request(&self) -> Option<GateRequest> {
        self.pending.as_ref().map(|pending| GateRequest {
            candidate: self.candidate.clone(),
            rollback: self.rollback.clone(),
            source: self.verified_below(pending.place.environment),
            target: pending.place.environment,
            deployment: pending.place.deployment.clone(),
            mode: pending.place.mode,
            requester: pending.requester.clone(),
        })
    }

    /// The furthest environment before `target` in which it is verified.
    fn verified_below(&self, target: Environment) -> Option<Environment> {
        let verified = self.placements.iter().filter(|one| one.progress == Progress::Verified);
        verified.map(|one| one.place.environment).filter(|environment| *environment < target).max()
    }

    fn moved(&mut self, place: Place, progress: Progress, since: Timestamp) {
        self.placements.retain(|one| one.place != place);
        self.placements.push(Placement { place, progress, since });
    }

    fn apply(&mut self, event: ReleaseEvent) {
        match event {
            ReleaseEvent::Drafted { .. } => {}
            // It can still be rolled back and reviewed; nothing else is asked of it.
            ReleaseEvent::Amended { .. } | ReleaseEvent::Requested { .. } | ReleaseEvent::Verified { .. }
                if self.withdrawn_at.is_some() => {}
            ReleaseEvent::Amended { notes, rollback, .. } => {
                self.candidate.notes = *notes;
                self.rollback = *rollback;
            }
            ReleaseEvent::Requested { place, by, at } => {
                self.pending.get_or_insert(Pending { place, requester: by, at, approvals: Vec::new() });
            }
            ReleaseEvent::Approved(approval) => {
                let pending = self.pending.iter_mut().filter(|one| !one.approvals.contains(&approval));
                pending.for_each(|one| one.approvals.push(approval.clone()));
            }
            ReleaseEvent::Cancelled { .. } => self.pending = None,
            ReleaseEvent::Promoted(promotion) => self.promoted(*promotion),
            ReleaseEvent::Verified { place, at, .. } => {
                if self.progress(&place) == Some(Progress::RollingOut) {
                    if place.environment == Environment::Production {
                        self.published_at.get_or_insert(at);
                    }
                    self.moved(place, Progress::Verified, at);
                }
            }
            ReleaseEvent::RolledBack { place, at, .. } => {
                if self.progress(&place).is_some_and(|progress| progress != Progress::RolledBack) {
                    self.moved(place, Progress::RolledBack, at);
                }
            }
            ReleaseEvent::BreakGlassReviewed { at, .. } => {
                for one in &mut self.break_glass {
                    one.reviewed_at.get_or_insert(at);
                }
            }
            ReleaseEvent::Withdrawn { at, .. } => {
                self.withdrawn_at.get_or_insert(at);
                self.pending = None;
            }
        }
    }

    fn promoted(&mut self, promotion: Promotion) {
        let asked = self.pending.as_ref().is_some_and(|pending| pending.place == promotion.place);
        if !asked || promotion.decision.verdict != Verdict::Allow {
            return;
        }
        self.pending = None;
        if let Some(break_glass) = promotion.break_glass {
            let (by, at) = (break_glass.by, promotion.at);
            self.break_glass.push(Use { release: self.candidate.id.clone(), by, at, reviewed_at: None });
        }
        self.moved(promotion.place, Progress::RollingOut, promotion.at);
    }
}

impl Aggregate for Release {
    type Command = ReleaseCommand;
    type Event = ReleaseEvent;
    type Policy = Policy;

    fn decide(
        state: Option<&Self>,
        command: ReleaseCommand,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<ReleaseEvent>, Refused> {
        decide::decide(state, command, policy, now).map(|event| vec![event])
    }

    fn evolve(state: Option<Self>, event: ReleaseEvent) -> Option<Self> {
        match (state, event) {
            (None, ReleaseEvent::Drafted { candidate, rollback, at, .. }) => Some(Self {
                candidate: *candidate,
                rollback: *rollback,
                drafted_at: at,
                pending: None,
                placements: Vec::new(),
                break_glass: Vec::new(),
                published_at: None,
                withdrawn_at: None,
            }),
            (None, _) => None,
            (Some(mut release), event) => {
                release.apply(event);
                Some(release)
            }
        }
    }
}

#[cfg(test)]
mod tests;
