//! The tree's state: size and the roots of its full subtrees, at most one for each bit of the size. It takes events
//! and gives the root; it holds no leaf, so it proves nothing (see [`proof`](super::proof)).

use serde::{Deserialize, Serialize};

use super::{empty_root, node_hash};
use crate::id::Digest256;

/// Most events of one log: a million in every second for eight years. A stored state that claims more is damaged.
pub const MAX_EVENTS: u64 = 1 << 48;

/// A log's Merkle tree that can only grow. Appending costs one hash on average, and at most 48.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Tree {
    size: u64,
    /// Roots of the full subtrees, the largest first: one for each bit that is set in `size`.
    peaks: Vec<Digest256>,
}

impl Tree {
    /// How many events it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds an event by its [`leaf_hash`](super::leaf_hash).
    pub fn append(&mut self, leaf: Digest256) {
        // Each full subtree at the end has its equal on the right now, as a carry runs through the ones of a number.
        let carried = self.size.trailing_ones() as usize;
        let lower = self.peaks.drain(self.peaks.len().saturating_sub(carried)..).rev();
        let merged = lower.fold(leaf, |right, left| node_hash(left, right));
        self.peaks.push(merged);
        self.size += 1;
    }

    /// The root over all events (RFC 6962, section 2.1).
    #[must_use]
    pub fn root(&self) -> Digest256 {
        let root = self.peaks.iter().rev().copied().reduce(|right, left| node_hash(left, right));
        root.unwrap_or_else(empty_root)
    }
}

impl Extend<Digest256> for Tree {
    fn extend<T: IntoIterator<Item = Digest256>>(&mut self, leaves: T) {
        leaves.into_iter().for_each(|leaf| self.append(leaf));
    }
}

impl FromIterator<Digest256> for Tree {
    fn from_iter<T: IntoIterator<Item = Digest256>>(leaves: T) -> Self {
        let mut tree = Self::default();
        tree.extend(leaves);
        tree
    }
}

/// A state that no log can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tree of {size} events doesn't have {peaks} full subtrees; build it anew from the events")]
pub struct Damaged {
    size: u64,
    peaks: usize,
}

#[derive(Deserialize)]
struct Stored {
    size: u64,
    peaks: Vec<Digest256>,
}

impl TryFrom<Stored> for Tree {
    type Error = Damaged;
    fn try_from(Stored { size, peaks }: Stored) -> Result<Self, Damaged> {
        if size > MAX_EVENTS || peaks.len() != size.count_ones() as usize {
            return Err(Damaged { size, peaks: peaks.len() });
        }
        Ok(Self { size, peaks })
    }
}

#[cfg(test)]
mod tests;
