//! What the attempts of messages that still wait have met. Gone with the process: a start tries all of them at once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eavip_core::id::Digest128;
use tokio::time::Instant;

/// The attempts of one message.
#[derive(Debug, Clone, Default)]
pub struct Attempts {
    /// How many were made.
    pub made: u32,
    /// What the last one met.
    pub error: Option<String>,
    not_before: Option<Instant>,
}

/// The attempts of every message that waits and was tried.
#[derive(Debug, Default)]
pub struct AttemptLog(Mutex<HashMap<Digest128, Attempts>>);

impl AttemptLog {
    fn inner(&self) -> MutexGuard<'_, HashMap<Digest128, Attempts>> {
        // Each call changes one entry at once: what a panic elsewhere leaves is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The attempts of a message.
    #[must_use]
    pub fn of(&self, delivery: Digest128) -> Attempts {
        self.inner().get(&delivery).cloned().unwrap_or_default()
    }

    /// Notes a failed attempt, and how long to wait before the next.
    pub(super) fn failed(&self, delivery: Digest128, made: u32, error: String, wait: Duration) {
        let not_before = Some(Instant::now() + wait);
        self.inner().insert(delivery, Attempts { made, error: Some(error), not_before });
    }

    /// Forgets a message that no longer waits.
    pub(super) fn ended(&self, delivery: Digest128) {
        self.inner().remove(&delivery);
    }

    /// Whether a message may not be tried yet.
    pub(super) fn waits(&self, delivery: Digest128) -> bool {
        let not_before = self.inner().get(&delivery).and_then(|attempts| attempts.not_before);
        not_before.is_some_and(|not_before| not_before > Instant::now())
    }

    /// How long until some message may be tried again; at most `period`.
    pub(super) fn next_due(&self, period: Duration) -> Duration {
        let now = Instant::now();
        let next = self.inner().values().filter_map(|attempts| attempts.not_before).min();
        next.map_or(period, |next| next.saturating_duration_since(now).min(period))
            .max(Duration::from_millis(10))
    }
}
