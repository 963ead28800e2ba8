//! x

pub mod authority;
//! The EAVIP ops server as a library: everything the daemon does, embeddable.

pub mod log;
pub mod views;
