//! The EAVIP node agent as a library: collects health, spools it durably and pushes it over mutual TLS. The server
//! embeds it in its quickstart, and shares what does I/O and is needed on both sides.
//! The EAVIP node agent as a library: everything the daemon does, embeddable.
//!
//! [`agent::Agent`] is the whole; around it stand its parts, each usable by itself: [`collect`] measures, [`spool`]
//! keeps, [`push`] brings to the server, [`enrol`] and [`identity`] say who this node is, [`tls`] whom it believes.
//! Nothing here is global: no process-wide TLS provider, logger or metrics recorder is installed, no process ends.

pub mod admin;
pub mod agent;
pub mod cli;
pub mod clock;
pub mod collect;
pub mod config;
pub mod dial;
pub mod durable;
pub mod enrol;
pub mod identity;
pub mod join;
pub mod private;
pub mod push;
pub mod schedule;
pub mod secret;
pub mod shutdown;
pub mod spool;
pub mod systemd;
pub mod tls;
