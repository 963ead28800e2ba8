//! The agent's own use of memory. The figures of its spool are added by whoever keeps the spool.

use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::{Reading, SeriesKey};
use eavip_core::time::Timestamp;

use super::{Collect, Failure};

/// The agent itself.
#[derive(Debug)]
pub struct Own {
    page: u64,
}

impl Own {
    /// Of this process.
    #[must_use]
    pub fn new() -> Self {
        Self { page: rustix::param::page_size() as u64 }
    }
}

impl Default for Own {
    fn default() -> Self {
        Self::new()
    }
}

impl Collect for Own {
    fn expected(&self) -> Vec<SeriesKey> {
        vec![SeriesKey { metric: Metric::AgentMemory, service: None, labels: Default::default() }]
    }

    async fn collect(&mut self, _: Timestamp) -> Result<Vec<Reading>, Failure> {
        let statm = std::fs::read_to_string("/proc/self/statm").map_err(|error| Failure::of(&error))?;
        let resident = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
        let pages = resident.ok_or_else(|| Failure("/proc/self/statm has no resident size".to_owned()))?;
        Ok(vec![Reading::exact(Metric::AgentMemory, pages.saturating_mul(self.page) as f64)])
    }
}
