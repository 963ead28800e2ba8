//! What the kernel and its time service tell in small files: pressure, open files, the clock.

use std::path::Path;

use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;

/// Pressure stall information: the share of the last minute in which some task waited. Kernels without it have none.
pub(super) fn pressure() -> Vec<Reading> {
    let parts =
        [("cpu", Metric::PressureCpu), ("memory", Metric::PressureMemory), ("io", Metric::PressureIo)];
    let read = |(file, metric)| {
        let text = std::fs::read_to_string(format!("/proc/pressure/{file}")).ok()?;
        Some(Reading::exact(metric, some_of_last_minute(&text)?))
    };
    parts.into_iter().filter_map(read).collect()
}

pub(super) fn some_of_last_minute(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let percent = line.split(' ').find_map(|pair| pair.strip_prefix("avg60="))?;
    percent.parse::<f64>().ok().map(|percent| (percent / 100.0).clamp(0.0, 1.0))
}

/// Descriptors in use against the host's limit.
pub(super) fn open_files() -> Option<Reading> {
    let text = std::fs::read_to_string("/proc/sys/fs/file-nr").ok()?;
    Some(match open_files_ratio(&text) {
        Some(ratio) => Reading::exact(Metric::OpenFiles, ratio),
        None => Reading::unknown(Metric::OpenFiles, "/proc/sys/fs/file-nr can't be read as numbers"),
    })
}

/// Allocated, unused and largest number; the first holds the second.
pub(super) fn open_files_ratio(text: &str) -> Option<f64> {
    let numbers: Vec<f64> = text.split_whitespace().map_while(|number| number.parse().ok()).collect();
    let [allocated, unused, most] = numbers.as_slice() else { return None };
    (*most > 0.0).then(|| ((allocated - unused) / most).clamp(0.0, 1.0))
}

/// Where systemd-timesyncd says that it runs, and that the clock was set.
const TIMESYNC: &str = "/run/systemd/timesync";

/// Whether the clock is synchronised, as systemd-timesyncd tells by a file. How far it is off is measured against the
/// server, with each answer to a push: the kernel's own estimate says nothing where no time service runs.
pub(super) fn clock() -> Vec<Reading> {
    vec![clock_of(Path::new(TIMESYNC))]
}

pub(super) fn clock_of(directory: &Path) -> Reading {
    if !directory.is_dir() {
        return Reading::unknown(Metric::ClockSynchronised, "systemd-timesyncd doesn't run on this host");
    }
    let synchronised = directory.join("synchronized").exists();
    Reading::exact(Metric::ClockSynchronised, f64::from(u8::from(synchronised)))
}
