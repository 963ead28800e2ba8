//! An edited rule against what was measured before: would it have been noisier, or have missed what the old one told?
//!
//! The rule is replayed over stored values as [`evaluate`](crate::evaluate) would have seen them: `for`, hysteresis and
//! `keep_firing_for` hold, and what wasn't known neither opens nor ends. Routes and silences aren't replayed: they
//! decide who is told, not what is.

use serde::{Deserialize, Serialize};

use super::rule::AlertRule;
use crate::decision::{Basis, Decision};
use crate::finding::Finding;
use crate::labels::Labels;
use crate::signal::indicator::Indicator;
use crate::signal::metric::Unit;
use crate::time::Timestamp;

crate::rules! {
    /// There are no stored values of what the rule watches, before or after the edit, so nobody knows what it would do. Let
    /// the new rule run as Informational first.
    HAS_HISTORY = "EAVIP-N30", "an edited rule is tried on history", "Alert noise is treated as a defect";
    /// Over the same history the edited rule would have told of more alerts that weren't worth it. Raise its threshold or its
    /// `for`.
    NO_MORE_NOISE = "EAVIP-N31", "an edit adds no noise", "Alert noise is treated as a defect";
    /// The edited rule would have been silent about something that the old one told and that was worth it. Lower its
    /// threshold or its `for`.
    NOTHING_LOST = "EAVIP-N32", "an edit loses no true alert", "Alerts must be actionable";
}

/// A stored value; what isn't a finite number wasn't known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// When.
    pub at: Timestamp,
    /// The value, in the indicator's unit.
    pub value: f64,
}

/// From a moment to another, both within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Its begin.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
}

impl Stretch {
    fn meets(&self, other: &Self) -> bool {
        self.from <= other.until && other.from <= self.until
    }
}

/// The history of one thing that is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// What was measured.
    pub indicator: Indicator,
    /// The labels that an alert of it has.
    pub labels: Labels,
    /// Its values, in any order.
    pub points: Vec<Point>,
    /// When something was wrong with it indeed: an alert was acted on, or an incident was found without one.
    pub wrong: Vec<Stretch>,
}

/// The episodes that a rule would have had on a track.
#[must_use]
pub fn replay(rule: &AlertRule, track: &Track) -> Vec<Stretch> {
    let meant = rule.matchers.iter().all(|(name, value)| track.labels.get(name) == Some(value));
    if rule.indicator != track.indicator || !meant {
        return Vec::new();
    }
    let mut points = track.points.clone();
    points.sort_by_key(|point| point.at);
    let mut found = Vec::new();
    let (mut open, mut bad_since, mut good_since) = (None, None, None);
    for Point { at, value } in points.iter().copied() {
        match open {
            None if !value.is_finite() => {}
            None if rule.condition.fires(value) => {
                let since = *bad_since.get_or_insert(at);
                if at.since(since) >= rule.hold_for {
                    (open, bad_since) = (Some(at), None);
                }
            }
            None => bad_since = None,
            Some(from) if value.is_finite() && rule.condition.clears(value) => {
                let since = *good_since.get_or_insert(at);
                if at.since(since) >= rule.keep_firing_for {
                    found.push(Stretch { from, until: at });
                    (open, good_since) = (None, None);
                }
            }
            Some(_) => good_since = None,
        }
    }
    let last = points.last().map(|point| point.at);
    found.extend(open.zip(last).map(|(from, until)| Stretch { from, until }));
    found
}

/// What a rule would have told, over all tracks.
#[derive(Debug, Default)]
struct Told {
    noise: usize,
    /// The stretches that it told, as track and place in it.
    true_ones: Vec<(usize, usize)>,
}

fn told(rule: &AlertRule, history: &[Track]) -> Told {
    let mut told = Told::default();
    for (at, track) in history.iter().enumerate() {
        let episodes = replay(rule, track);
        let is_noise = |episode: &&Stretch| !track.wrong.iter().any(|wrong| wrong.meets(episode));
        told.noise += episodes.iter().filter(is_noise).count();
        let seen =
            track.wrong.iter().enumerate().filter(|(_, wrong)| episodes.iter().any(|e| e.meets(wrong)));
        told.true_ones.extend(seen.map(|(place, _)| (at, place)));
    }
    told
}

/// Judges an edit: denied when the edited rule would have been noisier or would have lost a true alert, held when the
/// history says nothing.
///
/// ```
/// use eavip_core::alert::backtest::backtest;
/// use eavip_core::decision::{Basis, Verdict};
/// use eavip_core::id::Digest128;
/// use eavip_core::policy::{Policy, Source};
/// use eavip_core::time::Timestamp;
///
/// let before = Policy::builtin();
/// let edited = Source::new("runbook.toml", "[alert.disk-full]\nabove = 0.5\n");
/// let after = Policy::load(&[edited]).unwrap();
/// let basis = Basis { policy: after.digest, evidence: Digest128::of([]), at: Timestamp::default() };
/// let [old, new] = [&before, &after].map(|policy| policy.rule("disk-full").unwrap());
/// assert_eq!(backtest(old, new, &[], basis).verdict, Verdict::Hold, "nothing was stored to try it on");
/// ```
#[must_use]
pub fn backtest(before: &AlertRule, after: &AlertRule, history: &[Track], basis: Basis) -> Decision {
    let (old, new) = (told(before, history), told(after, history));
    let findings = vec![has_history(before, after, history), noise(&old, &new), lost(&old, &new, history)];
    Decision::over(findings, basis)
}

fn has_history(before: &AlertRule, after: &AlertRule, history: &[Track]) -> Finding {
    let watched = |rule: &AlertRule| {
        let values =
            history.iter().filter(|track| track.indicator == rule.indicator).flat_map(|track| &track.points);
        values.filter(|point| point.value.is_finite()).count()
    };
    let least = watched(before).min(watched(after));
    if before.least_requests != after.least_requests {
        let message = "stored values don't tell how many requests were behind them";
        return HAS_HISTORY
            .undetermined(message, "change `least_requests` for itself, and review it by hand");
    }
    if least == 0 {
        let message = format!("no stored value tells what `{}` would do", after.id);
        return HAS_HISTORY.undetermined(message, "let the new rule run as Informational first");
    }
    HAS_HISTORY.pass(format!("tried on {least} values"))
}

fn noise(old: &Told, new: &Told) -> Finding {
    let message = format!("alerts that weren't worth it: {}, before the edit {}", new.noise, old.noise);
    let finding = if new.noise > old.noise {
        NO_MORE_NOISE.fail(message, "raise the threshold or `for`")
    } else {
        NO_MORE_NOISE.pass(message)
    };
    finding.measured(new.noise as f64, old.noise as f64, Unit::Count)
}

fn lost(old: &Told, new: &Told, history: &[Track]) -> Finding {
    let lost = old.true_ones.iter().filter(|one| !new.true_ones.contains(one));
    let name = |(track, place): &(usize, usize)| {
        let track = history.get(*track)?;
        Some(format!("{} at {}", track.labels, track.wrong.get(*place)?.from))
    };
    let lost: Vec<String> = lost.filter_map(name).collect();
    match lost.first() {
        Some(first) => {
            let message = format!("true alerts that would be lost: {}, the first {first}", lost.len());
            NOTHING_LOST.fail(message, "lower the threshold or `for`").evidence(lost.iter().take(MAX_LOST))
        }
        None => NOTHING_LOST.pass("no true alert is lost"),
    }
}

/// Most lost alerts that a finding lists: enough to see what they have in common.
const MAX_LOST: usize = 20;

#[cfg(test)]
mod tests;
