//! Checkpoints of the views and the partitioned history: what the server may lose and rebuild from the log, stored so that it
//! never has to start from nothing without knowing.
//!
//! A checkpoint is written whole into a sled database of its own; a small pointer file then names it, together with the
//! log positions that it covers. What the entries mean is `store`'s business. A bad checkpoint is moved aside and reported, and
//! the caller replays the log instead. Serves the seed's "Monitoring & Health" (one dashboard, also after a crash).

pub mod history;
mod pointer;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use eavip_agent::durable::files::{self, DirLock};
use eavip_agent::durable::{self, Batch, Durable, DurableError, Options, Quarantine, Reason};

use pointer::Pointer;

/// Longest metadata of a checkpoint: log positions and versions, not data.
pub const META_MAX: usize = 64 << 10;

/// Entries put in one batch: bounds the memory that a save takes besides the entries themselves.
const SAVE_BATCH: usize = 256;

const POINTER: &str = "CURRENT";
const PREFIX: &str = "checkpoint-";

/// Key and value of an entry.
pub type Pair = (Vec<u8>, Vec<u8>);

/// What was loaded.
#[derive(Debug, PartialEq, Eq)]
pub enum Loaded {
    /// Nothing was ever saved.
    None,
    /// The newest checkpoint, whole; entries in key order.
    Some {
        /// As given to [`Views::save`].
        meta: Vec<u8>,
        /// As given to [`Views::save`].
        entries: Vec<Pair>,
    },
    /// A checkpoint should be there and is missing, short or damaged. The next load says [`Loaded::None`].
    Quarantined {
        /// Why.
        reason: Reason,
        /// Where the remains are, if any.
        moved_to: Option<PathBuf>,
    },
}

/// Why the checkpoint store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// Another process has the directory open.
    #[error("the views `{path}` are in use by another process; stop it first", path = .0.display())]
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
    /// The store failed; the checkpoint before stands.
    #[error("the checkpoint store failed")]
    Store(#[from] DurableError),
    /// More metadata than [`META_MAX`].
    #[error("checkpoint metadata of {bytes} bytes is over the bound of {META_MAX}")]
    MetaTooLarge {
        /// Its size.
        bytes: usize,
    },
}

/// The checkpoint store; one per directory.
#[derive(Debug)]
pub struct Views {
    dir: PathBuf,
    cache_bytes: u64,
    /// Held, never read: the directory is ours while it lives.
    _lock: DirLock,
}

impl Views {
    /// Opens the store in `dir`, makes it if absent; `cache_bytes` bounds sled's page cache while saving and loading.
    ///
    /// # Errors
    /// [`ViewsError::InUse`], or a directory that cannot be written.
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Self, ViewsError> {
        Ok(Self { dir: dir.to_owned(), cache_bytes, _lock: take(dir)? })
    }

    /// Writes a checkpoint whole. When this returns it is on disk and named; on failure the one before stands.
    ///
    /// # Errors
    /// The file system's or the store's; [`ViewsError::MetaTooLarge`].
    pub fn save<K, V>(
        &mut self,
        meta: &[u8],
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<(), ViewsError>
    where
        K: Into<Vec<u8>>,
        V: Into<Vec<u8>>,
    {
        if meta.len() > META_MAX {
            return Err(ViewsError::MetaTooLarge { bytes: meta.len() });
        }
        let present = self.generations()?;
        let current = self.pointer()?.map_or(0, |p| p.generation);
        let generation = present.last().copied().unwrap_or(0).max(current) + 1;
        let (db, _) = self.open_at_least(generation, 0)?;
        let count = fill(&db, entries);
        let synced = count.and_then(|count| db.sync().map(|()| count));
        db.close();
        let written = synced.map_err(ViewsError::from).and_then(|entries| {
            let pointer = Pointer { generation, entries, meta: meta.to_vec() };
            let path = self.dir.join(POINTER);
            files::write_whole(&path, &pointer.encode()).map_err(|e| io_error("write", &path, e))
        });
        let stale = if written.is_ok() { present } else { vec![generation] };
        for old in stale {
            self.remove(old)?;
        }
        written
    }

    /// Reads the newest checkpoint. Damage is no error; see [`Loaded::Quarantined`].
    ///
    /// # Errors
    /// Only what a person must mend: a directory that cannot be read or renamed.
    pub fn load(&mut self) -> Result<Loaded, ViewsError> {
        let present = self.generations()?;
        let Some(pointer) = self.pointer()? else {
            return self.load_unnamed(&present);
        };
        for leftover in present.iter().filter(|g| **g != pointer.generation) {
            self.remove(*leftover)?;
        }
        if !present.contains(&pointer.generation) {
            let expected = pointer.entries;
            return self.abandon(Reason::Short { found: 0, expected }, None);
        }
        let (db, opened) = self.open_at_least(pointer.generation, pointer.entries)?;
        if let Some(Quarantine { reason, moved_to }) = opened.quarantined {
            db.close();
            self.remove(pointer.generation)?;
            return self.abandon(reason, Some(moved_to));
        }
        match collect(&db) {
            Ok(entries) if entries.len() as u64 == pointer.entries => {
                db.close();
                Ok(Loaded::Some { meta: pointer.meta, entries })
            }
            Ok(entries) => {
                let (found, expected) = (entries.len() as u64, pointer.entries);
                self.set_aside(db, Reason::Short { found, expected })
            }
            Err(_) => self.set_aside(db, Reason::Damaged { values: 1 }),
        }
    }

    /// Without a sound pointer: nothing was ever saved, or what was saved can't be vouched for.
    fn load_unnamed(&self, present: &[u64]) -> Result<Loaded, ViewsError> {
        let Some((newest, older)) = present.split_last() else {
            let damaged = self.dir.join(POINTER).exists();
            return if damaged { self.abandon(Reason::Unmarked, None) } else { Ok(Loaded::None) };
        };
        for old in older {
            self.remove(*old)?;
        }
        let aside = durable::set_aside(&self.path(*newest), Reason::Unmarked)?;
        self.abandon(aside.reason, Some(aside.moved_to))
    }

    fn set_aside(&self, db: Durable, reason: Reason) -> Result<Loaded, ViewsError> {
        let aside = db.set_aside(reason)?;
        self.abandon(aside.reason, Some(aside.moved_to))
    }

    /// Forgets the pointer of a checkpoint that is no more.
    fn abandon(&self, reason: Reason, moved_to: Option<PathBuf>) -> Result<Loaded, ViewsError> {
        let path = self.dir.join(POINTER);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(io_error("remove", &path, e)),
            _ => files::sync_dir(&self.dir).map_err(|e| io_error("sync", &self.dir, e))?,
        }
        Ok(Loaded::Quarantined { reason, moved_to })
    }

    /// The pointer, if there is a sound one.
    fn pointer(&self) -> Result<Option<Pointer>, ViewsError> {
        let path = self.dir.join(POINTER);
        match fs::read(&path) {
            Ok(bytes) => Ok(Pointer::decode(&bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(io_error("read", &path, e)),
        }
    }

    fn generations(&self) -> Result<Vec<u64>, ViewsError> {
        let listing = fs::read_dir(&self.dir).map_err(|e| io_error("list", &self.dir, e))?;
        let mut found: Vec<u64> = listing
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_prefix(PREFIX)?.parse().ok())
            .collect();
        found.sort_unstable();
        Ok(found)
    }

    fn open_at_least(
        &self,
        generation: u64,
        at_least: u64,
    ) -> Result<(Durable, durable::Opened), ViewsError> {
        let options = Options { cache_bytes: self.cache_bytes, at_least, ..Options::default() };
        Ok(durable::open(&self.path(generation), &options)?)
    }

    fn remove(&self, generation: u64) -> Result<(), ViewsError> {
        let path = self.path(generation);
        files::remove_dir(&path).map_err(|e| io_error("remove", &path, e))
    }

    fn path(&self, generation: u64) -> PathBuf {
        self.dir.join(format!("{PREFIX}{generation}"))
    }
}

/// Makes a directory if it is absent, and takes it for this process.
fn take(dir: &Path) -> Result<DirLock, ViewsError> {
    files::create_dir(dir).map_err(|e| io_error("create", dir, e))?;
    files::lock_dir(dir).map_err(|e| match e.kind() {
        io::ErrorKind::WouldBlock => ViewsError::InUse(dir.to_owned()),
        _ => io_error("lock", dir, e),
    })
}

/// Puts all entries; returns how many distinct keys there are.
fn fill<K: Into<Vec<u8>>, V: Into<Vec<u8>>>(
    db: &Durable,
    entries: impl IntoIterator<Item = (K, V)>,
) -> Result<u64, DurableError> {
    let mut batch = Batch::default();
    for (n, (key, value)) in entries.into_iter().enumerate() {
        batch.put(key, value);
        if n % SAVE_BATCH == SAVE_BATCH - 1 {
            db.apply(&std::mem::take(&mut batch))?;
        }
    }
    db.apply(&batch)?;
    let mut count = 0;
    db.scan(b"", |_, _| {
        count += 1;
        Ok(())
    })?;
    Ok(count)
}

fn collect(db: &Durable) -> Result<Vec<Pair>, DurableError> {
    let mut entries = Vec::new();
    db.scan(b"", |key, value| {
        entries.push((key, value));
        Ok(())
    })?;
    Ok(entries)
}

pub(crate) fn io_error(action: &'static str, path: &Path, source: io::Error) -> ViewsError {
    ViewsError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
