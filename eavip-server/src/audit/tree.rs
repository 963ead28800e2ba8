//! The hashes of the audit log's tree in one file: every full subtree's, in the order in which it became full, so that
//! appending only appends and each hash has a place that can be computed. A proof takes some forty reads.
//!
//! The file is a view: what it says is checked against signed roots, and it can be made again from the ledger.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use eavip_core::audit::proof::{Hashes, Subtree};
use eavip_core::audit::{empty_root, node_hash};
use eavip_core::id::Digest256;

/// The file's name.
pub const FILE: &str = "tree";
/// Bytes of a hash.
const HASH: u64 = 32;
/// Hashes are written when this many bytes have gathered.
const BUFFER: usize = 1 << 20;

/// How many hashes a tree of this many leaves has.
const fn nodes(leaves: u64) -> u64 {
    2 * leaves - leaves.count_ones() as u64
}

/// The hashes on disk, to read. Cheap to clone, usable from any thread.
#[derive(Debug, Clone)]
pub struct TreeHashes {
    file: Arc<File>,
    leaves: u64,
}

impl TreeHashes {
    /// Opens a file to look at it.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let leaves = leaves_within(file.metadata()?.len());
        Ok(Self { file: Arc::new(file), leaves })
    }

    /// How many leaves it has.
    #[must_use]
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// The hash of one leaf.
    #[must_use]
    pub fn leaf(&self, index: u64) -> Option<Digest256> {
        self.full(0, index)
    }

    /// The root over the first leaves, from the hashes as they stand; `None` when some are missing.
    #[must_use]
    pub fn root(&self, size: u64) -> Option<Digest256> {
        if size == 0 { Some(empty_root()) } else { Subtree::first(size).hash(self) }
    }

    /// Every hash in the file's order, with level and index.
    pub(super) fn all(&self) -> impl Iterator<Item = io::Result<(u32, u64, Digest256)>> {
        let mut reader = io::BufReader::with_capacity(BUFFER, At { file: &self.file, offset: 0 });
        let places = (0..self.leaves)
            .flat_map(|leaf| (0..=leaf.trailing_ones()).map(move |level| (level, leaf >> level)));
        places.map(move |(level, index)| {
            let mut hash = [0; 32];
            reader.read_exact(&mut hash).map(|()| (level, index, Digest256(hash)))
        })
    }
}

/// Reads a file from an offset of its own on, whoever else reads it.
struct At<'a> {
    file: &'a File,
    offset: u64,
}

impl io::Read for At<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

impl Hashes for TreeHashes {
    fn full(&self, level: u32, index: u64) -> Option<Digest256> {
        // It became full with its last leaf, after the hashes of lower levels that became full with the same one.
        let last = index.checked_add(1)?.checked_mul(1_u64.checked_shl(level)?)?.checked_sub(1)?;
        if last >= self.leaves {
            return None;
        }
        let mut hash = [0; 32];
        self.file.read_exact_at(&mut hash, (nodes(last) + u64::from(level)) * HASH).ok()?;
        Some(Digest256(hash))
    }
}

/// The most leaves whose hashes all lie within a file of this length.
fn leaves_within(bytes: u64) -> u64 {
    let held = bytes / HASH;
    let mut leaves = held.div_ceil(2);
    while nodes(leaves + 1) <= held {
        leaves += 1;
    }
    while nodes(leaves) > held {
        leaves -= 1;
    }
    leaves
}

/// The file, to append to.
#[derive(Debug)]
pub struct TreeFile {
    hashes: TreeHashes,
    /// The full subtrees' roots, the largest first.
    peaks: Vec<Digest256>,
    /// Hashes that aren't written yet.
    buffer: Vec<u8>,
    /// Leaves with those of the buffer.
    leaves: u64,
}

impl TreeFile {
    /// Opens the file at the size of a tree whose root is known, and drops what stands after it. Makes the file if it is
    /// absent; `None` when the hashes in it don't come to this root.
    ///
    /// # Errors
    /// The file system's.
    pub fn open_at(path: &Path, size: u64, root: Digest256) -> io::Result<Option<Self>> {
        let mut options = File::options();
        let file = options.create(true).truncate(false).read(true).write(true).mode(0o600).open(path)?;
        let leaves = leaves_within(file.metadata()?.len());
        let hashes = TreeHashes { file: Arc::new(file), leaves };
        if hashes.root(size) != Some(root) {
            return Ok(None);
        }
        Self::cut(hashes, size).map(Some)
    }

    /// An empty file in place of whatever is there.
    ///
    /// # Errors
    /// The file system's.
    pub fn anew(path: &Path) -> io::Result<Self> {
        let file =
            File::options().create(true).truncate(true).read(true).write(true).mode(0o600).open(path)?;
        Self::cut(TreeHashes { file: Arc::new(file), leaves: 0 }, 0)
    }

    fn cut(mut hashes: TreeHashes, size: u64) -> io::Result<Self> {
        hashes.file.set_len(nodes(size) * HASH)?;
        let mut peaks = Vec::new();
        let mut from = 0;
        for level in (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1) {
            peaks.push(hashes.full(level, from >> level).ok_or(io::ErrorKind::UnexpectedEof)?);
            from += 1 << level;
        }
        hashes.leaves = size;
        Ok(Self { hashes, peaks, buffer: Vec::new(), leaves: size })
    }

    /// How many leaves it has.
    #[must_use]
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// Adds a leaf.
    ///
    /// # Errors
    /// The file system's; the hashes that couldn't be written are tried again with the next ones.
    pub fn append(&mut self, leaf: Digest256) -> io::Result<()> {
        self.buffer.extend_from_slice(&leaf.0);
        let mut hash = leaf;
        for _ in 0..self.leaves.trailing_ones() {
            hash = node_hash(self.peaks.pop().unwrap_or(hash), hash);
            self.buffer.extend_from_slice(&hash.0);
        }
        self.peaks.push(hash);
        self.leaves += 1;
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Writes what has gathered: readers see it from here on.
    ///
    /// # Errors
    /// The file system's; nothing is lost, the next call tries again.
    pub fn flush(&mut self) -> io::Result<()> {
        self.hashes.file.write_all_at(&self.buffer, nodes(self.hashes.leaves) * HASH)?;
        self.buffer.clear();
        self.hashes.leaves = self.leaves;
        Ok(())
    }

    /// Makes it durable, and gives the hashes to read and the root over all leaves.
    ///
    /// # Errors
    /// The file system's.
    pub fn sync(&mut self) -> io::Result<(TreeHashes, Digest256)> {
        self.flush()?;
        self.hashes.file.sync_data()?;
        Ok((self.hashes.clone(), self.root()))
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Digest256 {
        let root = self.peaks.iter().rev().copied().reduce(|right, left| node_hash(left, right));
        root.unwrap_or_else(empty_root)
    }

    /// The hashes that are written.
    #[must_use]
    pub fn hashes(&self) -> &TreeHashes {
        &self.hashes
    }
}

#[cfg(test)]
mod tests;
