//! Waiting for a condition. No test waits for a time to pass.

use std::time::{Duration, Instant};

/// How long a condition may take to come true: many times what it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Looks until there is something and gives it.
///
/// # Panics
/// When there is nothing for two minutes.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(LOOK);
    }
}

/// Looks until it is so.
///
/// # Panics
/// When it isn't so for two minutes.
pub fn until_so(what: &str, mut look: impl FnMut() -> bool) {
    until(what, || look().then_some(()));
}
