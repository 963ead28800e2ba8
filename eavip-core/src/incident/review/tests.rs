//! Tests of when reviews and action items are due.

use super::super::change::Request;
use super::super::phase::Phase;
use super::super::sev::Scope;
use super::super::tests::{after, in_phase, minutes, now};
use super::*;
use crate::finding::Outcome;
use crate::time::Span;

// Seed: "Every incident results in a documented review".
#[test]
fn a_review_is_due_by_the_severity() {
    let policy = IncidentPolicy::default();
    // Declared on Monday, 2026-03-02.
    for (scope, due) in [
        (Scope::PlatformUnavailable, "2026-03-05T10:00:00Z"),
        (Scope::MajorFunction, "2026-03-09T10:00:00Z"),
        (Scope::Partial, "2026-03-16T10:00:00Z"),
        (Scope::Minor, "2026-03-16T10:00:00Z"),
    ] {
        let incident = in_phase(scope, Phase::Mitigation);
        let due: Timestamp = due.parse().unwrap();
        assert_eq!(super::due(&incident, &policy), due, "{scope}");
        assert_eq!(check(&incident, &policy, due).outcome, Outcome::Pass);
        let late = check(&incident, &policy, due + Span::from_millis(1));
        assert_eq!((late.outcome, late.rule.as_ref()), (Outcome::Fail, "EAVIP-I44"));
        assert_eq!(late.owner, Some("platform-operations".parse().unwrap()));
    }
}

#[test]
fn a_signed_review_is_never_late() {
    let policy = IncidentPolicy::default();
    let closed = in_phase(Scope::Minor, Phase::Closed);
    assert_eq!(check(&closed, &policy, now() + minutes(1_000_000)).outcome, Outcome::Pass);
    let completed = after(in_phase(Scope::Minor, Phase::PreventiveAction), [Request::CompleteReview]);
    assert_eq!(
        check(&completed, &policy, now() + minutes(1_000_000)).outcome,
        Outcome::Fail,
        "completed isn't signed"
    );
}

// Seed: "Preventive action".
#[test]
fn an_action_item_stays_due_when_the_incident_is_closed() {
    let closed = in_phase(Scope::Minor, Phase::Closed);
    let due = closed.items[0].plan.due;
    let outcome = |at| items(&closed, at).iter().map(|one| one.outcome).collect::<Vec<_>>();
    assert_eq!(outcome(due), [Outcome::Pass]);
    assert_eq!(outcome(due + Span::from_millis(1)), [Outcome::Fail]);
    let late = &closed.duties(&IncidentPolicy::default(), due + minutes(1))[2];
    assert_eq!(
        (late.rule.as_ref(), &late.owner),
        ("EAVIP-I45", &Some("platform-operations".parse().unwrap()))
    );
    let done = after(closed, [Request::CompleteItem { item: 1, proof: "It held.".into() }]);
    assert_eq!(items(&done, due + minutes(1)), []);
}
