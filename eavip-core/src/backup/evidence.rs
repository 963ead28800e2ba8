//! What is known of a plan's backups in one deployment: runs, checks, drills, and what was seen of the repository. What
//! isn't here didn't happen, as far as anybody can tell.

use serde::{Deserialize, Serialize};

use super::drill::Drill;
use super::verify::Check;
use crate::id::{Digest256, SnapshotId, TeamId};
use crate::mode::Mode;
use crate::time::Timestamp;

/// How a run of a backup stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Run {
    /// It began and hasn't ended.
    Running,
    /// All of the data set is in the repository.
    Completed {
        /// When it ended.
        at: Timestamp,
        /// The digest of the manifest: every file's name, size and content.
        manifest: Digest256,
    },
    /// It is not.
    Failed {
        /// When it ended.
        at: Timestamp,
    },
}

/// One backup of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Its name in the repository.
    pub id: SnapshotId,
    /// When it began: data is as old as this.
    pub started_at: Timestamp,
    /// How it stands.
    pub run: Run,
}

impl Backup {
    /// When it was completed; `None` when it isn't, or lies ahead of the clock.
    #[must_use]
    pub fn completed_by(&self, now: Timestamp) -> Option<Timestamp> {
        match self.run {
            Run::Completed { at, .. } if at <= now && self.started_at <= now => Some(at),
            Run::Running | Run::Completed { .. } | Run::Failed { .. } => None,
        }
    }
}

/// Who can reach a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// What the repository calls them: an account, a role, a key.
    pub name: String,
    /// The team that they belong to, where that is known.
    pub team: Option<TeamId>,
}

/// What was seen of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// When.
    pub at: Timestamp,
    /// Whether what lies there is encrypted.
    pub encrypted: bool,
    /// Everybody who can reach it.
    pub principals: Vec<Principal>,
}

/// What is known of a plan in one deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// How the deployment is run; it decides whose plan it is.
    pub mode: Mode,
    /// Since when the plan holds here: from then on things are missing.
    pub since: Timestamp,
    /// Backups, in any order.
    pub backups: Vec<Backup>,
    /// Checks of the repository, in any order.
    pub checks: Vec<Check>,
    /// Drills, in any order; those of other plans are passed over.
    pub drills: Vec<Drill>,
    /// The last look at the repository.
    pub repository: Option<Observed>,
}
