//! Tests of judgements: every rule in each of its answers, and that less evidence or more harm never helps.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::decision::Verdict;
use crate::id::{Digest128, NodeId};
use crate::stats::sequential::Tally;
use crate::time::{Span, Timestamp};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn basis(at: Timestamp) -> Basis {
    Basis { policy: Digest128([1; 16]), evidence: Digest128([2; 16]), at }
}

fn ask(evidence: &Evidence) -> Decision {
    judge(evidence, &JudgePolicy::default(), basis(NOW))
}

fn node(n: u128) -> NodeId {
    NodeId(uuid::Uuid::from_u128(n))
}

fn group(first: u128, nodes: u128) -> Group {
    let report = Report { at: Some(NOW - Span::from_secs(5)), offset_s: Some(0.01) };
    (first..first + nodes).map(|n| (node(n), report)).collect()
}

fn tally(events: u64, exposure: u64) -> Tally {
    Tally { events, exposure }
}

fn points(canary: impl Fn(usize) -> f64, baseline: impl Fn(usize) -> f64) -> Points {
    Points { canary: (0..60).map(canary).collect(), baseline: (0..60).map(baseline).collect() }
}

/// A release that is as good as what it replaces, at the end of a stage, with everything known.
fn good() -> Evidence {
    // Halves of halves: JSON keeps them to the last digit.
    let wave = |n: usize| 0.5 + (n % 7) as f64 / 128.0;
    Evidence {
        look: Look::StageEnd,
        at: NOW - Span::from_secs(5),
        interval: Span::from_secs(10),
        canary: group(1, 10),
        baseline: Some(group(100, 10)),
        burns: BTreeMap::from([("shop".parse().unwrap(), Burn { tally: tally(3, 10_000), allowed: 0.001 })]),
        probes: BTreeMap::from([("front".parse().unwrap(), Some(0))]),
        counts: Counted::ALL
            .iter()
            .map(|what| {
                (*what, Comparison { canary: tally(1_000, 100_000), baseline: tally(1_000, 100_000) })
            })
            .collect(),
        gauges: Gauge::ALL.iter().map(|gauge| (*gauge, points(wave, wave))).collect(),
        health: Health::Healthy,
    }
}

fn with(change: impl FnOnce(&mut Evidence)) -> Evidence {
    let mut evidence = good();
    change(&mut evidence);
    evidence
}

/// One node of its own: before stands against after.
fn alone() -> Evidence {
    with(|evidence| {
        evidence.canary = group(1, 1);
        evidence.baseline = None;
    })
}

fn count(evidence: &mut Evidence, canary: Tally, baseline: Tally) {
    evidence.counts.insert(Counted::FailedRequests, Comparison { canary, baseline });
}

fn told(evidence: &Evidence) -> String {
    let decision = ask(evidence);
    let blocking = decision.blocking().map(|finding| format!("\n  {} {}", finding.rule, finding.message));
    format!("{}{}", decision.verdict, blocking.collect::<String>())
}

/// Reports that can't be relied on, and what rolls back at once.
fn reports_and_kills() -> Vec<(&'static str, Evidence)> {
    vec![
        ("everything is as before", good()),
        ("stale", with(|e| e.at = NOW - Span::from_secs(21))),
        ("from later", with(|e| e.at = NOW + Span::from_secs(6))),
        ("no interval", with(|e| e.interval = Span::ZERO)),
        ("no canary", with(|e| e.canary.clear())),
        ("no baseline node", with(|e| e.baseline = Some(Group::new()))),
        ("two of ten silent", with(|e| silence(&mut e.canary, 2))),
        ("one of ten silent", with(|e| silence(&mut e.canary, 1))),
        ("a clock is off", with(|e| offset(&mut e.canary, Some(-5.1)))),
        ("a clock is unknown", with(|e| offset(&mut e.canary, None))),
        ("a clock is no number", with(|e| offset(&mut e.canary, Some(f64::NAN)))),
        ("burn", with(|e| burn(e, 144, 10_000, 0.001))),
        ("burn, few events", with(|e| burn(e, 9, 9, 0.001))),
        (
            "burn, stale",
            with(|e| {
                burn(e, 144, 10_000, 0.001);
                e.at = NOW - Span::from_secs(900)
            }),
        ),
        ("burn, more bad than all", with(|e| burn(e, 20, 0, 0.001))),
        ("burn of no objective", with(|e| burn(e, 1, 10, f64::NAN))),
        ("no burn", with(|e| e.burns.clear())),
        ("probe down", with(|e| probe(e, Some(3)))),
        ("probe down twice", with(|e| probe(e, Some(2)))),
        ("probe unknown", with(|e| probe(e, None))),
        ("no probe", with(|e| e.probes.clear())),
    ]
}

/// Counts and gauges of the release beside what it replaces.
fn side_by_side() -> Vec<(&'static str, Evidence)> {
    vec![
        ("more failures", with(|e| count(e, tally(1_200, 100_000), tally(1_000, 100_000)))),
        ("few failures", with(|e| count(e, tally(3, 1_000), tally(3, 1_000)))),
        ("no failures at all", with(|e| count(e, tally(0, 100_000), tally(0, 100_000)))),
        ("failures beside a baseline of zeros", with(|e| count(e, tally(12, 1_000), tally(0, 1_000)))),
        ("no exposure", with(|e| count(e, tally(0, 0), tally(1_000, 100_000)))),
        ("more failures than requests", with(|e| count(e, tally(5, 4), tally(1_000, 100_000)))),
        ("a count is missing", with(|e| less(e, 5))),
        (
            "more CPU",
            with(|e| drop(e.gauges.insert(Gauge::Cpu, points(|_| 0.6, |n| 0.4 + 0.001 * n as f64)))),
        ),
        ("more CPU, hardly", with(|e| drop(e.gauges.insert(Gauge::Cpu, points(|_| 0.44, |_| 0.4))))),
        ("backlog from nothing", with(|e| drop(e.gauges.insert(Gauge::Backlog, points(|_| 50.0, |_| 0.0))))),
        ("a gauge is no number", with(|e| drop(e.gauges.insert(Gauge::Cpu, points(|_| f64::NAN, |_| 0.4))))),
        ("29 values", with(|e| e.gauges.values_mut().for_each(|points| points.canary.truncate(29)))),
        ("a gauge is missing", with(|e| drop(e.gauges.remove(&Gauge::Memory)))),
        (
            "more CPU, but not at the end",
            with(|e| {
                e.look = Look::Interim;
                e.gauges.insert(Gauge::Cpu, points(|_| 0.9, |_| 0.4));
            }),
        ),
    ]
}

/// With nothing beside the release.
fn before_and_after() -> Vec<(&'static str, Evidence)> {
    vec![
        ("alone", alone()),
        ("alone, degraded", {
            let mut e = alone();
            e.health = Health::Degraded;
            e
        }),
        ("alone, few failures", {
            let mut e = alone();
            count(&mut e, tally(1, 900), tally(2, 900));
            e
        }),
        ("alone, more failures", {
            let mut e = alone();
            count(&mut e, tally(90, 900), tally(2, 900));
            e
        }),
        ("whole", with(|e| e.look = Look::Whole)),
        (
            "whole, health unknown",
            with(|e| {
                e.look = Look::Whole;
                e.health = Health::Unknown
            }),
        ),
        (
            "whole, failing",
            with(|e| {
                e.look = Look::Whole;
                e.health = Health::Failing
            }),
        ),
        (
            "whole, burn",
            with(|e| {
                e.look = Look::Whole;
                burn(e, 144, 10_000, 0.001)
            }),
        ),
    ]
}

// Seed: "Staged rollout", "Post-release verification", "Rollback is mandatory for every release".
#[test]
fn every_rule_gives_each_of_its_answers() {
    let cases = [reports_and_kills(), side_by_side(), before_and_after()].concat();
    let table: String = cases.iter().map(|(name, case)| format!("{name} -> {}\n", told(case))).collect();
    insta::assert_snapshot!(table);
}

fn silence(group: &mut Group, nodes: usize) {
    group.values_mut().take(nodes).for_each(|report| report.at = Some(NOW - Span::from_secs(21)));
}

fn offset(group: &mut Group, offset_s: Option<f64>) {
    group.values_mut().take(1).for_each(|report| report.offset_s = offset_s);
}

fn probe(evidence: &mut Evidence, failures: Option<u32>) {
    evidence.probes.insert("front".parse().unwrap(), failures);
}

fn burn(evidence: &mut Evidence, bad: u64, all: u64, allowed: f64) {
    evidence.burns.insert("shop".parse().unwrap(), Burn { tally: tally(bad, all), allowed });
}

#[test]
fn every_judgement_has_the_same_findings_in_the_same_order_each_with_a_way_on() {
    let codes = |evidence: &Evidence| -> Vec<String> {
        ask(evidence).findings.iter().map(|finding| finding.rule.to_string()).collect()
    };
    let empty = with(|e| {
        e.canary.clear();
        e.burns.clear();
        e.probes.clear();
        e.counts.clear();
        e.gauges.clear();
        e.health = Health::Unknown;
    });
    assert_eq!(codes(&good()), codes(&empty));
    for finding in ask(&empty).blocking() {
        assert!(!finding.remedy.is_empty(), "{finding:?}");
    }
    assert_eq!(ask(&empty).verdict, Verdict::Hold);
}

#[test]
fn counts_share_the_chance_of_a_false_alarm() {
    let one = JudgePolicy { counts: [Counted::FailedRequests].into(), ..JudgePolicy::default() };
    // E = 31.9: beyond 20 of one count, within 60 of three.
    let evidence = with(|e| {
        e.look = Look::Interim;
        count(e, tally(7, 1_000), tally(0, 1_000));
    });
    assert_eq!(ask(&evidence).verdict, Verdict::Hold);
    assert_eq!(judge(&evidence, &one, basis(NOW)).verdict, Verdict::Deny);
}

#[test]
fn limits_that_are_no_numbers_let_nothing_pass() {
    let nan = f64::NAN;
    let policies = [
        JudgePolicy { alpha: nan, ..JudgePolicy::default() },
        JudgePolicy { least_reporting: nan, ..JudgePolicy::default() },
        JudgePolicy { rate_ratio: nan, ..JudgePolicy::default() },
        JudgePolicy { gauge_confidence: nan, ..JudgePolicy::default() },
    ];
    for policy in policies {
        assert_eq!(judge(&good(), &policy, basis(NOW)).verdict, Verdict::Hold, "{policy:?}");
    }
}

#[test]
fn evidence_survives_json() {
    let json = serde_json::to_string(&good()).unwrap();
    assert_eq!(serde_json::from_str::<Evidence>(&json).unwrap(), good());
}

/// Removing or ageing something.
fn less(evidence: &mut Evidence, what: u8) {
    match what {
        0 => evidence.canary.values_mut().take(1).for_each(|report| report.at = None),
        1 => evidence.canary.values_mut().for_each(|report| report.at = None),
        2 => offset(&mut evidence.canary, None),
        3 => evidence.at = NOW - Span::from_secs(60),
        4 => evidence.burns.clear(),
        5 => evidence.counts.retain(|what, _| *what != Counted::FailedRequests),
        6 => drop(evidence.gauges.pop_first()),
        7 => evidence.gauges.values_mut().for_each(|points| points.baseline.truncate(10)),
        8 => evidence.health = Health::Unknown,
        9 => evidence.probes.values_mut().for_each(|failures| *failures = None),
        10 => evidence.counts.values_mut().for_each(|counts| counts.baseline = Tally::default()),
        _ => evidence.baseline = None,
    }
}

proptest! {
    #[test]
    fn less_evidence_never_turns_into_a_pass(
        canary in 0_u64..3_000, baseline in 0_u64..3_000, steps in prop::collection::vec(0_u8..12, 1..6), look in 0_usize..3,
    ) {
        let mut evidence = with(|e| {
            e.look = Look::ALL[look];
            count(e, tally(canary, 100_000), tally(baseline, 100_000));
        });
        let before = ask(&evidence).verdict;
        steps.into_iter().for_each(|what| less(&mut evidence, what));
        if before != Verdict::Allow {
            prop_assert_ne!(ask(&evidence).verdict, Verdict::Allow, "it was {}", before);
        }
    }

    #[test]
    fn more_failures_never_improve(canary in 0_u64..3_000, baseline in 0_u64..3_000, more in 1_u64..500) {
        let at = |events| with(|e| count(e, tally(events, 100_000), tally(baseline, 100_000)));
        prop_assert!(ask(&at(canary + more)).verdict >= ask(&at(canary)).verdict);
    }

    #[test]
    fn moving_all_moments_changes_nothing(millis in 0_u64..1_000_000_000_000, age in 0_u64..40_000, silent in 0_usize..4) {
        let span = Span::from_millis(millis);
        let mut evidence = with(|e| {
            e.at = NOW - Span::from_millis(age);
            silence(&mut e.canary, silent);
        });
        let before = ask(&evidence);
        evidence.at = evidence.at + span;
        let groups = [Some(&mut evidence.canary), evidence.baseline.as_mut()];
        for report in groups.into_iter().flatten().flat_map(BTreeMap::values_mut) {
            report.at = report.at.map(|at| at + span);
        }
        let after = judge(&evidence, &JudgePolicy::default(), basis(NOW + span));
        let outcomes = |decision: &Decision| -> Vec<Outcome> { decision.findings.iter().map(|f| f.outcome).collect() };
        prop_assert_eq!(outcomes(&before), outcomes(&after));
    }
}
