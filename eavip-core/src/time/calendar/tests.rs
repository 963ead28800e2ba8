//! Tests of days and clock times.

use super::*;

#[test]
fn reads_days_and_clock_times_as_people_write_them() {
    for (text, ok) in [
        ("09:30", true),
        ("23:59", true),
        ("24:00", false),
        ("9:30", false),
        ("09:60", false),
        ("+9:30", false),
        ("", false),
    ] {
        let found = text.parse::<ClockTime>();
        assert_eq!(found.is_ok(), ok, "{text}");
        found.into_iter().for_each(|time| assert_eq!(time.to_string(), text));
    }
    for (text, ok) in
        [("2026-01-31", true), ("2026-02-29", false), ("2026-01-31T09:00:00Z", false), ("", false)]
    {
        let found = text.parse::<Date>();
        assert_eq!(found.is_ok(), ok, "{text}");
        found.into_iter().for_each(|date| assert_eq!(date.to_string(), text));
    }
}

#[test]
fn counts_days_over_months_and_leap_years() {
    let date: Date = "2024-02-28".parse().unwrap();
    assert_eq!(date.plus(2).to_string(), "2024-03-01");
    assert_eq!(date.plus(2).days_since(date), 2);
    assert_eq!(date.days_since(date.plus(366)), -366);
    assert_eq!(date.weekday(), Weekday::Wednesday);
    assert_eq!(date.plus(i64::MAX).plus(1), date.plus(i64::MAX), "the last day has no next");
}
