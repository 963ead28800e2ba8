//! The root history: every checkpoint that was ever signed, one JSON line of a fixed length each, appended, fsynced and
//! never changed. The fixed length makes any entry a single read, and `jq -r .note` reads the file as it is.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use eavip_core::audit::note::SignedCheckpoint;
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The file's name.
pub const FILE: &str = "checkpoints.jsonl";
/// Bytes of a line with its line break: a checkpoint of this product has some three hundred. One a minute makes 270 MB in a
/// year in which every minute has an event.
const LINE: u64 = 512;

/// A checkpoint as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The signed checkpoint.
    pub note: SignedCheckpoint,
}

impl Entry {
    /// How many events it covers.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.note.unverified().size()
    }
}

/// The history. Cheap to clone; only who opened it to append appends.
#[derive(Debug, Clone)]
pub struct History {
    file: Arc<File>,
    entries: Arc<AtomicU64>,
}

fn damaged(at: u64) -> io::Error {
    let told =
        format!("entry {at} of the audit log's root history can't be read; restore it from the backup");
    io::Error::new(io::ErrorKind::InvalidData, told)
}

impl History {
    /// Opens the history to append to it; makes it if it is absent. The rest of a write that a crash cut short was never
    /// shown to anybody and is dropped.
    ///
    /// # Errors
    /// The file system's, or the last entry is damaged otherwise.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = File::options();
        let file = options.create(true).truncate(false).read(true).write(true).mode(0o600).open(path)?;
        let history = Self::of(file)?;
        // A file system may have kept the length of an unsynced write and not its bytes.
        while let Some(last) = history.len().checked_sub(1) {
            if !history.is_blank(last)? {
                break;
            }
            history.entries.store(last, Ordering::Release);
        }
        history.file.set_len(history.len() * LINE)?;
        history.last()?;
        Ok(history)
    }

    /// Opens a history to look at it.
    ///
    /// # Errors
    /// The file system's.
    pub fn look_at(path: &Path) -> io::Result<Self> {
        Self::of(File::open(path)?)
    }

    fn of(file: File) -> io::Result<Self> {
        let entries = file.metadata()?.len() / LINE;
        Ok(Self { file: Arc::new(file), entries: Arc::new(AtomicU64::new(entries)) })
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.entries.load(Ordering::Acquire)
    }

    /// Whether nothing was signed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn line(&self, at: u64) -> io::Result<[u8; LINE as usize]> {
        let mut line = [0; LINE as usize];
        self.file.read_exact_at(&mut line, at * LINE)?;
        Ok(line)
    }

    fn is_blank(&self, at: u64) -> io::Result<bool> {
        Ok(self.line(at)?.iter().all(|byte| *byte == 0))
    }

    /// One entry; the first is 0.
    ///
    /// # Errors
    /// The file system's, or that it is damaged.
    pub fn get(&self, at: u64) -> io::Result<Entry> {
        serde_json::from_slice(&self.line(at)?).map_err(|_| damaged(at))
    }

    /// The newest entry.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn last(&self) -> io::Result<Option<Entry>> {
        self.len().checked_sub(1).map(|last| self.get(last)).transpose()
    }

    /// The entry of exactly this size.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn of_size(&self, size: u64) -> io::Result<Option<Entry>> {
        let at = self.first_covering(size.saturating_sub(1))?;
        if at == self.len() {
            return Ok(None);
        }
        Ok(Some(self.get(at)?).filter(|entry| entry.size() == size))
    }

    /// Which entry is the first to cover the event at a position; the number of entries when none does.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn first_covering(&self, position: u64) -> io::Result<u64> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle)?.size() > position { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    }

    /// Appends an entry; it is on disk when this returns.
    ///
    /// # Errors
    /// The file system's; the history then is as it was.
    pub(super) fn append(&self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        if line.len() as u64 >= LINE {
            return Err(io::Error::other("a checkpoint is longer than its line"));
        }
        line.resize(LINE as usize - 1, b' ');
        line.push(b'\n');
        let at = self.len();
        self.file.write_all_at(&line, at * LINE)?;
        self.file.sync_data()?;
        self.entries.store(at + 1, Ordering::Release);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
