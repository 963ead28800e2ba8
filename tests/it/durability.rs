//! What was acknowledged is there, whatever happens to the process, the machine or the files: power cuts, `kill -9`, damage.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "helpers of tests, where failing loudly is the point"
)]

mod disk_full;
mod kills;
mod mutations;
mod oracle;
mod power_cuts;
mod victim;

use std::time::{SystemTime, UNIX_EPOCH};

/// A fixed seed finds again what it found before, a fresh one finds more. Each test prints the seed it fails with.
fn seeds() -> [u64; 2] {
    let fresh = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    [20_260_101, u64::from(fresh)]
}

/// Damaged databases make sled panic inside the thread that opens them; that is expected and need not be read.
fn quiet_about_contained_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() != Some("sled-open") {
                usual(info);
            }
        }));
    });
}
