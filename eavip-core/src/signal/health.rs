//! What the five golden signals of a service say, measured against its objectives.
//!
//! Unknown ranks above degraded: what nobody can see may be failing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Signal;
use super::indicator::Derived;
use super::metric::{Metric, Unit};
use super::reading::{Quality, SeriesKey, Value};
use super::service::ServiceWindow;
use crate::id::ServiceId;
use crate::labels::Labels;
use crate::time::Span;
use crate::words;

words! {
    /// How a signal is, from best to worst.
    pub enum Health ("health") {
        /// Measured, and within its objective.
        Healthy = "healthy",
        /// Measured, and beyond its objective.
        Degraded = "degraded",
        /// Not measured, stale or in error; never counts as healthy.
        Unknown = "unknown",
        /// Measured, and far beyond its objective or down.
        Failing = "failing",
    }
}

/// What a service is expected to keep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Objectives {
    /// Least share of good probes, 0 to 1.
    pub availability: f64,
    /// Largest share of failed requests, 0 to 1.
    pub error_ratio: f64,
    /// Longest time that 99 % of requests may take.
    pub latency_p99: Span,
    /// Longest time that a message may wait.
    pub backlog_age: Span,
}

impl Default for Objectives {
    fn default() -> Self {
        Self {
            availability: 0.999,
            error_ratio: 0.01,
            latency_p99: Span::from_secs(1),
            backlog_age: Span::from_secs(300),
        }
    }
}

/// One signal of one service on one node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignalHealth {
    /// Which signal.
    pub signal: Signal,
    /// How it is.
    pub health: Health,
    /// The measured value, where there is one.
    pub value: Option<f64>,
    /// The unit of value and objective.
    pub unit: Unit,
    /// What was expected.
    pub objective: Option<f64>,
    /// How good the value is.
    pub quality: Quality,
    /// What stands behind it, in a few words.
    pub detail: String,
}

/// How much worse than its objective a value may be before a signal counts as failing.
const FAILING_FACTOR: f64 = 4.0;

/// The latest value of a series, as far as health needs it.
#[derive(Debug, Clone, Copy)]
pub struct Latest<'a> {
    /// Which series.
    pub key: &'a SeriesKey,
    /// Its value.
    pub value: &'a Value,
    /// How good the value is; [`Quality::Unknown`] when it is stale.
    pub quality: Quality,
}

/// The golden signals of a service that has something measured, in their declared order. A signal without any
/// reading is left out: a service that has no queue isn't blind on its backlog.
///
/// ```
/// use eavip_core::signal::health::{Objectives, assess};
/// use eavip_core::signal::service::ServiceWindow;
///
/// let nothing = assess(&ServiceWindow::default(), false, &[], &Objectives::default());
/// assert!(nothing.is_empty(), "a signal that nobody measures isn't healthy: it isn't there");
/// ```
#[must_use]
pub fn assess(
    window: &ServiceWindow,
    stale: bool,
    latest: &[Latest<'_>],
    goal: &Objectives,
) -> Vec<SignalHealth> {
    let mut found: Vec<SignalHealth> = [
        availability(window, latest, goal),
        errors(window, latest, goal),
        latency(window, latest, goal),
        jobs(latest),
        backlog(latest, goal),
    ]
    .into_iter()
    .flatten()
    .collect();
    if stale {
        for signal in &mut found {
            (signal.health, signal.quality) = (Health::Unknown, Quality::Unknown);
            signal.detail = "no recent report".to_owned();
        }
    }
    found
}

fn reported<'a>(latest: &'a [Latest<'_>], metric: Metric) -> impl Iterator<Item = &'a Latest<'a>> {
    latest.iter().filter(move |latest| latest.key.metric == metric)
}

/// The reason of the first series of a metric that is unknown.
fn blind(latest: &[Latest<'_>], metric: Metric) -> Option<String> {
    reported(latest, metric).find(|latest| latest.quality == Quality::Unknown).map(|latest| {
        match latest.value {
            Value::Unknown(reason) => reason.to_string(),
            _ => "no recent reading".to_owned(),
        }
    })
}

fn unknown(signal: Signal, unit: Unit, objective: Option<f64>, detail: String) -> SignalHealth {
    SignalHealth {
        signal,
        health: Health::Unknown,
        value: None,
        unit,
        objective,
        quality: Quality::Unknown,
        detail,
    }
}

/// Worse is larger.
fn grade(value: f64, objective: f64) -> Health {
    if value <= objective {
        Health::Healthy
    } else if value <= objective * FAILING_FACTOR {
        Health::Degraded
    } else {
        Health::Failing
    }
}

fn availability(window: &ServiceWindow, latest: &[Latest<'_>], goal: &Objectives) -> Option<SignalHealth> {
    let (signal, unit, objective) = (Signal::Availability, Unit::Ratio, Some(goal.availability));
    reported(latest, Metric::ProbeUp).next()?;
    // One probe that is known to fail says more than another that nobody can read.
    let down = failing(latest, Metric::ProbeUp);
    if let (None, Some(reason)) = (down, blind(latest, Metric::ProbeUp)) {
        return Some(unknown(signal, unit, objective, reason));
    }
    let value = window.indicator(Derived::Availability);
    let (health, detail) = match (down, value) {
        (Some(probe), _) => (Health::Failing, format!("probe {} is failing", name(probe.key, "probe"))),
        (None, Some(value)) if value >= goal.availability => (Health::Healthy, "all probes pass".to_owned()),
        (None, Some(_)) => (Health::Degraded, "probes failed within the last 5 minutes".to_owned()),
        (None, None) => return Some(unknown(signal, unit, objective, "not probed yet".to_owned())),
    };
    Some(SignalHealth { signal, health, value, unit, objective, quality: Quality::Exact, detail })
}

fn errors(window: &ServiceWindow, latest: &[Latest<'_>], goal: &Objectives) -> Option<SignalHealth> {
    let (signal, unit, objective) = (Signal::Errors, Unit::Ratio, Some(goal.error_ratio));
    reported(latest, Metric::Requests).next()?;
    if let Some(reason) = blind(latest, Metric::Requests).or_else(|| blind(latest, Metric::RequestErrors)) {
        return Some(unknown(signal, unit, objective, reason));
    }
    let requests = window.requests().unwrap_or(0.0);
    let (health, value) = match window.indicator(Derived::ErrorRatio) {
        Some(ratio) => (grade(ratio, goal.error_ratio), Some(ratio)),
        None => (Health::Healthy, None),
    };
    let detail = format!("{requests} requests in the last 5 minutes");
    Some(SignalHealth { signal, health, value, unit, objective, quality: Quality::Exact, detail })
}

fn latency(window: &ServiceWindow, latest: &[Latest<'_>], goal: &Objectives) -> Option<SignalHealth> {
    let (signal, unit) = (Signal::Latency, Unit::Seconds);
    let objective = goal.latency_p99.as_secs_f64();
    let source = [Metric::RequestDuration, Metric::ProbeDuration]
        .into_iter()
        .find(|metric| reported(latest, *metric).next().is_some())?;
    if let Some(reason) = blind(latest, source) {
        return Some(unknown(signal, unit, Some(objective), reason));
    }
    let Some((histogram, quality)) = window.latency() else {
        let detail = "no requests in the last 5 minutes".to_owned();
        return Some(SignalHealth {
            signal,
            health: Health::Healthy,
            value: None,
            unit,
            objective: Some(objective),
            quality: Quality::Exact,
            detail,
        });
    };
    let value = histogram.quantile(0.99)?;
    let median = histogram.quantile(0.5).unwrap_or(value);
    let detail =
        format!("99 % of {} answers; half of them within {:.1} ms", histogram.count(), median * 1000.0);
    let health = grade(value, objective);
    Some(SignalHealth {
        signal,
        health,
        value: Some(value),
        unit,
        objective: Some(objective),
        quality,
        detail,
    })
}

/// The worst job decides: a failed run is failing, a late one degraded.
fn jobs(latest: &[Latest<'_>]) -> Option<SignalHealth> {
    let (signal, unit) = (Signal::Jobs, Unit::Seconds);
    let count = reported(latest, Metric::JobOk).count();
    if count == 0 {
        return None;
    }
    let failed = failing(latest, Metric::JobOk);
    let reason = blind(latest, Metric::JobOk).or_else(|| blind(latest, Metric::JobLate));
    if let (None, Some(reason)) = (failed, reason) {
        return Some(unknown(signal, unit, Some(0.0), reason));
    }
    let late = worst(latest, Metric::JobLate);
    let (health, detail) = match (failed, late) {
        (Some(job), _) => (Health::Failing, format!("the last run of {} failed", name(job.key, "job"))),
        (None, Some((job, late))) if late > 0.0 => {
            (Health::Degraded, format!("{} is late", name(job.key, "job")))
        }
        _ if count == 1 => (Health::Healthy, "1 job, in time".to_owned()),
        _ => (Health::Healthy, format!("{count} jobs, all in time")),
    };
    let value = Some(late.map_or(0.0, |(_, late)| late));
    Some(SignalHealth { signal, health, value, unit, objective: Some(0.0), quality: Quality::Exact, detail })
}

/// The queue whose oldest message waits longest decides; dead letters degrade.
fn backlog(latest: &[Latest<'_>], goal: &Objectives) -> Option<SignalHealth> {
    let (signal, unit) = (Signal::Backlog, Unit::Seconds);
    let objective = Some(goal.backlog_age.as_secs_f64());
    reported(latest, Metric::QueueReady).next()?;
    let oldest = worst(latest, Metric::QueueOldestAge);
    let graded = oldest.map(|(_, age)| grade(age, goal.backlog_age.as_secs_f64()));
    let reason = blind(latest, Metric::QueueReady).or_else(|| blind(latest, Metric::QueueDeadLetter));
    if let (Some(reason), true) = (reason, graded != Some(Health::Failing)) {
        return Some(unknown(signal, unit, objective, reason));
    }
    let depth: f64 = reported(latest, Metric::QueueReady).filter_map(|latest| as_number(latest)).sum();
    let dead: f64 = reported(latest, Metric::QueueDeadLetter).filter_map(|latest| as_number(latest)).sum();
    // A queue that holds messages of unknown age may be the one that waits longest.
    let aged: BTreeSet<_> = reported(latest, Metric::QueueOldestAge)
        .filter(|age| as_number(age).is_some())
        .map(|age| queue_of(age.key))
        .collect();
    let ageless = reported(latest, Metric::QueueReady)
        .filter(|ready| as_number(ready).is_some_and(|depth| depth > 0.0))
        .find(|ready| !aged.contains(&queue_of(ready.key)));
    let (health, value, quality, mut detail) = match (oldest, graded, ageless) {
        (Some((oldest, age)), Some(health), None)
        | (Some((oldest, age)), Some(health @ Health::Failing), _) => {
            let detail = match depth {
                0.0 => "nothing waits".to_owned(),
                _ => format!("{depth} waiting, the longest in {}", name(oldest.key, "queue")),
            };
            (health, Some(age), oldest.quality, detail)
        }
        (.., Some(queue)) => {
            let detail = format!("{depth} waiting, in {} for how long isn't known", name(queue.key, "queue"));
            (Health::Unknown, None, Quality::Unknown, detail)
        }
        _ => (Health::Healthy, Some(0.0), Quality::Exact, "nothing waits".to_owned()),
    };
    let health = if dead > 0.0 { health.max(Health::Degraded) } else { health };
    if dead > 0.0 {
        detail = format!("{detail}; {dead} given up");
    }
    Some(SignalHealth { signal, health, value, unit, objective, quality, detail })
}

fn queue_of(key: &SeriesKey) -> (Option<&ServiceId>, &Labels) {
    (key.service.as_ref(), &key.labels)
}

/// The first series of a yes-or-no metric that is known to say no.
fn failing<'a>(latest: &'a [Latest<'_>], metric: Metric) -> Option<&'a Latest<'a>> {
    reported(latest, metric).find(|latest| as_number(latest).is_some_and(|yes| yes < 1.0))
}

fn as_number(latest: &Latest<'_>) -> Option<f64> {
    match latest.value {
        Value::Number(value) if latest.quality != Quality::Unknown => Some(*value),
        _ => None,
    }
}

fn worst<'a>(latest: &'a [Latest<'_>], metric: Metric) -> Option<(&'a Latest<'a>, f64)> {
    reported(latest, metric)
        .filter_map(|latest| as_number(latest).map(|value| (latest, value)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

/// What the thing is called: its label, else the metric's name.
fn name<'a>(key: &'a SeriesKey, label: &str) -> &'a str {
    key.labels.get(label).unwrap_or_else(|| key.metric.as_str())
}

#[cfg(test)]
mod tests;
