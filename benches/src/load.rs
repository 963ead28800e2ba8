//! The load program's parts: a server under test, simulated agents, what they send, what came of it, and the peers
//! that are measured beside it.

pub mod agents;
pub mod alerts;
pub mod bare;
pub mod drive;
pub mod fleet;
pub mod idle;
pub mod ingest;
pub mod link;
pub mod measure;
pub mod oracle;
pub mod peers;
pub mod product;
pub mod remote_write;
pub mod start;
pub mod tape;
