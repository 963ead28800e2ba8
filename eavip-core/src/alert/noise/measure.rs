//! Counting noise over a period, for a rule, a team or a responder.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{AlertOutcome, Miss, NoisePolicy, Record, Scope, Silenced};
use crate::id::{AlertRuleId, Digest128, PersonId};
use crate::time::{Span, Timestamp};

/// How many rules make the top of a list.
const TOP: usize = 10;
const DAY: Span = Span::from_secs(24 * 3_600);

/// The time that is looked at; what began at `until` or later doesn't count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its begin.
    pub from: Timestamp,
    /// Its end: the moment at which is counted.
    pub until: Timestamp,
}

impl Period {
    fn has(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    fn length(&self) -> Span {
        self.until.since(self.from)
    }

    /// How many slices of a width begin within it.
    fn slices(&self, width: Span) -> u64 {
        self.length().as_millis().div_ceil(width.as_millis().max(1))
    }

    fn slice(&self, at: Timestamp, width: Span) -> u64 {
        at.since(self.from).as_millis() / width.as_millis().max(1)
    }
}

/// What is known of a period.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The episodes: those that began within the period, and those that were open in it.
    pub records: Vec<Record>,
    /// The incidents without an alert.
    pub misses: Vec<Miss>,
    /// When rules were silenced.
    pub silenced: Vec<Silenced>,
}

impl Evidence {
    /// Everybody whose noise can be counted: each rule, owning team and responder that is named.
    #[must_use]
    pub fn scopes(&self) -> BTreeSet<Scope> {
        let records = self.records.iter().flat_map(|record| {
            let responders = record.responders.iter().cloned().map(Scope::Responder);
            responders.chain([Scope::Rule(record.rule.clone()), Scope::Team(record.owner.clone())])
        });
        let misses = self.misses.iter().flat_map(|miss| {
            miss.rule.clone().map(Scope::Rule).into_iter().chain([Scope::Team(miss.owner.clone())])
        });
        let silenced = self
            .silenced
            .iter()
            .flat_map(|one| [Scope::Rule(one.rule.clone()), Scope::Team(one.owner.clone())]);
        records.chain(misses).chain(silenced).collect()
    }
}

/// The noise of a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Measures {
    /// When.
    pub period: Period,
    /// How many alerts began.
    pub alerts: u64,
    /// What became of them; those still undecided aren't in it.
    pub outcomes: BTreeMap<AlertOutcome, u64>,
    /// The share of decided alerts that were worth it: acted on, or of an incident. `None` without any.
    pub precision: Option<f64>,
    /// The share of what should have been told that was: acted / (acted + missed). `None` without any.
    pub recall: Option<f64>,
    /// Paging incidents of the worst shift; shifts are counted from the begin of the period.
    pub worst_shift: u64,
    /// Paging incidents per shift, on average; `None` for an empty period.
    pub pages_per_shift: Option<f64>,
    /// Alerts of the busiest responder on their busiest day.
    pub worst_day: u64,
    /// The share of periods with a flood of alerts; `None` for an empty period.
    pub flood_share: Option<f64>,
    /// The rules with most alerts, most first; ten at most.
    pub top: Vec<(AlertRuleId, u64)>,
    /// Their share of all alerts; `None` without any.
    pub top_share: Option<f64>,
    /// Fingerprints that chattered.
    pub chatter: u64,
    /// Alerts that were open for too long.
    pub stale: u64,
    /// For how many hours rules were silenced, each rule for itself.
    pub silence_hours: f64,
}

impl Measures {
    /// How many alerts have an outcome.
    #[must_use]
    pub fn decided(&self) -> u64 {
        let alerts = self.outcomes.iter().filter(|(outcome, _)| **outcome != AlertOutcome::Missed);
        alerts.map(|(_, count)| count).sum()
    }
}

/// Counts.
#[must_use]
pub fn measure(evidence: &Evidence, scope: &Scope, period: Period, policy: &NoisePolicy) -> Measures {
    let of_scope = |record: &&Record| match scope {
        Scope::Rule(rule) => record.rule == *rule,
        Scope::Team(team) => record.owner == *team,
        Scope::Responder(person) => record.responders.contains(person),
    };
    let all: Vec<&Record> = evidence.records.iter().filter(of_scope).collect();
    let began: Vec<&Record> = all.iter().copied().filter(|record| period.has(record.began)).collect();
    let outcomes = outcomes(evidence, &began, scope, period);
    let count = |outcome| outcomes.get(&outcome).copied().unwrap_or(0);
    let acted = count(AlertOutcome::Acted);
    let noise =
        count(AlertOutcome::AutoResolved) + count(AlertOutcome::MarkedNoise) + count(AlertOutcome::Flap);
    let worth = acted + count(AlertOutcome::Duplicate);
    let pages = pages(&began, period, policy.shift);
    let floods = slices(began.iter().map(|record| record.began), period, policy.flood_period);
    let floods = floods.values().filter(|count| **count > policy.flood_over).count();
    let top = top(&began);
    let alerts = began.len() as u64;
    Measures {
        period,
        alerts,
        precision: share(worth, worth + noise),
        recall: share(acted, acted + count(AlertOutcome::Missed)),
        outcomes,
        worst_shift: pages.values().copied().max().unwrap_or(0),
        pages_per_shift: share(pages.values().sum(), period.slices(policy.shift)),
        worst_day: worst_day(&began, scope, period),
        flood_share: share(floods as u64, period.slices(policy.flood_period)),
        top_share: share(top.iter().map(|(_, count)| count).sum(), alerts),
        top,
        chatter: chatter(&began, policy),
        stale: all.iter().filter(|record| is_stale(record, period, policy)).count() as u64,
        silence_hours: silence_hours(&evidence.silenced, scope, period),
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn outcomes(
    evidence: &Evidence,
    began: &[&Record],
    scope: &Scope,
    period: Period,
) -> BTreeMap<AlertOutcome, u64> {
    let missed = |miss: &&Miss| match scope {
        Scope::Rule(rule) => miss.rule.as_ref() == Some(rule),
        Scope::Team(team) => miss.owner == *team,
        Scope::Responder(_) => false,
    };
    let misses = evidence.misses.iter().filter(missed).filter(|miss| period.has(miss.at));
    let mut found = BTreeMap::new();
    for outcome in
        began.iter().filter_map(|record| record.outcome()).chain(misses.map(|_| AlertOutcome::Missed))
    {
        *found.entry(outcome).or_insert(0) += 1;
    }
    found
}

fn slices(moments: impl Iterator<Item = Timestamp>, period: Period, width: Span) -> BTreeMap<u64, u64> {
    let mut found = BTreeMap::new();
    moments.for_each(|at| *found.entry(period.slice(at, width)).or_insert(0) += 1);
    found
}

/// Paging incidents by shift: one message is one incident, in the shift in which its first alert began.
fn pages(began: &[&Record], period: Period, shift: Span) -> BTreeMap<u64, u64> {
    let mut first: BTreeMap<Digest128, Timestamp> = BTreeMap::new();
    for (page, at) in began.iter().filter_map(|record| record.page.map(|page| (page, record.began))) {
        first.entry(page).and_modify(|known| *known = (*known).min(at)).or_insert(at);
    }
    slices(first.into_values(), period, shift)
}

fn worst_day(began: &[&Record], scope: &Scope, period: Period) -> u64 {
    let mut days: BTreeMap<(&PersonId, u64), u64> = BTreeMap::new();
    for record in began {
        let day = period.slice(record.began, DAY);
        let counted = record.responders.iter().filter(|person| match scope {
            Scope::Responder(one) => *person == one,
            Scope::Rule(_) | Scope::Team(_) => true,
        });
        counted.for_each(|person| *days.entry((person, day)).or_insert(0) += 1);
    }
    days.into_values().max().unwrap_or(0)
}

fn top(began: &[&Record]) -> Vec<(AlertRuleId, u64)> {
    let mut rules: BTreeMap<&AlertRuleId, u64> = BTreeMap::new();
    began.iter().for_each(|record| *rules.entry(&record.rule).or_insert(0) += 1);
    let mut rules: Vec<_> = rules.into_iter().map(|(rule, count)| (rule.clone(), count)).collect();
    rules.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    rules.truncate(TOP);
    rules
}

fn chatter(began: &[&Record], policy: &NoisePolicy) -> u64 {
    let mut by_fingerprint: BTreeMap<Digest128, BTreeSet<(Timestamp, usize)>> = BTreeMap::new();
    for (at, record) in began.iter().enumerate() {
        by_fingerprint.entry(record.fingerprint).or_default().insert((record.began, at));
    }
    let apart = usize::try_from(policy.chatter_times.saturating_sub(1)).unwrap_or(usize::MAX);
    let chatters = |begins: &&BTreeSet<(Timestamp, usize)>| {
        begins.iter().zip(begins.iter().skip(apart)).any(|(a, b)| b.0.since(a.0) <= policy.chatter_within)
    };
    by_fingerprint.values().filter(chatters).count() as u64
}

fn is_stale(record: &Record, period: Period, policy: &NoisePolicy) -> bool {
    let until = record.ended.unwrap_or(period.until).min(period.until);
    until > period.from && until.since(record.began) > policy.stale_after
}

fn silence_hours(silenced: &[Silenced], scope: &Scope, period: Period) -> f64 {
    let of_scope = |one: &&Silenced| match scope {
        Scope::Rule(rule) => one.rule == *rule,
        Scope::Team(team) => one.owner == *team,
        Scope::Responder(_) => false,
    };
    let clip = |one: &Silenced| (one.rule.clone(), one.from.max(period.from), one.until.min(period.until));
    let mut spans: Vec<(AlertRuleId, Timestamp, Timestamp)> =
        silenced.iter().filter(of_scope).map(clip).collect();
    spans.sort();
    // Two silences of a rule at once silence it once.
    let mut known: BTreeMap<AlertRuleId, Timestamp> = BTreeMap::new();
    let mut total = 0.0;
    for (rule, from, until) in spans {
        let covered = known.get(&rule).copied().unwrap_or(from);
        total += until.since(from.max(covered)).as_secs_f64() / 3_600.0;
        known.insert(rule, covered.max(until));
    }
    total
}

#[cfg(test)]
pub(super) mod tests;
