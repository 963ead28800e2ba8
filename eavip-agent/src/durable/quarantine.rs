//! Moving a bad database aside: kept for a person to look at, out of the way of the process, bounded in number.

use std::fs;
use std::path::{Path, PathBuf};

use super::{DurableError, files, io_error};

/// Quarantined copies kept beside a database. Three show whether damage recurs; more would fill the disk.
pub const QUARANTINES_KEPT: usize = 3;

/// Why something was moved aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The engine could not open it, in its own words.
    CannotOpen(String),
    /// The engine panicked on it.
    Panicked,
    /// Opening did not end within its deadline.
    TimedOut,
    /// It opened, but values fail their checksum.
    Damaged {
        /// How many.
        values: u64,
    },
    /// It opened, but holds less than the mark outside promises.
    Short {
        /// Entries found.
        found: u64,
        /// Entries promised.
        expected: u64,
    },
    /// It opened, but which of its versions is the right one is not known.
    Unmarked,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CannotOpen(why) => write!(f, "cannot be opened: {why}"),
            Self::Panicked => f.write_str("makes the engine panic"),
            Self::TimedOut => f.write_str("does not open within its deadline"),
            Self::Damaged { values } => write!(f, "holds {values} damaged values"),
            Self::Short { found, expected } => write!(f, "holds {found} entries of {expected}"),
            Self::Unmarked => f.write_str("has lost the mark that vouches for it"),
        }
    }
}

/// A database that was moved aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// Why.
    pub reason: Reason,
    /// Where it is now.
    pub moved_to: PathBuf,
}

/// Renames `dir` to `<dir>.quarantine-<n>`, durably, and removes the oldest beyond [`QUARANTINES_KEPT`].
///
/// # Errors
/// The file system's.
pub fn set_aside(dir: &Path, reason: Reason) -> Result<Quarantine, DurableError> {
    let (parent, name) = match (dir.parent(), dir.file_name().and_then(|n| n.to_str())) {
        (Some(parent), Some(name)) => (parent, name),
        _ => return Err(io_error("move aside", dir, std::io::ErrorKind::InvalidInput.into())),
    };
    let prefix = format!("{name}.quarantine-");
    let listing = fs::read_dir(parent).map_err(|e| io_error("list", parent, e))?;
    let mut numbers: Vec<u64> = listing
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_prefix(&prefix)?.parse().ok())
        .collect();
    numbers.sort_unstable();
    let moved_to = parent.join(format!("{prefix}{}", numbers.last().map_or(1, |n| n.saturating_add(1))));
    fs::rename(dir, &moved_to).map_err(|e| io_error("move aside", dir, e))?;
    files::sync_parent(dir).map_err(|e| io_error("sync", parent, e))?;
    let surplus = (numbers.len() + 1).saturating_sub(QUARANTINES_KEPT);
    for n in numbers.into_iter().take(surplus) {
        let old = parent.join(format!("{prefix}{n}"));
        files::remove_dir(&old).map_err(|e| io_error("remove", &old, e))?;
    }
    Ok(Quarantine { reason, moved_to })
}
