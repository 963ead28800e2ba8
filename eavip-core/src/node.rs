//! A node as its reports show it: who it is, how recent we know that, and the latest of each series.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::id::{DeploymentId, NodeId, ServiceId};
use crate::labels::Labels;
use crate::mode::Mode;
use crate::policy::Policy;
use crate::signal::health::{self, Latest, SignalHealth};
use crate::signal::metric::Metric;
use crate::signal::reading::{Quality, Reading, SeriesKey, Value};
use crate::signal::service::ServiceWindow;
use crate::time::{Span, Timestamp};
use crate::wire::v1::Body;

/// Most series of one node; what comes beyond is refused at the door.
pub const MAX_SERIES: usize = 2_000;
/// Most services of one node.
pub const MAX_SERVICES: usize = 200;
/// A series that no report named for this long is forgotten.
const FORGOTTEN: Span = Span::from_secs(3_600);
/// Reports that may be missed before what we know is stale.
const MISSED_REPORTS: u64 = 3;
/// The least age at which something is stale, whatever the interval: a slow push isn't an outage.
const LEAST_STALE: Span = Span::from_secs(10);

/// Where a node belongs: fixed by the join token, not by the node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The installation it is part of.
    pub deployment: DeploymentId,
    /// Who runs that installation.
    pub mode: Mode,
    /// The environment it serves.
    pub environment: Environment,
    /// More about it, as the join token said.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// What a node says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Its host name: hostile text.
    pub hostname: String,
    /// Its operating system.
    #[serde(default)]
    pub os: String,
    /// Its kernel.
    #[serde(default)]
    pub kernel: String,
    /// The agent's version.
    #[serde(default)]
    pub agent_version: String,
    /// CPU cores.
    #[serde(default)]
    pub cores: u32,
    /// Memory in bytes.
    #[serde(default)]
    pub memory_bytes: u64,
}

/// The latest of one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its value.
    pub value: Value,
    /// How good the value is.
    pub quality: Quality,
    /// When it was measured, by the node's clock.
    pub at: Timestamp,
}

/// A node and the latest that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its identity.
    pub id: NodeId,
    /// Where it belongs.
    pub place: Place,
    /// What it says of itself.
    pub facts: Facts,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// When its last report arrived, by the server's clock.
    pub seen_at: Option<Timestamp>,
    /// When its last report was made, by the node's clock.
    pub reported_at: Option<Timestamp>,
    /// How often it reports.
    pub interval: Span,
    /// The latest of each series, by metric, service and labels.
    pub series: BTreeMap<SeriesKey, Series>,
    /// The windows of the services it watches.
    pub services: BTreeMap<ServiceId, ServiceWindow>,
}

impl Node {
    /// A node that hasn't reported yet.
    #[must_use]
    pub fn new(id: NodeId, place: Place, enrolled_at: Timestamp) -> Self {
        Self {
            id,
            place,
            facts: Facts::default(),
            enrolled_at,
            seen_at: None,
            reported_at: None,
            interval: Span::from_secs(15),
            series: BTreeMap::new(),
            services: BTreeMap::new(),
        }
    }

    /// Takes a report that arrived at `seen_at`. A report older than the last one adds to windows and is otherwise
    /// history: it doesn't overwrite what is known by now.
    pub fn observe(&mut self, body: &Body, seen_at: Timestamp) {
        let newest = self.reported_at.is_none_or(|last| body.at >= last);
        self.seen_at = Some(self.seen_at.map_or(seen_at, |last| last.max(seen_at)));
        if let Some(facts) = &body.facts {
            self.facts = facts.clone();
        }
        if !newest {
            return;
        }
        self.reported_at = Some(body.at);
        self.interval = body.interval;
        for reading in &body.readings {
            self.note(reading, body.at);
        }
        self.observe_services(body);
        let oldest = body.at - FORGOTTEN;
        if self.series.len() > body.readings.len() {
            self.series.retain(|_, series| series.at > oldest);
        }
    }

    /// Takes one reading; one of a new series is left out when there are [`MAX_SERIES`].
    pub fn note(&mut self, reading: &Reading, at: Timestamp) {
        let key = SeriesKey {
            metric: reading.metric,
            service: reading.service.clone(),
            labels: reading.labels.clone(),
        };
        let series = Series { value: reading.value.clone(), quality: reading.quality, at };
        if self.series.len() < MAX_SERIES || self.series.contains_key(&key) {
            self.series.insert(key, series);
        }
    }

    fn observe_services(&mut self, body: &Body) {
        let mut named: Vec<&ServiceId> = body.readings.iter().filter_map(|r| r.service.as_ref()).collect();
        named.sort_unstable();
        named.dedup();
        for service in named {
            if self.services.len() >= MAX_SERVICES && !self.services.contains_key(service) {
                continue;
            }
            let readings = body.readings.iter().filter(|reading| reading.service.as_ref() == Some(service));
            self.services.entry(service.clone()).or_default().observe(body.at, readings);
        }
        let series = &self.series;
        self.services.retain(|service, _| series.keys().any(|key| key.service.as_ref() == Some(service)));
    }

    /// How long nothing was heard of it; since its enrolment when it never reported.
    #[must_use]
    pub fn silent(&self, now: Timestamp) -> Span {
        now.since(self.seen_at.unwrap_or(self.enrolled_at))
    }

    /// After how long without a report what we know of it is stale.
    #[must_use]
    pub fn stale_after(&self) -> Span {
        self.interval.times(MISSED_REPORTS).max(LEAST_STALE)
    }

    /// Whether what we know of it is stale.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.silent(now) > self.stale_after()
    }

    /// How good a series' value is by now: a stale one is unknown. A series goes stale by the node's own clock when
    /// later reports no longer name it, and with the node when that falls silent.
    #[must_use]
    pub fn quality(&self, series: &Series, now: Timestamp) -> Quality {
        let dropped = self.reported_at.is_some_and(|last| last.since(series.at) > self.stale_after());
        if dropped || self.is_stale(now) { Quality::Unknown } else { series.quality }
    }

    /// The series of one metric.
    pub fn series_of(&self, metric: Metric) -> impl Iterator<Item = (&SeriesKey, &Series)> {
        let from = SeriesKey { metric, service: None, labels: Labels::default() };
        self.series.range(from..).take_while(move |(key, _)| key.metric == metric)
    }

    /// The golden signals of each service it watches.
    #[must_use]
    pub fn service_health(&self, policy: &Policy, now: Timestamp) -> Vec<(&ServiceId, Vec<SignalHealth>)> {
        let stale = self.is_stale(now);
        self.services
            .iter()
            .map(|(service, window)| {
                let latest: Vec<Latest<'_>> = self
                    .series
                    .iter()
                    .filter(|(key, _)| key.service.as_ref() == Some(service))
                    .map(|(key, series)| Latest {
                        key,
                        value: &series.value,
                        quality: self.quality(series, now),
                    })
                    .collect();
                (service, health::assess(window, stale, &latest, policy.objectives(service)))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
