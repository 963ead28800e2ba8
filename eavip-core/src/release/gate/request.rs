//! What the gates are asked: may this candidate, with this way back, go to that place? Approvals are bound to its digest.

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::id::{DeploymentId, Digest128, PersonId};
use crate::mode::Mode;
use crate::release::candidate::Candidate;
use crate::release::rollback::RollbackPlan;

/// A question to the gates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRequest {
    /// What is to be released.
    pub candidate: Candidate,
    /// The way back.
    pub rollback: RollbackPlan,
    /// Where it was verified last; `None` before the first environment.
    pub source: Option<Environment>,
    /// Where it is to go.
    pub target: Environment,
    /// Which installation there.
    pub deployment: DeploymentId,
    /// Who runs that installation.
    pub mode: Mode,
    /// Who asks.
    pub requester: PersonId,
}

impl GateRequest {
    /// Identifies the request: a changed word is another request.
    #[must_use]
    pub fn digest(&self) -> Digest128 {
        Digest128::of_value(self)
    }
}
