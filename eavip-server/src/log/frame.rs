//! The bytes of one record. The checksum begins with the log's secret salt and the magic is derived from it, so that nobody can
//! place a false record inside a payload for a search through damaged bytes to find.
//!
//! Layout, little endian: magic 4, CRC-32 of all that follows 4, payload length 4, version 1, stream 1, zero 2, position 8,
//! payload.

use super::Stream;

const VERSION: u8 = 1;

/// Bytes before the payload.
pub(super) const HEADER: usize = 24;

/// Random bytes of one log, kept in its mark and in every segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Salt(pub(super) [u8; 16]);

impl Salt {
    /// The four bytes that begin each record of this log.
    pub(super) fn magic(self) -> [u8; 4] {
        crc32fast::hash(&self.0).to_le_bytes()
    }
}

/// The fixed part of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    crc: [u8; 4],
    /// The checked fields as stored.
    fields: [u8; 16],
    pub(super) payload_len: usize,
    pub(super) position: u64,
}

/// Adds a record to `out`. The payload's length was checked against its bound.
pub(super) fn encode(out: &mut Vec<u8>, salt: Salt, stream: Stream, position: u64, payload: &[u8]) {
    let fields = fields(stream, position, payload.len());
    out.extend_from_slice(&salt.magic());
    out.extend_from_slice(&checksum(salt, &fields, payload).to_le_bytes());
    out.extend_from_slice(&fields);
    out.extend_from_slice(payload);
}

impl Header {
    /// `None` when these bytes cannot begin a record of this stream.
    pub(super) fn decode(bytes: &[u8; HEADER], salt: Salt, stream: Stream) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        let found: [u8; 16] = rest.try_into().ok()?;
        let (len, rest) = found.split_first_chunk::<4>()?;
        let position = u64::from_le_bytes(*rest.last_chunk::<8>()?);
        let payload_len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        let sound = *magic == salt.magic()
            && payload_len <= super::PAYLOAD_MAX
            && found == fields(stream, position, payload_len);
        sound.then_some(Self { crc: *crc, fields: found, payload_len, position })
    }

    pub(super) fn vouches_for(&self, salt: Salt, payload: &[u8]) -> bool {
        checksum(salt, &self.fields, payload).to_le_bytes() == self.crc
    }
}

fn fields(stream: Stream, position: u64, payload_len: usize) -> [u8; 16] {
    let mut out = [0; 16];
    let (len, rest) = out.split_at_mut(4);
    len.copy_from_slice(&u32::try_from(payload_len).unwrap_or(u32::MAX).to_le_bytes());
    let (kind, place) = rest.split_at_mut(4);
    kind.copy_from_slice(&[VERSION, stream_code(stream), 0, 0]);
    place.copy_from_slice(&position.to_le_bytes());
    out
}

pub(super) fn stream_code(stream: Stream) -> u8 {
    match stream {
        Stream::Ledger => 1,
        Stream::Reports => 2,
    }
}

fn checksum(salt: Salt, fields: &[u8; 16], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&salt.0);
    hasher.update(fields);
    hasher.update(payload);
    hasher.finalize()
}
