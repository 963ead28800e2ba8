//! What a backup is worth (seed: *Backup integrity verified*): it is good only when it was checked after it was
//! completed, and while no check has found damage that a later one didn't find mended.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::evidence::{Backup, Evidence};
use super::retention::Candidate;
use crate::time::Timestamp;
use crate::words;

/// Most parts that reading everything may be divided into: restic tells packs apart by one byte.
pub const MAX_PARTS: u16 = 256;

/// A part of a repository's data: the third of seven is `3/7`, all of it `1/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    number: u16,
    of: u16,
}

/// A text that is no part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no part of a repository; write it like 3/7, with at most 256 parts")]
pub struct InvalidPart {
    /// The text that was found, cut after 80 characters.
    pub found: String,
}

impl Part {
    /// All of it.
    pub const WHOLE: Self = Self { number: 1, of: 1 };
}

impl FromStr for Part {
    type Err = InvalidPart;
    fn from_str(text: &str) -> Result<Self, InvalidPart> {
        let numbers = text.split_once('/').and_then(|(number, of)| number.parse().ok().zip(of.parse().ok()));
        match numbers {
            Some((number, of)) if (1..=of).contains(&number) && of <= MAX_PARTS => Ok(Self { number, of }),
            _ => Err(InvalidPart { found: text.chars().take(80).collect() }),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

words! {
    /// What a check found.
    #[non_exhaustive]
    pub enum Found ("outcome of a check") {
        /// Everything that was read is as it was written.
        Intact = "intact",
        /// Something is missing or changed.
        Damaged = "damaged",
        /// It couldn't be carried out; nothing is known.
        Error = "error",
    }
}

/// A check of a repository: of what every backup consists of, and perhaps of a part of the data itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// When it began: it speaks of backups that were completed by then.
    pub at: Timestamp,
    /// The part of the data whose every byte was read; `None` when only the structure was.
    pub read: Option<Part>,
    /// What it found.
    pub found: Found,
}

impl Check {
    /// Whether it would have found the damage that another check did.
    fn covers(&self, other: &Self) -> bool {
        other.read.is_none() || self.read == other.read || self.read == Some(Part::WHOLE)
    }
}

fn intact(checks: &[Check], now: Timestamp) -> impl Iterator<Item = &Check> {
    checks.iter().filter(move |check| check.found == Found::Intact && check.at <= now)
}

/// The last check that found everything intact.
#[must_use]
pub fn last_intact(checks: &[Check], now: Timestamp) -> Option<Timestamp> {
    intact(checks, now).map(|check| check.at).max()
}

/// Damage that was found, and that no later check of the same data found mended. Damage counts even when its moment lies
/// ahead of the clock.
#[must_use]
pub fn damage(checks: &[Check], now: Timestamp) -> Option<&Check> {
    let mended =
        |damaged: &Check| intact(checks, now).any(|check| check.at > damaged.at && check.covers(damaged));
    checks.iter().filter(|check| check.found == Found::Damaged && !mended(check)).max_by_key(|check| check.at)
}

/// The moment since which every byte has been read again: the oldest of the latest checks of each part. Parts of
/// different divisions don't add up.
#[must_use]
pub fn reread_since(checks: &[Check], now: Timestamp) -> Option<Timestamp> {
    let mut latest: BTreeMap<u16, BTreeMap<u16, Timestamp>> = BTreeMap::new();
    for check in intact(checks, now) {
        let Some(part) = check.read else { continue };
        let of_part = latest.entry(part.of).or_default().entry(part.number).or_insert(check.at);
        *of_part = check.at.max(*of_part);
    }
    let whole = latest.iter().filter(|(of, parts)| parts.len() == usize::from(**of));
    whole.filter_map(|(_, parts)| parts.values().min().copied()).max()
}

/// The backups that are good, in the order of the list: completed, then checked, and no damage is open.
pub fn good(evidence: &Evidence, now: Timestamp) -> impl Iterator<Item = &Backup> {
    let checked = last_intact(&evidence.checks, now).filter(|_| damage(&evidence.checks, now).is_none());
    evidence.backups.iter().filter(move |backup| {
        backup.completed_by(now).zip(checked).is_some_and(|(completed, checked)| completed <= checked)
    })
}

/// The good backup with the newest data.
#[must_use]
pub fn newest_good(evidence: &Evidence, now: Timestamp) -> Option<&Backup> {
    good(evidence, now).max_by_key(|backup| (backup.started_at, &backup.id))
}

/// Every completed backup, as [`retention`](super::retention) sees it.
#[must_use]
pub fn candidates(evidence: &Evidence, now: Timestamp) -> Vec<Candidate> {
    let good: Vec<&Backup> = good(evidence, now).collect();
    let completed = evidence.backups.iter().filter(|backup| backup.completed_by(now).is_some());
    let see = |backup: &Backup| Candidate {
        id: backup.id.clone(),
        at: backup.started_at,
        good: good.contains(&backup),
    };
    completed.map(see).collect()
}

#[cfg(test)]
mod tests;
