//! Nodes: a row of a list, and everything about one.

use std::collections::BTreeMap;

use eavip_core::alert::episode::Episode;
use eavip_core::evaluate::readable;
use eavip_core::id::{NodeId, ServiceId};
use eavip_core::node::{Node, Series};
use eavip_core::policy::Policy;
use eavip_core::signal::Signal;
use eavip_core::signal::health::{Health, SignalHealth};
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::{Quality, SeriesKey, Value};
use eavip_core::time::Timestamp;

use super::alert::alert;
use super::signal::signal_at;
use super::{labels, series_id};
use crate::api::view::{Firing, NodeDetail, NodeRow, SeriesLatest};
use crate::book::Book;
use crate::shared::Shared;

/// Resolved alerts shown with a node; the list of alerts has the others.
const MAX_RESOLVED: usize = 20;

/// A node's golden signals by service.
pub type Services<'n> = [(&'n ServiceId, Vec<SignalHealth>)];

/// A row of a list.
#[must_use]
pub fn row(node: &Node, services: &Services<'_>, firing: Firing, now: Timestamp) -> NodeRow {
    let id = node.id.to_string();
    let stale = node.is_stale(now);
    let mut signals: BTreeMap<Signal, Health> = BTreeMap::new();
    for found in services.iter().flat_map(|(_, found)| found) {
        let known = signals.entry(found.signal).or_insert(found.health);
        *known = (*known).max(found.health);
    }
    NodeRow {
        hostname: if node.facts.hostname.is_empty() { id.clone() } else { node.facts.hostname.clone() },
        id,
        deployment: node.place.deployment.to_string(),
        environment: node.place.environment,
        mode: node.place.mode,
        labels: labels(&node.place.labels),
        health: health(&signals, firing, stale),
        signals,
        firing,
        seen_at: node.seen_at.map(|at| at.to_string()),
        silent_seconds: node.silent(now).as_secs_f64(),
        stale,
        agent_version: node.facts.agent_version.clone(),
        cpu: fullest(node, Metric::CpuBusy, now),
        memory: fullest(node, Metric::MemoryUsed, now),
        disk: fullest(node, Metric::DiskUsed, now),
    }
}

/// The worst of what is measured and what fires; nothing is healthy on a node that isn't heard of.
fn health(signals: &BTreeMap<Signal, Health>, firing: Firing, stale: bool) -> Health {
    let alerts = match firing {
        Firing { critical: 1.., .. } => Health::Failing,
        Firing { warning: 1.., .. } => Health::Degraded,
        _ => Health::Healthy,
    };
    let seen = if stale { Health::Unknown } else { Health::Healthy };
    signals.values().copied().chain([alerts, seen]).max().unwrap_or(Health::Unknown)
}

fn fullest(node: &Node, metric: Metric, now: Timestamp) -> Option<f64> {
    let known = node.series_of(metric).filter(|(_, series)| node.quality(series, now) != Quality::Unknown);
    known.filter_map(|(_, series)| number(&series.value)).reduce(f64::max)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(value) => Some(*value),
        Value::Histogram(histogram) => histogram.quantile(0.99),
        Value::Unknown(_) => None,
    }
}

/// The latest of one series.
#[must_use]
pub fn latest(node: &Node, key: &SeriesKey, series: &Series, now: Timestamp) -> SeriesLatest {
    let quality = node.quality(series, now);
    let value = number(&series.value).filter(|_| quality != Quality::Unknown);
    let unit = key.metric.unit();
    let text = match (&series.value, value) {
        (_, Some(value)) => readable(value, unit),
        (Value::Unknown(reason), None) => format!("unknown: {reason}"),
        (Value::Histogram(_), None) if quality != Quality::Unknown => "nothing was measured".to_owned(),
        (Value::Number(_) | Value::Histogram(_), None) => "unknown: no recent reading".to_owned(),
    };
    SeriesLatest {
        id: series_id(key).to_string(),
        metric: key.metric,
        signal: key.metric.signal(),
        service: key.service.as_ref().map(ToString::to_string),
        labels: labels(&key.labels),
        value,
        text,
        unit,
        quality,
        at: series.at.to_string(),
    }
}

/// Everything about one node; `None` when it isn't enrolled or was revoked.
#[must_use]
pub fn detail(
    shared: &Shared,
    book: &Book,
    policy: &Policy,
    id: NodeId,
    now: Timestamp,
) -> Option<NodeDetail> {
    let enrolment = book.nodes.get(&id).filter(|enrolment| !enrolment.revoked)?;
    let mut own: Vec<&Episode> =
        book.alerts.iter().filter(|episode| episode.opening.origin.node() == Some(id)).collect();
    own.sort_unstable_by_key(|episode| (episode.resolved.is_some(), std::cmp::Reverse(episode.opening.at)));
    let mut firing = Firing::default();
    let open = own.iter().filter(|episode| episode.resolved.is_none());
    open.for_each(|episode| super::count(&mut firing, episode.opening.category));
    let mut resolved = 0;
    own.retain(|episode| {
        resolved += usize::from(episode.resolved.is_some());
        episode.resolved.is_none() || resolved <= MAX_RESOLVED
    });
    let mut detail = shared.nodes.with(id, |known| {
        let node = &known.node;
        let services = node.service_health(policy, now);
        NodeDetail {
            row: row(node, &services, firing, now),
            os: node.facts.os.clone(),
            kernel: node.facts.kernel.clone(),
            cores: node.facts.cores,
            memory_bytes: node.facts.memory_bytes,
            enrolled_at: enrolment.enrolled_at.to_string(),
            interval_seconds: node.interval.as_secs_f64(),
            dropped_reports: enrolment.dropped,
            services: services
                .iter()
                .flat_map(|(service, found)| {
                    found.iter().map(|found| signal_at(node, service, found, policy))
                })
                .collect(),
            series: node.series.iter().map(|(key, series)| latest(node, key, series, now)).collect(),
            alerts: Vec::new(),
        }
    })?;
    // Not while the node's shard is held: host names are looked up there.
    detail.alerts = own.into_iter().map(|episode| alert(shared, policy, episode)).collect();
    Some(detail)
}
