//! Opening a spool in whatever state it is: normally, after a crash, with contents damaged, with the mark damaged.
//!
//! The mark says which numbers must be there. What is missing is searched for in the raw file of the moved-aside contents;
//! what stays missing is a drop that the server is told about. Two faults at once (mark and contents both damaged) can
//! hide a loss: the numbering then begins anew, and that itself is reported.

use std::path::Path;

use super::drops::{DropRange, ranges};
use super::index::{Index, Meta};
use super::mark::Facts;
use super::room::State;
use super::{Durability, Entry, Limits, Number, SpoolError, contents, io_error};
use crate::durable::{Batch, Durable, Mark, MarkState, Quarantine, Reason, files};

/// Entries written back in one batch after salvage: bounds memory and the size of sled's batch.
const RESTORE_BATCH: usize = 64;

/// What opening found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// Entries read normally, pending or kept for rewind.
    pub recovered: u64,
    /// Entries found again in contents that were moved aside.
    pub salvaged: u64,
    /// Contents moved aside, and why.
    pub quarantined: Vec<Quarantine>,
    /// Numbers that were stored and are gone; also in [`super::Spool::drops`] until told.
    pub lost: Vec<DropRange>,
    /// The mark was there but unreadable, or missing beside contents: numbering began anew with the epoch of now, and losses
    /// among the newest entries cannot be known.
    pub mark_lost: bool,
}

impl State {
    pub(super) fn open(dir: &Path, limits: Limits, now_ms: u64) -> Result<(Self, Opened), SpoolError> {
        let mark_path = dir.join("MARK");
        let (mark, found) = Mark::open(&mark_path).map_err(|e| io_error("open", &mark_path, e))?;
        contents::sweep(dir)?;
        let present = contents::generations(dir)?;
        let known = match &found {
            MarkState::Found(payload) => Facts::decode(payload),
            MarkState::Missing | MarkState::Damaged => None,
        };
        let mut opened = Opened {
            mark_lost: known.is_none() && (found != MarkState::Missing || !present.is_empty()),
            ..Opened::default()
        };
        let facts = known.clone().unwrap_or_else(|| Facts {
            generation: present.last().copied().unwrap_or(1),
            ..Facts::default()
        });
        let mut spare = Vec::new();
        for other in present.into_iter().filter(|g| *g != facts.generation) {
            spare.extend(take_spare(dir, other, known.is_some(), &mut opened)?);
        }
        let (db, entries) = gather(dir, &facts, spare, &mut opened)?;
        let mut state = Self {
            dir: dir.to_owned(),
            limits,
            db,
            mark,
            mark_dirty: false,
            generation: facts.generation,
            last: facts.last,
            acked: facts.acked,
            index: entries,
            drops: facts.drops,
            durability: Durability::Durable,
            broken: false,
            now_ms,
        };
        state.settle_numbers(known.is_some());
        state.index.set_acked(Number::default(), state.acked, Some(now_ms));
        opened.lost = state.find_lost();
        state.drops.add(opened.lost.iter().copied());
        let kept: std::collections::BTreeSet<Number> = state.index.numbers().collect();
        state.drops.untell(|by| !kept.contains(&by));
        state.store_mark()?;
        state.sync_mark()?;
        Ok((state, opened))
    }

    /// Continues the numbering: above everything known, or in a new epoch when the mark is unknown.
    fn settle_numbers(&mut self, mark_known: bool) {
        let newest = self.index.last().unwrap_or_default();
        if mark_known {
            self.last = self.last.max(newest);
        } else {
            self.last = Number { epoch: self.now_ms.max(newest.epoch + 1), seq: 0 };
        }
    }

    /// Numbers that must be here and are not: between the acknowledged mark and the newest number, per epoch.
    fn find_lost(&self) -> Vec<DropRange> {
        let mut missing = Vec::new();
        let mut before: Option<Number> = (self.acked.seq > 0).then_some(self.acked);
        let end = Number { seq: self.last.seq + 1, ..self.last };
        for number in self.index.after(self.acked).map(|(number, _)| number).chain([end]) {
            let first = match before {
                Some(b) if b.epoch == number.epoch => b.seq + 1,
                // An older epoch's beginning may have been acknowledged before its mark was lost.
                _ if number.epoch != self.last.epoch => number.seq,
                _ => 1,
            };
            missing.extend(gaps(&self.drops, number.epoch, first, number.seq));
            before = Some(number);
        }
        missing
    }
}

/// The uncovered numbers in `first..end` as ranges, without walking over each number.
pub(super) fn gaps(drops: &super::drops::Drops, epoch: u64, first: u64, end: u64) -> Vec<DropRange> {
    let mut out = Vec::new();
    let mut at = first;
    while at < end {
        let covering = drops.facts().iter().map(|f| f.range).find(|r| r.covers(Number { epoch, seq: at }));
        if let Some(range) = covering {
            at = range.to + 1;
            continue;
        }
        let next = drops.facts().iter().map(|f| f.range);
        let stop = next.filter(|r| r.epoch == epoch && r.from > at).map(|r| r.from).min();
        let to = stop.unwrap_or(end).min(end) - 1;
        out.push(DropRange { epoch, from: at, to, count: to - at + 1 });
        at = to + 1;
    }
    out
}

/// Another generation: with a known mark a leftover of an interrupted recreation, without one possibly the valid contents.
fn take_spare(
    dir: &Path,
    generation: u64,
    stale: bool,
    opened: &mut Opened,
) -> Result<Vec<Entry>, SpoolError> {
    let path = contents::path(dir, generation);
    if stale {
        files::remove_dir(&path).map_err(|e| io_error("remove", &path, e))?;
        return Ok(Vec::new());
    }
    let aside = crate::durable::set_aside(&path, Reason::Unmarked).map_err(SpoolError::Store)?;
    let entries = contents::salvage(&aside.moved_to)?;
    opened.quarantined.push(aside);
    Ok(entries)
}

/// Opens the valid generation and completes it from what was moved aside.
fn gather(
    dir: &Path,
    facts: &Facts,
    spare: Vec<Entry>,
    opened: &mut Opened,
) -> Result<(Durable, Index), SpoolError> {
    let (mut db, found) = contents::open(dir, facts.generation)?;
    let mut quarantined = found.quarantined;
    let mut index = list(&db)?;
    if quarantined.is_none() {
        let expected = expected(facts);
        let present =
            index.after(facts.acked).filter(|(n, _)| n.epoch == facts.last.epoch && *n <= facts.last);
        let present = present.filter(|(n, _)| !facts.drops.covers(*n)).count() as u64;
        if present < expected {
            let aside =
                db.set_aside(Reason::Short { found: present, expected }).map_err(SpoolError::Store)?;
            found.evidence.keep(&aside).map_err(SpoolError::Store)?;
            quarantined = Some(aside);
            db = contents::open(dir, facts.generation)?.0;
            index = Index::default();
        }
    }
    opened.recovered = index.numbers().count() as u64;
    let mut salvaged = spare;
    if let Some(aside) = quarantined {
        salvaged.extend(contents::salvage(&aside.moved_to)?);
        opened.quarantined.push(aside);
    }
    // Acknowledged ones come back too: a server restored from an older backup may ask for them.
    salvaged.retain(|entry| !index.contains(entry.number) && !facts.drops.covers(entry.number));
    for group in salvaged.chunks(RESTORE_BATCH) {
        let mut batch = Batch::default();
        for entry in group {
            contents::put(&mut batch, entry.number, entry.class, &entry.body);
            index.insert(entry.number, meta(entry));
        }
        db.apply(&batch).map_err(SpoolError::Store)?;
    }
    if !salvaged.is_empty() {
        db.sync().map_err(SpoolError::Store)?;
    }
    opened.salvaged = salvaged.len() as u64;
    Ok((db, index))
}

/// How many entries of the current epoch must be pending, by the mark alone.
fn expected(facts: &Facts) -> u64 {
    let first = if facts.acked.epoch == facts.last.epoch { facts.acked.seq } else { 0 };
    let uncovered = gaps(&facts.drops, facts.last.epoch, first + 1, facts.last.seq + 1);
    uncovered.iter().map(|r| r.count).sum()
}

fn list(db: &Durable) -> Result<Index, SpoolError> {
    let mut index = Index::default();
    contents::scan(db, |entry| index.insert(entry.number, meta(&entry))).map_err(SpoolError::Store)?;
    Ok(index)
}

pub(super) fn meta(entry: &Entry) -> Meta {
    Meta {
        class: entry.class,
        body_bytes: u32::try_from(entry.body.len()).unwrap_or(u32::MAX),
        acked_ms: None,
    }
}

/// Ranges of `(mark, upto]` within one epoch that are not in the index.
pub(super) fn absent(index: &Index, mark: Number, upto: Number) -> Vec<DropRange> {
    let first = if mark.epoch == upto.epoch { mark.seq + 1 } else { 1 };
    ranges((first..=upto.seq).map(|seq| Number { epoch: upto.epoch, seq }).filter(|n| !index.contains(*n)))
}
