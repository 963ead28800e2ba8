//! One service on one node over the last few minutes: probes, requests, errors and how long answers took.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::indicator::Derived;
use super::metric::Metric;
use super::reading::{Quality, Reading, Value};
use crate::time::{Span, Timestamp};

/// How far back a derived indicator looks.
pub const WINDOW: Span = Span::from_secs(300);
/// How long a slot takes in further reports: agents that report faster share slots, so that a window holds at most
/// [`MAX_SLOTS`] pairs of histograms, however fast a node reports. The window then ends up to this much early.
const SLOT: Span = Span::from_secs(15);
/// Most slots kept: the window in slots, and the one that is being filled.
const MAX_SLOTS: usize = 21;
/// The most that one report's count adds: sums over the window stay exact and finite.
const MAX_COUNT: f64 = 1e12;

/// What the reports of one slot added.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Slot {
    at: Timestamp,
    probes: f64,
    probes_up: f64,
    requests: Option<f64>,
    errors: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requested: Option<Box<Histogram>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probed: Option<Box<Histogram>>,
}

/// The window of a service, and what it amounts to. Reports come once, evaluations every second: the sum over the
/// window and what follows from it are kept up to date as reports come, so that reading them costs nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct ServiceWindow {
    slots: VecDeque<Slot>,
    probe_failing: bool,
    probe_unknown: bool,
    #[serde(skip_serializing)]
    total: Slot,
    /// What the sum amounts to, in the order of [`Derived::ALL`].
    #[serde(skip_serializing)]
    indicators: [Option<f64>; Derived::ALL.len()],
}

/// The window as it is kept: the sum is made anew from the slots.
#[derive(Deserialize)]
struct Stored {
    slots: VecDeque<Slot>,
    probe_failing: bool,
    probe_unknown: bool,
}

impl From<Stored> for ServiceWindow {
    fn from(Stored { slots, probe_failing, probe_unknown }: Stored) -> Self {
        let mut window = Self { slots, probe_failing, probe_unknown, ..Self::default() };
        window.sum_histograms();
        window.sum_numbers();
        window.derive();
        window
    }
}

/// The sum follows from the slots, up to buckets that were once in use.
impl PartialEq for ServiceWindow {
    fn eq(&self, other: &Self) -> bool {
        (&self.slots, self.probe_failing, self.probe_unknown)
            == (&other.slots, other.probe_failing, other.probe_unknown)
    }
}

impl ServiceWindow {
    /// Takes the service's readings of one report, made at `at`. Readings of other metrics are left out. What was
    /// taken from later than `at` is dropped: the node's clock was set back, and nobody knows when that was.
    pub fn observe<'a>(&mut self, at: Timestamp, readings: impl IntoIterator<Item = &'a Reading>) {
        let known = self.slots.len();
        while self.slots.back().is_some_and(|slot| slot.at > at) {
            self.slots.pop_back();
        }
        if self.slots.len() < known {
            self.sum_histograms();
        }
        if self.slots.back().is_none_or(|slot| at.since(slot.at) >= SLOT) {
            self.slots.push_back(Slot { at, ..Slot::default() });
        }
        let Some(slot) = self.slots.back_mut() else { return };
        let count = |n: f64| n.clamp(0.0, MAX_COUNT);
        let mut probed = false;
        let (mut failing, mut unknown) = (false, false);
        for reading in readings {
            match (reading.metric, &reading.value) {
                (Metric::ProbeUp, Value::Number(up)) => {
                    probed = true;
                    slot.probes += 1.0;
                    slot.probes_up += up.clamp(0.0, 1.0);
                    failing |= *up < 1.0;
                }
                (Metric::ProbeUp, Value::Unknown(_)) => unknown = true,
                (Metric::Requests, Value::Number(n)) => {
                    slot.requests = Some(slot.requests.unwrap_or(0.0) + count(*n));
                }
                (Metric::RequestErrors, Value::Number(n)) => slot.errors += count(*n),
                (Metric::RequestDuration, Value::Histogram(h)) => {
                    add(&mut slot.requested, h);
                    add(&mut self.total.requested, h);
                }
                (Metric::ProbeDuration, Value::Histogram(h)) => {
                    add(&mut slot.probed, h);
                    add(&mut self.total.probed, h);
                }
                _ => {}
            }
        }
        if probed || unknown {
            (self.probe_failing, self.probe_unknown) = (failing, unknown && !probed);
        }
        self.forget(at - WINDOW);
        self.sum_numbers();
        self.derive();
    }

    fn forget(&mut self, oldest: Timestamp) {
        let mut forgot = false;
        while self.slots.len() > MAX_SLOTS || self.slots.front().is_some_and(|slot| slot.at <= oldest) {
            let Some(slot) = self.slots.pop_front() else { break };
            take_away(&mut self.total.requested, slot.requested.as_deref());
            take_away(&mut self.total.probed, slot.probed.as_deref());
            forgot = true;
        }
        // What made the sum coarse may be gone with it.
        let mut sums = self.total.requested.iter().chain(&self.total.probed);
        if forgot && sums.any(|sum| sum.is_coarse()) {
            self.sum_histograms();
        }
    }

    fn sum_histograms(&mut self) {
        let sum = |part: fn(&Slot) -> Option<&Histogram>| {
            let mut sum = None;
            self.slots.iter().filter_map(part).for_each(|histogram| add(&mut sum, histogram));
            sum
        };
        let requested = sum(|slot| slot.requested.as_deref());
        let probed = sum(|slot| slot.probed.as_deref());
        (self.total.requested, self.total.probed) = (requested, probed);
    }

    fn sum_numbers(&mut self) {
        let sum = |part: fn(&Slot) -> f64| self.slots.iter().map(part).sum::<f64>();
        let (probes, probes_up) = (sum(|slot| slot.probes), sum(|slot| slot.probes_up));
        let errors = sum(|slot| slot.errors);
        let requests = self.slots.iter().filter_map(|slot| slot.requests).reduce(|a, b| a + b);
        let total = &mut self.total;
        (total.probes, total.probes_up, total.errors, total.requests) = (probes, probes_up, errors, requests);
    }

    fn derive(&mut self) {
        let latency = self.latency().map(|(histogram, _)| histogram);
        let value = |derived: Derived| {
            if let Some(q) = derived.quantile() {
                return latency.and_then(|histogram| histogram.quantile(q));
            }
            let (part, whole) = match derived {
                Derived::Availability => (self.total.probes_up, self.total.probes),
                _ => (self.total.errors, self.requests()?),
            };
            (whole > 0.0).then(|| (part / whole).clamp(0.0, 1.0))
        };
        let mut indicators = self.indicators;
        indicators.iter_mut().zip(Derived::ALL).for_each(|(kept, derived)| *kept = value(*derived));
        self.indicators = indicators;
    }

    /// Whether the latest probe of the service failed; `None` when none was made or it is unknown.
    #[must_use]
    pub fn probe_failing(&self) -> Option<bool> {
        (self.total.probes > 0.0 && !self.probe_unknown).then_some(self.probe_failing)
    }

    /// Requests in the window; `None` when the service doesn't count them.
    #[must_use]
    pub fn requests(&self) -> Option<f64> {
        self.total.requests
    }

    /// An indicator over the window, in its unit; `None` when nothing was measured.
    #[must_use]
    pub fn indicator(&self, derived: Derived) -> Option<f64> {
        self.indicators.get(derived as usize).copied().flatten()
    }

    /// How long answers took: as the service's requests saw it, else as the probes did (then estimated).
    #[must_use]
    pub fn latency(&self) -> Option<(&Histogram, Quality)> {
        let known = |sum: &'_ &Histogram| sum.count() > 0;
        let requested = self.total.requested.as_deref().filter(known).map(|sum| (sum, Quality::Approximate));
        requested.or_else(|| self.total.probed.as_deref().filter(known).map(|sum| (sum, Quality::Estimated)))
    }
}

fn add(into: &mut Option<Box<Histogram>>, histogram: &Histogram) {
    match into {
        Some(sum) => sum.merge(histogram),
        None => *into = Some(Box::new(histogram.clone())),
    }
}

fn take_away(from: &mut Option<Box<Histogram>>, histogram: Option<&Histogram>) {
    if let (Some(sum), Some(histogram)) = (from, histogram) {
        sum.take_away(histogram);
    }
}

#[cfg(test)]
mod tests;
