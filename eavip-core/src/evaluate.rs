//! Everything known at one moment, against the policy: which episodes open, which are over, who is told and why.
//!
//! The caller shows the nodes one after the other, so that none has to be copied; the result is a list of
//! transitions to commit, and the conditions that are bad but have not been so for long enough.
//!
//! Unknown evidence neither opens nor ends an episode: what nobody can see keeps the state it had, and the rules on
//! silence (`node_silent_seconds`, `collector_up`) tell that it can't be seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::alert::episode::{self, Ending, Episode, EpisodeCommand, EpisodeEvent, Opening, Subject};
use crate::alert::route::{self, Notice, NoticeKind};
use crate::alert::rule::AlertRule;
use crate::id::{Digest128, NodeId};
use crate::labels::Labels;
use crate::node::{Node, Series};
use crate::policy::Policy;
use crate::signal::indicator::{Derived, Indicator};
use crate::signal::metric::{Metric, Unit};
use crate::signal::reading::{Quality, SeriesKey, Value};
use crate::time::{Span, Timestamp};

/// What is bad but doesn't count yet, and what is good again but isn't over yet, by fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// Since when a condition without an open episode is bad.
    pub bad_since: BTreeMap<Digest128, Timestamp>,
    /// Since when the condition of an open episode is good again.
    pub good_since: BTreeMap<Digest128, Timestamp>,
}

/// A move to commit, with the decision on who is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The episode.
    pub episode: Digest128,
    /// What happened.
    pub event: EpisodeEvent,
    /// Who is told, and why or why not.
    pub notice: Notice,
}

/// The outcome of one evaluation.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    /// Moves to commit, in the order found.
    pub transitions: Vec<Transition>,
    /// What to bring to the next evaluation.
    pub waiting: Waiting,
}

/// Open episodes by node and fingerprint.
pub type OpenEpisodes<'a> = BTreeMap<NodeId, BTreeMap<Digest128, &'a Episode>>;

/// Arranges open episodes for an evaluation; resolved ones are left out.
#[must_use]
pub fn open_episodes<'a>(episodes: impl IntoIterator<Item = &'a Episode>) -> OpenEpisodes<'a> {
    let mut open = OpenEpisodes::new();
    for episode in episodes.into_iter().filter(|episode| episode.resolved.is_none()) {
        let node = open.entry(episode.opening.node).or_default();
        node.insert(episode.opening.fingerprint, episode);
    }
    open
}

/// Evaluates nodes that are all at hand; see [`Evaluation`] for nodes shown one by one.
pub fn evaluate<'n>(
    nodes: impl IntoIterator<Item = &'n Node>,
    open: OpenEpisodes<'_>,
    before: &Waiting,
    policy: &Policy,
    now: Timestamp,
) -> Outcome {
    let mut evaluation = Evaluation::new(policy, open, before, now);
    nodes.into_iter().for_each(|node| evaluation.node(node));
    evaluation.finish()
}

/// An evaluation under way.
#[derive(Debug)]
pub struct Evaluation<'a> {
    policy: &'a Policy,
    open: OpenEpisodes<'a>,
    before: &'a Waiting,
    now: Timestamp,
    outcome: Outcome,
}

impl<'a> Evaluation<'a> {
    /// Begins with the open episodes and what the last evaluation left waiting.
    #[must_use]
    pub fn new(policy: &'a Policy, open: OpenEpisodes<'a>, before: &'a Waiting, now: Timestamp) -> Self {
        Self { policy, open, before, now, outcome: Outcome::default() }
    }

    /// Looks at one node: what became bad, and which of its episodes are over.
    pub fn node(&mut self, node: &Node) {
        let open = self.open.remove(&node.id).unwrap_or_default();
        let silent = node.silent(self.now).as_secs_f64();
        for rule in self.policy.rules_on(Metric::NodeSilent) {
            self.bad(node, rule, || Subject::Node, silent, &open);
        }
        if !node.is_stale(self.now) {
            for (key, series) in &node.series {
                let mut rules = self.policy.rules_on(key.metric).peekable();
                if let (Some(_), Some(value)) = (rules.peek(), known(node, series, self.now)) {
                    rules
                        .for_each(|rule| self.bad(node, rule, || Subject::Series(key.clone()), value, &open));
                }
            }
            for (service, window) in &node.services {
                for (derived, rule) in self.policy.rules_on_services() {
                    let counts = derived != Derived::ErrorRatio
                        || window.requests().is_some_and(|requests| requests >= rule.least_requests);
                    if let (true, Some(value)) = (counts, window.indicator(derived)) {
                        self.bad(node, rule, || Subject::Service(service.clone()), value, &open);
                    }
                }
            }
        }
        for episode in open.values() {
            self.good(node, episode);
        }
    }

    /// Ends the episodes of nodes that are gone.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        for episode in std::mem::take(&mut self.open).values().flat_map(BTreeMap::values) {
            self.resolve(episode, Ending::NodeRemoved);
        }
        self.outcome
    }

    /// A value that may open an episode.
    fn bad(
        &mut self,
        node: &Node,
        rule: &AlertRule,
        subject: impl FnOnce() -> Subject,
        value: f64,
        open: &BTreeMap<Digest128, &Episode>,
    ) {
        if !rule.condition.fires(value) {
            return;
        }
        let subject = subject();
        let labels = episode::labels(node, &subject);
        if !matches(rule, &labels) {
            return;
        }
        let fingerprint = episode::fingerprint(rule, &labels);
        if open.contains_key(&fingerprint) {
            return;
        }
        let since = self.before.bad_since.get(&fingerprint).copied().unwrap_or(self.now).min(self.now);
        if self.now.since(since) < rule.hold_for {
            self.outcome.waiting.bad_since.insert(fingerprint, since);
            return;
        }
        let owner = rule.owner.in_mode(node.place.mode).clone();
        let labels = labels.with([
            ("rule", rule.id.as_str()),
            ("category", rule.category.as_str()),
            ("owner", owner.as_str()),
        ]);
        let notice = route::decide(&self.policy.routes, &labels, rule.category, NoticeKind::Firing);
        let id = episode::id(fingerprint, self.now);
        let summary = summary(node, rule, &subject, value);
        let opening = Opening {
            id,
            fingerprint,
            rule: rule.id.clone(),
            category: rule.category,
            owner,
            action: rule.action.clone(),
            runbook: rule.runbook.clone(),
            node: node.id,
            subject,
            indicator: rule.indicator,
            unit: rule.indicator.unit(),
            labels,
            summary,
            value,
            since,
            at: self.now,
        };
        let event = EpisodeEvent::Opened(Box::new(opening));
        self.outcome.transitions.push(Transition { episode: id, event, notice });
    }

    /// An open episode that may be over.
    fn good(&mut self, node: &Node, episode: &Episode) {
        let opening = &episode.opening;
        let rule = self.policy.rule(opening.rule.as_str());
        let Some(rule) = rule.filter(|rule| {
            let labels = episode::labels(node, &opening.subject);
            rule.indicator == opening.indicator && matches(rule, &labels)
        }) else {
            return self.resolve(episode, Ending::RuleChanged);
        };
        let value = match current(node, &opening.subject, opening.indicator, self.now) {
            Current::Known(value) => value,
            Current::Unknown => return,
            Current::Gone => return self.resolve(episode, Ending::SeriesGone),
        };
        if !rule.condition.clears(value) {
            return;
        }
        let since =
            self.before.good_since.get(&opening.fingerprint).copied().unwrap_or(self.now).min(self.now);
        if self.now.since(since) < rule.keep_firing_for {
            self.outcome.waiting.good_since.insert(opening.fingerprint, since);
        } else {
            self.resolve(episode, Ending::Recovered);
        }
    }

    fn resolve(&mut self, episode: &Episode, ending: Ending) {
        let opening = &episode.opening;
        // Refused only for an episode that is already over, and those aren't shown here.
        let Ok(events) = episode.decide(EpisodeCommand::Resolve(ending), self.now) else { return };
        for event in events {
            let routes = &self.policy.routes;
            let notice = route::decide(routes, &opening.labels, opening.category, NoticeKind::Resolved);
            self.outcome.transitions.push(Transition { episode: opening.id, event, notice });
        }
    }
}

fn matches(rule: &AlertRule, labels: &Labels) -> bool {
    rule.matchers.iter().all(|(name, value)| labels.get(name) == Some(value))
}

fn known(node: &Node, series: &Series, now: Timestamp) -> Option<f64> {
    match series.value {
        Value::Number(value) if node.quality(series, now) != Quality::Unknown => Some(value),
        _ => None,
    }
}

enum Current {
    Known(f64),
    Unknown,
    Gone,
}

/// What an episode's indicator says now.
fn current(node: &Node, subject: &Subject, indicator: Indicator, now: Timestamp) -> Current {
    let known_or_unknown = |value: Option<f64>| value.map_or(Current::Unknown, Current::Known);
    match (subject, indicator) {
        (Subject::Node, _) => Current::Known(node.silent(now).as_secs_f64()),
        // What a silent node no longer shows isn't gone, only not seen.
        _ if node.is_stale(now) => Current::Unknown,
        (Subject::Series(key), _) => match node.series.get::<SeriesKey>(key) {
            Some(series) => known_or_unknown(known(node, series, now)),
            None => Current::Gone,
        },
        (Subject::Service(service), Indicator::Derived(derived)) => match node.services.get(service) {
            Some(window) => known_or_unknown(window.indicator(derived)),
            None => Current::Gone,
        },
        (Subject::Service(_), Indicator::Metric(_)) => Current::Gone,
    }
}

/// One sentence that reads alone, such as `disk_used_ratio of / on web-1 is 97.2 %, above 95 %`.
fn summary(node: &Node, rule: &AlertRule, subject: &Subject, value: f64) -> String {
    let (service, own) = match subject {
        Subject::Node => (None, String::new()),
        Subject::Service(service) => (Some(service), String::new()),
        Subject::Series(key) => {
            let values = key.labels.iter().map(|(_, value)| value).collect::<Vec<_>>().join(" ");
            (key.service.as_ref(), values)
        }
    };
    let of = [service.map_or("", |service| service.as_str()), &own].join(" ");
    let of = if of.trim().is_empty() { String::new() } else { format!(" of {}", of.trim()) };
    let id = node.id.to_string();
    let host = if node.facts.hostname.is_empty() { &id } else { &node.facts.hostname };
    let unit = rule.indicator.unit();
    let (side, limit) = match rule.condition {
        crate::alert::rule::Condition::Above { fire, .. } => ("above", fire),
        crate::alert::rule::Condition::Below { fire, .. } => ("below", fire),
    };
    format!("{}{of} on {host} is {}, {side} {}", rule.indicator, readable(value, unit), readable(limit, unit))
}

/// A value as people read it: shares in percent, seconds as spans, bytes in binary multiples.
#[must_use]
pub fn readable(value: f64, unit: Unit) -> String {
    let plain = |value: f64| {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match unit {
        Unit::Ratio => format!("{} %", plain((value * 1e5).round() / 1e3)),
        Unit::Seconds if value.abs() < 1.0 => format!("{} ms", plain((value * 1e5).round() / 1e2)),
        Unit::Seconds if value.abs() < 60.0 => format!("{} s", plain((value * 1e2).round() / 1e2)),
        Unit::Seconds => {
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}{}", Span::from_secs(value.abs() as u64))
        }
        Unit::Bytes | Unit::BytesPerSecond => {
            let (mut scaled, mut names) = (value, ["B", "KiB", "MiB", "GiB", "TiB"].iter().peekable());
            let mut name = names.next().copied().unwrap_or("B");
            while let (true, Some(next)) = (scaled.abs() >= 1024.0, names.next()) {
                (scaled, name) = (scaled / 1024.0, next);
            }
            let per = if unit == Unit::BytesPerSecond { "/s" } else { "" };
            format!("{} {name}{per}", plain((scaled * 10.0).round() / 10.0))
        }
        Unit::Bool => if value >= 1.0 { "yes" } else { "no" }.to_owned(),
        Unit::Count => plain(value),
    }
}

#[cfg(test)]
mod tests;
