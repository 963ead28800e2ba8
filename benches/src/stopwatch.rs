//! How long a routine takes, and a line that puts its figure beside another one of the same run.

use std::cell::Cell;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// Times a routine inside a benchmark and keeps the least time: what noise of other programs can't raise.
#[derive(Debug)]
pub struct Stopwatch {
    name: String,
    /// How many times the routine does what the name says, in one call.
    times: u32,
    /// Seconds for one of them.
    least: Cell<Option<f64>>,
}

impl Stopwatch {
    /// For a routine that does once in a call what the name says.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self::of_each(1, name)
    }

    /// For a routine that does it several times in a call.
    #[must_use]
    pub fn of_each(times: u32, name: impl Into<String>) -> Self {
        Self { name: name.into(), times, least: Cell::new(None) }
    }

    /// What is timed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a routine as often as asked; for `iter_custom`.
    pub fn run<T>(&self, calls: u64, mut routine: impl FnMut() -> T) -> Duration {
        let begun = Instant::now();
        for _ in 0..calls {
            std::hint::black_box(routine());
        }
        let took = begun.elapsed();
        let each = took.as_secs_f64() / calls.max(1) as f64 / f64::from(self.times);
        self.least.set(Some(self.least.get().map_or(each, |least| least.min(each))));
        took
    }
}

/// Writes a figure beside another one, measured in the same run: a floor, which is the least that any program does for
/// the same work, or a peer. Nothing is written when one of them was filtered out.
///
/// # Errors
/// When standard output is closed.
pub fn compare(figure: &Stopwatch, beside: &Stopwatch) -> std::io::Result<()> {
    let (Some(took), Some(least)) = (figure.least.get(), beside.least.get()) else { return Ok(()) };
    let (what, other, ratio) = (&figure.name, &beside.name, took / least.max(1e-12));
    let (took, least) = (spelled(took), spelled(least));
    let digits = if ratio < 0.1 { 3 } else { 1 + usize::from(ratio < 10.0) };
    writeln!(std::io::stdout(), "figure | {what} | {took} | {other} | {least} | {ratio:.digits$} |")
}

/// Seconds with three digits, in the unit that fits.
fn spelled(seconds: f64) -> String {
    let (size, unit) = match seconds {
        ..1e-6 => (1e-9, "ns"),
        ..1e-3 => (1e-6, "µs"),
        ..1.0 => (1e-3, "ms"),
        _ => (1.0, "s"),
    };
    let value = seconds / size;
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}
