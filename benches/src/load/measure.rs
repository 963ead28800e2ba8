//! What a run cost and how long it took: the kernel's figures of a process, and percentiles.

use std::fs::read_to_string;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// What a process used so far, as the kernel counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Processor time, its own and the kernel's for it.
    pub cpu: Duration,
    /// Bytes that it caused to be written to disk.
    pub written: u64,
    /// Memory that it holds now, in bytes.
    pub rss: u64,
    /// The most memory that it held, in bytes.
    pub peak: u64,
}

impl Usage {
    /// Of a process that runs.
    ///
    /// # Errors
    /// When it doesn't.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let stat = read_to_string(format!("/proc/{pid}/stat"))?;
        // The name stands in parentheses and can hold anything; times are the 14th and 15th field.
        let (_, after) = stat.rsplit_once(')').context("/proc/PID/stat has another form")?;
        let ticks: u64 =
            after.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
        let per_second = rustix::param::clock_ticks_per_second().max(1);
        let status = read_to_string(format!("/proc/{pid}/status"))?;
        let io = read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
        Ok(Self {
            cpu: Duration::from_millis(ticks * 1_000 / per_second),
            written: field(&io, "write_bytes:"),
            rss: field(&status, "VmRSS:") * 1_024,
            peak: field(&status, "VmHWM:") * 1_024,
        })
    }

    /// What was used since; memory as it is now.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        let (cpu, written) = (self.cpu.saturating_sub(before.cpu), self.written - before.written);
        Self { cpu, written, ..self }
    }
}

fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// How long answers took.
#[derive(Debug, Default)]
pub struct Latencies(Vec<u32>);

impl Latencies {
    /// Takes one.
    pub fn note(&mut self, since: Instant) {
        self.took(since.elapsed());
    }

    /// Takes one that was measured otherwise.
    pub fn took(&mut self, took: Duration) {
        self.0.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    /// Takes all of another.
    pub fn merge(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// 50th, 90th, 99th percentile and maximum, in milliseconds.
    pub fn summary(&mut self) -> [f64; 4] {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        [0.5, 0.9, 0.99, 1.0].map(|q| {
            let at = (last as f64 * q).ceil() as usize;
            f64::from(self.0.get(at).copied().unwrap_or(0)) / 1_000.0
        })
    }
}

/// Bytes as MiB.
#[must_use]
pub fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The machine's load average over the last minute.
#[must_use]
pub fn load_average() -> f64 {
    let text = read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0.0)
}

/// Processor time of all processes together, to see what others took from a run.
///
/// # Errors
/// When the kernel doesn't say.
pub fn machine_cpu() -> anyhow::Result<Duration> {
    let stat = read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("/proc/stat is empty")?;
    let fields: Vec<u64> = line.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal
    let busy: u64 = fields.iter().take(8).sum::<u64>() - fields.iter().skip(3).take(2).sum::<u64>();
    Ok(Duration::from_millis(busy * 1_000 / rustix::param::clock_ticks_per_second().max(1)))
}

/// Lets this process, and those that it starts, open as many files as the system allows.
///
/// # Errors
/// When the limit can't be raised.
pub fn raise_open_files() -> anyhow::Result<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    Ok(limit.maximum.unwrap_or(u64::MAX))
}
