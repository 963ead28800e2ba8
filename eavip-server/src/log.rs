//! The append-only log: the server's truth. Two streams of records in segment files, read back in order, with every damage
//! named instead of hidden.
//!
//! Here live framing, segments, syncing and reading. What a record means is `store`'s business, and when to sync is the
//! commit thread's: all calls block and [`Log`] has one owner. Serves the seed's "Configuration Management" (changes are
//! auditable) and "Operational Principles" (failures are expected and planned for).
//!
//! # What a mark catches
//! The file `MARK` says how far each stream reaches. It is written after every sync and itself synced when a segment is full,
//! at [`Log::note_checkpoint`] and at closing. A vanished tail (last segment deleted, cut at a record's end) is therefore
//! always seen as long as the machine kept running; after a power cut together with such damage, from the last of those
//! three moments on. [`Options::known`] adds what a checkpoint of the views knows.

mod frame;
mod inspect;
mod mark;
mod open;
mod quarantine;
mod replay;
mod reserve;
mod scan;
mod segment;
mod writer;

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eavip_agent::durable::Mark;
use eavip_agent::durable::files::DirLock;

pub use inspect::{Inspected, inspect};
use mark::Facts;
pub use replay::{Problem, Reader, Replay};
use reserve::Reserve;
use segment::Catalogue;
use writer::Writer;

/// Longest payload of one record. A commit groups records, it never makes them larger; the largest is a report of 1 MiB
/// after inflation limits, with its envelope.
pub const PAYLOAD_MAX: usize = 4 << 20;

/// Files kept in `quarantine/`: enough to see a pattern, too few to fill the disk.
pub const QUARANTINE_FILES_MAX: usize = 64;

/// Bytes kept of one damaged region.
pub const QUARANTINE_BYTES_MAX: u64 = 16 << 20;

/// Which log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Events of every aggregate; kept for good.
    Ledger,
    /// Reports as received; pruned after their retention.
    Reports,
}

impl Stream {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ledger, Self::Reports];

    /// Its word in file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Reports => "reports",
        }
    }
}

/// Something per stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PerStream<T> {
    /// Of the ledger.
    pub ledger: T,
    /// Of the reports.
    pub reports: T,
}

impl<T> PerStream<T> {
    /// The one of `stream`.
    pub fn of(&self, stream: Stream) -> &T {
        match stream {
            Stream::Ledger => &self.ledger,
            Stream::Reports => &self.reports,
        }
    }

    /// The one of `stream`, to change.
    pub fn of_mut(&mut self, stream: Stream) -> &mut T {
        match stream {
            Stream::Ledger => &mut self.ledger,
            Stream::Reports => &mut self.reports,
        }
    }
}

/// Place of a record in its stream: dense from 0, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(pub u64);

/// How a log is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// A segment is closed when it has reached this many bytes.
    pub segment_bytes: u64,
    /// Space kept free for the ledger.
    pub reserve_bytes: u64,
    /// Positions below which the streams certainly had records: what the views' checkpoint covers. If the log's own end is
    /// lower, its tail has vanished; the gap is reported and no position is used twice.
    pub known: PerStream<Position>,
}

impl Default for Options {
    /// Segments of 64 MiB: some ten seconds of ingest at full load, and a unit of pruning that is small against a day. A
    /// reserve of 16 MiB: some ten thousand alerts with their deliveries.
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, reserve_bytes: 16 << 20, known: PerStream::default() }
    }
}

/// What opening found amiss. All empty is the normal case; damage inside older segments is found by replay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// Bytes of an unfinished write cut off at a stream's end, if any.
    pub torn: PerStream<u64>,
    /// Positions that existed and are gone, or that lie in damaged bytes, as far as opening looked. Replay names them too.
    pub gaps: PerStream<Vec<Range<u64>>>,
    /// Damaged regions found, their bytes copied to `quarantine/`.
    pub quarantined: u64,
    /// The mark was unreadable, or missing beside segments: a vanished tail cannot be seen this once.
    pub mark_lost: bool,
    /// Files that belong nowhere, moved to `quarantine/`.
    pub strangers: Vec<PathBuf>,
}

/// Why the log could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another process has the log open.
    #[error("the log `{path}` is in use by another process; stop it first", path = .0.display())]
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
    /// The disk is full. Nothing of the append is stored; a later one works when there is room.
    #[error("the disk under the log is full; make room, nothing was stored")]
    Full(#[source] io::Error),
    /// A record over [`PAYLOAD_MAX`].
    #[error("a record of {bytes} bytes is over the bound of {PAYLOAD_MAX}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A write or sync failed now: what was appended since the last sync may be lost and must not be acknowledged.
    #[error("cannot write the log to disk; exit and recover")]
    SyncFailed(#[source] io::Error),
    /// An earlier write or sync failed. Nothing is tried again: the kernel forgets failed pages, a retry would lie.
    #[error("the log stopped after an earlier failed write; restart to recover")]
    Poisoned,
}

/// The log, open for appending; one per directory.
#[derive(Debug)]
pub struct Log {
    dir: PathBuf,
    salt: frame::Salt,
    mark: Mark,
    writers: PerStream<Writer>,
    reserve: Reserve,
    catalogue: Arc<Catalogue>,
    poisoned: bool,
    /// Held, never read: the directory is ours while it lives.
    _lock: DirLock,
}

impl Log {
    /// Opens the log in `dir`, makes it if absent. Damage is no error; see [`Opened`].
    ///
    /// # Errors
    /// [`LogError::InUse`], or what a person must mend: a directory or file that cannot be read or written.
    pub fn open(dir: &Path, options: &Options) -> Result<(Self, Opened), LogError> {
        open::open(dir, options)
    }

    /// Appends records to a stream, all or none. They are readable after the next [`Log::sync`]. On a full disk the ledger
    /// goes on for as long as its reserve lasts; reports are refused until the reserve is whole again.
    ///
    /// # Errors
    /// [`LogError::Full`] and [`LogError::TooLarge`] leave the log as it was; any other failure poisons it.
    pub fn append<P: AsRef<[u8]>>(
        &mut self,
        stream: Stream,
        payloads: &[P],
    ) -> Result<Range<Position>, LogError> {
        self.check()?;
        if let Some(large) = payloads.iter().map(|p| p.as_ref().len()).find(|len| *len > PAYLOAD_MAX) {
            return Err(LogError::TooLarge { bytes: large });
        }
        if stream == Stream::Reports && !self.reserve.hold() {
            return Err(LogError::Full(io::ErrorKind::StorageFull.into()));
        }
        let appended = match self.try_append(stream, payloads) {
            Err(LogError::Full(_)) if stream == Stream::Ledger && self.reserve.spend() => {
                self.try_append(stream, payloads)
            }
            appended => appended,
        };
        appended.map_err(|error| self.poison_unless_full(error))
    }

    fn try_append<P: AsRef<[u8]>>(
        &mut self,
        stream: Stream,
        payloads: &[P],
    ) -> Result<Range<Position>, LogError> {
        if self.writers.of_mut(stream).roll_if_full(&self.catalogue, stream)? {
            self.write_mark(true)?;
        }
        self.writers.of_mut(stream).append(stream, payloads)
    }

    /// Makes everything appended durable: one `fdatasync` per stream that has news. Only after it may a record be
    /// acknowledged.
    ///
    /// # Errors
    /// [`LogError::SyncFailed`] once, then [`LogError::Poisoned`] for good.
    pub fn sync(&mut self) -> Result<(), LogError> {
        self.check()?;
        for stream in Stream::ALL {
            if let Err(error) = self.writers.of_mut(stream).sync() {
                return Err(self.poison_unless_full(error));
            }
        }
        for stream in Stream::ALL {
            self.catalogue.set_next(stream, self.writers.of(stream).next());
        }
        self.write_mark(false).map_err(|error| self.poison_unless_full(error))
    }

    /// The views have a durable checkpoint: makes the mark durable too, so that from here on a vanished tail is seen even
    /// after a power cut.
    ///
    /// # Errors
    /// As [`Log::sync`].
    pub fn note_checkpoint(&mut self) -> Result<(), LogError> {
        self.check()?;
        self.write_mark(true).map_err(|error| self.poison_unless_full(error))
    }

    /// Records of a stream from a position on, up to what is synced now.
    pub fn replay(&self, stream: Stream, from: Position) -> Replay {
        self.reader().replay(stream, from)
    }

    /// A reader for other threads, independent of the writer.
    pub fn reader(&self) -> Reader {
        Reader::new(self.dir.clone(), self.salt, Arc::clone(&self.catalogue))
    }

    /// Deletes the whole segments of a stream that hold nothing at or above `before`; returns how many.
    ///
    /// # Errors
    /// The file system's; what is deleted so far stays deleted.
    pub fn prune(&mut self, stream: Stream, before: Position) -> Result<usize, LogError> {
        self.check()?;
        let (doomed, floor) = self.catalogue.before(stream, before.0);
        if doomed.is_empty() {
            return Ok(0);
        }
        // The mark first: segments that are missing above it count as lost.
        self.catalogue.set_first(stream, floor);
        self.write_mark(true).map_err(|error| self.poison_unless_full(error))?;
        for segment in &doomed {
            std::fs::remove_file(&segment.path).map_err(|e| io_error("remove", &segment.path, e))?;
            self.catalogue.forget(stream, segment.first);
        }
        Ok(doomed.len())
    }

    /// The oldest position from which on a stream takes at most `bytes` on disk, by whole segments; the segment that is
    /// being written always counts.
    pub fn within(&self, stream: Stream, bytes: u64) -> Position {
        Position(self.catalogue.within(stream, bytes))
    }

    /// The oldest position that a stream has not pruned.
    pub fn first(&self, stream: Stream) -> Position {
        Position(self.catalogue.first(stream))
    }

    /// The position that the next record of a stream gets.
    pub fn next(&self, stream: Stream) -> Position {
        Position(self.writers.of(stream).next())
    }

    fn check(&self) -> Result<(), LogError> {
        if self.poisoned { Err(LogError::Poisoned) } else { Ok(()) }
    }

    fn poison_unless_full(&mut self, error: LogError) -> LogError {
        self.poisoned |= !matches!(error, LogError::Full(_) | LogError::TooLarge { .. });
        error
    }

    fn write_mark(&mut self, durably: bool) -> Result<(), LogError> {
        let mut facts = Facts { salt: self.salt, first: PerStream::default(), next: PerStream::default() };
        for stream in Stream::ALL {
            *facts.first.of_mut(stream) = self.catalogue.first(stream);
            *facts.next.of_mut(stream) = self.catalogue.next(stream);
        }
        self.mark.store(&facts.encode()).map_err(LogError::SyncFailed)?;
        if durably { self.mark.sync().map_err(LogError::SyncFailed) } else { Ok(()) }
    }

    /// Stands in for a disk whose `fdatasync` fails.
    #[cfg(test)]
    fn break_sync(&mut self, stream: Stream) {
        self.writers.of_mut(stream).break_sync();
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if !self.poisoned && self.sync().and_then(|()| self.note_checkpoint()).is_err() {
            tracing::error!(path = %self.dir.display(), "the log could not be synced while closing");
        }
    }
}

pub(crate) fn io_error(action: &'static str, path: &Path, source: io::Error) -> LogError {
    LogError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
