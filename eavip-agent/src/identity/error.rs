//! What can be wrong with a state directory, and what to do about it.

use std::path::{Path, PathBuf};

use crate::private::PrivateError;

/// Why the state directory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A file or the directory: mode, owner, lock, file system.
    #[error(transparent)]
    File(#[from] PrivateError),
    /// There is no certificate yet.
    #[error("this node isn't enrolled (no certificate in `{}`); run `eavip-agent join`", .0.display())]
    NotEnrolled(PathBuf),
    /// There is one already.
    #[error("this node is enrolled already (`{}`); run `eavip-agent leave` first to join elsewhere", .0.display())]
    Enrolled(PathBuf),
    /// A file of an enrolled node is missing.
    #[error("`{}` is missing though the node is enrolled; restore it, or run `eavip-agent leave --offline` and join again", .0.display())]
    Partial(PathBuf),
    /// A file can't be read as what it should be, or doesn't fit the others.
    #[error("`{}` is damaged or doesn't fit the other files; restore it, or run `eavip-agent leave --offline` and join again", .0.display())]
    Damaged(PathBuf),
    /// What the server granted can't be used.
    #[error("the server's grant can't be used: {0}; nothing was changed")]
    Granted(String),
    /// A key that can't be made or used.
    #[error("a key or request can't be made")]
    Key(#[source] rcgen::Error),
}

impl StateError {
    pub(super) fn partial(dir: &Path, name: &str) -> Self {
        Self::Partial(dir.join(name))
    }

    pub(super) fn damaged(dir: &Path, name: &str) -> Self {
        Self::Damaged(dir.join(name))
    }
}
