//! Tests of the responsibility table and of decisions over it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::decision::Verdict;
use crate::finding::Outcome;
use crate::id::Digest128;
use crate::time::{Span, Timestamp};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn act(activity: Activity, mode: Mode, parties: &[Party]) -> Act {
    Act {
        activity,
        mode,
        actor: "ana".parse().unwrap(),
        parties: parties.iter().copied().collect(),
        heard: BTreeSet::new(),
        made_by: Party::Customer,
    }
}

fn verdict(act: &Act) -> Verdict {
    decide(act, &Matrix::default(), Digest128([1; 16]), NOW).verdict
}

// Seed: "Clear responsibility boundaries defined"; Platform Operations, Security & Compliance, Product & Architecture.
#[test]
fn the_whole_table() {
    let mut table = String::from("activity | SaaS | BYOC | On-Prem | the vendor's team\n");
    for activity in Activity::ALL {
        let cells = Mode::ALL.iter().map(|mode| Matrix::default().cell(*activity, *mode).to_string());
        let cells = cells.collect::<Vec<_>>().join(" | ");
        table += &format!("{activity} | {cells} | {}\n", vendor_team(*activity));
    }
    insta::assert_snapshot!(table);
}

// Seed: "Clear responsibility boundaries defined".
#[test]
fn exactly_one_party_may_act_in_every_cell() {
    for activity in Activity::ALL {
        for mode in Mode::ALL {
            let may: Vec<Party> = Party::ALL
                .iter()
                .copied()
                .filter(|party| verdict(&act(*activity, *mode, &[*party])) == Verdict::Allow)
                .collect();
            assert_eq!(may, [Matrix::default().cell(*activity, *mode).accountable], "{activity} {mode}");
            assert_eq!(verdict(&act(*activity, *mode, Party::ALL)), Verdict::Allow);
            assert_eq!(verdict(&act(*activity, *mode, &[])), Verdict::Hold, "nobody's side is known");
        }
    }
}

#[test]
fn a_denial_names_the_boundary_and_who_to_ask() {
    let decision = decide(
        &act(Activity::PublishRelease, Mode::OnPrem, &[Party::Customer]),
        &Matrix::default(),
        Digest128([1; 16]),
        NOW,
    );
    let blocking: Vec<_> = decision.blocking().collect();
    assert_eq!(blocking.len(), 1);
    assert_eq!(
        (blocking[0].message.as_str(), blocking[0].remedy.as_str()),
        (
            "`publish-release` is the vendor's in on-prem, and ana acts for the customer",
            "ask the vendor to do it"
        )
    );
    assert_eq!(blocking[0].owner.as_ref().unwrap().as_str(), "platform-operations");
    assert_eq!(decision.retry_after, None);
}

// Seed: "Platform provides operational guidance", "On-Prem and Cloud operations follow the same logic".
#[test]
fn on_prem_the_vendors_word_is_advice_and_says_the_same() {
    for mode in Mode::ALL {
        for made_by in Party::ALL {
            let mut act = act(Activity::ApplyRelease, *mode, &[Party::Vendor]);
            act.made_by = *made_by;
            let decision = decide(&act, &Matrix::default(), Digest128([1; 16]), NOW);
            let advisory = (*mode, *made_by) == (Mode::OnPrem, Party::Vendor);
            let expected = if advisory { Outcome::Warn } else { Outcome::Pass };
            assert_eq!(decision.findings[2].outcome, expected, "{mode} {made_by}");
            assert_eq!(force(*mode, *made_by) == Force::Advisory, advisory);
            let denied = *mode == Mode::OnPrem;
            assert_eq!(
                decision.verdict == Verdict::Deny,
                denied,
                "the boundary is the same, whoever decides"
            );
        }
    }
}

#[test]
fn a_consulted_party_that_was_not_heard_is_told_and_stops_nobody() {
    let mut act = act(Activity::ApproveProduction, Mode::Byoc, &[Party::Vendor]);
    let outcome = |act: &Act| {
        let decision = decide(act, &Matrix::default(), Digest128([1; 16]), NOW);
        (decision.verdict, decision.findings[1].outcome)
    };
    assert_eq!(outcome(&act), (Verdict::Allow, Outcome::Warn));
    act.heard.insert(Party::Vendor);
    assert_eq!(outcome(&act), (Verdict::Allow, Outcome::Warn), "the vendor can't agree for the customer");
    act.heard.insert(Party::Customer);
    assert_eq!(outcome(&act), (Verdict::Allow, Outcome::Pass));
    act.mode = Mode::Saas;
    assert_eq!(outcome(&act), (Verdict::Allow, Outcome::NotApplicable));
}

#[test]
fn a_cell_names_one_accountable_party_or_it_is_none() {
    for text in ["vendor", "customer", "vendor+customer", "customer+vendor"] {
        assert_eq!(text.parse::<Cell>().unwrap().to_string(), text);
    }
    for text in ["", "both", "vendor+vendor", "vendor,customer", "nobody", "Vendor", "vendor+customer+vendor"]
    {
        assert!(text.parse::<Cell>().is_err(), "{text}");
    }
}

#[test]
fn a_contract_moves_one_cell_and_leaves_the_others() {
    let mut matrix = Matrix::default();
    let cell = "customer".parse().unwrap();
    matrix.moved.entry(Activity::BackupKeys).or_default().insert(Mode::Saas, cell);
    for activity in Activity::ALL {
        for mode in Mode::ALL {
            let moved = (*activity, *mode) == (Activity::BackupKeys, Mode::Saas);
            assert_eq!(matrix.cell(*activity, *mode) != Matrix::default().cell(*activity, *mode), moved);
        }
    }
    let json = serde_json::to_string(&matrix).unwrap();
    assert_eq!(serde_json::from_str::<Matrix>(&json).unwrap(), matrix);
}

fn sides() -> impl Strategy<Value = BTreeSet<Party>> {
    proptest::collection::btree_set(proptest::sample::select(Party::ALL), 0..=2)
}

proptest! {
    #[test]
    fn knowing_less_of_somebody_never_lets_them_do_more(
        activity in proptest::sample::select(Activity::ALL),
        mode in proptest::sample::select(Mode::ALL),
        parties in sides(),
        heard in sides(),
        made_by in proptest::sample::select(Party::ALL),
        gone in proptest::sample::select(Party::ALL),
        days in 0_u64..10_000,
    ) {
        let actor: crate::id::PersonId = "ana".parse().unwrap();
        let whole = Act { activity, mode, actor, parties, heard, made_by };
        let before = decide(&whole, &Matrix::default(), Digest128([1; 16]), NOW);
        let mut less = whole.clone();
        less.parties.remove(&gone);
        prop_assert!(verdict(&less) != Verdict::Allow || before.verdict == Verdict::Allow);
        let mut unheard = whole.clone();
        unheard.heard.remove(&gone);
        prop_assert!(verdict(&unheard) >= before.verdict);
        let later = decide(&whole, &Matrix::default(), Digest128([1; 16]), NOW + Span::from_secs(days * 86_400));
        prop_assert_eq!((later.verdict, &later.findings), (before.verdict, &before.findings));
        let json = serde_json::to_string(&whole).unwrap();
        prop_assert_eq!(serde_json::from_str::<Act>(&json).unwrap(), whole);
    }
}
