//! The spool at work: appending within bounds, handing out, acknowledging, rewinding, and recreating a file that has grown.

use std::path::PathBuf;

use super::drops::{DropRange, Drops, ranges};
use super::index::{Index, Meta};
use super::mark::Facts;
use super::recover::{absent, gaps, meta};
use super::{
    BODY_MAX, Class, Durability, ENTRY_OVERHEAD, Entry, Limits, Number, SpoolError, contents, io_error,
};
use crate::durable::{Batch, Durable, DurableError, Mark, files};

/// Free space that must remain before an append: sled writes segments of 512 KiB and must never meet a full disk,
/// because a failed write ends the whole database.
const DISK_RESERVE_BYTES: u64 = 8 << 20;

/// A file above this is worth recreating; below, sled's own reuse of segments is enough.
const GROWN_BYTES: u64 = 16 << 20;

/// ... when it is this many times larger than what it holds.
const GROWN_FACTOR: u64 = 8;

/// Everything behind the spool's lock.
#[derive(Debug)]
pub(super) struct State {
    pub(super) dir: PathBuf,
    pub(super) limits: Limits,
    pub(super) db: Durable,
    pub(super) mark: Mark,
    /// The mark file holds more than is known to be on disk.
    pub(super) mark_dirty: bool,
    pub(super) generation: u64,
    pub(super) last: Number,
    pub(super) acked: Number,
    pub(super) index: Index,
    pub(super) drops: Drops,
    pub(super) durability: Durability,
    /// The engine failed: open anew before the next use.
    pub(super) broken: bool,
    /// The latest moment a caller named.
    pub(super) now_ms: u64,
}

impl State {
    pub(super) fn append(
        &mut self,
        class: Class,
        body: &[u8],
        carried: &[DropRange],
        now_ms: u64,
    ) -> Result<Number, SpoolError> {
        self.now_ms = now_ms;
        self.check_room(body)?;
        self.expire()?;
        let number = Number { seq: self.last.seq + 1, ..self.last };
        let entry = Meta { class, body_bytes: u32::try_from(body.len()).unwrap_or(u32::MAX), acked_ms: None };
        let (acked, mut dropped) =
            self.index.victims(u64::from(entry.body_bytes) + ENTRY_OVERHEAD, self.limits.max_bytes);
        dropped.sort_unstable();
        let vouched = self.vouch_for_removal(&acked).and_then(|()| self.record_drops(&dropped));
        if let Err(error) = &vouched
            && !matches!(error, SpoolError::NotDurable { .. })
        {
            return vouched.map(|()| number);
        }
        let mut batch = Batch::default();
        contents::put(&mut batch, number, class, body);
        for gone in acked.iter().chain(&dropped) {
            contents::remove(&mut batch, *gone);
        }
        self.engine(|db| db.apply(&batch))?;
        let synced = self.sync_contents();
        if let Err(error @ SpoolError::Store(_)) = synced {
            return Err(error);
        }
        for gone in acked.iter().chain(&dropped) {
            self.index.remove(*gone);
        }
        self.index.insert(number, entry);
        self.last = number;
        self.drops.carry(carried, number);
        let marked = self.store_mark().and_then(|()| self.sync_mark());
        vouched.and(synced).and(marked).map_err(|e| match e {
            SpoolError::NotDurable { source, .. } => SpoolError::NotDurable { number, source },
            other => other,
        })?;
        Ok(number)
    }

    pub(super) fn entries_after(
        &mut self,
        from: Number,
        max_count: usize,
        max_bytes: usize,
    ) -> Result<Vec<Entry>, SpoolError> {
        let mut out: Vec<Entry> = Vec::new();
        let mut bytes = 0;
        let wanted: Vec<(Number, Meta)> = self.index.after(from).take(max_count).collect();
        for (number, meta) in wanted {
            bytes += meta.body_bytes as usize;
            let alien = out.first().is_some_and(|first| first.number.epoch != number.epoch);
            if alien || (bytes > max_bytes && !out.is_empty()) {
                break;
            }
            out.push(self.engine(|db| contents::read(db, number))?);
        }
        Ok(out)
    }

    pub(super) fn acknowledge(&mut self, number: Number, now_ms: u64) -> Result<(), SpoolError> {
        self.now_ms = now_ms;
        let number = number.min(self.last);
        if number > self.acked {
            self.index.set_acked(self.acked, number, Some(now_ms));
            self.acked = number;
            self.drops.forget_told(number);
            self.store_mark()?;
        }
        self.expire()?;
        self.recreate_if_grown()
    }

    pub(super) fn rewind(&mut self, mark: Number) -> Result<Vec<DropRange>, SpoolError> {
        if mark >= self.acked {
            return Ok(Vec::new());
        }
        let missing = absent(&self.index, mark, self.acked);
        let news = missing.iter().flat_map(|r| gaps(&self.drops, r.epoch, r.from, r.to + 1));
        let news: Vec<DropRange> = news.collect();
        self.index.set_acked(mark, self.acked, None);
        self.acked = mark;
        self.drops.add(news);
        self.store_mark()?;
        Ok(missing)
    }

    /// Opens the spool anew after the engine has failed. A lost durability stays lost.
    pub(super) fn heal(&mut self) -> Result<(), SpoolError> {
        if self.broken {
            let (mut fresh, opened) = Self::open(&self.dir, self.limits, self.now_ms)?;
            tracing::warn!(
                spool.salvaged = opened.salvaged,
                spool.lost_ranges = opened.lost.len(),
                "spool was opened anew after its engine failed"
            );
            if self.durability != Durability::Durable {
                fresh.durability = self.durability;
            }
            *self = fresh;
        }
        Ok(())
    }

    fn check_room(&self, body: &[u8]) -> Result<(), SpoolError> {
        let limit = (BODY_MAX as u64).min(self.limits.max_bytes.saturating_sub(ENTRY_OVERHEAD));
        let bytes = body.len() as u64;
        if bytes > limit {
            return Err(SpoolError::TooLarge { bytes, limit });
        }
        let disk = rustix::fs::statvfs(&self.dir).map_err(|e| io_error("measure", &self.dir, e.into()))?;
        let free_bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free_bytes < DISK_RESERVE_BYTES + bytes {
            return Err(SpoolError::DiskFull { free_bytes });
        }
        Ok(())
    }

    /// Removes acknowledged entries whose time is over.
    fn expire(&mut self) -> Result<(), SpoolError> {
        let keep = u64::try_from(self.limits.keep_acknowledged.as_millis()).unwrap_or(u64::MAX);
        let Some(until) = self.now_ms.checked_sub(keep) else { return Ok(()) };
        let expired = self.index.expired(until);
        if expired.is_empty() {
            return Ok(());
        }
        self.vouch_for_removal(&expired)?;
        let mut batch = Batch::default();
        expired.iter().for_each(|number| contents::remove(&mut batch, *number));
        self.engine(|db| db.apply(&batch))?;
        expired.into_iter().for_each(|number| self.index.remove(number));
        Ok(())
    }

    /// Before acknowledged entries go, the mark that calls them acknowledged must be on disk: after a power cut they
    /// would count as lost.
    fn vouch_for_removal(&mut self, acked: &[Number]) -> Result<(), SpoolError> {
        if acked.is_empty() || !self.mark_dirty { Ok(()) } else { self.sync_mark() }
    }

    /// Drops are in the mark before their entries go, else contents that are cut off in between look as if they had lost
    /// them. The other way round a report can be delivered that is told as dropped, which loses nothing.
    pub(super) fn record_drops(&mut self, dropped: &[Number]) -> Result<(), SpoolError> {
        if dropped.is_empty() {
            return Ok(());
        }
        self.drops.untell(|by| dropped.binary_search(&by).is_ok());
        let news: Vec<Number> = dropped.iter().copied().filter(|one| !self.drops.covers(*one)).collect();
        self.drops.add(ranges(news));
        self.store_mark()?;
        self.sync_mark()
    }

    /// sled never gives space back: when little is left in a large file, the rest moves to a new one.
    fn recreate_if_grown(&mut self) -> Result<(), SpoolError> {
        let grown = self.engine(Durable::file_bytes)?;
        let small = self.index.bytes().saturating_mul(GROWN_FACTOR) < grown;
        if grown < GROWN_BYTES || !small || self.durability != Durability::Durable {
            return Ok(());
        }
        let generation = self.generation + 1;
        // A leftover of an earlier try would bring removed entries back.
        let path = contents::path(&self.dir, generation);
        files::remove_dir(&path).map_err(|e| io_error("remove", &path, e))?;
        let (fresh, _) = contents::open(&self.dir, generation)?;
        let mut index = Index::default();
        for number in self.index.numbers().collect::<Vec<_>>() {
            let entry = self.engine(|db| contents::read(db, number))?;
            let mut batch = Batch::default();
            contents::put(&mut batch, number, entry.class, &entry.body);
            fresh.apply(&batch).map_err(SpoolError::Store)?;
            index.insert(number, meta(&entry));
        }
        fresh.sync().map_err(SpoolError::Store)?;
        let old = contents::path(&self.dir, std::mem::replace(&mut self.generation, generation));
        std::mem::replace(&mut self.db, fresh).close();
        // Twice, so that both slots name the new generation: falling back to the older slot must not bring back the old.
        for _ in 0..2 {
            self.store_mark()?;
            self.sync_mark()?;
        }
        files::remove_dir(&old).map_err(|e| io_error("remove", &old, e))
    }

    /// Runs a call into the engine; after a failure the database is not trusted until it was opened anew.
    pub(super) fn engine<T>(
        &mut self,
        call: impl FnOnce(&Durable) -> Result<T, DurableError>,
    ) -> Result<T, SpoolError> {
        call(&self.db).map_err(|error| {
            self.broken = !matches!(error, DurableError::TooLarge { .. });
            SpoolError::Store(error)
        })
    }

    fn sync_contents(&mut self) -> Result<(), SpoolError> {
        if self.durability != Durability::Durable {
            return self.engine(Durable::flush);
        }
        match self.db.sync() {
            Err(source @ DurableError::SyncFailed(_)) => Err(self.not_durable(source)),
            other => self.engine(|_| other),
        }
    }

    pub(super) fn store_mark(&mut self) -> Result<(), SpoolError> {
        let payload = Facts::encode(self.generation, self.last, self.acked, &self.drops);
        self.mark_dirty = true;
        self.mark.store(&payload).map_err(|e| io_error("write", &self.dir.join("MARK"), e))
    }

    /// After a failed sync it does nothing: the spool has said that it is not durable.
    pub(super) fn sync_mark(&mut self) -> Result<(), SpoolError> {
        if self.durability != Durability::Durable {
            return Ok(());
        }
        match self.mark.sync() {
            Ok(()) => {
                self.mark_dirty = false;
                Ok(())
            }
            Err(e) => Err(self.not_durable(DurableError::SyncFailed(e))),
        }
    }

    fn not_durable(&mut self, source: DurableError) -> SpoolError {
        self.durability = Durability::Lost { since_ms: self.now_ms };
        SpoolError::NotDurable { number: self.last, source }
    }

    #[cfg(test)]
    pub(super) fn break_sync(&mut self) {
        self.db.break_sync();
    }
}
