//! Alerts that other systems sent: the latest of each, and until when its sender means it. Which of them are let in, and when
//! one is over, is decided by the evaluation; this is only what is known.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use eavip_core::alert::intake::{Annotations, Sent};
use eavip_core::id::{Digest128, TeamId};
use eavip_core::labels::Labels;
use eavip_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Most alerts that are kept. More is a defect at the sender, and an alert of its own.
pub const MAX_ALERTS: usize = 50_000;
/// Most memory that they take together: so many with the labels and texts of a usual rule, twice over.
pub const MAX_BYTES: usize = 192 << 20;
/// No alert takes more than this, by the bounds on its labels and annotations.
const LARGEST: usize = 256 << 10;
/// Requests that are read and written at the same time.
const AT_ONCE: usize = 16;
/// How long a request waits for its turn before it is sent away.
const WAIT: Duration = Duration::from_secs(2);
/// How long an alert that is over stays, so that it is found to be over.
const KEPT: Span = Span::from_secs(900);

/// An alert as its sender last sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The same for every episode of it: made of the labels.
    pub fingerprint: Digest128,
    /// What identifies it.
    pub labels: Labels,
    /// What is said of it.
    pub annotations: Annotations,
    /// Where its sender shows the rule.
    pub generator: Option<String>,
    /// Since when it fires.
    pub starts_at: Timestamp,
    /// Until when, as its sender says; a moment that lay behind when it came means that it is over.
    pub ends_at: Timestamp,
    /// Whether the sender gave no end.
    pub open_ended: bool,
    /// When it came last.
    pub updated_at: Timestamp,
    /// Who owns what its sender sends and has no other owner.
    pub fallback: Option<TeamId>,
}

/// Where an alert stands by its sender's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It fires.
    Firing,
    /// Its time ran out while nobody listened: what was open stays open until its sender had time to send it again.
    Unheard,
    /// Its sender said that it is over.
    Over,
    /// Its sender doesn't repeat it any more.
    Lapsed,
}

impl Known {
    /// Where it stands. `seen_from` is the moment from which on this process could have been told: an alert whose time ran out
    /// while nobody listened isn't over before its sender had time to send it again.
    #[must_use]
    pub fn standing(&self, seen_from: Timestamp, patience: Span, now: Timestamp) -> Standing {
        if self.ends_at <= self.updated_at {
            return Standing::Over;
        }
        if now < self.ends_at {
            Standing::Firing
        } else if self.updated_at < seen_from && now < seen_from + patience {
            Standing::Unheard
        } else {
            Standing::Lapsed
        }
    }

    /// About how much memory it takes.
    fn bytes(&self) -> usize {
        /// What stands around it.
        const FIXED: usize = 400;
        /// What stands around a name and its value.
        const PAIR: usize = 64;
        let pair = |(name, value): (&str, &str)| PAIR + name.len() + value.len();
        let labels: usize = self.labels.iter().map(pair).sum();
        let annotations: usize = self.annotations.iter().map(pair).sum();
        FIXED + labels + annotations + self.generator.as_ref().map_or(0, String::len)
    }

    /// Takes a later word on the same alert; where their times overlap they are merged as Alertmanager does.
    fn merge(&mut self, mut later: Self) {
        // Who sends the same without a team takes it from nobody.
        later.fallback = later.fallback.or_else(|| self.fallback.take());
        let within = |moment: Timestamp| self.starts_at < moment && moment < self.ends_at;
        if within(later.ends_at) || within(later.starts_at) {
            later.starts_at = later.starts_at.min(self.starts_at);
            let over = |known: &Self| known.ends_at <= later.updated_at;
            let keeps_end = if over(&later) { over(self) } else { !self.open_ended };
            if keeps_end {
                later.ends_at = later.ends_at.max(self.ends_at);
            }
        }
        *self = later;
    }

    /// The alert as the policy library looks at it.
    #[must_use]
    pub fn sent(&self) -> Sent {
        Sent {
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            generator: self.generator.clone(),
            since: self.starts_at,
            fallback: self.fallback.clone(),
        }
    }
}

/// The latest of every alert that other systems sent.
#[derive(Debug)]
pub struct Intake {
    kept: RwLock<Kept>,
    promised: Arc<Promised>,
    places: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Kept {
    alerts: HashMap<Digest128, Known>,
    /// What they take together.
    bytes: usize,
}

/// Room that is promised to what is on its way to the disk.
#[derive(Debug, Default)]
struct Promised {
    alerts: AtomicUsize,
    bytes: AtomicUsize,
}

/// Room for the alerts of one request, until they are kept or given up.
#[derive(Debug)]
pub struct Promise {
    of: Arc<Promised>,
    alerts: usize,
    bytes: usize,
    _place: OwnedSemaphorePermit,
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.of.alerts.fetch_sub(self.alerts, Ordering::Relaxed);
        self.of.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Default for Intake {
    fn default() -> Self {
        Self::restored(Vec::new())
    }
}

impl Kept {
    /// Takes an alert. What is said of one that is known already stays as it is where there is no room for more: until when it is meant
    /// counts in any case.
    fn take(&mut self, mut later: Known) {
        match self.alerts.get_mut(&later.fingerprint) {
            Some(known) => {
                let (before, after) = (known.bytes(), later.bytes());
                if after > before && self.bytes - before + after > MAX_BYTES {
                    later.annotations.clone_from(&known.annotations);
                    later.generator.clone_from(&known.generator);
                }
                self.bytes = self.bytes - before + later.bytes();
                known.merge(later);
            }
            None => {
                self.bytes += later.bytes();
                self.alerts.insert(later.fingerprint, later);
            }
        }
    }
}

impl Intake {
    /// The alerts of a checkpoint.
    pub fn restored(known: Vec<Known>) -> Self {
        let mut kept = Kept::default();
        known.into_iter().for_each(|known| kept.take(known));
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Self { kept: RwLock::new(kept), promised: Arc::default(), places }
    }

    fn kept(&self) -> RwLockReadGuard<'_, Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Kept> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every alert, in no order that means anything.
    #[must_use]
    pub fn all(&self) -> Vec<Known> {
        self.kept().alerts.values().cloned().collect()
    }

    /// Looks at every alert.
    pub fn each(&self, look: impl FnMut(&Known)) {
        self.kept().alerts.values().for_each(look);
    }

    /// An alert by its fingerprint.
    #[must_use]
    pub fn get(&self, fingerprint: Digest128) -> Option<Known> {
        self.kept().alerts.get(&fingerprint).cloned()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept().alerts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether an alert may find no room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let kept = self.kept();
        kept.alerts.len() >= MAX_ALERTS || kept.bytes + LARGEST > MAX_BYTES
    }

    /// A turn for a request; `None` when too many are under way for a while already.
    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.places).acquire_owned();
        tokio::time::timeout(WAIT, place).await.ok()?.ok()
    }

    /// Promises room to alerts; new ones that find none are left out.
    pub fn promise(&self, place: OwnedSemaphorePermit, alerts: &mut Vec<Known>) -> Promise {
        // The lock orders promises; what is kept meanwhile was promised its room before.
        let kept = self.change();
        let of = Arc::clone(&self.promised);
        let mut promise = Promise { of, alerts: 0, bytes: 0, _place: place };
        let taken = |of: &AtomicUsize| of.load(Ordering::Relaxed);
        let (others, bytes) = (taken(&promise.of.alerts), kept.bytes + taken(&promise.of.bytes));
        alerts.retain(|alert| {
            if kept.alerts.contains_key(&alert.fingerprint) {
                return true;
            }
            let fits = kept.alerts.len() + others + promise.alerts < MAX_ALERTS
                && bytes + promise.bytes + alert.bytes() <= MAX_BYTES;
            if fits {
                (promise.alerts, promise.bytes) = (promise.alerts + 1, promise.bytes + alert.bytes());
            }
            fits
        });
        promise.of.alerts.fetch_add(promise.alerts, Ordering::Relaxed);
        promise.of.bytes.fetch_add(promise.bytes, Ordering::Relaxed);
        promise
    }

    /// Takes what was sent and is on disk.
    pub(crate) fn take(&self, sent: Vec<Known>) {
        let mut kept = self.change();
        sent.into_iter().for_each(|later| kept.take(later));
    }

    /// Lets go of what has been over for a while. `seen_from` and `patience` are those of [`Known::standing`]: what still fires by
    /// them stays.
    pub(crate) fn forget(&self, seen_from: Timestamp, patience: Span, now: Timestamp) {
        let mut kept = self.change();
        let Kept { alerts, bytes } = &mut *kept;
        alerts.retain(|_, known| {
            let stays = known.ends_at.max(known.updated_at) + KEPT > now
                || matches!(known.standing(seen_from, patience, now), Standing::Firing | Standing::Unheard);
            if !stays {
                *bytes -= known.bytes();
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests;
