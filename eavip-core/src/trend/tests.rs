//! The scene of trends: records of incidents, and that a record is made of an incident.

use super::*;
use crate::alert::noise::{AlertOutcome, measure};
use crate::capacity;
use crate::id::{Digest128, Digest256};
use crate::incident::Action;
use crate::incident::phase::Phase;
use crate::incident::sev::Scope;
use crate::incident::tests::{in_phase, minutes};

/// 2026-03-01, and some minutes.
pub(crate) fn at(n: u64) -> Timestamp {
    "2026-03-01T00:00:00Z".parse::<Timestamp>().unwrap() + minutes(n)
}

pub(crate) const DAY: u64 = 24 * 60;

pub(crate) fn record(id: &str, declared_at: Timestamp) -> IncidentRecord {
    IncidentRecord {
        id: id.parse().unwrap(),
        sev: Sev::Sev2,
        mode: Mode::Saas,
        services: BTreeSet::new(),
        rule: None,
        cause: None,
        declared_at,
        clocks: Clocks {
            detect: minutes(5),
            acknowledge: Some(minutes(2)),
            mitigate: Some(minutes(30)),
            resolve: None,
            auto_resolved: false,
        },
        actions: Vec::new(),
    }
}

#[test]
fn a_record_is_what_the_incident_is_and_a_duplicate_has_none() {
    let incident = in_phase(Scope::MajorFunction, Phase::Closed);
    let record = IncidentRecord::of(&incident).unwrap();
    assert_eq!((record.sev, record.cause, record.rule), (Sev::Sev2, Some(Cause::Capacity), None));
    assert_eq!(record.actions, ["Emptied it."]);
    assert_eq!(record.clocks, Clocks::of(&incident));
    let mut tried = incident.clone();
    let attempt = Action { what: "Restarted it.".into(), proof: None, at: incident.declared_at };
    tried.actions.insert(0, attempt);
    assert_eq!(IncidentRecord::of(&tried).unwrap().actions, ["Emptied it."], "what didn't help is no advice");
    let duplicate = Incident { duplicate_of: Some("inc-2".parse().unwrap()), ..incident };
    assert_eq!(IncidentRecord::of(&duplicate), None);
}

#[test]
fn a_period_holds_its_first_moment_and_not_its_end() {
    let period = Period { from: at(0), to: at(10) };
    for (moment, within) in [(at(0), true), (at(9), true), (at(10), false), (at(0) - minutes(1), false)] {
        assert_eq!(period.contains(moment), within);
    }
    assert!(
        !Period { from: at(10), to: at(0) }.contains(at(5)),
        "one that ends before it begins holds nothing"
    );
}

#[test]
fn a_share_of_nothing_is_unknown() {
    assert_eq!(Share { part: 1, whole: 4 }.ratio(), Some(0.25));
    assert_eq!(Share::default().ratio(), None);
}

#[test]
fn noise_adds_up_over_teams_and_counts_the_incidents_of_the_month() {
    let team = |pages, worst_shift, acted, flaps| Measures {
        period: measure::Period { from: at(0), until: at(DAY) },
        alerts: acted + flaps,
        outcomes: [(AlertOutcome::Acted, acted), (AlertOutcome::Flap, flaps), (AlertOutcome::Missed, 9)]
            .into(),
        precision: None,
        recall: None,
        pages,
        worst_shift,
        pages_per_shift: None,
        worst_day: 0,
        flood_share: None,
        top: Vec::new(),
        top_share: None,
        chatter: 0,
        stale: 0,
        silence_hours: 0.0,
    };
    let told = |id, moment| IncidentRecord { rule: Some("disk-full".parse().unwrap()), ..record(id, moment) };
    let incidents = [told("inc-1", at(1)), record("inc-2", at(2)), told("inc-3", at(DAY))];
    let month = Period { from: at(0), to: at(DAY) };
    let figures = NoiseFigures::of(&[team(3, 2, 4, 1), team(5, 1, 2, 3)], &incidents, month, Vec::new());
    let expected = NoiseFigures {
        pages: 8,
        worst_shift: 2,
        worth: Share { part: 6, whole: 10 },
        told: Share { part: 1, whole: 2 },
        defects: Vec::new(),
    };
    assert_eq!(figures, expected);
}

#[test]
fn the_result_of_a_drill_is_how_it_ended() {
    let opening = drill::Opening {
        id: Digest128([1; 16]),
        plan: "orders".parse().unwrap(),
        procedure: Digest128([2; 16]),
        steps: Vec::new(),
        rto: minutes(60),
        by: "ana".parse().unwrap(),
        at: at(0),
    };
    let started = drill::Start {
        by: "ana".parse().unwrap(),
        backup: "s-1".parse().unwrap(),
        manifest: Digest256([3; 32]),
        at: at(10),
    };
    let of = |ended| {
        let (opening, started) = (opening.clone(), Some(started.clone()));
        DrillResult::of(&Drill { opening, started, taken: Vec::new(), ended })
    };
    let failed = |cause| Some(End::Failed { cause, at: at(90) });
    let told = |result: DrillResult| (result.passed, result.took, result.at);
    assert_eq!(of(None), None, "it isn't over");
    let passed = of(Some(End::Passed(drill::Passed { measured: minutes(20), at: at(40) }))).unwrap();
    assert_eq!((passed.data_set.as_str(), passed.objective), ("orders", minutes(60)));
    assert_eq!(told(passed), (true, Some(minutes(20)), at(40)));
    assert_eq!(told(of(failed(drill::Cause::TooSlow)).unwrap()), (false, Some(minutes(80)), at(90)));
    assert_eq!(told(of(failed(drill::Cause::Different)).unwrap()), (false, None, at(90)));
}

#[test]
fn an_outlook_is_what_the_forecast_says_from_when_it_was_made() {
    let trend = capacity::Trend { per_day: 1.0, per_day_low: 0.5, per_day_high: 2.0, level: 3.0 };
    let filling = Forecast::Filling { trend, full_in: minutes(20), earliest: minutes(10), latest: None };
    assert_eq!(Outlook::of(Ok(filling), at(5)), Outlook::Full { earliest: at(15), likely: at(25) });
    assert_eq!(Outlook::of(Ok(Forecast::NotFilling { trend }), at(5)), Outlook::Steady);
    assert_eq!(Outlook::of(Err(Undefined::TooFewPoints), at(5)), Outlook::Unknown);
}
