//! The EAVIP node agent as a library: everything the daemon does, embeddable.

pub mod clock;
pub mod dial;
pub mod durable;
pub mod enrol;
pub mod identity;
pub mod join;
pub mod private;
pub mod spool;
pub mod tls;
