//! Small files and directories written so that a power cut leaves the old or the new state, never a mixture.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

/// Makes the entries of a directory durable.
///
/// # Errors
/// The file system's.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Creates a directory (and its parents) durably; an existing one is fine.
///
/// # Errors
/// The file system's.
pub fn create_dir(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent().filter(|p| !p.as_os_str().is_empty()) {
        create_dir(parent)?;
    }
    match fs::create_dir(dir) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(e),
        _ => sync_parent(dir),
    }
}

/// Makes the directory entry of `path` durable.
///
/// # Errors
/// The file system's.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent),
        _ => sync_dir(Path::new(".")),
    }
}

/// Replaces a file whole: temporary file, fsync, rename, fsync of the directory.
///
/// # Errors
/// The file system's; the old content then stands.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_parent(path)
}

/// The exclusive lock of a directory; it ends when this is dropped, or with the process.
#[derive(Debug)]
pub struct DirLock(File);

impl Drop for DirLock {
    fn drop(&mut self) {
        // Said aloud, because closing is not enough: a child that is being started holds a copy of the descriptor for a
        // moment. Failing leaves it to the closing.
        drop(self.0.unlock());
    }
}

/// Takes the exclusive lock of a directory.
///
/// # Errors
/// [`io::ErrorKind::WouldBlock`] when somebody else holds it, else the file system's.
pub fn lock_dir(dir: &Path) -> io::Result<DirLock> {
    let file =
        OpenOptions::new().create(true).truncate(false).read(true).write(true).open(dir.join("LOCK"))?;
    match file.try_lock() {
        Ok(()) => Ok(DirLock(file)),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(e)) => Err(e),
    }
}

/// Removes a directory with its contents; an absent one is fine.
///
/// # Errors
/// The file system's.
pub fn remove_dir(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
        Ok(()) => sync_parent(dir),
    }
}
