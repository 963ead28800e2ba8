//! Alerts that other systems sent: the latest of each, and until when its sender means it. Which of them are let in, and when
//! one is over, is decided by the evaluation; this is only what is known.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use eavip_core::alert::intake::{Annotations, Sent};
use eavip_core::id::{Digest128, TeamId};
use eavip_core::labels::Labels;
use eavip_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Most alerts that are kept: some 100 MB. More is a defect at the sender, and an alert of its own.
pub const MAX_ALERTS: usize = 50_000;
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
        if now < self.ends_at || (self.updated_at < seen_from && now < seen_from + patience) {
            return Standing::Firing;
        }
        Standing::Lapsed
    }

    /// Takes a later word on the same alert; where their times overlap they are merged as Alertmanager does.
    fn merge(&mut self, mut later: Self) {
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
#[derive(Debug, Default)]
pub struct Intake(RwLock<HashMap<Digest128, Known>>);

impl Intake {
    /// The alerts of a checkpoint.
    pub fn restored(known: Vec<Known>) -> Self {
        Self(RwLock::new(known.into_iter().map(|known| (known.fingerprint, known)).collect()))
    }

    /// Every alert, in no order that means anything.
    #[must_use]
    pub fn all(&self) -> Vec<Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Looks at every alert.
    pub fn each(&self, look: impl FnMut(&Known)) {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().for_each(look);
    }

    /// An alert by its fingerprint.
    #[must_use]
    pub fn get(&self, fingerprint: Digest128) -> Option<Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&fingerprint).cloned()
    }

    /// Whether an alert is known already.
    #[must_use]
    pub fn knows(&self, fingerprint: Digest128) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(&fingerprint)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes what was sent and is on disk. What would be over the bound was refused before.
    pub(crate) fn take(&self, sent: Vec<Known>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for later in sent {
            if let Some(known) = all.get_mut(&later.fingerprint) {
                known.merge(later);
            } else if all.len() < MAX_ALERTS {
                all.insert(later.fingerprint, later);
            }
        }
    }

    /// Lets go of what has been over for a while.
    pub(crate) fn forget(&self, now: Timestamp) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, known| known.ends_at.max(known.updated_at) + KEPT > now);
    }
}

#[cfg(test)]
mod tests;
