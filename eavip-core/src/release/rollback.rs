//! The way back: a plan for everything that a release touches, and the rehearsals that prove it (seed: "Rollback is
//! mandatory for every release"). Rolling back itself is the rollout's part.

use serde::{Deserialize, Serialize};

use super::candidate::{Candidate, MAX_LINE, Surface};
use super::version::Version;
use crate::environment::Environment;
use crate::id::Digest128;
use crate::time::{Span, Timestamp};

/// Most steps for one surface; a longer way back isn't one that people take under pressure.
pub const MAX_STEPS: usize = 100;

/// How one surface comes back to what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Undo {
    /// The release doesn't touch it.
    Unchanged,
    /// By steps backwards.
    Reverse {
        /// What is done, in order.
        steps: Vec<String>,
    },
    /// From a backup: what happened since is lost.
    Restore {
        /// The data set that is restored.
        backup: String,
        /// What is done, in order.
        steps: Vec<String>,
    },
}

impl Undo {
    fn steps(&self) -> &[String] {
        match self {
            Self::Unchanged => &[],
            Self::Reverse { steps } | Self::Restore { steps, .. } => steps,
        }
    }
}

/// The way back from a release, for each surface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollbackPlan {
    /// The programs.
    pub binary: Undo,
    /// Their configuration.
    pub config: Undo,
    /// The form of the stored data.
    pub schema: Undo,
    /// The feature flags.
    pub flags: Undo,
}

impl RollbackPlan {
    /// How a surface comes back.
    #[must_use]
    pub const fn of(&self, surface: Surface) -> &Undo {
        match surface {
            Surface::Binary => &self.binary,
            Surface::Config => &self.config,
            Surface::Schema => &self.schema,
            Surface::Flags => &self.flags,
        }
    }

    /// Identifies the plan: a rehearsal of another one proves nothing.
    #[must_use]
    pub fn digest(&self) -> Digest128 {
        Digest128::of_value(self)
    }

    /// Whether something comes back from a backup only.
    #[must_use]
    pub fn restores(&self) -> bool {
        Surface::ALL.iter().any(|surface| matches!(self.of(*surface), Undo::Restore { .. }))
    }

    /// What a release touches and the plan doesn't bring back; empty when the plan is whole.
    #[must_use]
    pub fn gaps(&self, candidate: &Candidate) -> Vec<String> {
        Surface::ALL.iter().filter_map(|surface| self.gap(*surface, candidate)).collect()
    }

    fn gap(&self, surface: Surface, candidate: &Candidate) -> Option<String> {
        let undo = self.of(surface);
        let says_something = |text: &String| !text.trim().is_empty();
        match undo {
            Undo::Unchanged if candidate.touches(surface) => {
                Some(format!("the {surface} changes and the plan doesn't bring it back"))
            }
            Undo::Unchanged => None,
            _ if !undo.steps().iter().any(says_something) => {
                Some(format!("the plan for the {surface} has no steps"))
            }
            Undo::Reverse { .. } if candidate.is_irreversible(surface) => {
                Some(format!("the {surface} can't be reversed and the plan doesn't restore it from a backup"))
            }
            Undo::Restore { backup, .. } if !says_something(backup) => {
                Some(format!("the plan for the {surface} doesn't say which backup is restored"))
            }
            Undo::Reverse { .. } | Undo::Restore { .. } => None,
        }
    }

    /// What is longer or more than its bound.
    #[must_use]
    pub fn excesses(&self) -> Vec<String> {
        let of_surface = |surface: &Surface| {
            let undo = self.of(*surface);
            let backup = match undo {
                Undo::Restore { backup, .. } => Some(backup),
                Undo::Unchanged | Undo::Reverse { .. } => None,
            };
            let longest =
                undo.steps().iter().chain(backup).map(|line| line.chars().count()).max().unwrap_or(0);
            let count = undo.steps().len();
            let too_many = (count > MAX_STEPS)
                .then(|| format!("{count} steps for the {surface} are over the limit of {MAX_STEPS}"));
            let too_long = (longest > MAX_LINE)
                .then(|| format!("a step of {longest} characters is over the limit of {MAX_LINE}"));
            [too_many, too_long]
        };
        Surface::ALL.iter().flat_map(of_surface).flatten().collect()
    }
}

/// A rollback that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// Where.
    pub environment: Environment,
    /// The version that it went back to; `None` when nothing was installed before.
    pub back_to: Option<Version>,
    /// The version that it went back from.
    pub from: Version,
    /// The plan that was followed.
    pub plan: Digest128,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took, from the decision to verified service.
    pub took: Span,
    /// Whether what was there before was there again.
    pub worked: bool,
}

#[cfg(test)]
mod tests;
