//! What simulated agents send, made beforehand: batches of version 1 of the wire, compressed, with the digests that an
//! oracle asks for later.
//!
//! Nodes share a tape, because a report doesn't name its node: the batch's head with the node is a zstd frame of its own
//! before the frame with the reports, and frames in a row inflate to one text.

use anyhow::Context as _;
use eavip_core::id::{Digest128, NodeId};
use eavip_core::signal::metric::{Metric, Unit};
use eavip_core::signal::reading::{Reading, Value};
use eavip_core::time::{Span, Timestamp};

use crate::report;

/// The compression that agents use.
const LEVEL: i32 = 1;
/// Time between two reports.
pub const INTERVAL: Span = Span::from_secs(15);

/// The epoch that simulated agents number their reports in.
pub const EPOCH: u64 = 1;

/// Some reports, ready to be sent.
#[derive(Debug)]
pub struct Batch {
    /// `[{"seq":…},…]}` as a zstd frame.
    pub frame: Vec<u8>,
    /// The number of its last report.
    pub last: u64,
}

/// A sequence of batches.
#[derive(Debug, Default)]
pub struct Tape {
    /// The batches, in order.
    pub batches: Vec<Batch>,
    digests: Vec<Digest128>,
    /// Bytes of all bodies.
    pub bytes: u64,
}

impl Tape {
    /// Records `batches` of `reports` each, the first made at `start`.
    ///
    /// # Errors
    /// When a report can't be written.
    pub fn record(variant: u32, start: Timestamp, batches: usize, reports: usize) -> anyhow::Result<Self> {
        let mut tape = Self::default();
        let mut body = report(start).map_err(|error| anyhow::anyhow!("{error}"))?;
        let calm = body.readings.clone();
        let mut noise = Noise(0x9E37_79B9 ^ (variant + 1).wrapping_mul(0x85EB_CA6B));
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        for _ in 0..batches {
            let mut text = vec![b'['];
            for at in 0..reports {
                body.readings.iter_mut().zip(&calm).for_each(|(reading, calm)| noise.onto(reading, calm));
                let bytes = body.encode()?;
                let (seq, digest) = (tape.digests.len() as u64 + 1, Digest128::of([bytes.as_slice()]));
                let comma = if at == 0 { "" } else { "," };
                text.extend_from_slice(
                    format!(r#"{comma}{{"seq":{seq},"digest":"{digest}","body":"#).as_bytes(),
                );
                text.extend_from_slice(&bytes);
                text.push(b'}');
                tape.bytes += bytes.len() as u64;
                tape.digests.push(digest);
                body.at = body.at + INTERVAL;
            }
            text.extend_from_slice(b"]}");
            tape.batches.push(Batch { frame: compressor.compress(&text)?, last: tape.digests.len() as u64 });
        }
        Ok(tape)
    }

    /// The digest of the report with a number.
    #[must_use]
    pub fn digest(&self, seq: u64) -> Option<Digest128> {
        self.digests.get(usize::try_from(seq.checked_sub(1)?).ok()?).copied()
    }

    /// Reports on the tape.
    #[must_use]
    pub fn reports(&self) -> usize {
        self.digests.len()
    }
}

/// A batch's head for a node, as a zstd frame.
///
/// # Errors
/// zstd's.
pub fn head(node: NodeId) -> anyhow::Result<Vec<u8>> {
    let text = format!(r#"{{"node":"{node}","epoch":{EPOCH},"reports":"#);
    zstd::bulk::compress(text.as_bytes(), LEVEL).context("the head can't be compressed")
}

/// Readings move as real ones do, within a tenth of what is healthy.
struct Noise(u32);

impl Noise {
    fn onto(&mut self, reading: &mut Reading, calm: &Reading) {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        let factor = 0.9 + 0.2 * f64::from(self.0) / f64::from(u32::MAX);
        if let Value::Number(value) = &calm.value {
            let moved = match reading.metric.unit() {
                Unit::Bool => *value,
                _ if reading.metric == Metric::RequestErrors => *value,
                Unit::Ratio | Unit::Seconds => (value * factor * 1e6).round() / 1e6,
                _ => (value * factor).round(),
            };
            reading.value = Value::Number(moved);
        }
    }
}
