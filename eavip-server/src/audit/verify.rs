//! `audit verify`: whether the ledger is what was signed, from files alone; each finding says what is wrong, where, and
//! what shows it.
//!
//! Three things can be compared with the ledger, each harder to forge than the one before: the hashes that the server
//! kept say *which* record differs; the signed checkpoints can't be changed without the key; the checkpoints that nodes
//! and auditors kept (`against`) can't be changed by who has the key either.

mod place;

use std::io;
use std::path::{Path, PathBuf};

use eavip_agent::witness::{Testimony, VerifierKey};
use eavip_core::audit::note::{SignedCheckpoint, Untrusted};
use eavip_core::audit::proof::Hashes as _;
use eavip_core::id::Digest256;
use eavip_core::words;
use serde::Serialize;

pub use super::evidence::CannotTell;
use super::evidence::{Evidence, Levels, limited};
use super::grow::lost;
use super::history::Entry;
use place::Difference;

/// Findings of one kind that are listed; more of the same say nothing new.
const MAX_ALIKE: usize = 20;
/// Longest file with a checkpoint to compare with: that of a node's witness.
const MAX_AGAINST: u64 = 4 << 20;

words! {
    /// What can be wrong with an audit log.
    pub enum Flaw ("audit flaw") {
        /// A record's bytes aren't those that were written.
        Damaged = "damaged-record",
        /// A record isn't the one that was signed.
        Changed = "changed-record",
        /// Records are gone.
        Deleted = "deleted-record",
        /// Records changed places.
        Order = "records-changed-places",
        /// The ledger ends before a signed checkpoint does.
        Truncated = "truncated",
        /// The ledger doesn't come to a signed root.
        Root = "signed-root-differs",
        /// Everything is an older copy than somebody saw.
        Rewound = "rewound",
        /// Two signed histories contradict each other.
        Forked = "forked",
        /// A checkpoint isn't signed by the key.
        Signature = "not-signed-by-the-key",
        /// The signed checkpoints themselves are damaged or out of order.
        History = "damaged-history",
        /// The hashes that the server kept are damaged; the ledger isn't.
        Hashes = "damaged-hashes",
    }
}

impl Flaw {
    /// The code that `eavipctl explain` knows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Damaged => "EAVIP-W01",
            Self::Changed => "EAVIP-W02",
            Self::Deleted => "EAVIP-W03",
            Self::Order => "EAVIP-W04",
            Self::Truncated => "EAVIP-W05",
            Self::Root => "EAVIP-W06",
            Self::Rewound => "EAVIP-W07",
            Self::Forked => "EAVIP-W08",
            Self::Signature => "EAVIP-W09",
            Self::History => "EAVIP-W10",
            Self::Hashes => "EAVIP-W11",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The code of its kind.
    pub code: &'static str,
    /// Its kind.
    pub flaw: Flaw,
    /// What is wrong, and where.
    pub what: String,
    /// What shows it.
    pub detected_by: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The log's name.
    pub log: String,
    /// The key that was believed.
    pub key: String,
    /// Records in the ledger.
    pub records: u64,
    /// Signed checkpoints beside it.
    pub checkpoints: usize,
    /// How many records the newest of them covers.
    pub covered: u64,
    /// Checkpoints of witnesses that agree.
    pub agreeing: usize,
    /// What is wrong.
    pub findings: Vec<Found>,
    /// What is worth knowing and wrong in no way.
    pub notes: Vec<String>,
}

/// A checkpoint that somebody else kept.
#[derive(Debug, Clone)]
pub struct Witnessed {
    /// Which file it is of.
    pub name: String,
    /// The checkpoint.
    pub note: SignedCheckpoint,
}

/// Reads a checkpoint to compare with: a signed note, or all those of a node's witness file.
///
/// # Errors
/// When the file holds neither.
pub fn witnessed(path: &Path) -> Result<Vec<Witnessed>, CannotTell> {
    let text = limited(path, MAX_AGAINST).map_err(|error| CannotTell::File(path.to_owned(), error))?;
    let name = path.display().to_string();
    if let Ok(note) = text.parse() {
        return Ok(vec![Witnessed { name, note }]);
    }
    let nothing = || CannotTell::NoCheckpoint(path.to_owned());
    let testimony: Testimony = serde_json::from_str(&text).map_err(|_| nothing())?;
    let witness = testimony.witness.ok_or_else(nothing)?;
    let shown = witness.conflicts.into_iter().map(|conflict| conflict.shown);
    Ok([witness.seen].into_iter().chain(shown).map(|note| Witnessed { name: name.clone(), note }).collect())
}

/// Compares a data directory with what was signed, and with what others kept of it.
///
/// # Errors
/// When nothing can be said: no ledger, no key, nothing signed.
pub fn verify(data: &Path, key: Option<VerifierKey>, against: &[Witnessed]) -> Result<Report, CannotTell> {
    let evidence = Evidence::read(data, key, |_, _| {})?;
    if evidence.entries.is_empty() && against.is_empty() {
        return Err(CannotTell::NothingSigned);
    }
    let mut check = Check { evidence: &evidence, findings: Vec::new(), notes: Vec::new(), agreeing: 0 };
    check.unreadable();
    check.signatures();
    let first_wrong = check.first_wrong_root();
    let cut_off = check.against_kept(first_wrong.is_some());
    check.signed_roots(first_wrong, cut_off);
    let sound = check.findings.is_empty();
    against.iter().for_each(|witnessed| check.witness(witnessed, sound));
    check.uncovered();
    let Check { findings, notes, agreeing, .. } = check;
    Ok(Report {
        log: evidence.verifier.key().name().to_owned(),
        key: evidence.verifier.to_string(),
        records: evidence.leaves.len(),
        checkpoints: evidence.entries.len(),
        covered: evidence.newest().map_or(0, Entry::size),
        agreeing,
        findings,
        notes,
    })
}

/// Why each checkpoint isn't to be believed; in as many threads as there are cores, because a year has half a million.
fn untrusted(entries: &[Option<Entry>], key: &VerifierKey) -> Vec<Option<Untrusted>> {
    let check = |entry: &Option<Entry>| entry.as_ref().and_then(|entry| key.verify(entry.note.clone()).err());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let each = entries.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let part = |part: &'_ [Option<Entry>]| part.iter().map(check).collect::<Vec<_>>();
        let parts: Vec<_> = entries.chunks(each).map(|entries| scope.spawn(move || part(entries))).collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

struct Check<'a> {
    evidence: &'a Evidence,
    findings: Vec<Found>,
    notes: Vec<String>,
    agreeing: usize,
}

impl<'a> Check<'a> {
    fn found(&mut self, flaw: Flaw, what: String, detected_by: &str) {
        if self.findings.iter().filter(|found| found.flaw == flaw).count() < MAX_ALIKE {
            let detected_by = detected_by.to_owned();
            self.findings.push(Found { code: flaw.code(), flaw, what, detected_by });
        }
    }

    /// Damage that the ledger's own checksums show.
    fn unreadable(&mut self) {
        for problem in &self.evidence.problems {
            let positions = problem.positions();
            // Lost before it was signed, and signed as lost: nobody hides anything.
            let told =
                |position| self.evidence.kept.as_ref().and_then(|kept| kept.leaf(position)) == Some(lost());
            if !positions.is_empty() && positions.clone().all(told) {
                self.notes.push(format!("{problem}; they were lost before they were signed"));
                continue;
            }
            let flaw = if matches!(problem, crate::log::Problem::Gap { .. }) {
                Flaw::Deleted
            } else {
                Flaw::Damaged
            };
            self.found(flaw, problem.to_string(), "the ledger's checksums and positions");
        }
    }

    fn signatures(&mut self) {
        let mut last = 0;
        let untrusted = untrusted(&self.evidence.entries, &self.evidence.verifier);
        for (at, (entry, reason)) in self.evidence.entries.iter().zip(untrusted).enumerate() {
            let Some(entry) = entry else {
                let what = format!("entry {at} can't be read");
                self.found(Flaw::History, what, "the form of the root history");
                continue;
            };
            if let Some(reason) = reason {
                let what = format!("the checkpoint of {} records of {}: {reason}", entry.size(), entry.at);
                self.found(Flaw::Signature, what, "the public key");
            }
            if entry.size() <= last && at > 0 {
                let what = format!("entry {at} has {} records after one of {last}", entry.size());
                self.found(Flaw::History, what, "the order of the root history");
            }
            last = entry.size();
        }
    }

    /// The first checkpoint whose root isn't that of the ledger, and the size at which they last agreed.
    fn first_wrong_root(&self) -> Option<(u64, &'a Entry)> {
        let mut agreed = 0;
        for entry in self.evidence.entries.iter().flatten() {
            if entry.size() > self.evidence.leaves.len() {
                return None;
            }
            if self.evidence.leaves.root(entry.size()) != Some(entry.note.unverified().root()) {
                return Some((agreed, entry));
            }
            agreed = entry.size();
        }
        None
    }

    /// Which record it is, from the hashes that the server kept: they are believed when they come to a signed root. Where
    /// the ledger is right, whether they are. Says how many signed records the ledger ends before.
    fn against_kept(&mut self, differs: bool) -> u64 {
        let Self { evidence, .. } = self;
        let Some(newest) = evidence.newest() else { return 0 };
        let (size, leaves) = (newest.size(), &evidence.leaves);
        let shorter = size.saturating_sub(leaves.len());
        let Some(kept) = &evidence.kept else { return shorter };
        if !differs && size <= leaves.len() {
            let wrong = |hash: io::Result<(u32, u64, Digest256)>| match hash {
                Ok((level, index, hash)) => leaves.full(level, index).is_some_and(|right| right != hash),
                Err(_) => true,
            };
            if kept.leaves() < size || kept.all().any(wrong) {
                let what = "the server's file of hashes doesn't fit the ledger, which comes to the signed roots; stop the \
                            server, remove `audit/tree`, and start it: the file is made anew";
                self.found(Flaw::Hashes, what.to_owned(), "the ledger and the signed checkpoints");
            }
            return 0;
        }
        let signed =
            kept.all().map_while(Result::ok).filter(|(level, ..)| *level == 0).map(|(.., leaf)| leaf);
        let signed = Levels::of(signed.take(usize::try_from(size).unwrap_or(usize::MAX)).collect());
        if signed.root(size) != Some(newest.note.unverified().root()) {
            let told = "the server's file of hashes doesn't come to the signed root either: it can't say which record differs";
            self.notes.push(told.to_owned());
            return shorter;
        }
        let (differences, rest) = place::differences(leaves, &signed);
        for Difference { flaw, what } in differences {
            self.found(flaw, what, "the kept hashes, which come to the newest signed root");
        }
        rest
    }

    fn signed_roots(&mut self, first_wrong: Option<(u64, &Entry)>, cut_off: u64) {
        if let Some((agreed, entry)) = first_wrong {
            let what = format!(
                "the ledger differs from what was signed between record {agreed} and record {}: the root of the checkpoint of \
                 {} isn't that of the ledger",
                entry.size().saturating_sub(1),
                entry.at
            );
            self.found(Flaw::Root, what, "the signed checkpoints");
        }
        if let Some(newest) = self.evidence.newest().filter(|_| cut_off > 0) {
            let (end, size, at) = (self.evidence.leaves.len(), newest.size(), newest.at);
            let what = format!("the ledger ends after {end} records; {size} were signed at {at}");
            self.found(Flaw::Truncated, what, "the newest signed checkpoint");
        }
    }

    /// Compares with a checkpoint that somebody else kept. `sound` is that the files agree among themselves.
    fn witness(&mut self, Witnessed { name, note }: &Witnessed, sound: bool) {
        let by = format!("the witness's checkpoint in {name}");
        let checkpoint = note.unverified();
        let (size, end) = (checkpoint.size(), self.evidence.leaves.len());
        let signed = self.evidence.newest().map_or(0, Entry::size);
        if let Err(reason) = self.evidence.verifier.verify(note.clone()) {
            self.found(Flaw::Signature, format!("the checkpoint of {size} records in {name}: {reason}"), &by);
            return;
        }
        if size > end && signed < size {
            let what = format!(
                "{size} records had been signed; here are {end}, and checkpoints up to {signed}: this is an older copy, or the \
                 newest records and checkpoints were removed"
            );
            return self.found(Flaw::Rewound, what, &by);
        }
        if size > end {
            let what = format!("the ledger ends after {end} records; the witness saw {size}");
            return self.found(Flaw::Truncated, what, &by);
        }
        if self.evidence.leaves.root(size) == Some(checkpoint.root()) {
            self.agreeing += 1;
        } else if sound {
            let what = format!(
                "two histories of the first {size} records are signed by the same key: the one here has the root {}, the \
                 witness saw {}",
                self.evidence.leaves.root(size).unwrap_or_else(lost),
                checkpoint.root()
            );
            self.found(Flaw::Forked, what, &by);
        } else {
            self.found(
                Flaw::Root,
                format!("the first {size} records aren't those that the witness saw"),
                &by,
            );
        }
    }

    fn uncovered(&mut self) {
        if self.evidence.unfinished > 0 {
            let bytes = self.evidence.unfinished;
            self.notes.push(format!(
                "{bytes} bytes at the ledger's end are a write under way, or one that was cut short"
            ));
        }
        let uncovered =
            self.evidence.leaves.len().saturating_sub(self.evidence.newest().map_or(0, Entry::size));
        if uncovered > 0 {
            self.notes
                .push(format!("{uncovered} records came after the newest checkpoint and aren't signed yet"));
        }
    }
}

/// Files with checkpoints to compare with, all of them.
///
/// # Errors
/// The first one that holds none.
pub fn all_witnessed(paths: &[PathBuf]) -> Result<Vec<Witnessed>, CannotTell> {
    let read: Result<Vec<_>, _> = paths.iter().map(|path| witnessed(path)).collect();
    Ok(read?.into_iter().flatten().collect())
}

/// The public key in a data directory.
///
/// # Errors
/// When there is none.
pub fn public_key(data: &Path) -> Result<VerifierKey, CannotTell> {
    super::evidence::public_key(&data.join(super::DIRECTORY).join(super::key::PUBLIC))
}

#[cfg(test)]
mod tests;
