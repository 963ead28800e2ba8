//! How a report stands on disk: a fixed head and the body's bytes.

use bytes::{BufMut, Bytes, BytesMut};
use eavip_core::id::{Digest128, NodeId};
use eavip_core::time::Timestamp;

use super::ReportRecord;

/// Node, epoch, number, digest and moment.
const HEAD: usize = 16 + 8 + 8 + 16 + 8;

/// The report as bytes.
pub(super) fn encode(record: &ReportRecord) -> Bytes {
    let mut bytes = BytesMut::with_capacity(HEAD + record.body.len());
    bytes.put_slice(record.node.0.as_bytes());
    bytes.put_u64(record.epoch);
    bytes.put_u64(record.seq);
    bytes.put_slice(&record.digest.0);
    bytes.put_i64(record.received_at.as_millis());
    bytes.put_slice(&record.body);
    bytes.freeze()
}

/// The report of bytes; `None` when they are too few.
pub(super) fn decode(bytes: &Bytes) -> Option<ReportRecord> {
    let (node, rest) = bytes.split_first_chunk::<16>()?;
    let (epoch, rest) = rest.split_first_chunk::<8>()?;
    let (seq, rest) = rest.split_first_chunk::<8>()?;
    let (digest, rest) = rest.split_first_chunk::<16>()?;
    let (received_at, _) = rest.split_first_chunk::<8>()?;
    Some(ReportRecord {
        node: NodeId(uuid::Uuid::from_bytes(*node)),
        epoch: u64::from_be_bytes(*epoch),
        seq: u64::from_be_bytes(*seq),
        digest: Digest128(*digest),
        received_at: Timestamp::from_millis(i64::from_be_bytes(*received_at)),
        body: bytes.slice(HEAD..),
    })
}
