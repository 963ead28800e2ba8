//! Tests of the detector of undocumented recoveries.

use proptest::prelude::*;

use super::*;
use crate::finding::Outcome;
use crate::time::Span;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn days(count: u64) -> Span {
    Span::from_secs(count * 86_400)
}

fn step(name: &str) -> Step {
    Step { name: name.into(), improvised: false, added_at: None }
}

fn revision() -> Revision {
    Revision {
        id: "restore-db@7".into(),
        steps: ["stop".to_owned(), "restore".to_owned()].into(),
        revised_at: NOW - days(1),
        rehearsed_at: Some(NOW - days(80)),
    }
}

fn recovery() -> Recovery {
    Recovery {
        incident: "inc-7".into(),
        sev: Sev::Sev1,
        cites: Some(revision()),
        steps: vec![step("stop"), step("restore")],
        ended_at: Some(NOW - days(8)),
        reviewed_at: Some(NOW - days(5)),
    }
}

fn outcome(recovery: &Recovery) -> Outcome {
    let found = detect(recovery, &AntiPatternPolicy::default(), NOW);
    found.into_iter().map(|finding| finding.outcome).max().unwrap()
}

// Seed: "Undocumented recovery steps" (forbidden), "Runbook updated after major events".
#[test]
fn a_recovery_follows_a_cited_revised_and_rehearsed_runbook() {
    use Outcome::{Fail, Pass, Undetermined, Warn};
    let cites = |change: fn(&mut Revision)| {
        let mut revision = revision();
        change(&mut revision);
        Some(revision)
    };
    let table = [
        (recovery(), Pass),
        (Recovery { cites: None, ..recovery() }, Fail),
        (Recovery { steps: vec![step("stop"), step("pray")], ..recovery() }, Fail),
        (Recovery { steps: vec![], ..recovery() }, Undetermined),
        (Recovery { cites: cites(|one| one.rehearsed_at = None), ..recovery() }, Fail),
        (Recovery { cites: cites(|one| one.rehearsed_at = Some(NOW - days(91))), ..recovery() }, Fail),
        (Recovery { cites: cites(|one| one.rehearsed_at = Some(NOW - days(90))), ..recovery() }, Pass),
        (Recovery { cites: cites(|one| one.rehearsed_at = Some(NOW + days(1))), ..recovery() }, Undetermined),
        (Recovery { cites: cites(|one| one.revised_at = NOW - days(9)), ..recovery() }, Fail),
        (
            Recovery {
                cites: cites(|one| one.revised_at = NOW - days(9)),
                ended_at: Some(NOW - days(7)),
                ..recovery()
            },
            Warn,
        ),
        (Recovery { cites: cites(|one| one.revised_at = NOW - days(9)), ended_at: None, ..recovery() }, Pass),
        (Recovery { cites: cites(|one| one.revised_at = NOW - days(9)), sev: Sev::Sev2, ..recovery() }, Fail),
        (Recovery { cites: cites(|one| one.revised_at = NOW - days(9)), sev: Sev::Sev3, ..recovery() }, Pass),
    ];
    for (recovery, expected) in table {
        assert_eq!(outcome(&recovery), expected, "{recovery:#?}");
    }
}

#[test]
fn an_improvised_step_may_be_added_until_the_review_completes() {
    let reviewed = NOW - days(5);
    let table = [
        (true, Some(reviewed), Some(reviewed), Outcome::Pass),
        (true, Some(reviewed + days(1)), Some(reviewed), Outcome::Fail),
        (true, None, Some(reviewed), Outcome::Fail),
        (true, None, None, Outcome::Warn),
        (true, Some(reviewed), None, Outcome::Pass),
        (false, Some(reviewed), Some(reviewed), Outcome::Fail),
        (false, None, None, Outcome::Fail),
    ];
    for (improvised, added_at, reviewed_at, expected) in table {
        let step = Step { improvised, added_at, ..step("pray") };
        let recovery = Recovery { steps: vec![step], reviewed_at, ..recovery() };
        assert_eq!(outcome(&recovery), expected, "{improvised} {added_at:?} {reviewed_at:?}");
    }
}

proptest! {
    #[test]
    fn further_steps_less_writing_and_time_never_look_better(
        ended in 0_u64..20, revised in 0_u64..20, rehearsed in 0_u64..100, later in 0_u64..100,
        more in proptest::sample::select(vec!["stop", "pray"]),
    ) {
        let mut whole = recovery();
        whole.ended_at = Some(NOW - days(ended));
        if let Some(revision) = &mut whole.cites {
            revision.revised_at = NOW - days(revised);
            revision.rehearsed_at = Some(NOW - days(rehearsed));
        }
        let before = outcome(&whole);
        let aged = detect(&whole, &AntiPatternPolicy::default(), NOW + days(later));
        prop_assert!(aged.into_iter().map(|finding| finding.outcome).max().unwrap() >= before);
        let mut less = whole.clone();
        less.cites = None;
        prop_assert!(outcome(&less) >= before);
        let mut longer = whole.clone();
        longer.steps.push(step(more));
        prop_assert!(outcome(&longer) >= before);
        let moved = crate::testing::moved(&whole, later as i64 * 86_400_000);
        let outcomes = |recovery: &Recovery, now| {
            detect(recovery, &AntiPatternPolicy::default(), now).iter().map(|one| one.outcome).collect::<Vec<_>>()
        };
        prop_assert_eq!(outcomes(&moved, NOW + days(later)), outcomes(&whole, NOW));
        let json = serde_json::to_string(&whole).unwrap();
        prop_assert_eq!(serde_json::from_str::<Recovery>(&json).unwrap(), whole);
    }
}
