//! Everything known at one moment, against the policy: which episodes open, and which are over. Who is told of them is
//! decided by [`group`](crate::alert::group) and [`notice`](crate::alert::notice).
//!
//! The caller shows the nodes one after the other, so that none has to be copied, and the alerts that no rule on readings
//! finds; the result is a list of transitions to commit, and the conditions that are bad but have not been so for long
//! enough.
//!
//! Unknown evidence neither opens nor ends an episode: what nobody can see keeps the state it had, and the rules on
//! silence (`node_silent_seconds`, `collector_up`) tell that it can't be seen. What was bad stays bad while it is
//! unknown; what was good again has to prove it anew, so that losing sight never improves a verdict.

mod summary;

use std::collections::BTreeMap;

pub use summary::readable;

use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregate;
use crate::alert::Category;
use crate::alert::episode::{
    self, Ending, Episode, EpisodeCommand, EpisodeEvent, Observed, Opening, Origin, Subject, SubjectRef,
};
use crate::alert::rule::{Action, AlertRule, Runbook};
use crate::id::{AlertRuleId, Digest128, NodeId, TeamId};
use crate::labels::Labels;
use crate::node::{Node, Series};
use crate::policy::Policy;
use crate::signal::indicator::{Derived, Indicator};
use crate::signal::metric::Metric;
use crate::signal::reading::{Quality, Value};
use crate::signal::service::ServiceWindow;
use crate::time::Timestamp;

/// What is bad but doesn't count yet, and what is good again but isn't over yet, by fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// Since when a condition without an open episode is bad.
    pub bad_since: BTreeMap<Digest128, Timestamp>,
    /// Since when the condition of an open episode is good again.
    pub good_since: BTreeMap<Digest128, Timestamp>,
}

/// An alert that no rule on readings finds: another system sent it, or the server states it of its own work.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    /// The same for every episode of it.
    pub fingerprint: Digest128,
    /// Its rule.
    pub rule: AlertRuleId,
    /// How urgent it is.
    pub category: Category,
    /// Who owns it.
    pub owner: TeamId,
    /// What they do first.
    pub action: Action,
    /// Where it is written.
    pub runbook: Runbook,
    /// What identifies it, `rule`, `category` and `owner` among them.
    pub labels: Labels,
    /// One sentence that reads alone.
    pub summary: String,
    /// When it began to be bad.
    pub since: Timestamp,
    /// What told of it.
    pub origin: Origin,
}

/// A move to commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The episode.
    pub episode: Digest128,
    /// What happened.
    pub event: EpisodeEvent,
}

/// The outcome of one evaluation.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    /// Moves to commit, in the order found.
    pub transitions: Vec<Transition>,
    /// What to bring to the next evaluation.
    pub waiting: Waiting,
}

/// Open episodes by what tells of them.
#[derive(Debug, Clone, Default)]
pub struct OpenEpisodes<'a> {
    /// Those that rules found, by node and fingerprint.
    of_nodes: BTreeMap<NodeId, BTreeMap<Digest128, &'a Episode>>,
    /// The others, by fingerprint.
    stated: BTreeMap<Digest128, &'a Episode>,
}

/// Arranges open episodes for an evaluation; resolved ones are left out.
#[must_use]
pub fn open_episodes<'a>(episodes: impl IntoIterator<Item = &'a Episode>) -> OpenEpisodes<'a> {
    let mut open = OpenEpisodes::default();
    for episode in episodes.into_iter().filter(|episode| episode.resolved.is_none()) {
        let of = match episode.opening.origin.node() {
            Some(node) => open.of_nodes.entry(node).or_default(),
            None => &mut open.stated,
        };
        of.insert(episode.opening.fingerprint, episode);
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

    /// Looks at one node: what became bad, and which of its episodes are over. Each node is shown once.
    pub fn node(&mut self, node: &Node) {
        let policy = self.policy;
        let open = self.open.of_nodes.remove(&node.id).unwrap_or_default();
        let silent = silence(node, self.now);
        for rule in policy.rules_on(Metric::NodeSilent) {
            self.look(node, rule, SubjectRef::Node, Some(silent), &open);
        }
        for (key, series) in node.series.iter() {
            let mut rules = policy.rules_on(key.metric).peekable();
            if rules.peek().is_some() {
                let value = known(node, series, self.now);
                rules.for_each(|rule| self.look(node, rule, SubjectRef::Series(key), value, &open));
            }
        }
        for (service, window) in &node.services {
            for (derived, rule) in policy.rules_on_services() {
                let value = over_window(node, window, derived, rule, self.now);
                self.look(node, rule, SubjectRef::Service(service), value, &open);
            }
        }
        for episode in open.values() {
            self.good(node, episode);
        }
    }

    /// A value that may open an episode; an unknown one lets what waits wait on.
    fn look(
        &mut self,
        node: &Node,
        rule: &AlertRule,
        subject: SubjectRef<'_>,
        value: Option<f64>,
        open: &BTreeMap<Digest128, &Episode>,
    ) {
        match value {
            Some(value) if rule.condition.fires(value) => self.bad(node, rule, subject, value, open),
            None if !self.before.bad_since.is_empty() => {
                let fingerprint = episode::fingerprint(rule, node.id, subject);
                if let Some(since) = self.before.bad_since.get(&fingerprint) {
                    self.outcome.waiting.bad_since.insert(fingerprint, *since);
                }
            }
            _ => {}
        }
    }

    /// Whether a stated alert is open already. It then stays so: nothing more has to be said of it at this evaluation.
    pub fn still(&mut self, fingerprint: Digest128) -> bool {
        self.open.stated.remove(&fingerprint).is_some()
    }

    /// Takes an alert that fires and isn't found by rules on readings. Each is shown at every evaluation until it is over.
    pub fn stated(&mut self, stated: Stated) {
        if self.still(stated.fingerprint) {
            return;
        }
        let opening = Opening {
            id: episode::id(stated.fingerprint, self.now),
            fingerprint: stated.fingerprint,
            rule: stated.rule,
            category: stated.category,
            owner: stated.owner,
            action: stated.action,
            runbook: stated.runbook,
            origin: stated.origin,
            labels: stated.labels,
            summary: stated.summary,
            since: stated.since.min(self.now),
            at: self.now,
        };
        self.open(opening);
    }

    /// Takes an alert that was shown before and that its sender says is over, or no longer sends.
    pub fn over(&mut self, fingerprint: Digest128, ending: Ending) {
        if let Some(episode) = self.open.stated.remove(&fingerprint) {
            self.resolve(episode, ending);
        }
    }

    /// Ends the episodes of nodes that are gone, and of stated alerts that were not shown.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        let left = std::mem::take(&mut self.open);
        for episode in left.of_nodes.values().flat_map(BTreeMap::values) {
            self.resolve(episode, Ending::NodeRemoved);
        }
        for episode in left.stated.values() {
            self.resolve(episode, Ending::Recovered);
        }
        self.outcome
    }

    /// A bad value: opens an episode when it has been bad for long enough.
    fn bad(
        &mut self,
        node: &Node,
        rule: &AlertRule,
        subject: SubjectRef<'_>,
        value: f64,
        open: &BTreeMap<Digest128, &Episode>,
    ) {
        let fingerprint = episode::fingerprint(rule, node.id, subject);
        if open.contains_key(&fingerprint) {
            return;
        }
        let subject = Subject::from(subject);
        if !matches(rule, node, &subject) {
            return;
        }
        let since = self.before.bad_since.get(&fingerprint).copied().unwrap_or(self.now).min(self.now);
        if self.now.since(since) < rule.hold_for {
            self.outcome.waiting.bad_since.insert(fingerprint, since);
            return;
        }
        let opening = self.opening(node, rule, subject, value, (fingerprint, since));
        self.open(opening);
    }

    fn open(&mut self, opening: Opening) {
        let episode = opening.id;
        self.outcome.transitions.push(Transition { episode, event: EpisodeEvent::Opened(Box::new(opening)) });
    }

    fn opening(
        &self,
        node: &Node,
        rule: &AlertRule,
        subject: Subject,
        value: f64,
        (fingerprint, since): (Digest128, Timestamp),
    ) -> Opening {
        let owner = rule.owner.in_mode(node.place.mode).clone();
        let labels = episode::labels(node, &subject).with([
            ("rule", rule.id.as_str()),
            ("alertname", rule.id.as_str()),
            ("category", rule.category.as_str()),
            ("owner", owner.as_str()),
        ]);
        let summary = summary::summary(node, rule, &subject, value);
        Opening {
            id: episode::id(fingerprint, self.now),
            fingerprint,
            rule: rule.id.clone(),
            category: rule.category,
            owner,
            action: rule.action.clone(),
            runbook: rule.runbook.clone(),
            origin: Origin::Node(Observed {
                node: node.id,
                subject,
                indicator: rule.indicator,
                unit: rule.indicator.unit(),
                value,
            }),
            labels,
            summary,
            since,
            at: self.now,
        }
    }

    /// An open episode that may be over.
    fn good(&mut self, node: &Node, episode: &Episode) {
        let opening = &episode.opening;
        let Some(observed) = opening.origin.observed() else { return };
        let rule = self.policy.rule(opening.rule.as_str());
        let Some(rule) = rule
            .filter(|rule| rule.indicator == observed.indicator && matches(rule, node, &observed.subject))
        else {
            return self.resolve(episode, Ending::RuleChanged);
        };
        let value = match current(node, &observed.subject, rule, self.now) {
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
        // Refused only for an episode that is already over, and those aren't shown here.
        let Ok(events) = Episode::decide(Some(episode), EpisodeCommand::Resolve(ending), &(), self.now)
        else {
            return;
        };
        let moves = events.into_iter().map(|event| Transition { episode: episode.opening.id, event });
        self.outcome.transitions.extend(moves);
    }
}

fn matches(rule: &AlertRule, node: &Node, subject: &Subject) -> bool {
    if rule.matchers.is_empty() {
        return true;
    }
    let labels = episode::labels(node, subject);
    rule.matchers.iter().all(|(name, value)| labels.get(name) == Some(value))
}

fn known(node: &Node, series: &Series, now: Timestamp) -> Option<f64> {
    match series.value {
        Value::Number(value) if node.quality(series, now) != Quality::Unknown => Some(value),
        _ => None,
    }
}

/// What a service's window says to a rule; too few requests say nothing, neither good nor bad.
fn over_window(
    node: &Node,
    window: &ServiceWindow,
    derived: Derived,
    rule: &AlertRule,
    now: Timestamp,
) -> Option<f64> {
    if node.is_stale(now) {
        return None;
    }
    let enough = derived != Derived::ErrorRatio
        || window.requests().is_some_and(|requests| requests >= rule.least_requests);
    if enough { window.indicator(derived) } else { None }
}

/// How long a node is silent, in seconds; a node between two reports isn't, however rarely it reports.
fn silence(node: &Node, now: Timestamp) -> f64 {
    if node.is_stale(now) { node.silent(now).as_secs_f64() } else { 0.0 }
}

enum Current {
    Known(f64),
    Unknown,
    Gone,
}

/// What an episode's indicator says now.
fn current(node: &Node, subject: &Subject, rule: &AlertRule, now: Timestamp) -> Current {
    // Something missing is only gone when the node tells of what it has: a silent one tells nothing.
    let missing = || if node.is_stale(now) { Current::Unknown } else { Current::Gone };
    let known_or_unknown = |value: Option<f64>| value.map_or(Current::Unknown, Current::Known);
    match (subject, rule.indicator) {
        (Subject::Node, _) => Current::Known(silence(node, now)),
        (Subject::Series(key), _) => {
            let series = node.series.get(key);
            series.map_or_else(missing, |series| known_or_unknown(known(node, series, now)))
        }
        (Subject::Service(service), Indicator::Derived(derived)) => {
            let window = node.services.get(service);
            window.map_or_else(missing, |window| {
                known_or_unknown(over_window(node, window, derived, rule, now))
            })
        }
        (Subject::Service(_), Indicator::Metric(_)) => Current::Unknown,
    }
}

#[cfg(test)]
mod tests;
