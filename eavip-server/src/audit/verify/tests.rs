//! Tests of verifying from files: what is found where records differ, and that nothing is found where they don't. The
//! attacks on a real server's data are among the end-to-end tests.

use eavip_core::audit::leaf_hash;

use super::*;
use crate::audit::tests::{append_files, files};

fn levels(numbers: impl IntoIterator<Item = u64>) -> Levels {
    Levels::of(numbers.into_iter().map(|number| leaf_hash(&number.to_le_bytes())).collect())
}

#[test]
fn says_which_records_differ_and_how() {
    let without = |gone: std::ops::Range<u64>| (0..30).filter(move |n| !gone.contains(n));
    let changed = |which: &[u64]| -> Vec<u64> {
        (0..30).map(|number| if which.contains(&number) { 100 + number } else { number }).collect()
    };
    let swapped = |one: usize, two: usize| {
        let mut numbers: Vec<u64> = (0..30).collect();
        numbers.swap(one, two);
        numbers
    };
    let cases: Vec<(Vec<u64>, &[&str], u64)> = vec![
        ((0..30).collect(), &[], 0),
        ((0..40).collect(), &[], 0),
        ((0..20).collect(), &[], 10),
        (changed(&[7]), &["record 7 isn't the one that was signed"], 0),
        (
            changed(&[0, 29]),
            &["record 0 isn't the one that was signed", "record 29 isn't the one that was signed"],
            0,
        ),
        (without(4..5).collect(), &["record 4 is gone; those after moved up"], 0),
        (without(4..5).take(19).collect(), &["record 4 is gone; those after moved up"], 10),
        (without(4..9).chain([77, 78]).collect(), &["records 4 to 8 are gone; those after moved up"], 0),
        (swapped(3, 4), &["records 3 and 4 stand in each other's place"], 0),
        (swapped(3, 20), &["records 3 and 20 stand in each other's place"], 0),
        ((0..5).chain([50, 51]).chain(5..30).collect(), &["2 records were put in before record 5"], 0),
    ];
    for (ledger, expected, rest) in cases {
        let (told, missing) = place::differences(&levels(ledger.clone()), &levels(0..30));
        let told: Vec<_> = told.into_iter().map(|difference| difference.what).collect();
        assert_eq!(
            (told, missing),
            (expected.iter().map(|text| (*text).to_owned()).collect(), rest),
            "{ledger:?}"
        );
    }
    let (many, _) = place::differences(&levels(100..200), &levels(0..100));
    assert_eq!(many.len(), 20, "a list that can be read");
}

#[test]
fn hashes_over_many_records_are_those_of_the_tree() {
    let numbers = 0..25_001;
    let tree: eavip_core::audit::tree::Tree =
        numbers.clone().map(|number: u64| leaf_hash(&number.to_le_bytes())).collect();
    assert_eq!(levels(numbers).root(25_001), Some(tree.root()), "also where several threads make them");
}

#[test]
fn finds_nothing_in_what_is_as_it_was_signed() {
    let site = files(25);
    let report = verify(site.path(), None, &[]).unwrap();
    assert_eq!((report.findings, report.notes), (vec![], vec![]));
    assert_eq!((report.records, report.covered, report.checkpoints), (25, 25, 3));
    append_files(site.path(), 25..27);
    let report = verify(site.path(), None, &[]).unwrap();
    assert_eq!((report.findings.len(), report.records, report.covered), (0, 27, 25));
    assert!(report.notes[0].starts_with("2 records came after the newest checkpoint"), "{:?}", report.notes);
}

#[test]
fn tells_a_damaged_file_of_hashes_from_a_damaged_ledger() {
    let site = files(25);
    let path = site.path().join("audit/tree");
    let sound = std::fs::read(&path).unwrap();
    for at in [0, sound.len() / 2, sound.len() - 1] {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let flaws: Vec<_> =
            verify(site.path(), None, &[]).unwrap().findings.iter().map(|found| found.flaw).collect();
        assert_eq!(flaws, [Flaw::Hashes], "byte {at}");
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(verify(site.path(), None, &[]).unwrap().findings, [], "it can be made anew");
}

#[test]
fn believes_no_checkpoint_of_another_key() {
    let (site, other) = (files(25), files(25));
    let foreign = super::super::evidence::public_key(&other.path().join("audit/key.pub")).unwrap();
    let report = verify(site.path(), Some(foreign), &[]).unwrap();
    assert!(report.findings.iter().all(|found| found.flaw == Flaw::Signature), "{:?}", report.findings);
    assert_eq!(report.findings.len(), 3);
}

#[test]
fn says_so_when_nothing_can_be_said() {
    let site = files(25);
    let at = |name: &str| site.path().join(name);
    std::fs::write(at("nothing"), "no note").unwrap();
    assert!(matches!(witnessed(&at("nothing")), Err(CannotTell::NoCheckpoint(_))));
    std::fs::write(at("audit/key.pub"), "no key").unwrap();
    assert!(matches!(verify(site.path(), None, &[]), Err(CannotTell::Key(..))));
    std::fs::remove_file(at("audit/key.pub")).unwrap();
    assert!(matches!(verify(site.path(), None, &[]), Err(CannotTell::File(..))));
    assert!(matches!(verify(&at("nowhere"), None, &[]), Err(CannotTell::File(..))));
    let key = files(1);
    let key = super::super::evidence::public_key(&key.path().join("audit/key.pub")).unwrap();
    std::fs::remove_file(at("audit/checkpoints.jsonl")).unwrap();
    assert!(matches!(verify(site.path(), Some(key), &[]), Err(CannotTell::NothingSigned)));
}
