//! The EAVIP ops server as a library: everything the daemon does, embeddable.

pub mod authority;
pub mod log;
