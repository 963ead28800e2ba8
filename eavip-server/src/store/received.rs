//! How what was received stands on disk: a fixed head and the body's bytes. Alerts of other systems lie among the reports,
//! in the order of their arrival; where a report has its node, they have the nil UUID, which no node has.

use bytes::{BufMut, Bytes, BytesMut};
use eavip_core::id::{Digest128, NodeId};
use eavip_core::time::{Span, Timestamp};

use super::{AlertsRecord, Received, ReportRecord};

/// Node, epoch, number, digest and moment.
const HEAD: usize = 16 + 8 + 8 + 16 + 8;
/// What stands for a node with alerts.
const ALERTS: [u8; 16] = [0; 16];

/// A report as bytes.
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

/// Another system's alerts as bytes: moment, timeout, the fallback owner with its length, and the body.
pub(super) fn encode_alerts(record: &AlertsRecord) -> Bytes {
    // A team's name is at most 63 bytes long.
    let team = record.fallback.as_ref().map_or(&b""[..], |team| team.as_str().as_bytes());
    let mut bytes = BytesMut::with_capacity(HEAD + team.len() + record.body.len());
    bytes.put_slice(&ALERTS);
    bytes.put_i64(record.received_at.as_millis());
    bytes.put_u64(record.resolve_timeout.as_millis());
    bytes.put_u64(team.len() as u64);
    bytes.put_slice(team);
    bytes.put_slice(&record.body);
    bytes.freeze()
}

/// What bytes are; `None` when they are too few.
pub(super) fn decode(bytes: &Bytes) -> Option<Received> {
    match bytes.split_first_chunk::<16>()? {
        (&ALERTS, _) => decode_alerts(bytes).map(Received::Alerts),
        (node, rest) => decode_report(*node, rest, bytes).map(Received::Report),
    }
}

fn decode_report(node: [u8; 16], rest: &[u8], bytes: &Bytes) -> Option<ReportRecord> {
    let (epoch, rest) = rest.split_first_chunk::<8>()?;
    let (seq, rest) = rest.split_first_chunk::<8>()?;
    let (digest, rest) = rest.split_first_chunk::<16>()?;
    let (received_at, _) = rest.split_first_chunk::<8>()?;
    Some(ReportRecord {
        node: NodeId(uuid::Uuid::from_bytes(node)),
        epoch: u64::from_be_bytes(*epoch),
        seq: u64::from_be_bytes(*seq),
        digest: Digest128(*digest),
        received_at: Timestamp::from_millis(i64::from_be_bytes(*received_at)),
        body: bytes.slice(HEAD..),
    })
}

fn decode_alerts(bytes: &Bytes) -> Option<AlertsRecord> {
    let (_, rest) = bytes.split_first_chunk::<16>()?;
    let (received_at, rest) = rest.split_first_chunk::<8>()?;
    let (resolve_timeout, rest) = rest.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let (team, body) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
    let fallback = if team.is_empty() { None } else { Some(std::str::from_utf8(team).ok()?.parse().ok()?) };
    Some(AlertsRecord {
        received_at: Timestamp::from_millis(i64::from_be_bytes(*received_at)),
        resolve_timeout: Span::from_millis(u64::from_be_bytes(*resolve_timeout)),
        fallback,
        body: bytes.slice_ref(body),
    })
}
