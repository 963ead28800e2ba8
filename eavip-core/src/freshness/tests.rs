//! Tests of the age of evidence.

use super::*;

#[test]
fn evidence_from_the_future_has_no_age_beyond_the_skew() {
    let now = Timestamp::from_millis(1_700_000_000_000);
    let second = Span::from_secs(1);
    let table = [
        (now - second.times(60), Some(second.times(60))),
        (now, Some(Span::ZERO)),
        (now + second.times(5), Some(Span::ZERO)),
        (now + second.times(5) + Span::from_millis(1), None),
    ];
    for (at, expected) in table {
        assert_eq!(age(at, now), expected, "{at}");
    }
    assert!(is_within(now - second, now, second));
    assert!(!is_within(now - second.times(2), now, second));
    assert!(!is_within(now + second.times(9), now, second.times(100)));
}
