//! Tests of what a candidate declares and of the way back from it.

use std::collections::BTreeSet;

use super::*;
use crate::id::Digest256;
use crate::release::candidate::{Change, ChangeKind, MAX_CHANGES};
use crate::release::notes::{MAX_NOTE, Notes};
use crate::release::version::Kind;

fn change(kind: ChangeKind, touches: &[Surface], irreversible: bool) -> Change {
    Change { kind, summary: "a change".to_owned(), touches: touches.iter().copied().collect(), irreversible }
}

fn candidate(changes: Vec<Change>) -> Candidate {
    Candidate {
        id: "shop-2".parse().unwrap(),
        version: "2.0.0".parse().unwrap(),
        kind: Kind::Major,
        artifact: Digest256::of(b"shop"),
        authors: BTreeSet::new(),
        changes,
        notes: Notes::default(),
        fixes: BTreeSet::new(),
    }
}

fn reverse(step: &str) -> Undo {
    Undo::Reverse { steps: vec![step.to_owned()] }
}

fn restore(backup: &str) -> Undo {
    Undo::Restore { backup: backup.to_owned(), steps: vec!["restore it".to_owned()] }
}

fn plan(binary: Undo, schema: Undo) -> RollbackPlan {
    RollbackPlan { binary, config: Undo::Unchanged, schema, flags: Undo::Unchanged }
}

// Seed: "Patch releases (bug fixes)", "Minor releases (backward-compatible additions)", "Major releases (governed, rare)".
#[test]
fn the_gravest_change_decides_the_release_type() {
    let table = [
        (vec![], None),
        (vec![ChangeKind::Fix], Some(Kind::Patch)),
        (vec![ChangeKind::Security], Some(Kind::Patch)),
        (vec![ChangeKind::Feature, ChangeKind::Fix], Some(Kind::Minor)),
        (vec![ChangeKind::Fix, ChangeKind::Breaking, ChangeKind::Feature], Some(Kind::Major)),
    ];
    for (kinds, required) in table {
        let changes = kinds.iter().map(|kind| change(*kind, &[], false)).collect();
        assert_eq!(candidate(changes).required_kind(), required, "{kinds:?}");
    }
}

// Seed: "Rollback is mandatory for every release".
#[test]
fn a_plan_brings_back_everything_that_is_touched() {
    let schema = |irreversible| vec![change(ChangeKind::Feature, &[Surface::Schema], irreversible)];
    let table: [(RollbackPlan, Vec<Change>, &[&str]); 9] = [
        (plan(reverse("install 1.0.0"), Undo::Unchanged), vec![], &[]),
        (
            plan(Undo::Unchanged, Undo::Unchanged),
            vec![],
            &["the binary changes and the plan doesn't bring it back"],
        ),
        (
            plan(Undo::Reverse { steps: vec![] }, Undo::Unchanged),
            vec![],
            &["the plan for the binary has no steps"],
        ),
        (plan(reverse("  "), Undo::Unchanged), vec![], &["the plan for the binary has no steps"]),
        (
            plan(reverse("install 1.0.0"), Undo::Unchanged),
            schema(false),
            &["the schema changes and the plan doesn't bring it back"],
        ),
        (plan(reverse("install 1.0.0"), reverse("migrate down")), schema(false), &[]),
        (
            plan(reverse("install 1.0.0"), reverse("migrate down")),
            schema(true),
            &["the schema can't be reversed and the plan doesn't restore it from a backup"],
        ),
        (plan(reverse("install 1.0.0"), restore("shop")), schema(true), &[]),
        (
            plan(reverse("install 1.0.0"), restore("")),
            vec![change(ChangeKind::Fix, &[], true)],
            &[
                "the binary can't be reversed and the plan doesn't restore it from a backup",
                "the plan for the schema doesn't say which backup is restored",
            ],
        ),
    ];
    for (plan, changes, gaps) in table {
        assert_eq!(plan.gaps(&candidate(changes.clone())), gaps, "{plan:?} {changes:?}");
    }
}

#[test]
fn another_plan_has_another_digest() {
    let one = plan(reverse("install 1.0.0"), Undo::Unchanged);
    assert_eq!(one.digest(), one.clone().digest());
    assert_ne!(one.digest(), plan(reverse("install 0.9.0"), Undo::Unchanged).digest());
    assert!(!one.restores() && plan(Undo::Unchanged, restore("shop")).restores());
}

#[test]
fn says_what_is_over_its_bound() {
    let mut over = candidate(vec![change(ChangeKind::Fix, &[], false); MAX_CHANGES + 1]);
    over.changes[0].summary = "x".repeat(MAX_LINE + 1);
    over.notes.rollback = "x".repeat(MAX_NOTE + 1);
    assert_eq!(
        over.excesses(),
        [
            "501 changes are over the limit of 500",
            "a line of 501 characters is over the limit of 500",
            "notes on rollback of 20001 characters are over the limit of 20000",
        ]
    );
    let long = Undo::Restore { backup: "x".repeat(600), steps: vec![String::new(); MAX_STEPS + 1] };
    assert_eq!(
        plan(long, Undo::Unchanged).excesses(),
        [
            "101 steps for the binary are over the limit of 100",
            "a step of 600 characters is over the limit of 500"
        ]
    );
    assert!(candidate(vec![]).excesses().is_empty());
}

// Seed: "Release notes published".
#[test]
fn notes_say_what_they_lack() {
    let mut notes = Notes { what_changed: "it is faster".to_owned(), ..Notes::default() };
    assert_eq!(notes.lacks(), ["operator action", "rollback", "known issues"]);
    notes = Notes {
        operator_action: "none".into(),
        rollback: "install".into(),
        known_issues: " ".into(),
        ..notes
    };
    assert_eq!(notes.lacks(), ["known issues"]);
    notes.known_issues = "none".to_owned();
    assert!(notes.lacks().is_empty());
}

#[test]
fn plans_survive_json() {
    let one = plan(reverse("install 1.0.0"), restore("shop"));
    let json = serde_json::to_string(&one).unwrap();
    assert!(json.contains(r#""config":{"how":"unchanged"}"#), "{json}");
    assert_eq!(serde_json::from_str::<RollbackPlan>(&json).unwrap(), one);
}
