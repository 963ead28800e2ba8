//! What the server has of a node's reports, read from its log on disk, and what the node kept of them: the oracle of
//! "every report exactly once and in order". How a report stands on disk and what its digest is, is written here anew.

use std::path::Path;
use std::time::Duration;

use eavip_agent::spool::{Limits, Number, Spool};
use eavip_server::log::{Log, Options, Position, Stream};
use eavip_tests::node::Node;
use ring::digest::{Context, SHA256};

/// A report on the server's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) node: String,
    pub(super) epoch: u64,
    pub(super) seq: u64,
    digest: [u8; 16],
    pub(super) body: Vec<u8>,
}

/// Every report in the log of a server that doesn't run, in order.
pub(super) fn stored(data: &Path) -> Vec<Stored> {
    let (log, opened) = Log::open(&data.join("log"), &Options::default()).unwrap();
    assert!(opened.gaps == Default::default() && opened.quarantined == 0, "{opened:?}");
    log.replay(Stream::Reports, Position(0)).map(|entry| read(&entry.unwrap().1)).collect()
}

fn read(bytes: &[u8]) -> Stored {
    let number = |at: usize| u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap());
    let hex = hex(&bytes[..16]);
    let node = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
    let digest = bytes[32..48].try_into().unwrap();
    Stored { node, epoch: number(16), seq: number(24), digest, body: bytes[56..].to_vec() }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first half of SHA-256 over the length in eight bytes, then the body.
pub(super) fn digest(body: &[u8]) -> [u8; 16] {
    let mut context = Context::new(&SHA256);
    context.update(&(body.len() as u64).to_be_bytes());
    context.update(body);
    context.finish().as_ref()[..16].try_into().unwrap()
}

/// What a node that doesn't run still has of what it made: everything that was acknowledged within 15 minutes, and
/// what wasn't. Everything is taken as unacknowledged, so look at a copy where the node is to go on.
fn kept(node: &Node) -> (Number, Vec<(u64, Vec<u8>)>) {
    let limits = Limits { max_bytes: 256 << 20, keep_acknowledged: Duration::from_secs(900) };
    let (spool, opened) = Spool::open(&node.state.join("spool"), limits, now_ms()).unwrap();
    assert!(opened.quarantined.is_empty() && opened.lost.is_empty() && !opened.mark_lost, "{opened:?}");
    assert!(spool.drops().is_empty(), "the node dropped reports: {:?}", spool.drops());
    let acknowledged = spool.acknowledged();
    assert_eq!(acknowledged, spool.last(), "not everything was acknowledged");
    assert!(
        spool.rewind(Number { seq: 0, ..acknowledged }).unwrap().is_empty(),
        "the node lost what it kept"
    );
    let entries = spool.pending(usize::MAX, usize::MAX).unwrap();
    (acknowledged, entries.into_iter().map(|entry| (entry.number.seq, entry.body.to_vec())).collect())
}

fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

/// Checks that the server has each report of a node once, in order, byte for byte, and gives how many there are. Both
/// must have ended.
pub(super) fn exactly_once(data: &Path, node: &Node) -> u64 {
    let id = node.id();
    let of_node: Vec<Stored> = stored(data).into_iter().filter(|report| report.node == id).collect();
    let (acknowledged, kept) = kept(node);
    assert!(of_node.iter().all(|report| report.epoch == acknowledged.epoch), "the numbering began anew");
    let seqs: Vec<u64> = of_node.iter().map(|report| report.seq).collect();
    assert_eq!(seqs, (1..=acknowledged.seq).collect::<Vec<_>>(), "dense, in order, none twice");
    assert!(of_node.iter().all(|report| report.digest == digest(&report.body)), "a digest is wrong");
    let bodies: Vec<(u64, Vec<u8>)> = of_node.into_iter().map(|report| (report.seq, report.body)).collect();
    assert!(bodies == kept, "the server stored other bytes than the node made");
    acknowledged.seq
}
