//! Backups and the drills that prove them (seed: *Backup & Recovery (Operational View)*): what is declared, what is due,
//! what may be pruned, what is good, and whether a data set could be recovered if it were lost now.
//!
//! Absence is judged here, from what is known of runs: a backup that nobody took and a drill that nobody conducted are
//! findings. Taking, checking and restoring backups lives in the agent.

pub mod assess;
pub mod drill;
pub mod due;
pub mod evidence;
pub mod plan;
pub mod procedure;
pub mod retention;
pub mod schedule;
pub mod verify;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use assess::assess;

use self::plan::Plan;
use crate::id::BackupId;
use crate::incident::sev::Sev;
use crate::time::Span;

/// Most backup plans of one runbook: one for each data set of a large platform.
pub const MAX_PLANS: usize = 500;

/// One day.
const DAY: Span = Span::from_secs(86_400);

/// Numbers that hold for every plan. Where no other source is named they are those of RULES 8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupPolicy {
    /// Longest time between checks of a repository, unless a plan asks for more: 24 h, what a release asks of the last
    /// verified backup (RULES 6, G07).
    pub verify_every: Span,
    /// Within what time every byte is read again: 30 d.
    pub reread_every: Span,
    /// Longest time between drills: 90 d.
    pub drill_every: Span,
    /// Longest time between drills of a data set whose loss is a SEV-1: 30 d.
    pub drill_every_sev1: Span,
    /// How long after its scheduled moment a backup may begin: 1 h, so that a restart of its node isn't a finding.
    pub grace: Span,
    /// How long a backup or a drill may run before it counts as failed: 24 h.
    pub longest_run: Span,
    /// How old an observation of a repository may be: 24 h.
    pub stale_after: Span,
}

impl Default for BackupPolicy {
    fn default() -> Self {
        Self {
            verify_every: DAY,
            reread_every: DAY.times(30),
            drill_every: DAY.times(90),
            drill_every_sev1: DAY.times(30),
            grace: Span::from_secs(3_600),
            longest_run: DAY,
            stale_after: DAY,
        }
    }
}

impl BackupPolicy {
    /// Longest time between drills of a data set whose loss would be an incident of this severity.
    #[must_use]
    pub fn drill_every(&self, severity: Sev) -> Span {
        if severity == Sev::Sev1 { self.drill_every_sev1 } else { self.drill_every }
    }
}

/// The declared backups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backups {
    /// Numbers that hold for every plan.
    pub policy: BackupPolicy,
    /// Plans by id.
    pub plans: BTreeMap<BackupId, Plan>,
}
