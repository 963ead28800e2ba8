//! History by day: one sled database per day, so that ending a day's retention is removing a directory, which gives the space
//! back (sled never does). Puts are idempotent: replaying the log over a day changes nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use eavip_agent::durable::files::{self, DirLock};
use eavip_agent::durable::{self, Batch, Durable, DurableError, Mark, MarkState, Options, Quarantine};

use super::{Pair, ViewsError, io_error};

/// Days kept open at once: today, yesterday's stragglers, and one that somebody looks at.
const OPEN_DAYS_MAX: usize = 3;

/// Quarantines remembered until somebody takes them.
const REPORTS_MAX: usize = 64;

/// A calendar day, written `yyyy-mm-dd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

/// Text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day; write yyyy-mm-dd")]
pub struct NotADay(String);

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let parse = || {
            let mut words = text.splitn(3, '-');
            let (year, month, day) = (words.next()?, words.next()?, words.next()?);
            let parsed =
                Self { year: year.parse().ok()?, month: month.parse().ok()?, day: day.parse().ok()? };
            let valid = (1..=12).contains(&parsed.month) && (1..=31).contains(&parsed.day);
            (valid && parsed.to_string() == text).then_some(parsed)
        };
        parse().ok_or_else(|| NotADay(text.to_owned()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The history; calls from several threads queue behind each other.
#[derive(Debug)]
pub struct History {
    dir: PathBuf,
    cache_bytes: u64,
    inner: Mutex<Inner>,
    /// Held, never read: the directory is ours while it lives.
    _lock: DirLock,
}

#[derive(Debug, Default)]
struct Inner {
    open: BTreeMap<Day, OpenDay>,
    quarantined: Vec<(Day, Quarantine)>,
}

#[derive(Debug)]
struct OpenDay {
    db: Durable,
    /// How many entries must be there, kept outside the database.
    mark: Mark,
    entries: u64,
}

impl History {
    /// Opens the history in `dir`, makes it if absent; `cache_bytes` is sled's page cache for each open day.
    ///
    /// # Errors
    /// [`ViewsError::InUse`], or a directory that cannot be written.
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Self, ViewsError> {
        Ok(Self { dir: dir.to_owned(), cache_bytes, inner: Mutex::default(), _lock: super::take(dir)? })
    }

    /// Puts entries of a day; they are on disk when this returns. Putting the same again changes nothing.
    ///
    /// # Errors
    /// The store's; the day is checked anew at its next use.
    pub fn put_many(&self, day: Day, entries: Vec<Pair>) -> Result<(), ViewsError> {
        self.with(day, |open| {
            let mut batch = Batch::default();
            for (key, value) in entries.into_iter().collect::<BTreeMap<_, _>>() {
                batch.put(key, value);
            }
            open.entries += open.db.apply(&batch)?;
            open.db.sync()?;
            let stored = open.mark.store(&open.entries.to_le_bytes()).and_then(|()| open.mark.sync());
            stored.map_err(DurableError::SyncFailed)
        })
    }

    /// The entries of a day whose key starts with `prefix`, in key order.
    ///
    /// # Errors
    /// The store's; the day is checked anew at its next use.
    pub fn range(&self, day: Day, prefix: &[u8]) -> Result<Vec<Pair>, ViewsError> {
        if !self.path(day).is_dir() {
            return Ok(Vec::new());
        }
        self.with(day, |open| {
            let mut found = Vec::new();
            open.db.scan(prefix, |key, value| {
                found.push((key, value));
                Ok(())
            })?;
            Ok(found)
        })
    }

    /// Removes all days before `before`; returns how many.
    ///
    /// # Errors
    /// The file system's.
    pub fn prune(&self, before: Day) -> Result<usize, ViewsError> {
        let mut inner = self.inner();
        let mut pruned = 0;
        for day in self.days()?.into_iter().filter(|day| *day < before) {
            if let Some(open) = inner.open.remove(&day) {
                open.db.close();
            }
            for path in self.directories(day)? {
                files::remove_dir(&path).map_err(|e| io_error("remove", &path, e))?;
            }
            match fs::remove_file(self.mark_path(day)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error("remove", &self.mark_path(day), e));
                }
                _ => pruned += 1,
            }
        }
        Ok(pruned)
    }

    /// Days whose database was bad when it was opened since the last call; they are empty now and can be put again from
    /// the log, as far as it reaches.
    pub fn take_quarantined(&self) -> Vec<(Day, Quarantine)> {
        std::mem::take(&mut self.inner().quarantined)
    }

    /// The days present, ascending: those with a database or a mark.
    ///
    /// # Errors
    /// The file system's.
    pub fn days(&self) -> Result<Vec<Day>, ViewsError> {
        let listing = fs::read_dir(&self.dir).map_err(|e| io_error("list", &self.dir, e))?;
        let names = listing.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut days: Vec<Day> =
            names.filter_map(|name| name.strip_suffix(MARK_SUFFIX).unwrap_or(&name).parse().ok()).collect();
        days.sort_unstable();
        days.dedup();
        Ok(days)
    }

    /// A day's database and what was moved aside of it.
    fn directories(&self, day: Day) -> Result<Vec<PathBuf>, ViewsError> {
        let listing = fs::read_dir(&self.dir).map_err(|e| io_error("list", &self.dir, e))?;
        let (own, aside) = (day.to_string(), format!("{day}.quarantine-"));
        let belongs = |name: &str| name == own || name.starts_with(&aside);
        let paths = listing.filter_map(|entry| Some(entry.ok()?.path()));
        Ok(paths.filter(|p| p.file_name().and_then(|n| n.to_str()).is_some_and(belongs)).collect())
    }

    /// Runs a call on an open day. After a failure the day is closed, so that its next opening checks it.
    fn with<T>(
        &self,
        day: Day,
        call: impl FnOnce(&mut OpenDay) -> Result<T, DurableError>,
    ) -> Result<T, ViewsError> {
        let mut inner = self.inner();
        let mut open = match inner.open.remove(&day) {
            Some(open) => open,
            None => self.open_day(day, &mut inner.quarantined)?,
        };
        let answer = call(&mut open);
        match &answer {
            // A failed sync stays in force while the day is open: reopening would only seem to heal it.
            Ok(_)
            | Err(DurableError::SyncFailed(_) | DurableError::NotDurable | DurableError::TooLarge { .. }) => {
                if inner.open.len() >= OPEN_DAYS_MAX
                    && let Some((_, oldest)) = inner.open.pop_first()
                {
                    oldest.db.close();
                }
                inner.open.insert(day, open);
            }
            Err(_) => open.db.close(),
        }
        answer.map_err(ViewsError::Store)
    }

    fn open_day(&self, day: Day, quarantined: &mut Vec<(Day, Quarantine)>) -> Result<OpenDay, ViewsError> {
        let mark_path = self.mark_path(day);
        let (mut mark, state) = Mark::open(&mark_path).map_err(|e| io_error("open", &mark_path, e))?;
        let at_least = match state {
            MarkState::Found(payload) => payload.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)),
            MarkState::Missing | MarkState::Damaged => 0,
        };
        let options = Options { cache_bytes: self.cache_bytes, at_least, ..Options::default() };
        let (db, opened) = durable::open(&self.path(day), &options)?;
        let stored = mark.store(&opened.entries.to_le_bytes()).and_then(|()| mark.sync());
        stored.map_err(|e| io_error("write", &mark_path, e))?;
        if let Some(aside) = opened.quarantined {
            tracing::warn!(%day, reason = %aside.reason, "a day of history is damaged and was moved aside");
            if quarantined.len() < REPORTS_MAX {
                quarantined.push((day, aside));
            }
        }
        Ok(OpenDay { db, mark, entries: opened.entries })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere at worst left a day out of the map: it is opened again.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, day: Day) -> PathBuf {
        self.dir.join(day.to_string())
    }

    fn mark_path(&self, day: Day) -> PathBuf {
        self.dir.join(format!("{day}{MARK_SUFFIX}"))
    }
}

const MARK_SUFFIX: &str = ".mark";
