//! The EAVIP node agent as a library: everything the daemon does, embeddable.

pub mod durable;
pub mod spool;
