//! What the outside sees of the audit log.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// How the audit log stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditLog {
    /// The log's name.
    pub log: String,
    /// The key that its checkpoints are verified with, a C2SP verifier key.
    pub key: String,
    /// Records in the ledger.
    pub records: u64,
    /// The newest checkpoint; none until the first one is signed.
    pub checkpoint: Option<AuditCheckpoint>,
    /// Nodes that may be witnesses.
    pub nodes: usize,
    /// How many of them said that they saw a checkpoint, since the server started.
    pub witnesses: usize,
    /// How many of them saw the newest one.
    pub up_to_date: usize,
    /// Nodes that were shown logs that contradict each other, by id.
    pub conflicting: Vec<String>,
    /// What in the ledger contradicts its own signed log; nothing is signed any more then.
    pub contradiction: Option<String>,
}

/// A signed checkpoint.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditCheckpoint {
    /// When it was signed, RFC 3339.
    pub at: String,
    /// How many records it covers.
    pub size: u64,
    /// The root over them.
    #[schema(pattern = "^sha256:[0-9a-f]{64}$")]
    pub root: String,
    /// The checkpoint as it was signed, a C2SP signed note.
    pub note: String,
}

/// That a record is in the log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditInclusion {
    /// The record's place; the first is 0.
    pub position: u64,
    /// The size of the log that it is in.
    pub size: u64,
    /// The record's leaf hash.
    pub leaf: String,
    /// The hashes beside the way from the leaf to the root, the lowest first (RFC 6962).
    pub path: Vec<String>,
    /// The root that the path leads to.
    pub root: String,
    /// The signed checkpoint of this size, where there is one.
    pub checkpoint: Option<String>,
}

/// That a log continues a smaller one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditConsistency {
    /// The size of the smaller log.
    pub from: u64,
    /// The size of the larger one.
    pub to: u64,
    /// The hashes that lead to both roots (RFC 6962).
    pub path: Vec<String>,
    /// The root of the smaller log.
    pub from_root: String,
    /// The root of the larger one.
    pub to_root: String,
}

/// A record of the ledger, without the hashes of secrets that the ledger keeps.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditRecord {
    /// Its place; the first is 0.
    pub position: u64,
    /// When, RFC 3339.
    pub at: String,
    /// Who.
    pub actor: String,
    /// Why, where a person said so.
    pub reason: Option<String>,
    /// What kinds of events, in a few words.
    pub what: String,
    /// The events.
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<Value>,
    /// Its leaf hash, over the record as it is stored.
    pub leaf: String,
    /// Whether a signed checkpoint covers it.
    pub signed: bool,
}
