//! The agent's spool: reports numbered, stored durably, handed out in order, kept until acknowledged or dropped by rule.
//!
//! Here live numbering, bounds, what to drop first, rewind, and going on after damage. How bytes get safely into sled is
//! `durable`'s business; what a report says, and how it travels, is not known here. All calls block (an append waits
//! for the disk): async code uses `spawn_blocking`. Serves the seed's "Operational Principles" (failures are expected and
//! planned for) and "Platform Health Signals" (no reading vanishes unnoticed).

mod contents;
mod drops;
mod index;
mod mark;
mod recover;
mod refuse;
mod room;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::durable::DurableError;
use crate::durable::files::{self, DirLock};

pub use drops::{DROP_RANGES_MAX, DropRange};
pub use recover::Opened;
use room::State;

/// Longest body of one report: the server takes 1 MiB.
pub const BODY_MAX: usize = 1 << 20;

/// Bytes that each entry counts on top of its body: keys, frames and the engine's own.
pub const ENTRY_OVERHEAD: u64 = 128;

/// The number of a report: dense from 1 within an epoch, never used twice, ordered by epoch, then sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Number {
    /// Milliseconds since 1970 when this numbering began.
    pub epoch: u64,
    /// Place within the epoch, from 1.
    pub seq: u64,
}

/// What an entry is worth when room runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Regular readings: the oldest go first.
    Metrics,
    /// Something that happened once.
    Event,
    /// Proof of a backup or drill: goes last.
    Evidence,
}

/// Bounds of a spool.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of bodies plus [`ENTRY_OVERHEAD`] each.
    pub max_bytes: u64,
    /// How long acknowledged entries stay for a server that comes back from an older backup.
    pub keep_acknowledged: Duration,
}

impl Default for Limits {
    /// 256 MiB (a day without server at one 3 KiB report per second, or months at one per 15 s); 15 minutes.
    fn default() -> Self {
        Self { max_bytes: 256 << 20, keep_acknowledged: Duration::from_secs(15 * 60) }
    }
}

/// A report waiting to be acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub number: Number,
    /// Its class.
    pub class: Class,
    /// Its body, byte-equal to what was appended.
    pub body: Bytes,
}

/// Whether "appended" still means "on disk".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Every append is synced before it returns.
    Durable,
    /// A sync failed at that moment (milliseconds since 1970): appends go on, but a power cut may take them.
    Lost {
        /// When.
        since_ms: u64,
    },
}

/// Why the spool could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Another process has the spool open.
    #[error("the spool `{path}` is in use by another process; stop it or give this one another directory", path = .0.display())]
    InUse(PathBuf),
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
    /// The disk is full; nothing of the report was stored.
    #[error("the disk under the spool has {free_bytes} bytes left; make room, nothing was stored")]
    DiskFull {
        /// Bytes free for this user.
        free_bytes: u64,
    },
    /// The body is larger than one report may be, or than the whole spool.
    #[error("a report of {bytes} bytes is over the bound of {limit}; split it")]
    TooLarge {
        /// Size given.
        bytes: u64,
        /// Size allowed.
        limit: u64,
    },
    /// A sync failed while appending. The entry is kept under this number and will be sent, but may not survive a power
    /// cut; from now on [`Spool::durability`] says so and appends succeed without syncing.
    #[error("report {} was stored, but not durably; replace the disk and restart", number.seq)]
    NotDurable {
        /// The number it has.
        number: Number,
        /// The failed sync.
        #[source]
        source: DurableError,
    },
    /// The store failed; the next call opens it anew.
    #[error("the spool's store failed; it is opened anew at the next call")]
    Store(#[source] DurableError),
}

/// An open spool. Calls from several threads queue behind each other.
#[derive(Debug)]
pub struct Spool {
    state: Mutex<State>,
    /// Held, never read: the directory is ours while it lives.
    _lock: DirLock,
}

impl Spool {
    /// Opens the spool in `dir`, makes it if absent. Damage is no error: what can be read is salvaged, the rest is reported
    /// in [`Opened`] and waits in [`Spool::drops`]. `now_ms` is milliseconds since 1970.
    ///
    /// # Errors
    /// [`SpoolError::InUse`], or a directory that cannot be written.
    pub fn open(dir: &Path, limits: Limits, now_ms: u64) -> Result<(Self, Opened), SpoolError> {
        files::create_dir(dir).map_err(|e| io_error("create", dir, e))?;
        let lock = files::lock_dir(dir).map_err(|e| match e.kind() {
            io::ErrorKind::WouldBlock => SpoolError::InUse(dir.to_owned()),
            _ => io_error("lock", dir, e),
        })?;
        let (state, opened) = State::open(dir, limits, now_ms)?;
        Ok((Self { state: Mutex::new(state), _lock: lock }, opened))
    }

    /// Stores a report; when this returns it is on disk, unless [`Spool::durability`] says otherwise. Makes room by rule:
    /// acknowledged entries first, then the oldest metrics, events, evidence.
    ///
    /// # Errors
    /// [`SpoolError::DiskFull`], [`SpoolError::TooLarge`], [`SpoolError::Store`]: nothing was stored.
    /// [`SpoolError::NotDurable`]: it was stored.
    pub fn append(&self, class: Class, body: &[u8], now_ms: u64) -> Result<Number, SpoolError> {
        self.append_carrying(class, body, &[], now_ms)
    }

    /// As [`Spool::append`] for a report whose body tells the server about these drops, taken from [`Spool::drops`]. They
    /// are not offered again while this report is kept, and forgotten when it is acknowledged.
    ///
    /// # Errors
    /// As [`Spool::append`].
    pub fn append_carrying(
        &self,
        class: Class,
        body: &[u8],
        drops: &[DropRange],
        now_ms: u64,
    ) -> Result<Number, SpoolError> {
        self.healed()?.append(class, body, drops, now_ms)
    }

    /// The oldest entries that are not acknowledged, in order, all of one epoch: at most `max_count`, and at most `max_bytes`
    /// of bodies, but at least one if there is any.
    ///
    /// # Errors
    /// [`SpoolError::Store`].
    pub fn pending(&self, max_count: usize, max_bytes: usize) -> Result<Vec<Entry>, SpoolError> {
        self.pending_after(None, max_count, max_bytes)
    }

    /// As [`Spool::pending`], but only what follows `after`: for reading on without acknowledging.
    ///
    /// # Errors
    /// [`SpoolError::Store`].
    pub fn pending_after(
        &self,
        after: Option<Number>,
        max_count: usize,
        max_bytes: usize,
    ) -> Result<Vec<Entry>, SpoolError> {
        let mut state = self.healed()?;
        let from = after.unwrap_or_default().max(state.acked);
        state.entries_after(from, max_count, max_bytes)
    }

    /// Acknowledges everything up to and including `number`; a number from the future counts as the newest. Not synced: if
    /// it is forgotten, the entries are sent again and the server knows them.
    ///
    /// # Errors
    /// [`SpoolError::Store`].
    pub fn acknowledge(&self, number: Number, now_ms: u64) -> Result<(), SpoolError> {
        self.healed()?.acknowledge(number, now_ms)
    }

    /// The server knows less than was acknowledged: everything after `mark` that is still kept becomes pending again.
    /// Returns what the server lacks and the spool no longer has.
    ///
    /// # Errors
    /// [`SpoolError::Store`].
    pub fn rewind(&self, mark: Number) -> Result<Vec<DropRange>, SpoolError> {
        self.healed()?.rewind(mark)
    }

    /// Gives up a report that the server will never take, and what it carried is told again; it counts as dropped.
    ///
    /// # Errors
    /// [`SpoolError::Store`], [`SpoolError::Io`].
    pub fn refuse(&self, number: Number) -> Result<(), SpoolError> {
        self.healed()?.refuse(number)
    }

    /// What was dropped or lost and is not yet told by a kept report.
    pub fn drops(&self) -> Vec<DropRange> {
        self.state().drops.untold()
    }

    /// The newest acknowledged number; zero before the first.
    pub fn acknowledged(&self) -> Number {
        self.state().acked
    }

    /// The newest number given; sequence 0 before the first.
    pub fn last(&self) -> Number {
        self.state().last
    }

    /// Entries waiting, and the bytes they count against the bound together with the acknowledged ones still kept.
    pub fn backlog(&self) -> (usize, u64) {
        let state = self.state();
        (state.index.after(state.acked).count(), state.index.bytes())
    }

    /// Whether appends are still durable.
    pub fn durability(&self) -> Durability {
        self.state().durability
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in another caller leaves the state as of its last completed step; each step is complete in itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn healed(&self) -> Result<MutexGuard<'_, State>, SpoolError> {
        let mut state = self.state();
        state.heal()?;
        Ok(state)
    }

    /// Stands in for a disk whose `fdatasync` fails.
    #[cfg(test)]
    fn break_sync(&self) {
        self.state().break_sync();
    }
}

pub(crate) fn io_error(action: &'static str, path: &Path, source: io::Error) -> SpoolError {
    SpoolError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
