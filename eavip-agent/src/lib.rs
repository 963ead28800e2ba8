//! The EAVIP node agent as a library: collects health, spools it durably and pushes it over mutual TLS. The server
//! embeds it in its quickstart, and shares what does I/O and is needed on both sides.

pub mod admin;
pub mod agent;
pub mod cli;
pub mod clock;
pub mod collect;
pub mod config;
pub mod dial;
pub mod durable;
pub mod egress;
pub mod enrol;
pub mod fallback;
pub mod identity;
pub mod join;
pub mod private;
pub mod push;
pub mod schedule;
pub mod secret;
pub mod shutdown;
pub mod signature;
pub mod spool;
pub mod systemd;
pub mod telemetry;
pub mod tls;
pub mod witness;
