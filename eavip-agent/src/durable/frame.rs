//! The bytes of one stored value: self-describing, with version and checksum, so that a value can be trusted when sled
//! returns it and found again in a file that sled cannot open.
//!
//! Layout, little endian: magic 4, version 1, key length 2, part 2, parts 2, payload length 2, CRC-32 of all else 4, key,
//! payload. Larger values are split into parts stored under `key ++ part`.

use super::{DurableError, KEY_MAX, VALUE_MAX};

/// No byte of it is ASCII, the second cannot start a UTF-8 sequence: text and JSON never contain it.
pub(super) const MAGIC: [u8; 4] = [0xEF, 0xBE, 0xA1, 0xD1];
const VERSION: u8 = 1;
pub(super) const HEADER: usize = 17;

/// Payload of one part. A leaf of sled holds up to 17 items and is rewritten whole; above 128 KiB it goes to a side file
/// that sled never fsyncs. 17 x (4 KiB + two keys + header) stays below.
pub(super) const PART_MAX: usize = 4 << 10;

/// A frame taken apart.
pub(super) struct Frame<'a> {
    pub(super) key: &'a [u8],
    pub(super) payload: &'a [u8],
    pub(super) part: u16,
    pub(super) parts: u16,
    /// Bytes that the frame takes.
    pub(super) len: usize,
}

/// The key under which sled holds a part.
pub(super) fn part_key(key: &[u8], part: u16) -> Vec<u8> {
    let mut out = Vec::with_capacity(key.len() + 2);
    out.extend_from_slice(key);
    out.extend_from_slice(&part.to_be_bytes());
    out
}

/// Splits a value into frames, at least one.
pub(super) fn encode(key: &[u8], value: &[u8]) -> Result<Vec<Vec<u8>>, DurableError> {
    let key_len = within(key.len(), KEY_MAX)?;
    within(value.len().div_ceil(PART_MAX), usize::from(u16::MAX))?;
    if value.len() > VALUE_MAX {
        return Err(DurableError::TooLarge { bytes: value.len(), limit: VALUE_MAX });
    }
    let parts = within(value.len().div_ceil(PART_MAX).max(1), usize::from(u16::MAX))?;
    let mut chunks = value.chunks(PART_MAX);
    (0..parts)
        .map(|part| {
            let payload = chunks.next().unwrap_or_default();
            let mut out = Vec::with_capacity(HEADER + key.len() + payload.len());
            out.extend_from_slice(&MAGIC);
            out.push(VERSION);
            for field in [key_len, part, parts, within(payload.len(), PART_MAX)?] {
                out.extend_from_slice(&field.to_le_bytes());
            }
            let crc = checksum(&out, key, payload);
            out.extend_from_slice(&crc.to_le_bytes());
            out.extend_from_slice(key);
            out.extend_from_slice(payload);
            Ok(out)
        })
        .collect()
}

/// Takes the frame at the start of `bytes` apart; `None` when it is not whole and sound. Bytes after it are ignored.
pub(super) fn decode(bytes: &[u8]) -> Option<Frame<'_>> {
    let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
    let [m0, m1, m2, m3, version, k0, k1, p0, p1, n0, n1, l0, l1, c0, c1, c2, c3] = *header;
    if [m0, m1, m2, m3] != MAGIC || version != VERSION {
        return None;
    }
    let (key_len, len) = (u16::from_le_bytes([k0, k1]), u16::from_le_bytes([l0, l1]));
    let (part, parts) = (u16::from_le_bytes([p0, p1]), u16::from_le_bytes([n0, n1]));
    let (key, rest) = rest.split_at_checked(usize::from(key_len))?;
    let payload = rest.get(..usize::from(len))?;
    let crc = checksum(header.split_last_chunk::<4>()?.0, key, payload);
    (crc.to_le_bytes() == [c0, c1, c2, c3] && part < parts).then_some(Frame {
        key,
        payload,
        part,
        parts,
        len: HEADER + key.len() + payload.len(),
    })
}

fn checksum(header: &[u8], key: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(header);
    hasher.update(key);
    hasher.update(payload);
    hasher.finalize()
}

fn within(bytes: usize, limit: usize) -> Result<u16, DurableError> {
    match u16::try_from(bytes) {
        Ok(small) if bytes <= limit => Ok(small),
        _ => Err(DurableError::TooLarge { bytes, limit }),
    }
}
