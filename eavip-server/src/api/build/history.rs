//! A series over time, with what was expected and what happened meanwhile.

use eavip_core::alert::rule::Condition;
use eavip_core::id::{Digest128, NodeId};
use eavip_core::node::Node;
use eavip_core::policy::Policy;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::SeriesKey;
use eavip_core::time::{Span, Timestamp};

use super::alert::hostname;
use super::node::latest;
use super::{change, series_id};
use crate::api::view::{Change, History, Point};
use crate::book::Book;
use crate::history::ROLL_UP;
use crate::nodes::Nodes;

/// Reports that may be missed before a chart shows a gap.
const MISSED: u64 = 3;

/// A span of time.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

/// The history of a node's series; `None` when either isn't known.
#[must_use]
pub fn history(
    book: &Book,
    nodes: &Nodes,
    policy: &Policy,
    (id, series): (NodeId, Digest128),
    range: Range,
    now: Timestamp,
) -> Option<History> {
    let mut found = nodes.with(id, |known| {
        let node = &known.node;
        let (key, last) = node.series.iter().find(|(key, _)| series_id(key) == series)?;
        let points = known.histories.get(key).map(|history| history.since(range.from)).unwrap_or_default();
        Some(History {
            series: latest(node, key, last, now),
            hostname: String::new(),
            from: range.from.to_string(),
            to: range.to.to_string(),
            gap_seconds: gap(node, points.first().map(|first| first.at), range, now).as_secs_f64(),
            points: points.into_iter().filter(|point| point.at <= range.to).map(point).collect(),
            objective: objective(policy, key),
            marks: Vec::new(),
        })
    })??;
    found.hostname = hostname(nodes, id);
    found.marks = marks(nodes, book, id, range);
    Some(found)
}

fn point(point: crate::history::Point) -> Point {
    Point { at_ms: point.at.as_millis(), value: point.value, min: point.min, max: point.max }
}

/// Older points are roll-ups, which lie further apart than reports.
fn gap(node: &Node, first: Option<Timestamp>, range: Range, now: Timestamp) -> Span {
    let rolled = now.since(first.unwrap_or(range.from)) > Span::from_secs(3_600);
    let apart = if rolled { node.interval.max(ROLL_UP) } else { node.interval };
    apart.times(MISSED)
}

/// What a service is expected to keep, else the least that an alert rule looks for.
fn objective(policy: &Policy, key: &SeriesKey) -> Option<f64> {
    let goal = key.service.as_ref().map(|service| policy.objectives(service));
    let kept = goal.and_then(|goal| match key.metric {
        Metric::RequestDuration | Metric::ProbeDuration => Some(goal.latency_p99.as_secs_f64()),
        Metric::QueueOldestAge => Some(goal.backlog_age.as_secs_f64()),
        _ => None,
    });
    let thresholds = policy.rules_on(key.metric).filter(|rule| rule.matchers.is_empty());
    kept.or_else(|| {
        thresholds
            .map(|rule| match rule.condition {
                Condition::Above { fire, .. } | Condition::Below { fire, .. } => (rule.category, fire),
            })
            .min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)))
            .map(|(_, fire)| fire)
    })
}

/// The node's alerts that opened or ended within the range, oldest first.
fn marks(nodes: &Nodes, book: &Book, node: NodeId, range: Range) -> Vec<Change> {
    let about = |found: &&crate::book::Change| {
        let episode = found.path.as_deref().and_then(|path| path.strip_prefix("/alerts/"));
        let episode = episode.and_then(|id| id.parse().ok()).and_then(|id| book.alerts.get(id));
        matches!(found.kind.as_str(), "alert-opened" | "alert-resolved")
            && (range.from..=range.to).contains(&found.at)
            && episode.is_some_and(|episode| episode.opening.origin.node() == Some(node))
    };
    let mut marks: Vec<Change> =
        book.changes.newest().filter(about).map(|found| change(nodes, found)).collect();
    marks.reverse();
    marks
}
