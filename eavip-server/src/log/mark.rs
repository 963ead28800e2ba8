//! What the log's mark file says: the log's salt, and from where to where each stream reaches.

use super::frame::Salt;
use super::{PerStream, Stream};

const VERSION: u8 = 1;

/// The content of the mark file.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) salt: Salt,
    /// Oldest position not pruned.
    pub(super) first: PerStream<u64>,
    /// One above the newest synced position.
    pub(super) next: PerStream<u64>,
}

impl Facts {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend_from_slice(&self.salt.0);
        for stream in Stream::ALL {
            out.extend_from_slice(&self.first.of(stream).to_le_bytes());
            out.extend_from_slice(&self.next.of(stream).to_le_bytes());
        }
        out
    }

    /// `None` for a payload of another version or shape.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        let (&version, rest) = payload.split_first()?;
        let (salt, rest) = rest.split_first_chunk::<16>()?;
        let (words, tail) = rest.as_chunks::<8>();
        let [a, b, c, d] = *words else { return None };
        (version == VERSION && tail.is_empty()).then(|| Self {
            salt: Salt(*salt),
            first: PerStream { ledger: u64::from_le_bytes(a), reports: u64::from_le_bytes(c) },
            next: PerStream { ledger: u64::from_le_bytes(b), reports: u64::from_le_bytes(d) },
        })
    }
}
