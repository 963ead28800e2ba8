//! The machine: CPU, load, memory, pressure, disks, network, clock, uptime and open files.
//!
//! Each part reads for itself; a part that this kernel doesn't have is left out, one that should be there and can't
//! be read is unknown with the reason.

mod disks;
mod network;
mod proc;

use eavip_core::labels::Labels;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::{Reading, SeriesKey};
use eavip_core::time::{Span, Timestamp};
use sysinfo::{CpuRefreshKind, MINIMUM_CPU_UPDATE_INTERVAL, MemoryRefreshKind, RefreshKind, System};

use self::disks::Disks;
use self::network::Network;
use super::{Collect, Failure};

/// How long one read of the host may take: disks have a deadline of their own within it.
pub const DEADLINE: Span = Span::from_secs(5);

/// The machine.
#[derive(Debug, Default)]
pub struct Host {
    /// Made at the first read, because making it may fail.
    system: Option<System>,
    network: Network,
    disks: Disks,
}

impl Host {
    /// This machine.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

fn kinds() -> (CpuRefreshKind, MemoryRefreshKind) {
    (CpuRefreshKind::nothing().with_usage(), MemoryRefreshKind::everything())
}

impl Collect for Host {
    fn expected(&self) -> Vec<SeriesKey> {
        let host = [Metric::CpuBusy, Metric::LoadPerCore, Metric::MemoryUsed, Metric::Uptime];
        host.map(|metric| SeriesKey { metric, service: None, labels: Labels::default() }).into()
    }

    async fn collect(&mut self, now: Timestamp) -> Result<Vec<Reading>, Failure> {
        let (cpu, memory) = kinds();
        let system = match &mut self.system {
            Some(system) => system,
            None => {
                let all = RefreshKind::nothing().with_cpu(cpu).with_memory(memory);
                let made = System::new_with_specifics(all).map_err(|error| Failure::of(&error))?;
                // CPU time is a difference: the first one needs a second look, so that the first report has it.
                tokio::time::sleep(MINIMUM_CPU_UPDATE_INTERVAL).await;
                self.system.insert(made)
            }
        };
        system.refresh_cpu_specifics(cpu);
        system.refresh_memory_specifics(memory);
        let mut readings = system_readings(system);
        readings.extend(proc::pressure());
        readings.extend(proc::open_files());
        readings.extend(proc::clock());
        readings.extend(self.network.read(now));
        readings.extend(self.disks.read().await);
        Ok(readings)
    }
}

fn system_readings(system: &System) -> Vec<Reading> {
    let cores = system.cpus().len().max(1) as f64;
    let busy = f64::from(system.global_cpu_usage()) / 100.0;
    let (total, available) = (system.total_memory(), system.available_memory());
    let mut readings = vec![
        Reading::exact(Metric::CpuBusy, busy.clamp(0.0, 1.0)),
        read(Metric::LoadPerCore, System::load_average().map(|load| load.one / cores)),
        match total {
            0 => Reading::unknown(Metric::MemoryUsed, "the kernel tells no amount of memory"),
            _ => Reading::exact(Metric::MemoryUsed, share(total.saturating_sub(available), total)),
        },
        read(Metric::Uptime, System::uptime().map(|seconds| seconds as f64)),
    ];
    if system.total_swap() > 0 {
        readings.push(Reading::exact(Metric::SwapUsed, share(system.used_swap(), system.total_swap())));
    }
    readings
}

fn read(metric: Metric, value: Result<f64, sysinfo::Error>) -> Reading {
    match value {
        Ok(value) => Reading::exact(metric, value),
        Err(error) => Reading::unknown(metric, &error.to_string()),
    }
}

fn share(part: u64, whole: u64) -> f64 {
    (part as f64 / whole as f64).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
