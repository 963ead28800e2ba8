//! What a start doesn't have to replay: the book, the marks of the nodes, and the log positions they cover.

use std::collections::{BTreeMap, VecDeque};

use eavip_core::evaluate::Waiting;
use eavip_core::id::{Digest128, NodeId};
use eavip_core::node::Facts;
use eavip_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::book::Book;
use crate::evaluate::flaps::Flaps;
use crate::intake::Known;

/// The digests of the last reports that a mark remembers, to tell a resend from a clone.
const REMEMBERED: usize = 64;
/// How often a place of the report log is noted.
const NOTE_EVERY: Span = Span::from_secs(60);
/// Places noted: a day and an hour.
const MAX_PLACES: usize = 1_500;

/// What tells a report from others of its node.
#[derive(Debug, Clone, Copy)]
pub struct Numbered {
    /// The numbering of `seq`.
    pub epoch: u64,
    /// Its number.
    pub seq: u64,
    /// The digest of its bytes.
    pub digest: Digest128,
    /// When it was made, by its node's clock.
    pub made_at: Timestamp,
}

/// Up to where a node's reports are on disk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// The numbering of `seq`.
    pub epoch: u64,
    /// The last number.
    pub seq: u64,
    /// The last numbers with their digests, oldest first.
    pub recent: VecDeque<(u64, Digest128)>,
    /// When the newest report was made, by the node's clock.
    #[serde(default)]
    pub made_at: Option<Timestamp>,
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
    /// What a report is against this mark. An old number is a resend if its digest is the one that is remembered, or, where
    /// none is, if it was made no later than the newest that is known: a node's own reports of the past are.
    #[must_use]
    pub fn admit(&self, report: &Numbered) -> Admission {
        let Numbered { epoch, seq, digest, made_at } = *report;
        if epoch > self.epoch || (epoch == self.epoch && seq > self.seq) {
            return Admission::New;
        }
        let same = match self.recent.iter().rev().find(|(known, _)| *known == seq) {
            Some((_, known)) => *known == digest,
            None => self.made_at.is_none_or(|newest| made_at <= newest),
        };
        if epoch == self.epoch && same { Admission::Repeat } else { Admission::Clone }
    }

    /// Moves on to a report that is new.
    pub fn advance(&mut self, report: &Numbered, received_at: Timestamp) {
        if report.epoch > self.epoch {
            self.recent.clear();
        }
        (self.epoch, self.seq) = (report.epoch, report.seq);
        self.made_at = self.made_at.max(Some(report.made_at));
        self.seen_at = Some(received_at);
        if self.recent.len() >= REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back((report.seq, report.digest));
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
    /// Which alerts come and go.
    pub flaps: Flaps,
    /// What other systems sent.
    pub intake: Vec<Known>,
    /// The marks of the nodes.
    pub marks: BTreeMap<NodeId, Mark>,
    /// Where in the report log moments are.
    pub places: Places,
    /// Roll-ups before this slot are kept on disk and whole.
    pub rolled_before: u32,
}

#[cfg(test)]
mod tests;
