//! A node as its reports show it: who it is, how recent we know that, and the latest of each series.

mod series;

use std::collections::{BTreeMap, BTreeSet};

pub use series::{MAX_SERIES, Series, SeriesMap};

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::id::{DeploymentId, NodeId, ServiceId};
use crate::labels::Labels;
use crate::mode::Mode;
use crate::policy::Policy;
use crate::signal::health::{self, Latest, SignalHealth};
use crate::signal::metric::Metric;
use crate::signal::reading::{Quality, Reading, SeriesKey};
use crate::signal::service::ServiceWindow;
use crate::time::{Span, Timestamp};
use crate::wire::v1::Body;

/// Most services of one node.
pub const MAX_SERVICES: usize = 200;
/// A series that no report named for this long is forgotten.
const FORGOTTEN: Span = Span::from_secs(3_600);
/// How often forgotten series are looked for, in milliseconds of the node's clock.
const SWEEP_MILLIS: i64 = 60_000;
/// A report that is older than the last one by more than this isn't a late one but the first after the node's clock was
/// set back: agents keep acknowledged reports for replay about this long.
const SET_BACK: Span = Span::from_secs(900);
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
    pub series: SeriesMap,
    /// The windows of the services it watches.
    pub services: BTreeMap<ServiceId, ServiceWindow>,
}

impl Facts {
    /// Longest text of a fact, in characters: a host name has at most 253.
    pub const LONGEST: usize = 255;

    /// Cuts each text to [`Self::LONGEST`].
    pub(crate) fn cut(&mut self) {
        for text in [&mut self.hostname, &mut self.os, &mut self.kernel, &mut self.agent_version] {
            if let Some((end, _)) = text.char_indices().nth(Self::LONGEST) {
                text.truncate(end);
            }
        }
    }
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
            series: SeriesMap::default(),
            services: BTreeMap::new(),
        }
    }

    /// Takes a report that arrived at `seen_at`. A report older than the last one is history: it shows that the node is
    /// there, and doesn't overwrite what is known by now. One that is older by more than 15 minutes means that the
    /// node's clock was set back; it is taken, and what was known so far counts as measured at its moment.
    pub fn observe(&mut self, body: &Body, seen_at: Timestamp) {
        self.seen_at = Some(self.seen_at.map_or(seen_at, |last| last.max(seen_at)));
        match self.reported_at {
            Some(last) if last.since(body.at) > SET_BACK => {
                self.series.set_back(body.at);
            }
            Some(last) if body.at < last => return,
            _ => {}
        }
        if let Some(facts) = &body.facts {
            self.facts.clone_from(facts);
        }
        // What the server knows of a node isn't the node's to claim.
        for reading in body.readings.iter().filter(|reading| !reading.metric.is_the_servers()) {
            self.note(reading, body.at);
        }
        self.observe_services(body);
        let minute = |at: Timestamp| at.as_millis().div_euclid(SWEEP_MILLIS);
        if self.reported_at.is_some_and(|last| minute(last) != minute(body.at)) {
            self.forget(body.at - FORGOTTEN);
        }
        self.reported_at = Some(body.at);
        self.interval = body.interval;
    }

    /// Takes one reading; one of a new series is left out when there are [`MAX_SERIES`].
    pub fn note(&mut self, reading: &Reading, at: Timestamp) {
        self.series.note(reading, at);
    }

    fn observe_services(&mut self, body: &Body) {
        let of_services =
            body.readings.iter().filter_map(|reading| Some((reading.service.as_ref()?, reading)));
        let mut list: Vec<(&ServiceId, &Reading)> = of_services.collect();
        list.sort_by_key(|(service, _)| *service);
        for chunk in list.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((service, _)) = chunk.first() else { continue };
            let readings = chunk.iter().map(|(_, reading)| *reading);
            if let Some(window) = self.services.get_mut(*service) {
                window.observe(body.at, readings);
            } else if self.services.len() < MAX_SERVICES {
                self.services.entry((*service).clone()).or_default().observe(body.at, readings);
            }
        }
    }

    /// Forgets series that weren't named since, and the services that have none left.
    fn forget(&mut self, since: Timestamp) {
        self.series.forget(since);
        let named: BTreeSet<&ServiceId> =
            self.series.iter().filter_map(|(key, _)| key.service.as_ref()).collect();
        self.services.retain(|service, _| named.contains(service));
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
        self.series.of(metric)
    }

    /// The golden signals of each service it watches.
    #[must_use]
    pub fn service_health(&self, policy: &Policy, now: Timestamp) -> Vec<(&ServiceId, Vec<SignalHealth>)> {
        let stale = self.is_stale(now);
        let mut latest: BTreeMap<&ServiceId, Vec<Latest<'_>>> = BTreeMap::new();
        for (key, series) in self.series.iter() {
            if let Some(service) = &key.service {
                let quality = self.quality(series, now);
                latest.entry(service).or_default().push(Latest { key, value: &series.value, quality });
            }
        }
        self.services
            .iter()
            .map(|(service, window)| {
                let latest = latest.remove(service).unwrap_or_default();
                (service, health::assess(window, stale, &latest, policy.objectives(service)))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
