//! Whether a stopped server's log holds what was acknowledged: each report once, byte for byte, and none that nobody
//! sent.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use eavip_core::id::Digest128;
use eavip_server::log::{Log, Options, Position, Stream};

use super::drive::Sent;
use super::tape::{EPOCH, Tape};

/// Before a report's body stand node, epoch, number, digest and moment of arrival; integers are big-endian.
const HEAD: usize = 16 + 8 + 8 + 16 + 8;

/// What was found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Reports of simulated agents.
    pub stored: u64,
    /// Acknowledged reports that aren't there.
    pub lost: u64,
    /// Reports that are there more than once.
    pub doubled: u64,
    /// Reports whose bytes aren't those that were sent, or that nobody sent.
    pub wrong: u64,
}

impl Found {
    /// Whether every report is there once and nothing else.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        (self.lost, self.doubled, self.wrong) == (0, 0, 0)
    }
}

/// Reads the log of a stopped server.
///
/// # Errors
/// When it can't be opened or a record can't be read.
pub fn check(data: &Path, parts: &[Sent], tapes: &[Tape]) -> anyhow::Result<Found> {
    let (log, _) = Log::open(&data.join("log"), &Options::default())?;
    let mut known: HashMap<[u8; 16], (Sent, Vec<bool>)> =
        parts.iter().map(|part| (*part.node.0.as_bytes(), (*part, Vec::new()))).collect();
    let mut found = Found::default();
    for entry in log.replay(Stream::Reports, Position(0)) {
        let (_, payload) = entry?;
        let (head, body) = payload.split_at_checked(HEAD).context("a record is too short")?;
        let (node, head) = head.split_first_chunk::<16>().context("a record is too short")?;
        // The quickstart's own agent reports too.
        let Some((part, seen)) = known.get_mut(node) else { continue };
        let (epoch, head) = head.split_first_chunk::<8>().context("a record is too short")?;
        let (seq, head) = head.split_first_chunk::<8>().context("a record is too short")?;
        let (epoch, seq) = (u64::from_be_bytes(*epoch), u64::from_be_bytes(*seq));
        found.stored += 1;
        let sent = tapes.get(part.tape).and_then(|tape| tape.digest(seq));
        let same = sent.is_some_and(|digest| {
            head.starts_with(&digest.0)
                && Digest128::of([body]) == digest
                && epoch == EPOCH
                && seq <= part.sent
        });
        if !same {
            found.wrong += 1;
            continue;
        }
        let at = usize::try_from(seq)?;
        if seen.len() <= at {
            seen.resize(at + 1, false);
        }
        match seen.get_mut(at) {
            Some(true) => found.doubled += 1,
            Some(first) => *first = true,
            None => {}
        }
    }
    for (part, seen) in known.values() {
        let there = seen.iter().skip(1).take(usize::try_from(part.acknowledged)?).filter(|there| **there);
        found.lost += part.acknowledged - there.count() as u64;
    }
    Ok(found)
}
