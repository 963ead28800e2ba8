//! Private files and directories: readable by the owner only from the first byte on, replaced whole, checked before they
//! are believed. The agent keeps its identity so, the server its authority.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Why a private file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// Others can read or change it.
    #[error("`{}` has mode {mode:04o}, open to others; run `chmod {} '{}'`", path.display(), if *is_dir { "700" } else { "600" }, path.display())]
    Permissions {
        /// The file or directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// Whether it is a directory.
        is_dir: bool,
    },
    /// Somebody else's, who could change it.
    #[error("`{}` belongs to user {owner}, not to this one; run as that user or change the owner", path.display())]
    Owner {
        /// The file or directory.
        path: PathBuf,
        /// The owner's number.
        owner: u32,
    },
    /// Another process holds the lock.
    #[error("`{}` is in use by another process; stop it or use another directory", .0.display())]
    InUse(PathBuf),
    /// The file system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PrivateError {
    move |source| PrivateError::Io { action, path: path.to_owned(), source }
}

/// Makes a directory with mode 0700, and its parents; an existing one is fine.
///
/// # Errors
/// [`PrivateError::Io`].
pub fn create_dir(path: &Path) -> Result<(), PrivateError> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("create", path))?;
    sync_parent(path)
}

/// Refuses what others can read or change, or what belongs to somebody else. Root may use anybody's.
///
/// # Errors
/// [`PrivateError::Permissions`], [`PrivateError::Owner`], [`PrivateError::Io`].
pub fn check(path: &Path) -> Result<(), PrivateError> {
    let meta = fs::metadata(path).map_err(failed("inspect", path))?;
    let user = rustix::process::geteuid().as_raw();
    if meta.uid() != user && user != 0 {
        return Err(PrivateError::Owner { path: path.to_owned(), owner: meta.uid() });
    }
    let mode = meta.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(PrivateError::Permissions { path: path.to_owned(), mode, is_dir: meta.is_dir() });
    }
    Ok(())
}

/// Takes the exclusive lock of a directory; it ends with the returned file.
///
/// # Errors
/// [`PrivateError::InUse`], [`PrivateError::Io`].
pub fn lock(dir: &Path) -> Result<File, PrivateError> {
    let path = dir.join("LOCK");
    let mut options = OpenOptions::new();
    let options = options.create(true).truncate(false).read(true).write(true).mode(0o600);
    let file = options.open(&path).map_err(failed("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(PrivateError::InUse(dir.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
    }
}

/// Replaces a file whole: temporary file of mode 0600, fsync, rename, fsync of the directory.
///
/// # Errors
/// [`PrivateError::Io`]; the old content then stands.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), PrivateError> {
    let temporary = path.with_extension("tmp");
    remove(&temporary)?;
    let mut options = OpenOptions::new();
    let options = options.create_new(true).write(true).mode(0o600);
    let mut file = options.open(&temporary).map_err(failed("create", &temporary))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed("write", &temporary))?;
    rename(&temporary, path)
}

/// Renames a file, durably.
///
/// # Errors
/// [`PrivateError::Io`].
pub fn rename(from: &Path, to: &Path) -> Result<(), PrivateError> {
    fs::rename(from, to).map_err(failed("replace", to))?;
    sync_parent(to)
}

/// A file's content, up to `most` bytes; `None` when there is no such file.
///
/// # Errors
/// [`PrivateError::Io`], and as [`check`].
pub fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, PrivateError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("open", path)(error)),
    };
    check(path)?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(failed("read", path))?;
    Ok(Some(bytes))
}

/// Removes a file, durably; an absent one is fine.
///
/// # Errors
/// [`PrivateError::Io`].
pub fn remove(path: &Path) -> Result<(), PrivateError> {
    match fs::remove_file(path) {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("remove", path)(error)),
    }
}

fn sync_parent(path: &Path) -> Result<(), PrivateError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|dir| dir.sync_all()).map_err(failed("sync", parent))
}
