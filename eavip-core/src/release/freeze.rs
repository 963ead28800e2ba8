//! Freezes and holds: somebody stops releases for a while, with a reason and an end (seed: *Release Process*,
//! "Staged rollout"). Whether one is in force is asked by the gate G10.

use serde::{Deserialize, Serialize};

use super::gate::{GatePolicy, NO_FREEZE};
use crate::alert::episode::MAX_REASON;
use crate::decision::Refused;
use crate::environment::Environment;
use crate::id::TeamId;
use crate::time::Timestamp;
use crate::words;

words! {
    /// How hard releases are stopped.
    #[non_exhaustive]
    pub enum FreezeKind ("kind of freeze") {
        /// Wait: the answer is "not yet".
        Hold = "hold",
        /// Stop: the answer is "no".
        Freeze = "freeze",
    }
}

/// A time in which nothing is released to an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// How hard.
    pub kind: FreezeKind,
    /// Where.
    pub environment: Environment,
    /// Who answers for it.
    pub owner: TeamId,
    /// Why.
    pub reason: String,
    /// From when.
    pub from: Timestamp,
    /// Until when; that moment is free again.
    pub until: Timestamp,
}

impl Freeze {
    /// Checks a freeze before it is kept.
    ///
    /// # Errors
    /// Every reason why not, by the rule of gate G10: no reason, no end, an end that is over or too far away.
    pub fn declare(self, policy: &GatePolicy, now: Timestamp) -> Result<Self, Refused> {
        let mut findings = Vec::new();
        let characters = self.reason.trim().chars().count();
        if characters == 0 || characters > MAX_REASON {
            let message = format!("the reason has {characters} characters");
            findings.push(NO_FREEZE.fail(message, format!("say in 1 to {MAX_REASON} characters why")));
        }
        if self.until <= self.from || self.until <= now {
            let message = format!("the {} is over before it begins", self.kind);
            findings.push(NO_FREEZE.fail(message, "give an end after its beginning and after now"));
        }
        let lasts = self.until.since(self.from);
        if lasts > policy.freeze_at_most {
            let message =
                format!("a {} of {lasts} is over the limit of {}", self.kind, policy.freeze_at_most);
            findings
                .push(NO_FREEZE.fail(message, "end it earlier, and declare it again if it is still needed"));
        }
        Refused::when_any(findings)?;
        Ok(self)
    }

    /// Whether it is in force.
    #[must_use]
    pub fn is_active(&self, environment: Environment, now: Timestamp) -> bool {
        self.environment == environment && self.from <= now && now < self.until
    }
}

#[cfg(test)]
mod tests;
