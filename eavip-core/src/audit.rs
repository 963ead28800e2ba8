//! The audit log's cryptographic structure (seed: *Configuration changes are auditable*, *Audit readiness*): the
//! ledger's events are the leaves of an RFC 6962 Merkle tree over SHA-256, its heads are signed in the C2SP checkpoint
//! form, and each node is a witness that what it was shown before is still there.
//!
//! What an event says, where events are kept and who signs lives elsewhere: here an event is bytes, hashes come from
//! the caller, and a signature is made and checked by a function that the caller brings.
//!
//! ```
//! use eavip_core::audit::proof::{Consistency, Inclusion, Subtree};
//! use eavip_core::audit::{leaf_hash, tree::Tree};
//!
//! let leaves: Vec<_> = ["one", "two", "three"].map(|event| leaf_hash(event.as_bytes())).into();
//! let before: Tree = leaves[..2].iter().copied().collect();
//! let after: Tree = leaves.iter().copied().collect();
//!
//! let inclusion = Inclusion::of(leaves.as_slice(), 1, Subtree::first(3)).unwrap();
//! assert!(inclusion.proves(leaf_hash(b"two"), after.root()));
//! assert!(!inclusion.proves(leaf_hash(b"too"), after.root()), "another event is not in the log");
//!
//! let consistency = Consistency::of(leaves.as_slice(), Subtree::first(2), 3).unwrap();
//! assert!(consistency.proves_growth(before.root(), after.root()), "nothing that was there has changed");
//! ```

pub mod base64;
pub mod checkpoint;
pub mod note;
pub mod proof;
pub mod tree;
pub mod witness;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::id::Digest256;
use crate::time::Span;

/// Numbers of the audit log, as RULES 13 states them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPolicy {
    /// Longest time that an event waits for a checkpoint that covers it: one minute.
    pub checkpoint_every: Span,
    /// Most events that wait for a checkpoint: 1000.
    pub checkpoint_events: u64,
    /// How old a node's last look at the log may be: ten minutes, ten checkpoints.
    pub stale_after: Span,
}

impl Default for AuditPolicy {
    fn default() -> Self {
        Self {
            checkpoint_every: Span::from_secs(60),
            checkpoint_events: 1_000,
            stale_after: Span::from_secs(600),
        }
    }
}

/// The hash of one event: SHA-256 over `0x00` and its bytes (RFC 6962, section 2.1).
#[must_use]
pub fn leaf_hash(event: &[u8]) -> Digest256 {
    Digest256(Sha256::new().chain_update([0]).chain_update(event).finalize().into())
}

/// The hash over two halves: SHA-256 over `0x01`, left and right. The other first byte keeps anybody from passing off
/// a node as an event.
#[must_use]
pub fn node_hash(left: Digest256, right: Digest256) -> Digest256 {
    Digest256(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The root of a log without events: SHA-256 over nothing.
#[must_use]
pub fn empty_root() -> Digest256 {
    Digest256::of(b"")
}
