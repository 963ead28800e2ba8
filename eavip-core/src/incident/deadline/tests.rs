//! Tests of deadlines: business days, and the form in which they are written.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn business_days_leave_weekends_out_and_keep_the_time_of_day() {
    let table = [
        // 2026-03-02 is a Monday.
        ("2026-03-02T10:30:00Z", 1, "2026-03-03T10:30:00Z"),
        ("2026-03-02T10:30:00Z", 5, "2026-03-09T10:30:00Z"),
        ("2026-03-06T23:59:59Z", 1, "2026-03-09T23:59:59Z"),
        ("2026-03-07T08:00:00Z", 1, "2026-03-09T08:00:00Z"),
        ("2026-03-08T08:00:00Z", 1, "2026-03-09T08:00:00Z"),
        ("2026-03-04T00:00:00Z", 10, "2026-03-18T00:00:00Z"),
        ("2024-02-28T12:00:00Z", 2, "2024-03-01T12:00:00Z"),
        ("2026-12-31T12:00:00Z", 1, "2027-01-01T12:00:00Z"),
    ];
    for (from, days, due) in table {
        assert_eq!(Deadline::BusinessDays(days).after(at(from)), at(due), "{from} and {days}");
    }
    let last = Timestamp::from_millis(i64::MAX);
    assert_eq!(
        Deadline::BusinessDays(MAX_BUSINESS_DAYS).after(last),
        last,
        "the end of time is the latest date"
    );
}

#[test]
fn a_span_is_counted_by_the_clock_weekend_or_not() {
    assert_eq!(
        Deadline::Within("3d".parse().unwrap()).after(at("2026-03-06T10:00:00Z")),
        at("2026-03-09T10:00:00Z")
    );
}

#[test]
fn is_read_as_it_is_written() {
    for text in ["30m", "3d", "1 business day", "5 business days", "260 business days"] {
        assert_eq!(text.parse::<Deadline>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "0s",
        "0 business days",
        "261 business days",
        "-1 business days",
        "5 days",
        "business days",
        "soon",
    ] {
        let error = text.parse::<Deadline>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{text}` is not a deadline; write it like")), "{error}");
    }
    let json = serde_json::to_string(&Deadline::BusinessDays(5)).unwrap();
    assert_eq!(json, r#""5 business days""#);
    assert_eq!(serde_json::from_str::<Deadline>(&json).unwrap(), Deadline::BusinessDays(5));
}

proptest::proptest! {
    #[test]
    fn shifting_by_whole_weeks_shifts_the_deadline(from in 0i64..4_000_000_000_000, days in 1u16..=260, weeks in 0u64..500) {
        let (from, shift) = (Timestamp::from_millis(from), DAY.times(7 * weeks));
        let deadline = Deadline::BusinessDays(days);
        proptest::prop_assert_eq!(deadline.after(from + shift), deadline.after(from) + shift);
    }

    #[test]
    fn is_never_before_its_beginning_and_grows_with_its_days(from in 0i64..4_000_000_000_000, days in 1u16..260) {
        let from = Timestamp::from_millis(from);
        let due = Deadline::BusinessDays(days).after(from);
        proptest::prop_assert!(due > from && Deadline::BusinessDays(days + 1).after(from) > due);
        let weekday = jiff::Timestamp::from_millisecond(due.as_millis()).unwrap().to_zoned(TimeZone::UTC).weekday();
        proptest::prop_assert!(!matches!(weekday, Weekday::Saturday | Weekday::Sunday));
    }
}
