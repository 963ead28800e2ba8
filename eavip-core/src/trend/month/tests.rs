//! Tests of months.

use super::*;

#[test]
fn a_month_begins_and_ends_at_midnight_in_utc() {
    for (month, from, to) in [
        ("2026-03", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        ("2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("2025-12", "2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z"),
    ] {
        let month: Month = month.parse().unwrap();
        let period = Period { from: from.parse().unwrap(), to: to.parse().unwrap() };
        assert_eq!(month.period(), period);
        assert_eq!(Month::of(period.from), month);
        assert_eq!(Month::of(period.to - crate::time::Span::from_millis(1)), month);
        assert_eq!(month.previous().period().to, period.from);
    }
}

#[test]
fn the_first_and_the_last_month_have_no_neighbour() {
    let (first, last): (Month, Month) = ("0000-01".parse().unwrap(), "9999-12".parse().unwrap());
    assert_eq!(first.previous(), first);
    assert_eq!(last.period().to, Timestamp::from_millis(i64::MAX));
    assert_eq!(Month::of(Timestamp::from_millis(i64::MIN)), first);
    assert_eq!(Month::of(Timestamp::from_millis(i64::MAX)), last);
}

#[test]
fn is_read_as_it_is_written() {
    let month: Month = "2026-03".parse().unwrap();
    assert_eq!(month.to_string(), "2026-03");
    assert_eq!(serde_json::from_str::<Month>(&serde_json::to_string(&month).unwrap()).unwrap(), month);
    for text in ["", "2026", "2026-00", "2026-13", "2026-3", "26-03", "+026-03", "2026-03-01", "march"] {
        assert!(text.parse::<Month>().is_err(), "{text}");
    }
}
