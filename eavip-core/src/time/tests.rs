//! Tests of moments and spans.

use super::*;

#[test]
fn a_span_is_cut_to_its_two_largest_units() {
    for (text, cut) in [
        ("0s", "0s"),
        ("999ms", "999ms"),
        ("59s999ms", "59s999ms"),
        ("1m1s1ms", "1m1s"),
        ("23h59m59s999ms", "23h59m"),
        ("1d0h4m18s148ms", "1d"),
        ("35d12h37m22s321ms", "35d12h"),
    ] {
        let span: Span = text.parse().unwrap();
        assert_eq!(span.cut().to_string(), cut, "{text}");
        assert_eq!(span.cut().cut(), span.cut());
    }
}

#[test]
fn reads_and_writes_spans_as_people_do() {
    for (text, millis, written) in [
        ("0s", 0, "0s"),
        ("30s", 30_000, "30s"),
        ("90s", 90_000, "1m30s"),
        ("1h30m", 5_400_000, "1h30m"),
        ("14d", 1_209_600_000, "14d"),
        ("250ms", 250, "250ms"),
        ("1s250ms", 1_250, "1s250ms"),
    ] {
        let span: Span = text.parse().unwrap();
        assert_eq!(span.as_millis(), millis, "{text}");
        assert_eq!(span.to_string(), written, "{text}");
        assert_eq!(written.parse::<Span>().unwrap(), span);
    }
}

#[test]
fn refuses_what_is_not_a_span() {
    for text in
        ["", "5", "m", "5x", "30m1h", "1h1h", "-5m", "5 m", "99999999999999999999s", "99999999999999999d"]
    {
        assert!(text.parse::<Span>().is_err(), "{text}");
    }
}

#[test]
fn writes_moments_with_milliseconds_in_utc() {
    let moment: Timestamp = "2026-01-31T14:05:00.25+01:00".parse().unwrap();
    assert_eq!(moment.to_string(), "2026-01-31T13:05:00.250Z");
    assert_eq!(
        moment.since(moment + Span::from_secs(1)),
        Span::ZERO,
        "a clock that runs backwards gives no age"
    );
    assert_eq!((moment + Span::from_secs(1)).since(moment), Span::from_secs(1));
}

#[test]
fn clamps_moments_beyond_what_can_be_written() {
    for millis in [i64::MIN, i64::MAX] {
        let moment = Timestamp::from_millis(millis);
        assert_eq!(moment.to_string().parse::<Timestamp>().unwrap(), moment);
    }
}
