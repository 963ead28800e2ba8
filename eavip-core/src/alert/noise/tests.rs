//! Tests of outcomes.

use super::*;
use crate::alert::noise::measure::tests::record;

#[test]
fn every_alert_has_one_outcome() {
    let table = [
        ("", false, None),
        ("ended", true, Some(AlertOutcome::AutoResolved)),
        ("acknowledged", false, Some(AlertOutcome::Acted)),
        ("acknowledged flapped", true, Some(AlertOutcome::Flap)),
        ("acknowledged flapped duplicate", true, Some(AlertOutcome::Duplicate)),
        ("acknowledged flapped duplicate noise", true, Some(AlertOutcome::MarkedNoise)),
    ];
    for (said, ended, expected) in table {
        let record = Record {
            ended: ended.then_some(Timestamp::from_millis(1)),
            acknowledged: said.contains("acknowledged"),
            flapped: said.contains("flapped"),
            duplicate: said.contains("duplicate"),
            marked_noise: said.contains("noise"),
            ..record("a", 0)
        };
        assert_eq!(record.outcome(), expected, "{said}");
    }
}
