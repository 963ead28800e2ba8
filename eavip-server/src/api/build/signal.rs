//! The golden signals over all services: which service is worst, and how it was over the last hour.

use eavip_core::evaluate::readable;
use eavip_core::id::{NodeId, ServiceId};
use eavip_core::node::Node;
use eavip_core::policy::Policy;
use eavip_core::signal::Signal;
use eavip_core::signal::health::{Health, SignalHealth};
use eavip_core::signal::metric::Metric;
use eavip_core::time::{Span, Timestamp};

use crate::api::view::{SignalAt, SignalCard};
use crate::history::Point;
use crate::nodes::{Known, Nodes};

/// Services named on a card: more don't fit and don't help to decide where to look first.
const WORST: usize = 3;
/// Points of a card's trend: an hour in minutes.
const TREND: usize = 60;
const MINUTE: Span = Span::from_secs(60);

/// A signal of one service on one node, as the outside sees it.
#[must_use]
pub fn signal_at(node: &Node, service: &ServiceId, found: &SignalHealth, policy: &Policy) -> SignalAt {
    let id = node.id.to_string();
    let named = &node.facts.hostname;
    let text = match (found.signal, found.value) {
        (_, None) => "–".to_owned(),
        (Signal::Jobs, Some(late)) if late <= 0.0 => "on time".to_owned(),
        (Signal::Jobs, Some(late)) => format!("{} late", readable(late, found.unit)),
        (_, Some(value)) => readable(value, found.unit),
    };
    SignalAt {
        hostname: if named.is_empty() { id.clone() } else { named.clone() },
        node: id,
        service: service.to_string(),
        owner: policy.services.get(service).map(|service| service.owner.to_string()),
        signal: found.signal,
        health: found.health,
        value: found.value,
        value_text: text,
        unit: found.unit,
        objective: found.objective,
        objective_text: objective_text(found),
        quality: found.quality,
        detail: found.detail.clone(),
    }
}

fn objective_text(found: &SignalHealth) -> String {
    match (found.signal, found.objective) {
        (Signal::Jobs, _) => "on time".to_owned(),
        (Signal::Availability, Some(least)) => format!("at least {}", readable(least, found.unit)),
        (_, Some(most)) => format!("at most {}", readable(most, found.unit)),
        (_, None) => String::new(),
    }
}

/// How bad a signal is, for ranking: its health, then how far it is from its objective.
fn badness(found: &SignalHealth) -> (Health, f64) {
    let (value, objective) = (found.value.unwrap_or(0.0), found.objective.unwrap_or(0.0));
    let excess = match found.signal {
        Signal::Availability => objective - value,
        _ if objective > 0.0 => value / objective,
        _ => value,
    };
    (found.health, excess)
}

struct Candidate {
    badness: (Health, f64),
    place: (NodeId, ServiceId),
    shown: SignalAt,
}

/// Gathers one card while nodes are shown one after the other.
pub(super) struct Card {
    signal: Signal,
    services: usize,
    worst: Vec<Candidate>,
}

impl Card {
    pub(super) fn new(signal: Signal) -> Self {
        Self { signal, services: 0, worst: Vec::new() }
    }

    pub(super) fn add(&mut self, node: &Node, service: &ServiceId, found: &SignalHealth, policy: &Policy) {
        if found.signal != self.signal {
            return;
        }
        self.services += 1;
        let badness = badness(found);
        let worse = |known: &Candidate| {
            known.badness.0.cmp(&badness.0).then(known.badness.1.total_cmp(&badness.1)).is_ge()
        };
        let at = self.worst.partition_point(worse);
        if at < WORST {
            let shown = signal_at(node, service, found, policy);
            self.worst.insert(at, Candidate { badness, place: (node.id, service.clone()), shown });
            self.worst.truncate(WORST);
        }
    }

    pub(super) fn finish(self, nodes: &Nodes, now: Timestamp) -> SignalCard {
        let first = self.worst.first();
        let trend = first.and_then(|first| {
            let (node, service) = &first.place;
            nodes.with(*node, |known| trend(known, service, self.signal, now))
        });
        SignalCard {
            signal: self.signal,
            health: first.map_or(Health::Unknown, |first| first.shown.health),
            value: first.map_or_else(|| "–".to_owned(), |first| first.shown.value_text.clone()),
            objective: first.map(|first| first.shown.objective_text.clone()).unwrap_or_default(),
            detail: first
                .map_or_else(|| "nothing measures it yet".to_owned(), |first| first.shown.detail.clone()),
            trend: trend.unwrap_or_default(),
            worst: self.worst.into_iter().map(|candidate| candidate.shown).collect(),
            services: self.services,
        }
    }
}

/// The worst value of each minute of the last hour, oldest first.
fn trend(known: &Known, service: &ServiceId, signal: Signal, now: Timestamp) -> Vec<Option<f64>> {
    let of = |metric| minutes(known, service, metric, now);
    let worst = |points: &Vec<Point>| points.iter().map(|point| point.max).reduce(f64::max);
    let total = |points: &Vec<Point>| points.iter().map(|point| point.value).sum::<f64>();
    match signal {
        Signal::Availability => {
            let least = |points: &Vec<Point>| points.iter().map(|point| point.min).reduce(f64::min);
            of(Metric::ProbeUp).iter().map(least).collect()
        }
        Signal::Errors => {
            let (requests, errors) = (of(Metric::Requests), of(Metric::RequestErrors));
            let share = |(all, bad): (&Vec<Point>, &Vec<Point>)| {
                let sum = total(all);
                (sum > 0.0).then(|| (total(bad) / sum).min(1.0))
            };
            requests.iter().zip(&errors).map(share).collect()
        }
        Signal::Latency => {
            let (requests, probes) = (of(Metric::RequestDuration), of(Metric::ProbeDuration));
            let measured = requests.iter().any(|points| !points.is_empty());
            if measured { requests } else { probes }.iter().map(worst).collect()
        }
        Signal::Jobs => of(Metric::JobLate).iter().map(worst).collect(),
        Signal::Backlog => of(Metric::QueueOldestAge).iter().map(worst).collect(),
        Signal::Host | Signal::Certificates | Signal::Freshness => Vec::new(),
    }
}

fn minutes(known: &Known, service: &ServiceId, metric: Metric, now: Timestamp) -> Vec<Vec<Point>> {
    let from = now - MINUTE.times(TREND as u64);
    let mut minutes = vec![Vec::new(); TREND];
    let of_service = known
        .histories
        .iter()
        .filter(|(key, _)| key.metric == metric && key.service.as_ref() == Some(service));
    for point in of_service.flat_map(|(_, history)| history.since(from)) {
        let minute = point.at.since(from).as_millis() / MINUTE.as_millis();
        // What was measured just now, or by a clock that is ahead, belongs to the last minute.
        let minute = minute.min(TREND as u64 - 1);
        if let Some(minute) = usize::try_from(minute).ok().and_then(|at| minutes.get_mut(at)) {
            minute.push(point);
        }
    }
    minutes
}
