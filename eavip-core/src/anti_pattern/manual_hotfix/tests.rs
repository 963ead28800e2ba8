//! Tests of the detector of manual hotfixes.

use proptest::prelude::*;

use super::*;
use crate::finding::Outcome;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn minutes(count: u64) -> Span {
    Span::from_secs(count * 60)
}

fn artifact(byte: u8) -> Digest256 {
    Digest256([byte; 32])
}

/// Reports a minute apart, the newest now: 1 was placed, 2 was released before, 9 never was.
fn running(reports: &[Option<u8>]) -> Running {
    let count = reports.len() as u64;
    let report = |(at, byte): (usize, &Option<u8>)| Report {
        at: NOW - minutes(count - 1 - at as u64),
        artifact: byte.map(artifact),
    };
    Running {
        subject: "shop on node-1".into(),
        deployment: "eu".parse().unwrap(),
        environment: Environment::Production,
        reports: reports.iter().enumerate().map(report).collect(),
        released: [artifact(1), artifact(2)].into(),
        placed: Some(artifact(1)),
        in_flight: BTreeSet::new(),
        break_glass: None,
    }
}

fn outcome(running: &Running, now: Timestamp) -> Outcome {
    detect(running, &AntiPatternPolicy::default(), now)[0].outcome
}

// Seed: "Manual hotfixes in production" (forbidden).
#[test]
fn two_reports_of_an_artifact_that_no_rollout_put_there_are_a_hotfix() {
    use Outcome::{Fail, Pass, Undetermined, Warn};
    let table: [(&[Option<u8>], Outcome); 10] = [
        (&[], Undetermined),
        (&[Some(1)], Pass),
        (&[Some(9)], Warn),
        (&[Some(1), Some(9)], Warn),
        (&[Some(9), Some(9)], Fail),
        (&[Some(2), Some(2)], Fail),
        (&[Some(8), Some(9)], Fail),
        (&[Some(9), Some(9), Some(1)], Pass),
        (&[Some(9), None, Some(9)], Warn),
        (&[Some(1), None], Undetermined),
    ];
    for (reports, expected) in table {
        assert_eq!(outcome(&running(reports), NOW), expected, "{reports:?}");
    }
}

#[test]
fn a_rollout_in_flight_is_no_hotfix() {
    let mut running = running(&[Some(9), Some(9)]);
    running.in_flight.insert(artifact(9));
    assert_eq!(outcome(&running, NOW), Outcome::Pass);
}

#[test]
fn break_glass_in_an_incident_gives_three_days_to_release_it() {
    let hours = |count: u64| minutes(60 * count);
    let table = [
        (NOW - hours(1), true, Outcome::Warn),
        (NOW - hours(72), true, Outcome::Warn),
        (NOW - hours(72) - Span::from_millis(1), true, Outcome::Fail),
        (NOW - hours(1), false, Outcome::Fail),
        (NOW + hours(1), true, Outcome::Fail),
    ];
    for (at, during_incident, expected) in table {
        let mut running = running(&[Some(9), Some(9)]);
        running.break_glass = Some(BreakGlass { at, during_incident });
        assert_eq!(outcome(&running, NOW), expected, "{at} {during_incident}");
    }
}

#[test]
fn before_the_first_rollout_whatever_runs_was_put_there_by_hand() {
    let mut running = running(&[Some(1), Some(1)]);
    running.placed = None;
    assert_eq!(outcome(&running, NOW), Outcome::Fail);
}

proptest! {
    #[test]
    fn time_and_lost_evidence_never_clear_a_place(
        reports in proptest::collection::vec(proptest::option::of(prop_oneof![Just(1_u8), Just(2), Just(9)]), 0..5),
        later in 0_u64..10_000,
        broken in proptest::option::of(0_u64..100),
    ) {
        let mut running = running(&reports);
        running.break_glass =
            broken.map(|hours| BreakGlass { at: NOW - minutes(60 * hours), during_incident: true });
        let before = outcome(&running, NOW);
        prop_assert!(outcome(&running, NOW + minutes(later)) >= before || before == Outcome::Warn);
        prop_assert!(outcome(&running, NOW + minutes(later)) != Outcome::Pass || before == Outcome::Pass);
        let mut less = running.clone();
        less.released.clear();
        less.break_glass = None;
        prop_assert!(outcome(&less, NOW) >= before);
        let mut more = running.clone();
        more.reports.extend([9, 9].map(|byte| Report { at: NOW, artifact: Some(artifact(byte)) }));
        prop_assert!(outcome(&more, NOW) >= before.min(Outcome::Warn), "foreign once more");
        prop_assert!(outcome(&more, NOW) == Outcome::Fail || running.break_glass.is_some());
        let mut shifted = running.clone();
        let shift = minutes(later);
        shifted.reports.iter_mut().for_each(|report| report.at = report.at + shift);
        shifted.break_glass = running.break_glass.map(|one| BreakGlass { at: one.at + shift, ..one });
        prop_assert_eq!(outcome(&shifted, NOW + shift), before);
        let json = serde_json::to_string(&running).unwrap();
        prop_assert_eq!(serde_json::from_str::<Running>(&json).unwrap(), running);
    }
}
