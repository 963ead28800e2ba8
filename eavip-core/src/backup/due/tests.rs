//! Tests of what is due when.

use proptest::prelude::*;

use super::super::evidence::Run;
use super::super::plan::tests::plan;
use super::super::verify::{Check, Found};
use super::*;
use crate::id::Digest256;
use crate::mode::Mode;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + hours * 3_600_000)
}

fn evidence(runs: &[(i64, Run)], checks: &[(i64, Option<&str>)]) -> Evidence {
    let backup =
        |(hours, run): &(i64, Run)| Backup { id: "b".parse().unwrap(), started_at: at(*hours), run: *run };
    let check = |(hours, read): &(i64, Option<&str>)| Check {
        at: at(*hours),
        read: read.map(|part| part.parse().unwrap()),
        found: Found::Intact,
    };
    Evidence {
        mode: Mode::Saas,
        since: at(0),
        backups: runs.iter().map(backup).collect(),
        checks: checks.iter().map(check).collect(),
        drills: Vec::new(),
        repository: None,
    }
}

fn standing(duty: Duty, evidence: &Evidence, hours: i64) -> Standing {
    let all = due(&plan(), evidence, &BackupPolicy::default(), at(hours));
    assert_eq!(all.map(|due| due.duty).as_slice(), Duty::ALL);
    all[duty as usize].standing(at(hours))
}

fn completed(hours: i64) -> Run {
    Run::Completed { at: at(hours), manifest: Digest256([0; 32]) }
}

// Seed: "Automated backups scheduled": absence is judged.
#[test]
fn a_backup_is_due_by_its_schedule_whatever_became_of_other_runs() {
    use Standing::{Due, Overdue, Waiting};
    // Every six hours, and an hour to begin in.
    let table = [
        ("none yet", vec![], 0, Due),
        ("none for too long", vec![], 2, Overdue),
        ("taken", vec![(1, completed(2))], 6, Waiting),
        ("taken, and time for the next", vec![(1, completed(2))], 7, Due),
        ("taken, and nobody took the next", vec![(1, completed(2))], 9, Overdue),
        ("failed", vec![(1, Run::Failed { at: at(2) })], 2, Overdue),
        ("the next is running", vec![(1, completed(2)), (7, Run::Running)], 9, Waiting),
        ("the next is stuck", vec![(1, completed(2)), (7, Run::Running)], 32, Overdue),
        ("taken tomorrow", vec![(30, completed(31))], 3, Overdue),
    ];
    for (name, runs, hours, expected) in table {
        assert_eq!(standing(Duty::Backup, &evidence(&runs, &[]), hours), expected, "{name}");
    }
}

// Seed: "Backup integrity verified", "Periodic recovery drills conducted".
#[test]
fn checks_and_drills_fall_due_in_the_last_tenth_and_are_overdue_after_it() {
    use Standing::{Due, Overdue, Waiting};
    let day = 24;
    let table = [
        (Duty::Verification, vec![], 0, Due),
        (Duty::Verification, vec![], 13, Overdue),
        (Duty::Verification, vec![(0, None)], 10, Waiting),
        (Duty::Verification, vec![(0, None)], 11, Due),
        (Duty::Verification, vec![(0, None)], 12, Due),
        (Duty::Verification, vec![(0, None)], 13, Overdue),
        (Duty::Reread, vec![(0, None)], 31 * day, Overdue),
        (Duty::Reread, vec![(0, Some("1/1"))], 26 * day, Waiting),
        (Duty::Reread, vec![(0, Some("1/1"))], 27 * day, Due),
        (Duty::Reread, vec![(0, Some("1/1"))], 31 * day, Overdue),
        (Duty::Drill, vec![], 89 * day, Due),
        (Duty::Drill, vec![], 91 * day, Overdue),
    ];
    for (duty, checks, hours, expected) in table {
        assert_eq!(
            standing(duty, &evidence(&[], &checks), hours),
            expected,
            "{duty} {checks:?} after {hours} h"
        );
    }
}

#[test]
fn a_check_is_due_as_soon_as_there_is_a_backup_that_none_has_seen() {
    let seen = evidence(&[(0, completed(1))], &[(2, None)]);
    assert_eq!(standing(Duty::Verification, &seen, 8), Standing::Waiting);
    let unseen = evidence(&[(0, completed(1)), (6, completed(7))], &[(2, None)]);
    assert_eq!(standing(Duty::Verification, &unseen, 6), Standing::Waiting, "it hasn't ended");
    assert_eq!(standing(Duty::Verification, &unseen, 8), Standing::Due);
}

proptest! {
    #[test]
    fn what_is_due_stays_due_until_it_is_done(
        runs in prop::collection::vec(0_i64..40, 0..4), checks in prop::collection::vec((0_i64..40, any::<bool>()), 0..4),
        hours in 40_i64..300, later in 0_i64..3_000, weeks in -500_i64..500,
    ) {
        let runs: Vec<(i64, Run)> = runs.into_iter().map(|hours| (hours, completed(hours))).collect();
        let checks: Vec<(i64, Option<&str>)> =
            checks.into_iter().map(|(hours, whole)| (hours, whole.then_some("1/1"))).collect();
        let evidence = evidence(&runs, &checks);
        let all = |evidence: &Evidence, now| {
            due(&plan(), evidence, &BackupPolicy::default(), now).map(|one| (one.duty, one.standing(now)))
        };
        for (before, after) in all(&evidence, at(hours)).into_iter().zip(all(&evidence, at(hours + later))) {
            prop_assert!(after.1 >= before.1, "{before:?} became {after:?}");
        }
        let millis = weeks * 7 * 86_400_000;
        let there = Timestamp::from_millis(at(hours).as_millis() + millis);
        prop_assert_eq!(all(&crate::testing::moved(&evidence, millis), there), all(&evidence, at(hours)));
    }
}
