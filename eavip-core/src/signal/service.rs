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

/// The window of a service, and what it amounts to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceWindow {
    slots: VecDeque<Slot>,
    probe_failing: bool,
    probe_unknown: bool,
}

impl ServiceWindow {
    /// Takes the service's readings of one report, made at `at`. Readings of other metrics are left out. What was
    /// taken from later than `at` is dropped: the node's clock was set back, and nobody knows when that was.
    pub fn observe<'a>(&mut self, at: Timestamp, readings: impl IntoIterator<Item = &'a Reading>) {
        while self.slots.back().is_some_and(|slot| slot.at > at) {
            self.slots.pop_back();
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
                (Metric::RequestDuration, Value::Histogram(h)) => add(&mut slot.requested, h),
                (Metric::ProbeDuration, Value::Histogram(h)) => add(&mut slot.probed, h),
                _ => {}
            }
        }
        if probed || unknown {
            (self.probe_failing, self.probe_unknown) = (failing, unknown && !probed);
        }
        let oldest = at - WINDOW;
        while self.slots.len() > MAX_SLOTS || self.slots.front().is_some_and(|slot| slot.at <= oldest) {
            self.slots.pop_front();
        }
    }

    /// Whether the latest probe of the service failed; `None` when none was made or it is unknown.
    #[must_use]
    pub fn probe_failing(&self) -> Option<bool> {
        let probed = self.slots.iter().any(|slot| slot.probes > 0.0);
        (probed && !self.probe_unknown).then_some(self.probe_failing)
    }

    /// Requests in the window; `None` when the service doesn't count them.
    #[must_use]
    pub fn requests(&self) -> Option<f64> {
        self.slots.iter().filter_map(|slot| slot.requests).fold(None, |sum, n| Some(sum.unwrap_or(0.0) + n))
    }

    /// An indicator over the window, in its unit; `None` when nothing was measured. Each call adds up the window.
    #[must_use]
    pub fn indicator(&self, derived: Derived) -> Option<f64> {
        if let Some(q) = derived.quantile() {
            return self.latency().and_then(|(histogram, _)| histogram.quantile(q));
        }
        let sum = |part: fn(&Slot) -> f64| self.slots.iter().map(part).sum::<f64>();
        let (part, whole) = match derived {
            Derived::Availability => (sum(|slot| slot.probes_up), sum(|slot| slot.probes)),
            _ => (sum(|slot| slot.errors), self.requests()?),
        };
        (whole > 0.0).then(|| (part / whole).clamp(0.0, 1.0))
    }

    /// How long answers took: as the service's requests saw it, else as the probes did (then estimated).
    #[must_use]
    pub fn latency(&self) -> Option<(Histogram, Quality)> {
        let requested = merged(self.slots.iter().filter_map(|slot| slot.requested.as_deref()));
        let probed = || merged(self.slots.iter().filter_map(|slot| slot.probed.as_deref()));
        let requested = requested.map(|histogram| (histogram, Quality::Approximate));
        requested.or_else(|| probed().map(|histogram| (histogram, Quality::Estimated)))
    }
}

fn add(into: &mut Option<Box<Histogram>>, histogram: &Histogram) {
    match into {
        Some(sum) => sum.merge(histogram),
        None => *into = Some(Box::new(histogram.clone())),
    }
}

fn merged<'a>(histograms: impl Iterator<Item = &'a Histogram>) -> Option<Histogram> {
    histograms.filter(|histogram| histogram.count() > 0).fold(None, |sum, histogram| {
        let mut sum: Histogram = sum.unwrap_or_default();
        sum.merge(histogram);
        Some(sum)
    })
}

#[cfg(test)]
mod tests;
