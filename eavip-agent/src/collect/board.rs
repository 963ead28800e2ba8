//! Where the collectors' results meet: the latest of each gauge, and what deltas and histograms amount to since the
//! last report.
//!
//! A gauge is repeated until its collector has a newer value or fails. A delta or histogram is handed out once; in
//! between it says that nothing was added. A series whose collector fails is unknown, never left out and never as it
//! was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use eavip_core::id::ServiceId;
use eavip_core::node::MAX_SERIES;
use eavip_core::signal::histogram::Histogram;
use eavip_core::signal::metric::{Kind, Metric};
use eavip_core::signal::reading::{Quality, Reading, SeriesKey, Value};
use tokio::sync::{Notify, watch};

use super::named;

/// Most series of one collector; what comes beyond is left out and said in the log.
const MAX_PER_COLLECTOR: usize = 300;
/// Series of one report that are kept free for what the caller adds, such as the figures of its spool.
const SPARE: usize = 50;

/// The results of all collectors.
#[derive(Debug)]
pub struct Board {
    entries: Mutex<Vec<Entry>>,
    urgent: Notify,
    version: watch::Sender<u64>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    service: Option<ServiceId>,
    passes: u64,
    failure: Option<String>,
    series: BTreeMap<SeriesKey, Kept>,
}

/// One series: what was measured, and why it isn't known any more.
#[derive(Debug)]
struct Kept {
    value: Value,
    quality: Quality,
    unknown: Option<Box<str>>,
}

/// How one collector stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its name, such as `probe.checkout`.
    pub name: String,
    /// Why it failed last, if it did.
    pub failure: Option<String>,
    /// Whether it has any result.
    pub answered: bool,
    /// How many series it has.
    pub series: usize,
}

impl Default for Board {
    fn default() -> Self {
        Self { entries: Mutex::default(), urgent: Notify::new(), version: watch::Sender::new(0) }
    }
}

impl Board {
    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room for a collector; its expected series are unknown until it has a result.
    pub(super) fn enter(&self, name: &str, service: Option<ServiceId>, expected: Vec<SeriesKey>) -> usize {
        let mut entries = self.entries();
        let kept = |key: SeriesKey| (key.clone(), Kept::nothing(key.metric, "not read yet"));
        let series = expected.into_iter().map(kept).collect();
        entries.push(Entry { name: name.to_owned(), service, passes: 0, failure: None, series });
        entries.len() - 1
    }

    /// Takes a collector's result.
    pub(super) fn succeed(&self, id: usize, readings: Vec<Reading>) {
        let mut urgent = false;
        if let Some(entry) = self.entries().get_mut(id) {
            if readings.len() > MAX_PER_COLLECTOR && entry.passes == 0 {
                let (name, count) = (&entry.name, readings.len());
                tracing::warn!(
                    collector = name,
                    series = count,
                    "collector {name} has {count} series, over its bound"
                );
            }
            entry.passes += 1;
            entry.failure = None;
            urgent = entry.take(readings);
        }
        self.version.send_modify(|version| *version += 1);
        if urgent {
            self.urgent.notify_one();
        }
    }

    /// Takes note that a collector has no result.
    pub(super) fn fail(&self, id: usize, reason: &str) {
        if let Some(entry) = self.entries().get_mut(id) {
            entry.passes += 1;
            entry.failure = Some(reason.to_owned());
            for kept in entry.series.values_mut() {
                kept.unknown = Some(reason.into());
            }
        }
        self.version.send_modify(|version| *version += 1);
    }

    /// Waits until something happened that shouldn't wait for the next report.
    pub(super) async fn urgent(&self) {
        self.urgent.notified().await;
    }

    /// Waits until each collector has tried at least so often.
    pub async fn passed(&self, times: u64) {
        let mut version = self.version.subscribe();
        while self.entries().iter().any(|entry| entry.passes < times) {
            if version.changed().await.is_err() {
                return;
            }
        }
    }

    /// How each collector stands, in the order they were started.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        let standing = |entry: &Entry| Standing {
            name: entry.name.clone(),
            failure: entry.failure.clone(),
            answered: entry.passes > 0,
            series: entry.series.len(),
        };
        self.entries().iter().map(standing).collect()
    }

    /// Every series as it stands; deltas and histograms begin anew.
    pub(super) fn drain(&self) -> Vec<Reading> {
        let mut readings = Vec::new();
        for entry in self.entries().iter_mut() {
            if entry.passes > 0 {
                let up = if entry.failure.is_none() { 1.0 } else { 0.0 };
                let up = Reading::exact(Metric::CollectorUp, up);
                readings.push(up.of(entry.service.as_ref()).labelled(named("collector", &entry.name)));
            }
            readings.extend(entry.series.iter_mut().map(|(key, kept)| kept.drain(key)));
        }
        if readings.len() > MAX_SERIES - SPARE {
            let count = readings.len();
            tracing::warn!(
                series = count,
                "{count} series are more than a report takes; the last ones are left out"
            );
            readings.truncate(MAX_SERIES - SPARE);
        }
        readings
    }
}

impl Entry {
    /// Takes readings; says whether one of them is a change that shouldn't wait.
    fn take(&mut self, readings: Vec<Reading>) -> bool {
        let mut urgent = false;
        let mut named = BTreeSet::new();
        for Reading { metric, service, labels, value, quality } in
            readings.into_iter().take(MAX_PER_COLLECTOR)
        {
            let key = SeriesKey { metric, service, labels };
            let kept = self.series.entry(key.clone()).or_insert_with(|| Kept::nothing(metric, ""));
            urgent |= kept.take(metric, value, quality);
            named.insert(key);
        }
        // What isn't read any more is gone, except what was counted and not yet reported.
        self.series.retain(|key, kept| named.contains(key) || kept.pending(key.metric));
        urgent
    }
}

impl Kept {
    fn nothing(metric: Metric, reason: &str) -> Self {
        let value = match metric.kind() {
            Kind::Histogram => Value::Histogram(Box::default()),
            Kind::Gauge | Kind::Delta => Value::Number(0.0),
        };
        Self { value, quality: Quality::Exact, unknown: Some(reason.into()) }
    }

    fn take(&mut self, metric: Metric, value: Value, quality: Quality) -> bool {
        let first = self.unknown.is_some();
        if let Value::Unknown(reason) = value {
            self.unknown = Some(reason);
            return false;
        }
        self.unknown = None;
        self.quality = if metric.kind() == Kind::Gauge { quality } else { self.quality.max(quality) };
        match (&mut self.value, value) {
            (Value::Number(sum), Value::Number(more)) if metric.kind() == Kind::Delta => *sum += more,
            (Value::Histogram(sum), Value::Histogram(more)) => sum.merge(&more),
            (kept, value) => {
                let changed = *kept != value;
                *kept = value;
                // The first value after unknown is a change as well when it is bad.
                let bad = matches!(kept, Value::Number(up) if *up < 1.0);
                return matches!(metric, Metric::ProbeUp | Metric::JobOk)
                    && (bad || !first)
                    && (changed || first);
            }
        }
        false
    }

    /// Whether something was counted that no report has said yet.
    fn pending(&self, metric: Metric) -> bool {
        match (&self.value, metric.kind()) {
            (Value::Number(sum), Kind::Delta) => *sum != 0.0,
            (Value::Histogram(sum), _) => sum.count() > 0,
            _ => false,
        }
    }

    fn drain(&mut self, key: &SeriesKey) -> Reading {
        let pending = self.pending(key.metric);
        let reading = match (&self.unknown, pending) {
            (Some(reason), false) => Reading::unknown(key.metric, reason),
            _ => Reading {
                metric: key.metric,
                service: None,
                labels: eavip_core::labels::Labels::default(),
                value: self.value.clone(),
                quality: self.quality,
            },
        };
        match (&mut self.value, key.metric.kind()) {
            (Value::Number(sum), Kind::Delta) => *sum = 0.0,
            (Value::Histogram(sum), _) => **sum = Histogram::default(),
            _ => {}
        }
        reading.of(key.service.as_ref()).labelled(key.labels.clone())
    }
}

#[cfg(test)]
mod tests;
