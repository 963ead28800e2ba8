//! Slows down guessing: after some failed attempts for a name or from an address, each further one has to wait twice as
//! long as the one before.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use eavip_core::time::{Span, Timestamp};

/// Attempts that may fail before anybody waits: people mistype.
const FREE: u32 = 5;
/// The longest wait: nobody is locked out for good by somebody else's guesses.
const LONGEST: Span = Span::from_secs(60);
/// After this long without a failure all is forgotten.
const FORGET: Span = Span::from_secs(3_600);
/// Names and addresses remembered; beyond, the one that failed the longest ago is forgotten.
const REMEMBERED: usize = 4_096;

/// Whom attempts are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Whom {
    /// A user name.
    Name(String),
    /// An address; of IPv6 the /64 that one customer has.
    Address(IpAddr),
}

impl Whom {
    /// The address that attempts are counted for.
    #[must_use]
    pub fn address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => Self::Address(IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into())),
            v4 => Self::Address(v4),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Failed {
    times: u32,
    last: Timestamp,
}

impl Failed {
    fn wait(self) -> Span {
        let doubled = 1_u64 << self.times.saturating_sub(FREE).min(10);
        if self.times < FREE { Span::ZERO } else { Span::from_secs(doubled).min(LONGEST) }
    }
}

/// Failed attempts of late.
#[derive(Debug, Default)]
pub struct Backoff(Mutex<HashMap<Whom, Failed>>);

impl Backoff {
    fn known(&self) -> MutexGuard<'_, HashMap<Whom, Failed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For how many seconds nobody of `who` may try; `None` when they may now.
    #[must_use]
    pub fn wait(&self, who: &[Whom], now: Timestamp) -> Option<u64> {
        let known = self.known();
        let waits = who.iter().filter_map(|whom| known.get(whom)).filter_map(|failed| {
            let until = failed.last + failed.wait();
            (until > now).then(|| until.since(now).as_millis().div_ceil(1_000))
        });
        waits.max()
    }

    /// Notes a failed attempt.
    pub fn failed(&self, who: &[Whom], now: Timestamp) {
        let mut known = self.known();
        for whom in who {
            if known.len() >= REMEMBERED && !known.contains_key(whom) {
                known.retain(|_, failed| now.since(failed.last) < FORGET);
                let oldest = known.iter().min_by_key(|(_, failed)| failed.last).map(|(whom, _)| whom.clone());
                if let (true, Some(oldest)) = (known.len() >= REMEMBERED, oldest) {
                    known.remove(&oldest);
                }
            }
            let failed = known.entry(whom.clone()).or_insert(Failed { times: 0, last: now });
            let times = if now.since(failed.last) < FORGET { failed.times } else { 0 };
            *failed = Failed { times: times.saturating_add(1), last: now };
        }
    }

    /// Forgets the failed attempts for a name that got in.
    pub fn succeeded(&self, whom: &Whom) {
        self.known().remove(whom);
    }
}

#[cfg(test)]
mod tests;
