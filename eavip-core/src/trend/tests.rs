//! The scene of trends: records of incidents, and that a record is made of an incident.

use super::*;
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
