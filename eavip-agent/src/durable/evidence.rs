//! A copy of the database file from before the engine opened it. sled's recovery writes: it zeroes what it takes for a torn
//! tail and reuses segments that it cannot read, which destroys the very records that could still be salvaged.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{DB_FILE, DurableError, Quarantine, io_error};

/// What the copy's name adds to the directory's.
pub const EVIDENCE_SUFFIX: &str = ".before";

/// Free space that a copy must leave; without it the database is opened without one.
const LEAVE_FREE_BYTES: u64 = 64 << 20;

/// The copy; removed when dropped, unless kept in a quarantine.
#[derive(Debug, Default)]
pub struct Evidence {
    copy: Option<PathBuf>,
}

impl Evidence {
    /// Copies the file of `dir` beside it, if there is one and the disk has room.
    pub(super) fn take(dir: &Path) -> Result<Self, DurableError> {
        let file = dir.join(DB_FILE);
        let Ok(meta) = fs::metadata(&file) else { return Ok(Self::default()) };
        let disk = rustix::fs::statvfs(dir).map_err(|e| io_error("measure", dir, e.into()))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if !meta.is_file() || meta.len() == 0 || free < meta.len().saturating_add(LEAVE_FREE_BYTES) {
            return Ok(Self::default());
        }
        let mut name = dir.as_os_str().to_owned();
        name.push(EVIDENCE_SUFFIX);
        let copy = PathBuf::from(name);
        match fs::copy(&file, &copy) {
            Ok(_) => Ok(Self { copy: Some(copy) }),
            // Unreadable in part (a bad sector) or full after all: the engine gets its chance without a copy.
            Err(_) => {
                remove(&copy);
                Ok(Self::default())
            }
        }
    }

    /// Puts the copy in place of the quarantined file: what is kept is the state before the engine touched it.
    ///
    /// # Errors
    /// The file system's.
    pub fn keep(mut self, quarantine: &Quarantine) -> Result<(), DurableError> {
        match self.copy.take() {
            None => Ok(()),
            Some(copy) => {
                fs::rename(&copy, quarantine.moved_to.join(DB_FILE)).map_err(|e| io_error("keep", &copy, e))
            }
        }
    }
}

impl Drop for Evidence {
    fn drop(&mut self) {
        if let Some(copy) = &self.copy {
            remove(copy);
        }
    }
}

fn remove(copy: &Path) {
    match fs::remove_file(copy) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %copy.display(), error = %e, "cannot remove the copy of a database file");
        }
        _ => {}
    }
}
