//! How long to wait after failures: full jitter, applied after the cap, so that many agents that lost the same server
//! come back evenly spread.

use std::time::Duration;

/// First ceiling of a wait.
pub const BASE: Duration = Duration::from_secs(1);
/// Highest ceiling of a wait: once a fault is over, a fresh report must show within 15 seconds.
pub const CAP: Duration = Duration::from_secs(10);

/// Counts failures and says how long to wait.
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure: evenly between nothing and the ceiling, which doubles from [`BASE`] to [`CAP`].
    /// `random` is any 64 random bits.
    pub fn next(&mut self, random: u64) -> Duration {
        let ceiling =
            2_u32.checked_pow(self.failures).map_or(CAP, |times| BASE.saturating_mul(times).min(CAP));
        self.failures = self.failures.saturating_add(1);
        ceiling.mul_f64(random as f64 / u64::MAX as f64)
    }

    /// After a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// 64 random bits; without randomness from the system the middle, which is no worse than no jitter.
#[must_use]
pub fn random() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applies_the_jitter_after_the_cap() {
        let mut backoff = Backoff::default();
        let ceilings: Vec<u64> = (0..6).map(|_| backoff.next(u64::MAX).as_secs()).collect();
        assert_eq!(ceilings, [1, 2, 4, 8, 10, 10]);
        assert_eq!(backoff.next(0), Duration::ZERO);
        assert_eq!(backoff.next(u64::MAX / 2).as_secs_f64().round(), 5.0);
        backoff.reset();
        assert_eq!(backoff.next(u64::MAX), BASE);
        for _ in 0..100 {
            assert!(backoff.next(u64::MAX) <= CAP);
        }
    }
}
