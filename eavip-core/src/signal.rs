//! Health signals (seed: *Monitoring & Health*): what is measured, how good a measurement is, and what it says.
//!
//! The five golden signals are API availability, error rate, latency percentiles, background-job health and queue
//! backlog; besides them the host, certificates and the freshness of the agents themselves are watched.

pub mod health;
pub mod histogram;
pub mod indicator;
pub mod metric;
pub mod reading;
pub mod service;

use crate::words;

words! {
    /// What a metric tells about; the first five are the golden ones.
    pub enum Signal ("health signal") {
        /// API availability.
        Availability = "availability",
        /// Error rates.
        Errors = "errors",
        /// Latency percentiles.
        Latency = "latency",
        /// Background job health.
        Jobs = "jobs",
        /// Queue backlog.
        Backlog = "backlog",
        /// The machine below the services.
        Host = "host",
        /// Certificates that will run out.
        Certificates = "certificates",
        /// Whether what we know is recent: agents, collectors, spools.
        Freshness = "freshness",
    }
}

impl Signal {
    /// The five signals that the operational dashboard leads with.
    pub const GOLDEN: [Self; 5] =
        [Self::Availability, Self::Errors, Self::Latency, Self::Jobs, Self::Backlog];
}
