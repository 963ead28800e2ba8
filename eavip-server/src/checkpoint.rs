//! What a start doesn't have to replay: the book, the marks of the nodes, and the log positions they cover.

use std::collections::{BTreeMap, VecDeque};

use eavip_core::evaluate::Waiting;
use eavip_core::id::{Digest128, NodeId};
use eavip_core::node::Facts;
use eavip_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::book::Book;

/// The digests of the last reports that a mark remembers, to tell a resend from a clone.
const REMEMBERED: usize = 64;
/// How often a place of the report log is noted.
const NOTE_EVERY: Span = Span::from_secs(60);
/// Places noted: a day and an hour.
const MAX_PLACES: usize = 1_500;

/// Up to where a node's reports are on disk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// The numbering of `seq`.
    pub epoch: u64,
    /// The last number.
    pub seq: u64,
    /// The last numbers with their digests, oldest first.
    pub recent: VecDeque<(u64, Digest128)>,
    /// When the last report arrived.
    pub seen_at: Option<Timestamp>,
    /// What the node said of itself last.
    pub facts: Facts,
}

/// What a report is against its node's mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Not seen before.
    New,
    /// Seen before, and the same.
    Repeat,
    /// The number was seen before with another content, or belongs to a numbering that ended.
    Clone,
}

impl Mark {
    /// What a report is against this mark.
    #[must_use]
    pub fn admit(&self, epoch: u64, seq: u64, digest: Digest128) -> Admission {
        if epoch > self.epoch || (epoch == self.epoch && seq > self.seq) {
            return Admission::New;
        }
        if epoch < self.epoch {
            return Admission::Clone;
        }
        match self.recent.iter().rev().find(|(known, _)| *known == seq) {
            Some((_, known)) if *known != digest => Admission::Clone,
            _ => Admission::Repeat,
        }
    }

    /// Moves on to a report that is new.
    pub fn advance(&mut self, epoch: u64, seq: u64, digest: Digest128, at: Timestamp) {
        if epoch > self.epoch {
            self.recent.clear();
        }
        (self.epoch, self.seq) = (epoch, seq);
        self.seen_at = Some(at);
        if self.recent.len() >= REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back((seq, digest));
    }
}

/// Where in the report log a moment is, about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Places(VecDeque<(Timestamp, u64)>);

impl Places {
    /// Notes that a report that arrived at a moment stands at a position.
    pub fn note(&mut self, at: Timestamp, position: u64) {
        if self.0.back().is_some_and(|(last, _)| at < *last + NOTE_EVERY) {
            return;
        }
        if self.0.len() >= MAX_PLACES {
            self.0.pop_front();
        }
        self.0.push_back((at, position));
    }

    /// A position at or before every report that arrived from a moment on; 0 when none was noted before it.
    #[must_use]
    pub fn before(&self, at: Timestamp) -> u64 {
        self.0.iter().rev().find(|(noted, _)| *noted <= at).map_or(0, |(_, position)| *position)
    }

    /// When the last place was noted.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.0.back().map(|(at, _)| *at)
    }
}

/// Everything that a start takes over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The next ledger position to apply.
    pub ledger: u64,
    /// The next report position to take into the marks.
    pub reports: u64,
    /// The state of every aggregate.
    pub book: Book,
    /// What the last evaluation left waiting.
    pub waiting: Waiting,
    /// The marks of the nodes.
    pub marks: BTreeMap<NodeId, Mark>,
    /// Where in the report log moments are.
    pub places: Places,
    /// Roll-ups before this slot are kept on disk and whole.
    pub rolled_before: u32,
}

#[cfg(test)]
mod tests;
