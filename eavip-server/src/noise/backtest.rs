//! Another runbook against what was measured before it is put in force: a changed rule that would be noisier, or silent
//! about something that was worth it, is refused with the numbers, and the runbook before stays in force.
//!
//! Tried is what charts show too: five-minute roll-ups of the last day, and the single values of the last hour. Of a roll-up
//! the worst value counts, so nothing that a rule would see is smoothed away, and how often something came and went within
//! five minutes is known of the last hour only. Indicators that are worked out over a service's window have no stored values:
//! of them nothing can be said, which is told and refuses nothing. What was worth it is known from the alerts in memory.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::alert::backtest::{HAS_HISTORY, Point, Stretch, Track, backtest};
use eavip_core::alert::episode::{Episode, Subject, labels};
use eavip_core::alert::noise::AlertOutcome;
use eavip_core::alert::rule::{AlertRule, Condition};
use eavip_core::decision::{Basis, Decision};
use eavip_core::finding::{Finding, Outcome};
use eavip_core::id::{Digest128, NodeId};
use eavip_core::policy::Policy;
use eavip_core::signal::indicator::Indicator;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::SeriesKey;
use eavip_core::time::Timestamp;

use crate::book::Book;
use crate::nodes::Known;
use crate::shared::Shared;

/// Most series that one changed rule is tried on: some 40 MiB of values. Beyond, the finding on its history says so.
const MAX_TRACKS: usize = 5_000;
/// Most findings that are kept of one runbook.
pub const MAX_FINDINGS: usize = 100;

/// What a runbook's changed rules would have done.
#[derive(Debug, Default)]
pub struct Trial {
    /// Why it isn't put in force; empty when it may be.
    pub refused: Vec<Finding>,
    /// What can't be said.
    pub unknown: Vec<Finding>,
}

/// Tries the rules that another runbook changes.
#[must_use]
pub fn trial(shared: &Shared, after: &Policy, now: Timestamp) -> Trial {
    let before = shared.policy.load();
    let changed = after.rules().iter().filter_map(|new| {
        let old = before.rule(new.id.as_str())?;
        is_changed(old, new).then_some((old, new))
    });
    let mut trial = Trial::default();
    let mut wrong = None;
    for (old, new) in changed {
        let wrong = wrong.get_or_insert_with(|| wrong_series(&shared.book(), now));
        let (history, is_cut) = tracks(shared, old, new, wrong);
        let basis = Basis { policy: after.digest, evidence: Digest128::of_value(&history), at: now };
        let Decision { findings, .. } = backtest(old, new, &history, basis);
        for mut finding in findings {
            finding.message = format!("`{}`: {}", new.id, finding.message);
            if is_cut && finding.rule == HAS_HISTORY.code {
                finding.message += &format!(", of the first {MAX_TRACKS} series");
            }
            match finding.outcome {
                Outcome::Fail => trial.refused.push(finding),
                Outcome::Undetermined => trial.unknown.push(finding),
                _ => {}
            }
        }
    }
    trial.refused.truncate(MAX_FINDINGS);
    trial.unknown.truncate(MAX_FINDINGS);
    trial
}

/// Whether it may open other episodes than before. Who owns it and how urgent it is doesn't change when it fires.
fn is_changed(old: &AlertRule, new: &AlertRule) -> bool {
    let fires = |rule: &AlertRule| {
        (rule.indicator, rule.condition, rule.hold_for, rule.keep_firing_for, rule.matchers.clone())
    };
    fires(old) != fires(new) || old.least_requests.total_cmp(&new.least_requests).is_ne()
}

type Wrong = BTreeMap<(NodeId, SeriesKey), Vec<Stretch>>;

/// When something was wrong indeed with which series: an alert of it was worth it.
fn wrong_series(book: &Book, now: Timestamp) -> Wrong {
    let worth = |outcome| matches!(outcome, AlertOutcome::Acted | AlertOutcome::Duplicate);
    let worth: BTreeSet<Digest128> = super::counted(book)
        .filter(|(_, record)| record.outcome().is_some_and(worth))
        .map(|(id, _)| id)
        .collect();
    let mut found = Wrong::new();
    for Episode { opening, resolved, .. } in book.alerts.iter().filter(|one| worth.contains(&one.opening.id))
    {
        let Some(observed) = opening.origin.observed() else { continue };
        if let Subject::Series(key) = &observed.subject {
            let stretch = Stretch { from: opening.since, until: resolved.map_or(now, |(_, at)| at) };
            found.entry((observed.node, key.clone())).or_default().push(stretch);
        }
    }
    found
}

/// The history that a rule is tried on, before and after; whether some is left out.
fn tracks(shared: &Shared, old: &AlertRule, new: &AlertRule, wrong: &Wrong) -> (Vec<Track>, bool) {
    let metric = |rule: &AlertRule| match rule.indicator {
        Indicator::Metric(metric) => Some(metric),
        Indicator::Derived(_) => None,
    };
    let metrics: BTreeSet<Metric> = [metric(old), metric(new)].into_iter().flatten().collect();
    let (mut found, mut is_cut) = (Vec::new(), false);
    shared.nodes.each(|Known { node, histories }| {
        for (key, history) in histories.iter().filter(|(key, _)| metrics.contains(&key.metric)) {
            if found.len() >= MAX_TRACKS {
                is_cut = true;
                return;
            }
            let worst = |point: crate::history::Point| match new.condition {
                Condition::Above { .. } => Point { at: point.at, value: point.max },
                Condition::Below { .. } => Point { at: point.at, value: point.min },
            };
            found.push(Track {
                indicator: Indicator::Metric(key.metric),
                labels: labels(node, &Subject::Series(key.clone())),
                points: history.since(Timestamp::from_millis(0)).into_iter().map(worst).collect(),
                wrong: wrong.get(&(node.id, key.clone())).cloned().unwrap_or_default(),
            });
        }
    });
    (found, is_cut)
}

#[cfg(test)]
mod tests;
