//! The small file that names the valid checkpoint: generation, number of entries, metadata, checksum.

const MAGIC: &[u8; 4] = b"EVP1";

/// The content of the pointer file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer {
    pub(super) generation: u64,
    pub(super) entries: u64,
    pub(super) meta: Vec<u8>,
}

impl Pointer {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.generation.to_le_bytes());
        out.extend_from_slice(&self.entries.to_le_bytes());
        out.extend_from_slice(&self.meta);
        out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
        out
    }

    /// `None` when the bytes are not whole and sound.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (checked, crc) = bytes.split_last_chunk::<4>()?;
        let (magic, rest) = checked.split_first_chunk::<4>()?;
        let (generation, rest) = rest.split_first_chunk::<8>()?;
        let (entries, meta) = rest.split_first_chunk::<8>()?;
        (magic == MAGIC && crc32fast::hash(checked).to_le_bytes() == *crc).then(|| Self {
            generation: u64::from_le_bytes(*generation),
            entries: u64::from_le_bytes(*entries),
            meta: meta.to_vec(),
        })
    }
}
