//! What the spool's mark file says: which contents are valid, which numbers were given and acknowledged, what was dropped.
//! It lies outside sled, so that contents which vanished are missed.

use super::Number;
use super::drops::{DROP_RANGES_MAX, DropRange, Drops, Fact};

const VERSION: u8 = 1;

/// The content of the mark file.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Names the directory that holds the contents.
    pub(super) generation: u64,
    pub(super) last: Number,
    pub(super) acked: Number,
    pub(super) drops: Drops,
}

impl Facts {
    pub(super) fn encode(generation: u64, last: Number, acked: Number, drops: &Drops) -> Vec<u8> {
        let mut out = vec![VERSION];
        for n in [generation, last.epoch, last.seq, acked.epoch, acked.seq] {
            out.extend_from_slice(&n.to_le_bytes());
        }
        // Over the bound only when no two ranges share an epoch: then the newest epochs are kept.
        let facts = drops.facts();
        for Fact { range, told_by } in facts.iter().skip(facts.len().saturating_sub(DROP_RANGES_MAX)) {
            let by = told_by.unwrap_or_default();
            for n in [range.epoch, range.from, range.to, range.count, by.epoch, by.seq] {
                out.extend_from_slice(&n.to_le_bytes());
            }
        }
        out
    }

    /// `None` for a payload of another version or shape.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        let (&version, rest) = payload.split_first()?;
        let (words, tail) = rest.as_chunks::<8>();
        let words: Vec<u64> = words.iter().map(|w| u64::from_le_bytes(*w)).collect();
        let ([generation, epoch, seq, acked_epoch, acked_seq], facts) = words.split_first_chunk::<5>()?;
        let (facts, odd) = facts.as_chunks::<6>();
        if version != VERSION || !tail.is_empty() || !odd.is_empty() {
            return None;
        }
        let facts = facts
            .iter()
            .map(|&[epoch, from, to, count, by_epoch, by_seq]| Fact {
                range: DropRange { epoch, from, to, count },
                told_by: (by_seq > 0).then_some(Number { epoch: by_epoch, seq: by_seq }),
            })
            .collect();
        Some(Self {
            generation: *generation,
            last: Number { epoch: *epoch, seq: *seq },
            acked: Number { epoch: *acked_epoch, seq: *acked_seq },
            drops: Drops::from_facts(facts),
        })
    }
}
