//! Tests of trying an edited rule on history.

use proptest::prelude::*;

use super::*;
use crate::alert::rule::Condition;
use crate::decision::Verdict;
use crate::finding::Outcome;
use crate::id::Digest128;
use crate::signal::metric::Metric;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

fn rule(fire: f64, clear: f64, hold: &str, keep: &str) -> AlertRule {
    let policy = crate::policy::Policy::builtin();
    AlertRule {
        indicator: Indicator::Metric(Metric::DiskUsed),
        condition: Condition::Above { fire, clear },
        hold_for: hold.parse().unwrap(),
        keep_firing_for: keep.parse().unwrap(),
        ..policy.rule("disk-full").unwrap().clone()
    }
}

/// One value each ten seconds; `?` is unknown, digits are tenths.
fn track(values: &str, wrong: &[(i64, i64)]) -> Track {
    let value = |c: char| c.to_digit(10).map_or(f64::NAN, |digit| f64::from(digit) / 10.0);
    let points = values.chars().zip(0i64..).map(|(c, n)| Point { at: at(n * 10), value: value(c) });
    Track {
        indicator: Indicator::Metric(Metric::DiskUsed),
        labels: Labels::new([("node", "a")]).unwrap(),
        points: points.collect(),
        wrong: wrong.iter().map(|(from, until)| Stretch { from: at(*from), until: at(*until) }).collect(),
    }
}

fn episodes(rule: &AlertRule, values: &str) -> Vec<(i64, i64)> {
    let secs = |moment: Timestamp| (moment.as_millis() - at(0).as_millis()) / 1_000;
    replay(rule, &track(values, &[])).iter().map(|one| (secs(one.from), secs(one.until))).collect()
}

fn judge(before: &AlertRule, after: &AlertRule, history: &[Track]) -> Decision {
    let basis = Basis { policy: Digest128([0; 16]), evidence: Digest128([0; 16]), at: at(0) };
    backtest(before, after, history, basis)
}

#[test]
fn replays_as_the_evaluation_would_have_seen_it() {
    for (fire, clear, hold, keep, values, expected) in [
        (0.8, 0.8, "0s", "0s", "1991", &[(10, 30)][..]),
        (0.8, 0.8, "10s", "0s", "1991", &[(20, 30)]),
        (0.8, 0.8, "20s", "0s", "1991", &[]),
        (0.8, 0.8, "20s", "0s", "9?9", &[(20, 20)]),
        (0.8, 0.5, "0s", "0s", "96965", &[(0, 40)]),
        (0.8, 0.8, "0s", "20s", "9191119", &[(0, 50), (60, 60)]),
        (0.8, 0.8, "0s", "10s", "91?11", &[(0, 40)]),
        (0.8, 0.8, "0s", "0s", "???", &[]),
        (0.8, 0.8, "0s", "0s", "", &[]),
    ] {
        assert_eq!(episodes(&rule(fire, clear, hold, keep), values), expected, "{values} {hold} {keep}");
    }
}

// Seed: "Alert noise is treated as a defect".
#[test]
fn refuses_more_noise_and_a_lost_alert_and_takes_what_is_better() {
    let history = [track("1711911111", &[(40, 60)])];
    let (loose, right, tight) =
        (rule(0.6, 0.6, "0s", "0s"), rule(0.8, 0.8, "0s", "0s"), rule(0.95, 0.95, "0s", "0s"));
    for (before, after, verdict, failing) in [
        (&loose, &right, Verdict::Allow, &[][..]),
        (&right, &right, Verdict::Allow, &[]),
        (&right, &loose, Verdict::Deny, &["EAVIP-N31"]),
        (&right, &tight, Verdict::Deny, &["EAVIP-N32"]),
        (&tight, &right, Verdict::Allow, &[]),
    ] {
        let decision = judge(before, after, &history);
        let failed = decision.findings.iter().filter(|finding| finding.outcome == Outcome::Fail);
        let failed: Vec<&str> = failed.map(|finding| finding.rule.as_ref()).collect();
        assert_eq!((decision.verdict, failed.as_slice()), (verdict, failing));
    }
}

#[test]
fn holds_when_the_history_says_nothing() {
    let plain = rule(0.8, 0.8, "0s", "0s");
    let other = AlertRule { indicator: Indicator::Metric(Metric::CpuBusy), ..plain.clone() };
    let fewer = AlertRule { least_requests: 500.0, ..plain.clone() };
    let (known, unknown) = (track("19", &[]), track("??", &[]));
    for (after, history) in [
        (&plain, vec![]),
        (&plain, vec![unknown]),
        (&other, vec![known.clone()]),
        (&fewer, vec![known.clone()]),
    ] {
        assert_eq!(judge(&plain, after, &history).verdict, Verdict::Hold);
    }
    assert_eq!(judge(&plain, &plain, &[known]).verdict, Verdict::Allow);
}

#[test]
fn a_rule_that_no_longer_means_the_series_loses_what_it_told() {
    let plain = rule(0.8, 0.8, "0s", "0s");
    let elsewhere = AlertRule { matchers: Labels::new([("node", "b")]).unwrap(), ..plain.clone() };
    assert_eq!(judge(&plain, &elsewhere, &[track("191", &[(0, 30)])]).verdict, Verdict::Deny);
}

proptest! {
    #[test]
    fn an_edit_that_changes_nothing_is_allowed_and_order_and_day_do_not_matter(
        values in "[0-9?]{1,60}", shift in -1_000_000i64..1_000_000, fire in 1u8..9,
    ) {
        let rule = rule(f64::from(fire) / 10.0, f64::from(fire) / 10.0, "20s", "20s");
        let plain = track(&values, &[(100, 200)]);
        prop_assume!(values.contains(|c: char| c.is_ascii_digit()));
        prop_assert_eq!(judge(&rule, &rule, std::slice::from_ref(&plain)).verdict, Verdict::Allow);
        let mut moved = plain.clone();
        let by = |at: Timestamp| Timestamp::from_millis(at.as_millis() + shift);
        moved.points.iter_mut().for_each(|point| point.at = by(point.at));
        moved.points.reverse();
        let expected: Vec<Stretch> =
            replay(&rule, &plain).iter().map(|one| Stretch { from: by(one.from), until: by(one.until) }).collect();
        prop_assert_eq!(replay(&rule, &moved), expected);
    }
}
