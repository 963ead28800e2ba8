//! Tests of a witness: each kind of contact, with its evidence kept, and histories of logs that are honest or not.

use proptest::prelude::*;

use super::super::note::Key;
use super::super::proof::Subtree;
use super::super::tree::Tree;
use super::super::{empty_root, leaf_hash};
use super::*;
use crate::decision::Verdict;
use crate::id::Digest256;
use crate::testing;
use crate::time::Span;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

/// Events of a log; another `branch` has other events from the fifth on.
fn leaves(size: u64, branch: u8) -> Vec<Digest256> {
    (0..size).map(|n| leaf_hash(&[if n < 5 { 0 } else { branch }, u8::try_from(n).unwrap()])).collect()
}

fn signed(origin: &str, leaves: &[Digest256]) -> SignedCheckpoint {
    let root = leaves.iter().copied().collect::<Tree>().root();
    let checkpoint = Checkpoint::new(origin, leaves.len() as u64, root).unwrap();
    SignedCheckpoint::sign(checkpoint, &Key::ed25519("log", &[1; 32]).unwrap(), |_| [0; 64])
}

fn verified(signed: SignedCheckpoint) -> Verified {
    signed.verified_by(&Key::ed25519("log", &[1; 32]).unwrap(), |_, _| true).unwrap()
}

/// A look at a log of a size and branch, with the proof that this log gives from a size.
fn look(size: u64, branch: u8, from: Option<u64>) -> Look {
    let leaves = leaves(size, branch);
    let proof = from.and_then(|from| Consistency::of(leaves.as_slice(), Subtree::first(from), size));
    Look { shown: verified(signed("log", &leaves)), proof }
}

fn witness(size: u64) -> Witness {
    let events = Witness::decide(None, look(size, 0, None), &(), at(0)).unwrap();
    Witness::replay(events).unwrap()
}

fn contact(seen: u64, look: &Look) -> Contact {
    compare(witness(seen).seen.unverified(), look.shown.checkpoint(), look.proof.as_ref())
}

#[test]
fn tells_each_kind_of_contact() {
    let table = [
        ("the same", look(8, 0, None), Contact::Same),
        ("the same, with a proof that nobody needs", look(8, 0, Some(3)), Contact::Same),
        ("grown, with its proof", look(13, 0, Some(8)), Contact::Advance),
        ("grown, without a proof", look(13, 0, None), Contact::Unproven),
        ("grown, with the proof from another size", look(13, 0, Some(7)), Contact::Unproven),
        ("shrunk", look(7, 0, None), Contact::Rewind),
        ("shrunk to nothing", look(0, 0, None), Contact::Rewind),
        ("shrunk and changed", look(7, 1, None), Contact::Rewind),
        ("as large, and changed", look(8, 1, None), Contact::SplitView),
        ("grown and changed, with that log's proof", look(13, 1, Some(8)), Contact::SplitView),
        ("grown and changed, without a proof", look(13, 1, None), Contact::Unproven),
    ];
    for (name, look, expected) in table {
        assert_eq!(contact(8, &look), expected, "{name}");
    }
    assert_eq!(
        contact(0, &look(3, 0, None)),
        Contact::Advance,
        "an empty log is the beginning of every other"
    );
    let cut = Consistency { path: Vec::new(), ..look(13, 0, Some(8)).proof.unwrap() };
    let look = Look { proof: Some(cut), ..look(13, 0, None) };
    assert_eq!(
        contact(8, &look),
        Contact::SplitView,
        "a proof between these sizes that fails is none that is missing"
    );
}

// Seed: "Configuration changes are auditable": what was shown once can't be taken back unseen.
#[test]
fn moves_on_with_an_honest_log_and_keeps_what_contradicts() {
    let mut state = Some(witness(8));
    let mut table = String::new();
    let looks = [
        ("8", look(8, 0, None)),
        ("13 proven", look(13, 0, Some(8))),
        ("14 unproven", look(14, 0, None)),
        ("12", look(12, 0, None)),
        ("12 again", look(12, 0, None)),
        ("13 of another history", look(13, 1, None)),
        ("14 of another history", look(14, 1, Some(13))),
        ("14 proven", look(14, 0, Some(13))),
        ("of another log", Look { shown: verified(signed("elsewhere", &leaves(20, 0))), proof: None }),
    ];
    for (secs, (name, look)) in (1..).zip(looks) {
        let answer = match Witness::decide(state.as_ref(), look, &(), at(secs)) {
            Ok(events) => {
                let answer = match events.first() {
                    None => "known",
                    Some(WitnessEvent::Saw { .. }) => "believed",
                    Some(WitnessEvent::Contradicted(_)) => "kept as a contradiction",
                };
                state = events.into_iter().fold(state, Witness::evolve);
                answer.to_owned()
            }
            Err(refused) => refused.to_string(),
        };
        let now = state.as_ref().unwrap();
        let kept: Vec<&str> = now.conflicts.iter().map(|one| one.contact.as_str()).collect();
        table += &format!("{name} -> {answer}; has {}, keeps {kept:?}\n", now.seen.unverified().size());
    }
    insta::assert_snapshot!(table);
    let decision = assess(state.as_ref(), &AuditPolicy::default(), at(20));
    insta::assert_json_snapshot!(decision.findings);
}

#[test]
fn keeps_no_more_contradictions_than_it_has_room_for() {
    let mut state = witness(40);
    for size in 1..30 {
        let events = Witness::decide(Some(&state), look(size, 0, None), &(), at(1)).unwrap();
        state = events.into_iter().fold(Some(state), Witness::evolve).unwrap();
    }
    assert_eq!(state.conflicts.len(), MAX_CONFLICTS);
    let one_more = WitnessEvent::Contradicted(Box::new(state.conflicts[0].clone()));
    assert_eq!(Witness::evolve(Some(state.clone()), one_more), Some(state));
}

// Seed: "Audit readiness": a log that nobody looked at of late is not known to be intact.
#[test]
fn a_look_that_is_missing_old_or_ahead_of_the_clock_is_undetermined() {
    let policy = AuditPolicy::default();
    let verdict = |witness: Option<&Witness>, now| assess(witness, &policy, now).verdict;
    let seen = witness(3);
    assert_eq!(verdict(None, at(0)), Verdict::Hold);
    assert_eq!(verdict(Some(&seen), at(0)), Verdict::Allow);
    assert_eq!(verdict(Some(&seen), at(600)), Verdict::Allow);
    assert_eq!(verdict(Some(&seen), at(601)), Verdict::Hold);
    assert_eq!(verdict(Some(&seen), at(-1)), Verdict::Hold);
}

#[test]
fn an_event_that_does_not_fit_changes_nothing() {
    let seen = witness(8);
    let older = WitnessEvent::Saw { checkpoint: signed("log", &leaves(7, 0)), at: at(5) };
    assert_eq!(Witness::evolve(Some(seen.clone()), older), Some(seen.clone()));
    let foreign = WitnessEvent::Saw { checkpoint: signed("elsewhere", &leaves(9, 0)), at: at(5) };
    assert_eq!(Witness::evolve(Some(seen.clone()), foreign), Some(seen.clone()));
    let shown = signed("log", &leaves(7, 0));
    let conflict = Conflict { contact: Contact::Rewind, seen: seen.seen, shown, proof: None, at: at(1) };
    assert_eq!(Witness::evolve(None, WitnessEvent::Contradicted(Box::new(conflict))), None);
    assert_eq!(empty_root(), Tree::default().root());
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    let looks = |_: Option<&Witness>, _| vec![look(8, 0, None), look(13, 0, Some(8)), look(12, 1, None)];
    let steps = [(0, 0), (1, 60), (2, 60)];
    let events = testing::play(&[], &steps, looks, &(), testing::NOW).events;
    insta::assert_snapshot!(testing::moves::<Witness>(&[events]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn keeps_the_promises_of_an_aggregate(
        steps in testing::steps(), weeks in testing::weeks(), branch in 0u8..2, sizes in prop::collection::vec(0u64..12, 1..6),
    ) {
        let shown: Vec<Look> = sizes
            .iter()
            .flat_map(|size| [look(*size, 0, None), look(*size, branch, None), look(size + 3, branch, Some(*size))])
            .collect();
        testing::keeps_its_promises(&steps, weeks, |_: Option<&Witness>, _| shown.clone(), &()).counts_each_event_once();
    }
}

proptest! {
    #[test]
    fn a_witness_never_loses_a_contradiction_nor_goes_back(
        looks in prop::collection::vec((0u64..30, 0u8..3, prop::option::of(0u64..30)), 1..30)
    ) {
        let (mut state, mut events) = (None, Vec::new());
        let (mut size, mut conflicts) = (0, 0);
        for (secs, (to, branch, from)) in (0..).zip(looks) {
            let made = Witness::decide(state.as_ref(), look(to, branch, from), &(), at(secs)).unwrap_or_default();
            events.extend(made.clone());
            state = made.into_iter().fold(state, Witness::evolve);
            let now = state.as_ref().unwrap();
            prop_assert!(now.seen.unverified().size() >= size && now.conflicts.len() >= conflicts);
            (size, conflicts) = (now.seen.unverified().size(), now.conflicts.len());
        }
        prop_assert_eq!(Witness::replay(events.clone()), state.clone());
        let json = serde_json::to_string(&events).unwrap();
        let events: Vec<WitnessEvent> = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(Witness::replay(events), state.clone());
        let later = |after: u64| assess(state.as_ref(), &AuditPolicy::default(), at(60) + Span::from_secs(after));
        prop_assert!(later(0).verdict <= later(1_000).verdict, "ageing never improves");
        prop_assert!(assess(None, &AuditPolicy::default(), at(60)).verdict >= Verdict::Hold, "no look is no pass");
        prop_assert!(conflicts == 0 || later(0).verdict == Verdict::Deny, "a contradiction stays");
        let moved = testing::moved(&state, 3_600_000);
        let outcomes = |decision: Decision| decision.findings.into_iter().map(|one| one.outcome).collect::<Vec<_>>();
        prop_assert_eq!(outcomes(assess(moved.as_ref(), &AuditPolicy::default(), at(3_660))), outcomes(later(0)));
    }
}
