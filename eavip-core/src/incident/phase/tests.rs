//! Tests of the phases and what each leaves.

use super::super::sev::Scope;
use super::super::tests::{in_phase, policy};
use super::*;
use crate::finding::Outcome;

// Seed: "Incident Response Flow".
#[test]
fn come_in_the_order_of_the_runbook() {
    let mut order = vec![Phase::Detection];
    while let Some(next) = order.last().unwrap().next() {
        order.push(next);
    }
    assert_eq!(order, Phase::ALL);
}

#[test]
fn each_phase_says_what_it_must_leave_until_it_is_there() {
    let tell = |incident: &Incident, phase: Phase| {
        let left = leaves(incident, phase, &policy().roster);
        let line =
            |one: Finding| format!("  {} {}: {} ({})\n", one.rule, one.outcome, one.message, one.remedy);
        left.into_iter().map(line).collect::<String>()
    };
    let mut table = String::new();
    for (phase, next) in Phase::ALL.iter().zip(&Phase::ALL[1..]) {
        let (fresh, done) = (in_phase(Scope::MajorFunction, *phase), in_phase(Scope::MajorFunction, *next));
        table += &format!("{phase}, when it begins:\n{}", tell(&fresh, *phase));
        let left = leaves(&done, *phase, &policy().roster);
        assert!(left.iter().all(|one| one.outcome == Outcome::Pass), "{phase}: {left:?}");
    }
    insta::assert_snapshot!(table);
}

#[test]
fn the_short_form_needs_no_contributing_factors() {
    let left = leaves(&in_phase(Scope::Minor, Phase::Closed), Phase::RootCauseAnalysis, &policy().roster);
    let outcomes: Vec<Outcome> = left.iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [Outcome::Pass, Outcome::NotApplicable, Outcome::Pass]);
}

#[test]
fn a_cause_is_a_kind_and_an_explanation() {
    let whole = in_phase(Scope::Minor, Phase::PreventiveAction);
    for forget in [0, 1] {
        let mut incident = whole.clone();
        match forget {
            0 => incident.review.text.cause = None,
            _ => incident.review.text.explanation.clear(),
        }
        assert_eq!(leaves(&incident, Phase::RootCauseAnalysis, &policy().roster)[0].outcome, Outcome::Fail);
    }
}
