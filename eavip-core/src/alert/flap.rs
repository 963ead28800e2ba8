//! Alerts that come and go: told once that they flap and once that they stopped, instead of each time (seed: *Alert noise
//! is treated as a defect*).
//!
//! The measure is Nagios's: of the last 21 states, how many differ from the one before, the newest change weighing 1.2 and
//! the oldest 0.8. A first page and a rise in category are told all the same.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Category;
use crate::time::{Span, Timestamp};
use crate::words;

/// What counts as flapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlapPolicy {
    /// How many states are looked at; 21.
    pub states: usize,
    /// What the oldest change weighs; 0.8.
    pub oldest: f64,
    /// What the newest change weighs; 1.2.
    pub newest: f64,
    /// From which share of changes on it flaps; 0.5.
    pub start: f64,
    /// Below which share it stopped; 0.25.
    pub stop: f64,
    /// How often a state that stays is counted again; 1 min. What flaps must not depend on how often somebody looks.
    pub pace: Span,
}

impl Default for FlapPolicy {
    fn default() -> Self {
        Self { states: 21, oldest: 0.8, newest: 1.2, start: 0.5, stop: 0.25, pace: Span::from_secs(60) }
    }
}

words! {
    /// A change in whether something flaps, told once each.
    #[non_exhaustive]
    pub enum FlapChange ("flapping notice") {
        /// It flaps now.
        Started = "started",
        /// It stopped.
        Stopped = "stopped",
    }
}

/// The recent states of what one fingerprint names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Flapping {
    /// `None` is good.
    states: VecDeque<Option<Category>>,
    counted_at: Option<Timestamp>,
    flaps: bool,
    told: Option<Category>,
}

impl Flapping {
    /// Counts a state: the category while it fires, `None` while it doesn't. A change counts at once, a state that stays
    /// once per [`FlapPolicy::pace`].
    pub fn observe(
        &mut self,
        state: Option<Category>,
        policy: &FlapPolicy,
        now: Timestamp,
    ) -> Option<FlapChange> {
        let stays = self.states.back() == Some(&state);
        let counted = self.counted_at.filter(|at| *at <= now);
        if stays && counted.is_some_and(|at| now.since(at) < policy.pace) {
            return None;
        }
        self.counted_at = Some(now);
        self.states.push_back(state);
        while self.states.len() > policy.states {
            self.states.pop_front();
        }
        let share = self.share(policy);
        if !self.flaps && share >= policy.start {
            self.flaps = true;
            return Some(FlapChange::Started);
        }
        if self.flaps && share < policy.stop {
            self.flaps = false;
            self.told = None;
            return Some(FlapChange::Stopped);
        }
        None
    }

    /// The weighed share of changes, from 0 to 1; what isn't known yet counts as no change.
    #[must_use]
    pub fn share(&self, policy: &FlapPolicy) -> f64 {
        let most = policy.states.saturating_sub(1);
        if most == 0 {
            return 0.0;
        }
        let step = (policy.newest - policy.oldest) / (most.saturating_sub(1).max(1)) as f64;
        let newest_first = self.states.iter().rev().zip(self.states.iter().rev().skip(1)).take(most);
        let changes = newest_first.enumerate().filter(|(_, (one, before))| one != before);
        let weight: f64 = changes.map(|(age, _)| policy.newest - step * age as f64).sum();
        weight / (most as f64 * f64::midpoint(policy.newest, policy.oldest))
    }

    /// Whether it flaps.
    #[must_use]
    pub fn flaps(&self) -> bool {
        self.flaps
    }

    /// Remembers that somebody was told of it.
    pub fn told(&mut self, category: Category) {
        self.told = self.told.max(Some(category));
    }

    /// Whether a notice is held back: only while it flaps, and only when somebody was told of one at least as urgent.
    #[must_use]
    pub fn holds_back(&self, category: Category) -> bool {
        self.flaps && self.told >= Some(category)
    }
}

#[cfg(test)]
mod tests;
