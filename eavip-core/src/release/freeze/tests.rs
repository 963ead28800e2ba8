//! Tests of freezes: what may be declared, and when it is in force.

use super::*;
use crate::time::Span;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const DAY: Span = Span::from_secs(86_400);

fn freeze(from: Timestamp, until: Timestamp) -> Freeze {
    Freeze {
        kind: FreezeKind::Freeze,
        environment: Environment::Production,
        owner: "platform-operations".parse().unwrap(),
        reason: "end of quarter".to_owned(),
        from,
        until,
    }
}

#[test]
fn a_freeze_has_a_reason_and_an_end_within_a_week() {
    let refused =
        |freeze: Freeze| freeze.declare(&GatePolicy::default(), NOW).err().map(|one| one.to_string());
    assert_eq!(refused(freeze(NOW, NOW + DAY.times(7))), None);
    assert_eq!(refused(freeze(NOW + DAY, NOW + DAY.times(8))), None, "one that is planned");
    let table = [
        (freeze(NOW, NOW + DAY.times(8)), "refused: a freeze of 8d is over the limit of 7d"),
        (freeze(NOW, NOW), "refused: the freeze is over before it begins"),
        (freeze(NOW - DAY, NOW), "refused: the freeze is over before it begins"),
        (Freeze { reason: " ".into(), ..freeze(NOW, NOW + DAY) }, "refused: the reason has 0 characters"),
        (
            Freeze { reason: "x".repeat(1_001), ..freeze(NOW, NOW + DAY.times(9)) },
            "refused: the reason has 1001 characters; a freeze of 9d is over the limit of 7d",
        ),
    ];
    for (freeze, message) in table {
        assert_eq!(refused(freeze).as_deref(), Some(message));
    }
}

#[test]
fn is_in_force_from_its_beginning_up_to_its_end() {
    let freeze = freeze(NOW, NOW + DAY);
    let just = Span::from_millis(1);
    let table = [(NOW - just, false), (NOW, true), (NOW + DAY - just, true), (NOW + DAY, false)];
    for (moment, active) in table {
        assert_eq!(freeze.is_active(Environment::Production, moment), active, "{moment}");
        assert!(!freeze.is_active(Environment::Staging, moment));
    }
}
