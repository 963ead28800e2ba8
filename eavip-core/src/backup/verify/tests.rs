//! Tests of what a backup is worth.

use super::super::evidence::Run;
use super::*;
use crate::id::Digest256;
use crate::mode::Mode;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + hours * 3_600_000)
}

fn check(hours: i64, read: &str, found: Found) -> Check {
    Check { at: at(hours), read: read.parse().ok(), found }
}

fn completed(id: &str, hours: i64) -> Backup {
    let run = Run::Completed { at: at(hours + 1), manifest: Digest256([1; 32]) };
    Backup { id: id.parse().unwrap(), started_at: at(hours), run }
}

fn good_ones(backups: Vec<Backup>, checks: Vec<Check>) -> Vec<String> {
    let evidence =
        Evidence { mode: Mode::Saas, since: at(0), backups, checks, drills: Vec::new(), repository: None };
    assert_eq!(
        newest_good(&evidence, at(100)).map(|one| &one.id),
        good(&evidence, at(100)).last().map(|one| &one.id)
    );
    good(&evidence, at(100)).map(|backup| backup.id.to_string()).collect()
}

// Seed: "Backup integrity verified".
#[test]
fn a_backup_is_good_only_once_it_was_checked() {
    use Found::{Damaged, Error, Intact};
    let two = || vec![completed("a", 0), completed("b", 10)];
    let table = [
        ("never checked", vec![], vec![]),
        ("checked before either ended", vec![check(0, "", Intact)], vec![]),
        ("checked between them", vec![check(5, "", Intact)], vec!["a"]),
        ("checked at the end of the second", vec![check(11, "", Intact)], vec!["a", "b"]),
        ("a check that couldn't be carried out", vec![check(20, "", Error)], vec![]),
        ("damage", vec![check(20, "", Intact), check(21, "", Damaged)], vec![]),
        ("mended", vec![check(21, "", Damaged), check(22, "", Intact)], vec!["a", "b"]),
        (
            "damage in a part that nobody read again",
            vec![check(21, "2/3", Damaged), check(22, "1/3", Intact)],
            vec![],
        ),
        ("that part read again", vec![check(21, "2/3", Damaged), check(22, "2/3", Intact)], vec!["a", "b"]),
        ("everything read again", vec![check(21, "2/3", Damaged), check(22, "1/1", Intact)], vec!["a", "b"]),
        ("found intact at the same moment", vec![check(21, "", Damaged), check(21, "1/1", Intact)], vec![]),
        ("found intact before", vec![check(21, "2/3", Damaged), check(20, "2/3", Intact)], vec![]),
        ("a check that lies ahead", vec![check(101, "", Intact)], vec![]),
        ("damage that lies ahead", vec![check(20, "", Intact), check(101, "", Damaged)], vec![]),
    ];
    for (name, checks, expected) in table {
        assert_eq!(good_ones(two(), checks), expected, "{name}");
    }
    let unfinished = vec![
        Backup { run: Run::Running, ..completed("a", 0) },
        Backup { run: Run::Failed { at: at(1) }, ..completed("b", 0) },
        completed("c", 200),
    ];
    assert!(good_ones(unfinished, vec![check(50, "", Intact)]).is_empty());
}

#[test]
fn only_completed_backups_are_candidates_of_retention() {
    let evidence = Evidence {
        mode: Mode::Saas,
        since: at(0),
        backups: vec![
            completed("a", 0),
            completed("b", 10),
            Backup { run: Run::Running, ..completed("c", 20) },
        ],
        checks: vec![check(5, "", Found::Intact)],
        drills: Vec::new(),
        repository: None,
    };
    let seen: Vec<(String, bool)> =
        candidates(&evidence, at(100)).into_iter().map(|one| (one.id.to_string(), one.good)).collect();
    assert_eq!(seen, [("a".to_owned(), true), ("b".to_owned(), false)]);
}

// Seed: "Backup integrity verified": every byte.
#[test]
fn every_byte_was_read_since_the_oldest_of_the_latest_parts() {
    use Found::{Damaged, Intact};
    let table = [
        ("nothing", vec![], None),
        ("only the structure", vec![check(1, "", Intact)], None),
        ("everything at once", vec![check(1, "1/1", Intact)], Some(1)),
        ("a part is missing", vec![check(1, "1/3", Intact), check(2, "2/3", Intact)], None),
        ("part by part", vec![check(3, "1/2", Intact), check(2, "2/2", Intact)], Some(2)),
        (
            "a part again",
            vec![check(1, "1/2", Intact), check(2, "2/2", Intact), check(3, "1/2", Intact)],
            Some(2),
        ),
        (
            "halves and thirds",
            vec![check(1, "1/2", Intact), check(2, "2/3", Intact), check(3, "3/3", Intact)],
            None,
        ),
        (
            "the better of two",
            vec![check(1, "1/1", Intact), check(2, "1/2", Intact), check(3, "2/2", Intact)],
            Some(2),
        ),
        ("damaged", vec![check(1, "1/1", Damaged)], None),
        ("ahead of the clock", vec![check(101, "1/1", Intact)], None),
    ];
    for (name, checks, since) in table {
        assert_eq!(reread_since(&checks, at(100)), since.map(at), "{name}");
    }
}

#[test]
fn a_part_is_one_of_at_most_256() {
    for text in ["1/1", "3/7", "256/256"] {
        assert_eq!(text.parse::<Part>().unwrap().to_string(), text);
    }
    for text in ["", "1", "0/1", "2/1", "1/0", "1/257", "-1/2", "1/2/3", "a/b"] {
        assert!(text.parse::<Part>().is_err(), "{text:?}");
    }
}
