//! What is asked of a release and what happened to it. Deciding is in [`super`].

use serde::{Deserialize, Serialize};

use super::approval::Approval;
use super::break_glass::BreakGlass;
use super::candidate::Candidate;
use super::gate::GateEvidence;
use super::notes::Notes;
use super::rollback::RollbackPlan;
use crate::decision::Decision;
use crate::environment::Environment;
use crate::id::{DeploymentId, Digest128, PersonId};
use crate::mode::Mode;
use crate::time::Timestamp;

/// Where a release runs or is to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The environment.
    pub environment: Environment,
    /// The installation.
    pub deployment: DeploymentId,
    /// Who runs it.
    pub mode: Mode,
}

/// What somebody asks of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ReleaseCommand {
    /// There is something to release, and a way back from it.
    Draft {
        /// What.
        candidate: Box<Candidate>,
        /// The way back.
        rollback: Box<RollbackPlan>,
        /// Who.
        by: PersonId,
    },
    /// Other notes and another way back. Approvals so far are void; another artifact is another release.
    Amend {
        /// The notes.
        notes: Box<Notes>,
        /// The way back.
        rollback: Box<RollbackPlan>,
        /// Who.
        by: PersonId,
    },
    /// It is to go to a place.
    Request {
        /// Where to.
        place: Place,
        /// Who.
        by: PersonId,
    },
    /// Somebody agrees to the request.
    Approve {
        /// The digest of the request that they saw.
        request: Digest128,
        /// Who.
        by: PersonId,
    },
    /// It isn't to go to that place after all.
    Cancel {
        /// Why.
        reason: String,
        /// Who.
        by: PersonId,
    },
    /// It goes to the place, if the gates let it.
    Promote {
        /// What the gates look at. Approvals are those of the release, whatever is in here.
        evidence: Box<GateEvidence>,
        /// Who.
        by: PersonId,
    },
    /// It works where it went to.
    Verify {
        /// Where.
        place: Place,
        /// What shows it: a rollout's id, a check's result.
        proof: String,
        /// Who.
        by: PersonId,
    },
    /// It was taken back where it went to.
    RollBack {
        /// Where.
        place: Place,
        /// Why.
        reason: String,
        /// Who.
        by: PersonId,
    },
    /// Somebody looked at how break-glass was used for it.
    ReviewBreakGlass {
        /// What they found.
        conclusion: String,
        /// Who.
        by: PersonId,
    },
    /// It isn't to go anywhere any more.
    Withdraw {
        /// Why.
        reason: String,
        /// Who.
        by: PersonId,
    },
}

impl ReleaseCommand {
    /// Who asks.
    #[must_use]
    pub const fn by(&self) -> &PersonId {
        match self {
            Self::Draft { by, .. }
            | Self::Amend { by, .. }
            | Self::Request { by, .. }
            | Self::Approve { by, .. }
            | Self::Cancel { by, .. }
            | Self::Promote { by, .. }
            | Self::Verify { by, .. }
            | Self::RollBack { by, .. }
            | Self::ReviewBreakGlass { by, .. }
            | Self::Withdraw { by, .. } => by,
        }
    }
}

/// A release that the gates let through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promotion {
    /// Where to.
    pub place: Place,
    /// What the gates said.
    pub decision: Decision,
    /// The gates that were to be set aside, kept even when they would have passed.
    pub break_glass: Option<BreakGlass>,
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// What happened to a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReleaseEvent {
    /// It was drafted.
    Drafted {
        /// What.
        candidate: Box<Candidate>,
        /// The way back.
        rollback: Box<RollbackPlan>,
        /// Who.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// Notes and way back were changed.
    Amended {
        /// The notes.
        notes: Box<Notes>,
        /// The way back.
        rollback: Box<RollbackPlan>,
        /// Who.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// It was asked for in a place.
    Requested {
        /// Where.
        place: Place,
        /// Who.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// Somebody agreed.
    Approved(Approval),
    /// It isn't asked for any more.
    Cancelled {
        /// Why.
        reason: String,
        /// Who.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// The gates let it through.
    Promoted(Box<Promotion>),
    /// It was shown to work; its notes are published with that.
    Verified {
        /// Where.
        place: Place,
        /// What showed it.
        proof: String,
        /// Who.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// It was taken back.
    RolledBack {
        /// Where.
        place: Place,
        /// Why.
        reason: String,
        /// Who.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// The use of break-glass was reviewed.
    BreakGlassReviewed {
        /// What was found.
        conclusion: String,
        /// Who.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// It was withdrawn.
    Withdrawn {
        /// Why.
        reason: String,
        /// Who.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
}
