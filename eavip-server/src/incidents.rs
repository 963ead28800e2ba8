//! Incident management (seed: *Incident Management*) on the server: who asks what of an incident, what the server adds of
//! its own knowledge (names, proofs, alerts, steps of runbook pages), and what is late. What an incident allows is decided
//! in core; what it looks like is the API's and the dashboard's part.

pub mod act;
pub mod declare;
pub mod duties;
pub mod export;
pub mod follow;
pub mod proof;
pub mod steps;
pub mod template;

/// Another incident can't be declared: too many wait for somebody.
pub const FULL: &str = "EAVIP-Z01";
/// An alert belongs to an incident already.
pub const BELONGS: &str = "EAVIP-Z02";
/// The review isn't any more what its new text was written from.
pub const OUTDATED: &str = "EAVIP-Z03";
/// A step that isn't on the runbook's page.
pub const NO_STEP: &str = "EAVIP-Z04";
