//! Tests of response times by severity.

use super::super::tests::{DAY, at, record};
use super::*;
use crate::incident::tests::minutes;

#[test]
fn counts_each_severity_of_the_period_and_the_auto_resolved_apart() {
    let period = Period { from: at(0), to: at(30 * DAY) };
    let by_itself =
        Clocks { acknowledge: None, auto_resolved: true, mitigate: None, ..record("x", at(0)).clocks };
    let slow = Clocks { mitigate: Some(minutes(90)), ..record("x", at(0)).clocks };
    let records = [
        record("inc-1", at(DAY)),
        IncidentRecord { clocks: slow, ..record("inc-2", at(2 * DAY)) },
        IncidentRecord { clocks: by_itself, ..record("inc-3", at(3 * DAY)) },
        IncidentRecord { sev: Sev::Sev1, ..record("inc-4", at(3 * DAY)) },
        record("inc-5", at(30 * DAY)),
    ];
    let found = by_sev(&records, period);
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), Sev::ALL);
    let sev_2 = found[&Sev::Sev2];
    assert_eq!((sev_2.incidents, sev_2.auto_resolved, sev_2.detect.n), (3, 1, 3));
    assert_eq!(
        sev_2.acknowledge,
        Summary::of([minutes(2), minutes(2)]),
        "what was over by itself isn't in it"
    );
    assert_eq!(sev_2.mitigate, Summary { n: 2, median: Some(minutes(60)), p90: Some(minutes(90)) });
    assert_eq!(sev_2.resolve, Summary::default());
    assert_eq!(found[&Sev::Sev1].incidents, 1);
    assert_eq!(found[&Sev::Sev3], Recovery::default());
}
