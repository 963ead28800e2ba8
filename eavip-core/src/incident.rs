//! Incidents (seed: *Incident Management*). Here: what severity an incident has.

pub mod sev;
