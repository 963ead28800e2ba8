//! Proofs about a log: that an event is in it, and that what was there before is still there. Making one needs the
//! stored hashes, checking one needs nothing but the proof and the roots.
//!
//! Both speak of a [`Subtree`]: the whole log, which is `0..size`, or a stretch of it such as the events of an export.
//! For whole logs they are the proofs of RFC 6962 and RFC 9162, sections 2.1.3 and 2.1.4; for stretches those of
//! draft-ietf-plants-merkle-tree-certs, section 4.

use std::ops::Range;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{empty_root, node_hash};
use crate::id::Digest256;

/// Longest path of a proof: one hash for each bit of a size, and the one that a proof of consistency begins with.
pub const MAX_PATH: usize = 65;

/// Reads a path, which may come from outside and be kept as evidence.
fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Digest256>, D::Error> {
    let path = Vec::deserialize(deserializer)?;
    if path.len() <= MAX_PATH {
        Ok(path)
    } else {
        Err(D::Error::invalid_length(path.len(), &"at most 65 hashes"))
    }
}

/// Where stored hashes are read from. A slice of leaf hashes will do; who keeps the hashes of full subtrees too makes
/// a proof in 64 look-ups instead of hashing the whole log.
pub trait Hashes {
    /// The hash of the full subtree of `2^level` events whose first one is `index * 2^level`; `None` when it isn't kept.
    fn full(&self, level: u32, index: u64) -> Option<Digest256>;
}

impl Hashes for [Digest256] {
    fn full(&self, level: u32, index: u64) -> Option<Digest256> {
        let Some(below) = level.checked_sub(1) else {
            return self.get(usize::try_from(index).ok()?).copied();
        };
        let left = index.checked_mul(2)?;
        Some(node_hash(self.full(below, left)?, self.full(below, left + 1)?))
    }
}

/// A stretch of events that no subtree has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "events {start} to {end} are no subtree; begin at a multiple of the length, rounded up to a power of two"
)]
pub struct InvalidSubtree {
    start: u64,
    end: u64,
}

/// A stretch of events that the tree has a node for, were it cut off behind them: `start` is a multiple of the length,
/// rounded up to a power of two. `0..size` always is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Bounds")]
pub struct Subtree {
    start: u64,
    end: u64,
}

#[derive(Deserialize)]
struct Bounds {
    start: u64,
    end: u64,
}

impl TryFrom<Bounds> for Subtree {
    type Error = InvalidSubtree;
    fn try_from(Bounds { start, end }: Bounds) -> Result<Self, InvalidSubtree> {
        Self::new(start, end)
    }
}

impl Subtree {
    /// The events from `start` up to and without `end`.
    ///
    /// # Errors
    /// When the tree has no node for them.
    pub fn new(start: u64, end: u64) -> Result<Self, InvalidSubtree> {
        let width = end.checked_sub(start).and_then(u64::checked_next_power_of_two);
        let aligned = width.is_some_and(|width| start.is_multiple_of(width));
        if aligned { Ok(Self { start, end }) } else { Err(InvalidSubtree { start, end }) }
    }

    /// The first events: the log as it was at that size.
    #[must_use]
    pub const fn first(size: u64) -> Self {
        Self { start: 0, end: size }
    }

    /// The hash over its events; `None` for no events, or when hashes are missing.
    #[must_use]
    pub fn hash(self, hashes: &(impl Hashes + ?Sized)) -> Option<Digest256> {
        (self.start < self.end).then(|| hash_of(hashes, self.start..self.end))?
    }
}

/// Where the two halves of a node meet: the left one is the largest power of two below the length, which is 2 or more.
fn middle(range: &Range<u64>) -> u64 {
    range.start + (1 << (range.end - range.start - 1).ilog2())
}

fn hash_of(hashes: &(impl Hashes + ?Sized), range: Range<u64>) -> Option<Digest256> {
    let length = range.end - range.start;
    if length.is_power_of_two() {
        let level = length.ilog2();
        return hashes.full(level, range.start >> level);
    }
    let middle = middle(&range);
    Some(node_hash(hash_of(hashes, range.start..middle)?, hash_of(hashes, middle..range.end)?))
}

/// Shows that an event is in a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusion {
    /// The event's place in the log; the first is 0.
    pub index: u64,
    /// The log, or the stretch of it, whose root the proof leads to.
    pub subtree: Subtree,
    /// The hashes beside the way from the event up to the root.
    #[serde(deserialize_with = "path")]
    pub path: Vec<Digest256>,
}

impl Inclusion {
    /// The proof for an event; `None` when it isn't in the subtree, or when hashes are missing.
    #[must_use]
    pub fn of(hashes: &(impl Hashes + ?Sized), index: u64, subtree: Subtree) -> Option<Self> {
        let mut node = subtree.start..subtree.end;
        if !node.contains(&index) {
            return None;
        }
        let mut path = Vec::new();
        while node.end - node.start > 1 {
            let middle = middle(&node);
            let (left, right) = (node.start..middle, middle..node.end);
            let (inner, beside) = if index < middle { (left, right) } else { (right, left) };
            path.push(hash_of(hashes, beside)?);
            node = inner;
        }
        path.reverse();
        Some(Self { index, subtree, path })
    }

    /// Whether it shows that the event with this leaf hash stands at `index` under this root.
    #[must_use]
    pub fn proves(&self, leaf: Digest256, root: Digest256) -> bool {
        let Subtree { start, end } = self.subtree;
        if !(start..end).contains(&self.index) {
            return false;
        }
        // RFC 9162, section 2.1.3.2: `at` is the node's place in its level, `last` that of the level's last node.
        let (mut at, mut last) = (self.index - start, end - start - 1);
        let mut found = leaf;
        for beside in &self.path {
            if last == 0 {
                return false;
            }
            if at & 1 == 1 || at == last {
                found = node_hash(*beside, found);
                // A node without a right sibling goes up as it is.
                let levels = at.trailing_zeros();
                (at, last) = (at >> levels, last >> levels);
            } else {
                found = node_hash(found, *beside);
            }
            (at, last) = (at >> 1, last >> 1);
        }
        last == 0 && found == root
    }
}

/// Shows that a log still holds the events of an earlier log, or of a stretch, as they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consistency {
    /// The earlier log, or the stretch.
    pub subtree: Subtree,
    /// The size of the log that holds it.
    pub size: u64,
    /// The hashes that lead to both roots.
    #[serde(deserialize_with = "path")]
    pub path: Vec<Digest256>,
}

impl Consistency {
    /// The proof for a subtree of the log at a size; `None` when it isn't within, or when hashes are missing.
    #[must_use]
    pub fn of(hashes: &(impl Hashes + ?Sized), subtree: Subtree, size: u64) -> Option<Self> {
        if subtree.end > size {
            return None;
        }
        let mut path = Vec::new();
        let (mut part, mut node, mut known) = (subtree.start..subtree.end, 0..size, true);
        while !part.is_empty() && part != node {
            let middle = middle(&node);
            let (left, right) = (node.start..middle, middle..node.end);
            if part.end <= middle {
                path.push(hash_of(hashes, right)?);
                node = left;
            } else {
                path.push(hash_of(hashes, left)?);
                if part.start < middle {
                    // It begins where the node does and ends in its right half: the left half is whole in both.
                    (part.start, known) = (middle, false);
                }
                node = right;
            }
        }
        if !known {
            path.push(hash_of(hashes, node)?);
        }
        path.reverse();
        Some(Self { subtree, size, path })
    }

    /// Whether it shows that the log with this root holds a subtree with this hash. No events are in every log.
    #[must_use]
    pub fn proves(&self, known: Digest256, root: Digest256) -> bool {
        let Subtree { start, end } = self.subtree;
        if end > self.size {
            return false;
        }
        if start == end {
            return self.path.is_empty() && known == empty_root();
        }
        // Places in one level: of the subtree's first and last node, and of the log's last one.
        let (mut first, mut last, mut edge) = (start, end - 1, self.size - 1);
        // Up to the largest node that is the same in both: it ends where the subtree does.
        while first != last && (last == edge || last & 1 == 1) {
            (first, last, edge) = (first >> 1, last >> 1, edge >> 1);
        }
        let mut path = self.path.iter();
        let seed = if first == last { Some(&known) } else { path.next() };
        let Some(seed) = seed else { return false };
        let (mut of_subtree, mut of_log) = (*seed, *seed);
        for beside in path {
            if edge == 0 {
                return false;
            }
            if last & 1 == 1 || last == edge {
                if first < last {
                    of_subtree = node_hash(*beside, of_subtree);
                }
                of_log = node_hash(*beside, of_log);
                let levels = last.trailing_zeros();
                (first, last, edge) = (first >> levels, last >> levels, edge >> levels);
            } else {
                of_log = node_hash(of_log, *beside);
            }
            (first, last, edge) = (first >> 1, last >> 1, edge >> 1);
        }
        edge == 0 && of_subtree == known && of_log == root
    }

    /// Whether it shows that a log grew from one root to another and changed nothing. From an empty log nothing can be
    /// shown.
    #[must_use]
    pub fn proves_growth(&self, before: Digest256, after: Digest256) -> bool {
        self.subtree.start == 0 && self.subtree.end > 0 && self.proves(before, after)
    }
}

#[cfg(test)]
mod tests;
