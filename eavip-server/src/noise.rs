//! Noise as a defect (seed: *Alert noise is treated as a defect*) on the server: what is known of the last weeks' alerts is
//! measured by rule, team and responder, held against the budget, and what is over it becomes a defect. What counts as
//! noise, and how much there may be, is decided in core.

pub mod backtest;
pub mod digest;
pub mod export;
pub mod reconcile;

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::alert::concern::Concern;
use eavip_core::alert::noise::budget::judge;
use eavip_core::alert::noise::defect::DefectStatus;
use eavip_core::alert::noise::measure::{Evidence, Measures, Period, measure};
use eavip_core::alert::noise::{Miss, Record, Scope, defect};
use eavip_core::evaluate::Stated;
use eavip_core::finding::{Finding, Outcome};
use eavip_core::id::{Digest128, TeamId};
use eavip_core::labels::Labels;
use eavip_core::policy::Policy;
use eavip_core::time::{Span, Timestamp};

use crate::book::Book;

/// How far back is measured: what happened in the last month is still remembered by those who were woken.
pub const PERIOD: Span = Span::from_secs(30 * 86_400);
/// Most scores that are shown, the worst first: what nobody reads to the end mends nothing.
pub const MAX_SCORES: usize = 1_000;

eavip_core::words! {
    /// Whose noise is counted.
    pub enum Whose ("whose noise") {
        /// One rule's.
        Rule = "rule",
        /// That of the rules a team owns.
        Team = "team",
        /// What one person was told.
        Responder = "responder",
    }
}

/// Whose noise it is, and their name.
#[must_use]
pub fn named(scope: &Scope) -> (Whose, &str) {
    match scope {
        Scope::Rule(rule) => (Whose::Rule, rule.as_str()),
        Scope::Team(team) => (Whose::Team, team.as_str()),
        Scope::Responder(person) => (Whose::Responder, person.as_str()),
        _ => (Whose::Rule, ""),
    }
}

/// What one rule, team or responder had to bear.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Whose noise.
    pub scope: Scope,
    /// Who owns it; `None` of a responder whom the roster doesn't know.
    pub owner: Option<TeamId>,
    /// What was counted.
    pub measures: Measures,
    /// What the budget says of it.
    pub findings: Vec<Finding>,
}

impl Score {
    /// Whether it is over the budget.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.findings.iter().any(|finding| finding.outcome == Outcome::Fail)
    }
}

/// What was measured last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// The time that was looked at; none before the first look.
    pub period: Option<Period>,
    /// Whether some alerts of the period are missing, for want of room.
    pub is_cut: bool,
    /// The scores, those over their budget first, then by the number of alerts.
    pub scores: Vec<Score>,
}

/// What is known of the alerts of the last weeks.
#[must_use]
pub fn evidence(book: &Book) -> Evidence {
    let records = counted(book).map(|(_, record)| record);
    let whole = book.incidents.iter().filter(|incident| incident.duplicate_of.is_none());
    let misses = whole.filter(|incident| incident.declaration.alert.is_none()).map(|incident| Miss {
        rule: None,
        owner: incident.declaration.owner.clone(),
        at: incident.declared_at,
    });
    let silenced = book.noise.silenced().cloned().collect();
    Evidence { records: records.collect(), misses: misses.collect(), silenced }
}

/// Every alert as it is counted, with what incidents say of it.
fn counted(book: &Book) -> impl Iterator<Item = (Digest128, Record)> {
    let first = first_and_others(book);
    book.noise.records().map(move |(id, record)| match first.get(&id) {
        // Somebody declared an incident from it.
        Some(true) => (id, Record { acknowledged: true, ..record }),
        Some(false) => (id, Record { duplicate: true, ..record }),
        None => (id, record),
    })
}

/// The alerts of incidents: whether the incident was declared from it.
fn first_and_others(book: &Book) -> BTreeMap<Digest128, bool> {
    let mut found = BTreeMap::new();
    for incident in book.incidents.iter().filter(|incident| incident.duplicate_of.is_none()) {
        let Some(first) = incident.declaration.alert.as_ref().map(|alert| alert.episode) else { continue };
        for episode in incident.episodes.keys() {
            let is_first = *episode == first;
            found.entry(*episode).and_modify(|known| *known |= is_first).or_insert(is_first);
        }
    }
    found
}

/// Measures every rule, team and responder at a moment. The period begins with a day, so that the shifts that it is cut into
/// stay the same from one look to the next; of a rule that was mended it begins then, for what was before is mended.
#[must_use]
pub fn report(book: &Book, policy: &Policy, now: Timestamp) -> Report {
    let evidence = evidence(book);
    let (from, until) = (midnight(now - PERIOD), now);
    let complete = book.noise.complete_from().filter(|complete| *complete > from);
    let period = Period { from: complete.unwrap_or(from), until };
    let score = |scope: Scope| {
        let mended = book.noise.defect(defect::id(&scope)).and_then(|defect| match defect.status(now) {
            DefectStatus::Mended => defect.mended.as_ref().map(|(.., at)| *at),
            _ => None,
        });
        let period = Period { from: mended.map_or(period.from, |at| at.max(period.from)), until };
        let measures = measure(&evidence, &scope, period, &policy.alerting.noise);
        let owner = owner(&scope, &evidence, policy);
        let findings = owner.as_ref().map(|owner| judge(&measures, &scope, owner, &policy.alerting.noise));
        Score { scope, owner, measures, findings: findings.unwrap_or_default() }
    };
    let mut scores: Vec<Score> = evidence.scopes().into_iter().map(score).collect();
    scores.sort_by_key(|score| std::cmp::Reverse((score.is_over(), score.measures.alerts)));
    scores.truncate(MAX_SCORES);
    Report { period: Some(period), is_cut: complete.is_some(), scores }
}

const DAY_MS: i64 = 86_400_000;

/// The begin of a moment's day, in UTC.
fn midnight(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_millis() - at.as_millis().rem_euclid(DAY_MS))
}

/// Who has to mend a noise: a rule's is its owner's, a responder's is that of the first of their teams.
fn owner(scope: &Scope, evidence: &Evidence, policy: &Policy) -> Option<TeamId> {
    let all = || policy.alerting.intake.owner.clone();
    match scope {
        Scope::Team(team) => Some(team.clone()),
        Scope::Rule(rule) => {
            let of_rule = evidence.records.iter().filter(|record| record.rule == *rule);
            of_rule.max_by_key(|record| record.began).map(|record| record.owner.clone()).or_else(all)
        }
        Scope::Responder(person) => {
            let person = policy.roster.people.get(person);
            person.and_then(|person| person.teams.first().cloned()).or_else(all)
        }
        _ => all(),
    }
}

/// The noise of each team over a period, for a month's review.
#[must_use]
pub fn of_teams(book: &Book, policy: &Policy, period: Period) -> Vec<Measures> {
    let evidence = evidence(book);
    let teams: BTreeSet<Scope> =
        evidence.scopes().into_iter().filter(|scope| matches!(scope, Scope::Team(_))).collect();
    teams.iter().map(|team| measure(&evidence, team, period, &policy.alerting.noise)).collect()
}

/// The defects that are late, as alerts of their owners.
pub(crate) fn stated(book: &Book, now: Timestamp) -> impl Iterator<Item = Stated> {
    let late = book.noise.defects().filter(move |(_, defect)| defect.status(now) == DefectStatus::Overdue);
    late.filter_map(|(id, defect)| {
        let summary = format!("the noise of {} should be mended by now", defect.scope);
        let path = format!("/noise#defect-{id}");
        let owner = defect.owner.clone();
        Concern::NoiseDefectOverdue.about(&path, owner, &Labels::default(), summary, defect.due)
    })
}

#[cfg(test)]
mod tests;
