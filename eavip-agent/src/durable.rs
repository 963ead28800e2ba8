//! Opening and using a sled database so that "stored" means stored: the agent's spool and the server's views rest on it.
//!
//! Here live the rules that sled 0.34 needs: a panic is contained wherever it may arise, a bad database is moved aside
//! instead of stopping the process, and an acknowledgement follows our own `fdatasync`, because sled's `flush` only calls
//! `sync_file_range`. What is stored, and which loss is tolerable, is decided by the callers. Serves the seed's section
//! "Operational Principles": failures are expected and planned for.

mod evidence;
pub mod files;
mod frame;

mod mark;
mod open;
mod quarantine;
mod salvage;

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use evidence::{EVIDENCE_SUFFIX, Evidence};
pub use mark::{MARK_PAYLOAD_MAX, Mark, MarkState};
pub use open::{Opened, open};
pub use quarantine::{QUARANTINES_KEPT, Quarantine, Reason, set_aside};
pub use salvage::salvage;

/// Longest key. Small, because sled repeats keys in its index pages.
pub const KEY_MAX: usize = 512;

/// Longest value that one put takes; larger ones are a mistake of the caller.
pub const VALUE_MAX: usize = 16 << 20;

/// How a database is opened.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Page cache in bytes; sled's own default of 1 GiB suits neither agent nor server.
    pub cache_bytes: u64,
    /// Fewest entries that must be present: what the caller's own mark, kept outside sled, promises.
    pub at_least: u64,
    /// Whether the file is copied before the engine opens it, so that [`salvage`] finds what a recovery overwrites.
    pub salvageable: bool,
    /// Longest time that opening and checking may take before the database counts as damaged.
    pub deadline: Duration,
}

impl Default for Options {
    /// 8 MiB of cache, no expected entries, two minutes (reading 1 GiB back from a slow disk).
    fn default() -> Self {
        Self { cache_bytes: 8 << 20, at_least: 0, salvageable: false, deadline: Duration::from_secs(120) }
    }
}

/// Why a durable store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DurableError {
    /// The file system refused.
    #[error("cannot {action} `{path}`", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The engine refused.
    #[error("the database engine failed")]
    Engine(#[source] sled::Error),
    /// The engine panicked; the panic went no further.
    #[error("the database engine panicked")]
    Panicked,
    /// A stored value fails its checksum.
    #[error("a stored value is damaged; the database is moved aside at the next opening")]
    Damaged,
    /// A key or value is over its bound.
    #[error("key or value of {bytes} bytes is over its bound of {limit}")]
    TooLarge {
        /// Size given.
        bytes: usize,
        /// Size allowed.
        limit: usize,
    },
    /// `fdatasync` failed now: what was written since the last success may be gone after a power cut.
    #[error("cannot sync the database to disk; nothing after this point is durable")]
    SyncFailed(#[source] io::Error),
    /// An earlier `fdatasync` failed. It is never tried again: the kernel forgets the failed pages, a retry would lie.
    #[error("the database has not been durable since an earlier failed sync; replace the disk and restart")]
    NotDurable,
}

/// Puts and removals that take effect together or not at all.
#[derive(Debug, Default)]
pub struct Batch {
    puts: Vec<(Vec<u8>, Vec<u8>)>,
    removals: Vec<Vec<u8>>,
}

impl Batch {
    /// Adds a put.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.puts.push((key.into(), value.into()));
    }

    /// Adds a removal; an absent key is no error.
    pub fn remove(&mut self, key: impl Into<Vec<u8>>) {
        self.removals.push(key.into());
    }
}

/// An open database; made by [`open`].
#[derive(Debug)]
pub struct Durable {
    db: sled::Db,
    /// Our own descriptor, opened before sled wrote: the kernel reports each write-back error once per descriptor, so
    /// sled's background calls cannot swallow one that concerns us.
    file: File,
    dir: PathBuf,
    sync_failed: AtomicBool,
}

impl Durable {
    /// Applies a batch; returns how many of its puts were of keys that were absent. It is visible at once and durable after
    /// the next [`Durable::sync`].
    ///
    /// # Errors
    /// A key or value over its bound, or the engine's failure; then nothing of the batch is applied.
    pub fn apply(&self, batch: &Batch) -> Result<u64, DurableError> {
        let mut added = 0;
        let mut out = sled::Batch::default();
        for key in &batch.removals {
            for part in 0..self.parts(key)? {
                out.remove(frame::part_key(key, part));
            }
        }
        for (key, value) in &batch.puts {
            let frames = frame::encode(key, value)?;
            let (fresh, stale) = (frames.len(), usize::from(self.parts(key)?));
            added += u64::from(stale == 0);
            for (part, bytes) in (0_u16..).zip(frames) {
                out.insert(frame::part_key(key, part), bytes);
            }
            for part in fresh..stale {
                out.remove(frame::part_key(key, u16::try_from(part).unwrap_or(u16::MAX)));
            }
        }
        contained(|| self.db.apply_batch(out)).map(|()| added)
    }

    /// Puts one entry; see [`Durable::apply`].
    ///
    /// # Errors
    /// As [`Durable::apply`].
    pub fn put(&self, key: &[u8], value: &[u8]) -> Result<(), DurableError> {
        let mut batch = Batch::default();
        batch.put(key, value);
        self.apply(&batch).map(drop)
    }

    /// The value of a key, checked against its checksum.
    ///
    /// # Errors
    /// [`DurableError::Damaged`], or the engine's failure.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DurableError> {
        let Some(first) = contained(|| self.db.get(frame::part_key(key, 0)))? else { return Ok(None) };
        self.assemble(&first).map(|(_, value)| Some(value))
    }

    /// Visits every entry whose key starts with `prefix`, in key order.
    ///
    /// # Errors
    /// [`DurableError::Damaged`], the engine's failure, or what `visit` returns.
    pub fn scan(
        &self,
        prefix: &[u8],
        mut visit: impl FnMut(Vec<u8>, Vec<u8>) -> Result<(), DurableError>,
    ) -> Result<(), DurableError> {
        let mut iter = self.db.scan_prefix(prefix);
        while let Some((_, bytes)) = contained(|| iter.next().transpose())? {
            if frame::decode(&bytes).ok_or(DurableError::Damaged)?.part == 0 {
                let (key, value) = self.assemble(&bytes)?;
                if key.starts_with(prefix) {
                    visit(key, value)?;
                }
            }
        }
        Ok(())
    }

    /// Makes everything applied so far durable: sled's flush, then our own `fdatasync`.
    ///
    /// # Errors
    /// [`DurableError::SyncFailed`] once, then [`DurableError::NotDurable`] for good.
    pub fn sync(&self) -> Result<(), DurableError> {
        if self.sync_failed.load(Ordering::Acquire) {
            return Err(DurableError::NotDurable);
        }
        self.flush()?;
        self.file.sync_data().map_err(|source| {
            self.sync_failed.store(true, Ordering::Release);
            DurableError::SyncFailed(source)
        })
    }

    /// Hands everything to the kernel: survives the end of the process, not a power cut.
    ///
    /// # Errors
    /// The engine's failure.
    pub fn flush(&self) -> Result<(), DurableError> {
        contained(|| self.db.flush()).map(drop)
    }

    /// Bytes that the database file takes.
    ///
    /// # Errors
    /// The file system's.
    pub fn file_bytes(&self) -> Result<u64, DurableError> {
        let meta =
            self.file.metadata().map_err(|source| io_error("measure", &self.dir.join(DB_FILE), source))?;
        Ok(meta.len())
    }

    /// Closes the database and moves it aside, for a caller who found that it holds less than it must.
    ///
    /// # Errors
    /// The file system's, when the directory cannot be renamed.
    pub fn set_aside(self, reason: Reason) -> Result<Quarantine, DurableError> {
        let dir = self.dir.clone();
        self.close();
        set_aside(&dir, reason)
    }

    /// Closes the database; what is not yet synced goes to the kernel. A panic in the engine's own closing is contained.
    pub fn close(self) {
        drop(catch_unwind(AssertUnwindSafe(move || drop(self.db))));
    }

    /// How many parts the stored value of `key` has; zero when absent.
    fn parts(&self, key: &[u8]) -> Result<u16, DurableError> {
        match contained(|| self.db.get(frame::part_key(key, 0)))? {
            None => Ok(0),
            Some(bytes) => Ok(frame::decode(&bytes).ok_or(DurableError::Damaged)?.parts),
        }
    }

    fn assemble(&self, first: &[u8]) -> Result<(Vec<u8>, Vec<u8>), DurableError> {
        assemble(&self.db, first)
    }

    /// Stands in for a disk whose `fdatasync` fails.
    #[cfg(test)]
    pub(crate) fn break_sync(&mut self) {
        self.file = File::open("/dev/null").unwrap();
    }
}

/// Name of sled's data file inside its directory.
pub(crate) const DB_FILE: &str = "db";

/// Joins the parts of a value; a missing or alien part is damage.
pub(crate) fn assemble(db: &sled::Db, first: &[u8]) -> Result<(Vec<u8>, Vec<u8>), DurableError> {
    let head = frame::decode(first).filter(|f| f.part == 0).ok_or(DurableError::Damaged)?;
    let mut value = head.payload.to_vec();
    for part in 1..head.parts {
        let bytes = contained(|| db.get(frame::part_key(head.key, part)))?.ok_or(DurableError::Damaged)?;
        let next = frame::decode(&bytes).ok_or(DurableError::Damaged)?;
        if next.key != head.key || next.part != part || next.parts != head.parts {
            return Err(DurableError::Damaged);
        }
        value.extend_from_slice(next.payload);
    }
    Ok((head.key.to_vec(), value))
}

/// Runs one call into sled with its panic contained.
pub(crate) fn contained<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, DurableError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(answer) => answer.map_err(DurableError::Engine),
        Err(_) => Err(DurableError::Panicked),
    }
}

pub(crate) fn io_error(action: &'static str, path: &Path, source: io::Error) -> DurableError {
    DurableError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
