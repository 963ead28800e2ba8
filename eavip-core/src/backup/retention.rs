//! Which backups are kept and which may be pruned: so many of the last ones, and of the last one in each hour, day,
//! week, month and year, as restic's `forget` counts them. The last good backup is never pruned.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::SnapshotId;
use crate::time::Timestamp;
use crate::words;

words! {
    /// Why a backup is kept.
    #[non_exhaustive]
    pub enum Reason ("reason to keep a backup") {
        /// It is the newest one that is known to be good.
        LastGood = "last-good",
        /// It is newer than every good one, and may yet turn out good.
        NotYetVerified = "not-yet-verified",
        /// It is one of the last.
        Last = "last",
        /// It is the last one of its hour.
        Hourly = "hourly",
        /// It is the last one of its day, in UTC.
        Daily = "daily",
        /// It is the last one of its week, which begins on Monday.
        Weekly = "weekly",
        /// It is the last one of its month.
        Monthly = "monthly",
        /// It is the last one of its year.
        Yearly = "yearly",
    }
}

/// Most backups that one line of a retention keeps: an hourly one for more than a year.
pub const MAX_KEPT: u32 = 10_000;

/// How many backups are kept of each kind; never none of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Counts", into = "Counts")]
pub struct Retention(Counts);

/// How many backups are kept of each kind, as it is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Counts {
    /// Of the last ones.
    pub last: u32,
    /// One for each hour.
    pub hourly: u32,
    /// One for each day.
    pub daily: u32,
    /// One for each week.
    pub weekly: u32,
    /// One for each month.
    pub monthly: u32,
    /// One for each year.
    pub yearly: u32,
}

impl Counts {
    fn pairs(self) -> [(Reason, u32); 6] {
        [
            (Reason::Last, self.last),
            (Reason::Hourly, self.hourly),
            (Reason::Daily, self.daily),
            (Reason::Weekly, self.weekly),
            (Reason::Monthly, self.monthly),
            (Reason::Yearly, self.yearly),
        ]
    }
}

/// Counts that are no retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the retention keeps nothing, or more than 10000 of a kind; write at least one, such as `daily = 7`")]
pub struct InvalidRetention;

impl TryFrom<Counts> for Retention {
    type Error = InvalidRetention;
    fn try_from(counts: Counts) -> Result<Self, InvalidRetention> {
        let most = counts.pairs().into_iter().map(|(_, count)| count).max().unwrap_or_default();
        if (1..=MAX_KEPT).contains(&most) { Ok(Self(counts)) } else { Err(InvalidRetention) }
    }
}

impl From<Retention> for Counts {
    fn from(retention: Retention) -> Self {
        retention.0
    }
}

/// A backup as retention sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The backup.
    pub id: SnapshotId,
    /// When it began.
    pub at: Timestamp,
    /// Whether it is known to be good (see [`verify`](super::verify)).
    pub good: bool,
}

/// For each backup why it is kept; one without a reason may be pruned. While no backup is good none may be.
///
/// Only good backups take a place; others are kept while a good one is still older than they are. Backups of the same
/// moment are told apart by their ids, so the order of the list doesn't matter.
#[must_use]
pub fn keep(retention: Retention, backups: &[Candidate]) -> BTreeMap<SnapshotId, BTreeSet<Reason>> {
    let mut newest_first: Vec<&Candidate> = backups.iter().collect();
    newest_first.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    let waiting = newest_first.iter().take_while(|backup| !backup.good);
    let mut kept: BTreeMap<SnapshotId, BTreeSet<Reason>> =
        backups.iter().map(|backup| (backup.id.clone(), BTreeSet::new())).collect();
    let mut because = |id: &SnapshotId, reason| kept.entry(id.clone()).or_default().extend([reason]);
    waiting.for_each(|backup| because(&backup.id, Reason::NotYetVerified));

    let good: Vec<&Candidate> = newest_first.into_iter().filter(|backup| backup.good).collect();
    if let Some(newest) = good.first() {
        because(&newest.id, Reason::LastGood);
    }
    for (reason, count) in retention.0.pairs() {
        let mut left = count;
        let mut filled = None;
        for (at, backup) in good.iter().enumerate() {
            let period = period(reason, at, backup.at);
            // The oldest one stays while there are places left: history reaches back as far as there is any.
            let oldest = at + 1 == good.len();
            if left > 0 && (filled != Some(period) || oldest) {
                because(&backup.id, reason);
                filled = Some(period);
                left -= 1;
            }
        }
    }
    kept
}

/// What tells one period from the next; for the last ones each backup is its own.
fn period(reason: Reason, place: usize, at: Timestamp) -> i64 {
    const HOUR: i64 = 3_600_000;
    const DAY: i64 = 24 * HOUR;
    let millis = at.as_millis();
    // A moment is clamped to the years 0 to 9999, which the calendar has.
    let civil = jiff::Timestamp::from_millisecond(millis)
        .map(|moment| jiff::tz::Offset::UTC.to_datetime(moment))
        .unwrap_or_default();
    let (year, month) = (i64::from(civil.year()), i64::from(civil.month()));
    match reason {
        Reason::Hourly => millis.div_euclid(HOUR),
        Reason::Daily => millis.div_euclid(DAY),
        // The epoch was a Thursday.
        Reason::Weekly => (millis.div_euclid(DAY) + 3).div_euclid(7),
        Reason::Monthly => year * 12 + month,
        Reason::Yearly => year,
        Reason::Last | Reason::LastGood | Reason::NotYetVerified => i64::try_from(place).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests;
