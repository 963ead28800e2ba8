//! What has to be done for a plan now, and by when (seed: *Automated backups scheduled*, *Periodic recovery drills
//! conducted*).

use serde::{Deserialize, Serialize};

use super::BackupPolicy;
use super::drill::Drill;
use super::evidence::{Backup, Evidence, Run};
use super::plan::Plan;
use super::verify::{last_intact, reread_since};
use crate::time::{Span, Timestamp};
use crate::words;

words! {
    /// What a plan asks for again and again.
    #[non_exhaustive]
    pub enum Duty ("backup duty") {
        /// Take a backup.
        Backup = "backup",
        /// Check the repository.
        Verification = "verification",
        /// Read every byte again.
        Reread = "reread",
        /// Restore it somewhere and see.
        Drill = "drill",
    }
}

words! {
    /// How a duty stands; from easy to late.
    #[non_exhaustive]
    pub enum Standing ("standing of a duty") {
        /// Nothing has to be done yet.
        Waiting = "waiting",
        /// It has to be done.
        Due = "due",
        /// It should have been done.
        Overdue = "overdue",
    }
}

/// A duty and when it falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Due {
    /// What has to be done.
    pub duty: Duty,
    /// When it was last done; `None` when it never was.
    pub last: Option<Timestamp>,
    /// Until when the last time is enough; `None` when there was none.
    pub enough_until: Option<Timestamp>,
    /// From when on it has to be done.
    pub at: Timestamp,
    /// By when it has to be done: later than the last time was enough for, when the plan is younger than that.
    pub by: Timestamp,
}

impl Due {
    /// What is done within a time of the last one falls due in the last tenth of it, so that there is time to do it in.
    /// What was never done is due at once.
    fn within(duty: Duty, last: Option<Timestamp>, since: Timestamp, every: Span) -> Self {
        let enough_until = last.map(|last| last + every);
        let by = last.map_or(since, |last| last.max(since)) + every;
        let at = enough_until.map_or(since, |until| until - Span::from_millis(every.as_millis() / 10));
        Self { duty, last, enough_until, at, by }
    }

    /// How it stands.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        if now > self.by {
            Standing::Overdue
        } else if now >= self.at {
            Standing::Due
        } else {
            Standing::Waiting
        }
    }
}

/// Each duty of a plan, in the order of [`Duty::ALL`].
#[must_use]
pub fn due(plan: &Plan, evidence: &Evidence, policy: &BackupPolicy, now: Timestamp) -> [Due; 4] {
    let since = evidence.since;
    let passed = evidence.drills.iter().filter(|drill| drill.opening.plan == plan.id);
    let drilled = passed.filter_map(Drill::passed).map(|passed| passed.at).filter(|at| *at <= now).max();
    let last_begun = evidence.backups.iter().filter(|backup| counts(backup, policy, now));
    let last_begun = last_begun.map(|backup| backup.started_at).max();
    let next = last_begun.map(|last| plan.schedule.next_after(last));
    let at = next.unwrap_or(since);
    [
        Due {
            duty: Duty::Backup,
            last: last_begun,
            enough_until: next.map(|next| next + policy.grace),
            at,
            by: at.max(since) + policy.grace,
        },
        verification(plan, evidence, now),
        Due::within(Duty::Reread, reread_since(&evidence.checks, now), since, policy.reread_every),
        Due::within(Duty::Drill, drilled, since, plan.drill_every),
    ]
}

/// A check is due by its cadence, and as soon as there is a backup that none has seen: it isn't good before.
fn verification(plan: &Plan, evidence: &Evidence, now: Timestamp) -> Due {
    let last = last_intact(&evidence.checks, now);
    let due = Due::within(Duty::Verification, last, evidence.since, plan.verify_every);
    let completed = evidence.backups.iter().filter_map(|backup| backup.completed_by(now));
    let unseen = completed.filter(|completed| last.is_some_and(|last| *completed > last)).min();
    Due { at: unseen.map_or(due.at, |unseen| unseen.min(due.at)), ..due }
}

/// Whether a run keeps another from being due: it was completed, or it is running and not stuck.
fn counts(backup: &Backup, policy: &BackupPolicy, now: Timestamp) -> bool {
    match backup.run {
        Run::Completed { .. } => backup.completed_by(now).is_some(),
        Run::Running => backup.started_at <= now && now.since(backup.started_at) <= policy.longest_run,
        Run::Failed { .. } => false,
    }
}

#[cfg(test)]
mod tests;
