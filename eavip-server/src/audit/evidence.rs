//! The audit log as its files are: ledger, signed checkpoints and hashes, read without a server and without changing
//! anything. What follows from them is said elsewhere.

use std::io;
use std::path::{Path, PathBuf};

use eavip_agent::witness::{InvalidVerifierKey, VerifierKey};
use eavip_core::audit::proof::{Hashes, Subtree};
use eavip_core::audit::{empty_root, leaf_hash, node_hash};
use eavip_core::id::Digest256;

use super::grow::lost;
use super::history::{self, Entry, History};
use super::key::PUBLIC;
use super::tree::{self, TreeHashes};
use crate::log::{self, LogError, Problem, Stream};

/// Longest public key file.
const MAX_KEY: u64 = 4_096;

/// Why nothing can be said about an audit log.
#[derive(Debug, thiserror::Error)]
pub enum CannotTell {
    /// The ledger can't be read at all.
    #[error("the ledger can't be read")]
    Ledger(#[from] LogError),
    /// A file of the audit log can't be read.
    #[error("cannot read `{}`", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// There is no public key.
    #[error("`{}` is no verifier key; give the one that was written down at installation with `--key`", .0.display())]
    Key(PathBuf, #[source] InvalidVerifierKey),
    /// Nothing that was signed is at hand.
    #[error("no signed checkpoint is here; give one that a node or an auditor kept with `--against`")]
    NothingSigned,
    /// A checkpoint to compare with can't be read.
    #[error("`{}` holds no signed checkpoint; give a note, or a node's witness file", .0.display())]
    NoCheckpoint(PathBuf),
}

/// The hashes of all full subtrees, made from leaves: some 64 bytes of memory for a record.
#[derive(Debug)]
pub(super) struct Levels(Vec<Vec<Digest256>>);

impl Levels {
    pub(super) fn of(leaves: Vec<Digest256>) -> Self {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            levels.push(above(below));
        }
        Self(levels)
    }

    pub(super) fn len(&self) -> u64 {
        self.0.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The root over the first leaves; `None` when there are fewer.
    pub(super) fn root(&self, size: u64) -> Option<Digest256> {
        if size == 0 { Some(empty_root()) } else { Subtree::first(size).hash(self) }
    }
}

/// The level above one, in as many threads as there are cores: it is nearly all of what verifying costs.
fn above(below: &[Digest256]) -> Vec<Digest256> {
    let hash = |pairs: &[Digest256]| -> Vec<Digest256> {
        let (pairs, _odd) = pairs.as_chunks::<2>();
        pairs.iter().map(|[left, right]| node_hash(*left, *right)).collect()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let each = below.len().div_ceil(cores).next_multiple_of(2);
    if below.len() < 10_000 {
        return hash(below);
    }
    std::thread::scope(|scope| {
        let parts: Vec<_> = below.chunks(each).map(|part| scope.spawn(move || hash(part))).collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

impl Hashes for Levels {
    fn full(&self, level: u32, index: u64) -> Option<Digest256> {
        self.0.get(usize::try_from(level).ok()?)?.get(usize::try_from(index).ok()?).copied()
    }
}

/// What the files hold.
#[derive(Debug)]
pub(super) struct Evidence {
    /// The key that is believed.
    pub(super) verifier: VerifierKey,
    /// Checkpoints in the order in which they were signed; damaged entries are `None`.
    pub(super) entries: Vec<Option<Entry>>,
    /// The ledger's leaves. In the place of a record that isn't there stands what its hash file says, or that it is lost.
    pub(super) leaves: Levels,
    /// Positions whose record can't be read, and why.
    pub(super) problems: Vec<Problem>,
    /// Bytes after the last record that are none.
    pub(super) unfinished: u64,
    /// The hashes that the server kept.
    pub(super) kept: Option<TreeHashes>,
}

impl Evidence {
    /// Reads a data directory; `each` gets every record.
    ///
    /// # Errors
    /// When the ledger, or the key where none is given, can't be read.
    pub(super) fn read(
        data: &Path,
        key: Option<VerifierKey>,
        mut each: impl FnMut(u64, &[u8]),
    ) -> Result<Self, CannotTell> {
        let dir = data.join(super::DIRECTORY);
        let verifier = key.map_or_else(|| public_key(&dir.join(PUBLIC)), Ok)?;
        // Checkpoints before the ledger: a server that runs only adds to both.
        let entries = entries(&dir.join(history::FILE))?;
        let path = dir.join(tree::FILE);
        let kept = match TreeHashes::open(&path) {
            Ok(kept) => Some(kept),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(CannotTell::File(path, error)),
        };
        let mut leaves: Vec<Digest256> = Vec::new();
        let fill = |leaves: &mut Vec<Digest256>, to: u64| {
            while (leaves.len() as u64) < to {
                let known = kept.as_ref().and_then(|kept| kept.leaf(leaves.len() as u64));
                leaves.push(known.unwrap_or_else(lost));
            }
        };
        let found = log::inspect(&data.join("log"), Stream::Ledger, |position, record| {
            fill(&mut leaves, position);
            leaves.push(leaf_hash(record));
            each(position, record);
        })?;
        fill(&mut leaves, found.next);
        let (problems, unfinished) = (found.problems, found.unfinished);
        let leaves = Levels::of(leaves);
        Ok(Self { verifier, entries, leaves, problems, unfinished, kept })
    }

    /// The newest checkpoint that can be read.
    pub(super) fn newest(&self) -> Option<&Entry> {
        self.entries.iter().flatten().next_back()
    }
}

/// The public key beside the checkpoints.
///
/// # Errors
/// When there is none.
pub(super) fn public_key(path: &Path) -> Result<VerifierKey, CannotTell> {
    let text = limited(path, MAX_KEY).map_err(|error| CannotTell::File(path.to_owned(), error))?;
    text.parse().map_err(|error| CannotTell::Key(path.to_owned(), error))
}

/// A file's text up to a length.
pub(super) fn limited(path: &Path, most: u64) -> io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?.take(most).read_to_string(&mut text)?;
    Ok(text)
}

fn entries(path: &Path) -> Result<Vec<Option<Entry>>, CannotTell> {
    let failed = |error| CannotTell::File(path.to_owned(), error);
    let history = match History::look_at(path) {
        Ok(history) => history,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let read = |at| match history.get(at) {
        Ok(entry) => Ok(Some(entry)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        Err(error) => Err(failed(error)),
    };
    (0..history.len()).map(read).collect()
}
