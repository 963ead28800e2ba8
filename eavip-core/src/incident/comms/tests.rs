//! Tests of the clock of updates.

use super::super::change::Request;
use super::super::sev::{Scope, Sev};
use super::super::tests::{after, declared, in_phase, minutes, now};
use super::*;
use crate::finding::Outcome;

// Seed: "Incident Response Flow": Communication.
#[test]
fn an_update_is_due_by_the_severity() {
    let policy = IncidentPolicy::default();
    for (scope, sev, due_min) in [
        (Scope::PlatformUnavailable, Sev::Sev1, 30),
        (Scope::MajorFunction, Sev::Sev2, 60),
        (Scope::Partial, Sev::Sev3, 240),
        (Scope::Minor, Sev::Sev4, 1440),
    ] {
        let incident = in_phase(scope, Phase::Triage);
        assert_eq!(incident.sev, sev);
        let due = incident.triage_at.unwrap() + minutes(due_min);
        assert_eq!(super::due(&incident, &policy), Some(due));
        assert_eq!(check(&incident, &policy, due).outcome, Outcome::Pass);
        let late = check(&incident, &policy, due + crate::time::Span::from_millis(1));
        assert_eq!(late.outcome, Outcome::Fail);
        assert_eq!(late.owner, Some("platform-operations".parse().unwrap()));
        assert_eq!(late.measured.unwrap().limit, 60.0 * due_min as f64);
    }
}

#[test]
fn an_update_starts_the_clock_again_and_a_rise_brings_it_forward() {
    let policy = IncidentPolicy::default();
    let told =
        after(in_phase(Scope::Partial, Phase::Triage), [Request::PublishUpdate { text: "We look.".into() }]);
    let at = told.told_at.unwrap();
    assert_eq!(due(&told, &policy), Some(at + minutes(240)));
    let impact = super::super::tests::impact(Scope::PlatformUnavailable);
    let risen = after(told, [Request::Reclassify { impact, reason: String::new() }]);
    assert_eq!(due(&risen, &policy), Some(at + minutes(30)));
}

#[test]
fn runs_from_triage_to_communication() {
    let policy = IncidentPolicy::default();
    for phase in Phase::ALL {
        let incident = in_phase(Scope::Minor, *phase);
        let runs = (Phase::Triage..=Phase::Communication).contains(phase);
        assert_eq!(due(&incident, &policy).is_some(), runs, "{phase}");
        let outcome = check(&incident, &policy, now() + minutes(100_000)).outcome;
        assert_eq!(outcome, if runs { Outcome::Fail } else { Outcome::NotApplicable });
    }
    assert_eq!(due(&declared(Scope::Minor), &policy), None);
}

#[test]
fn a_clock_that_ran_backwards_makes_nothing_late() {
    let incident = in_phase(Scope::PlatformUnavailable, Phase::Triage);
    let finding = check(&incident, &IncidentPolicy::default(), now() - minutes(1_000_000));
    assert_eq!((finding.outcome, finding.measured.unwrap().value), (Outcome::Pass, 0.0));
}
