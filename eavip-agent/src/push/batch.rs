//! Making one request of spooled reports: bodies byte for byte as they were spooled, compressed, within the server's
//! bounds.

use bytes::Bytes;
use eavip_core::id::{Digest128, NodeId};
use eavip_core::wire::v1::{self, Envelope};
use serde_json::value::RawValue;

use crate::spool::{Entry, Number};

/// Most bytes of a compressed request: what the server takes.
pub(super) const MAX_COMPRESSED: usize = 1 << 20;
/// Most bytes of bodies in a batch. The server takes 8 MiB inflated; less keeps the agent small while it catches up.
pub(super) const MAX_BODIES: usize = 2 << 20;
/// zstd's level: 1 gets JSON of readings to about an eighth; higher levels cost more CPU than they save bytes.
const LEVEL: i32 = 1;

/// What became of the entries.
#[derive(Debug)]
pub(super) enum Built {
    /// A request with the first `count` entries.
    Ready {
        /// The compressed request.
        body: Bytes,
        /// How many entries it holds.
        count: usize,
    },
    /// The first entry can't be sent by itself: not JSON, or too large even alone.
    Unsendable {
        /// Why.
        reason: &'static str,
    },
}

/// Builds a request of as many of the entries as fit; they are of one epoch, and there is at least one. `acknowledged` is
/// the mark that the server gave, `seen` how much of its audit log was seen.
#[must_use]
pub(super) fn build(node: NodeId, entries: &[Entry], acknowledged: Number, seen: Option<u64>) -> Built {
    let mut count = entries.len();
    loop {
        let Some(entries) = entries.get(..count) else {
            return Built::Unsendable { reason: "it isn't there" };
        };
        let (sendable, json) = match encode(node, entries, acknowledged, seen) {
            Ok(json) => (entries.len(), json),
            Err(0) => return Built::Unsendable { reason: "its body is not JSON" },
            Err(before) => {
                count = before;
                continue;
            }
        };
        match zstd::bulk::compress(&json, LEVEL) {
            Ok(body) if body.len() <= MAX_COMPRESSED => {
                return Built::Ready { body: body.into(), count: sendable };
            }
            _ if count <= 1 => return Built::Unsendable { reason: "it is too large even alone" },
            _ => count /= 2,
        }
    }
}

/// The request as JSON, or the index of the first entry that isn't JSON.
fn encode(
    node: NodeId,
    entries: &[Entry],
    acknowledged: Number,
    seen: Option<u64>,
) -> Result<Vec<u8>, usize> {
    let epoch = entries.first().map_or(0, |entry| entry.number.epoch);
    let mut reports = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let body: &RawValue = serde_json::from_slice(&entry.body).map_err(|_| at)?;
        reports.push(Envelope {
            seq: entry.number.seq,
            digest: Digest128::of([body.get().as_bytes()]),
            body,
        });
    }
    let acknowledged = if acknowledged.epoch == epoch { acknowledged.seq } else { 0 };
    serde_json::to_vec(&v1::Batch { node, epoch, acknowledged, audit_seen: seen, reports }).map_err(|_| 0)
}
