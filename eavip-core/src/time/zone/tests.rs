//! Tests of zones: clocks set forward and back, in both hemispheres.

use super::*;

fn moment(zone: &str, date: &str, time: &str) -> String {
    let zone: Zone = zone.parse().unwrap();
    zone.moment(date.parse().unwrap(), time.parse().unwrap()).to_string()
}

#[test]
fn every_name_of_the_list_is_a_zone_and_survives_json() {
    for (name, _) in named() {
        let zone: Zone = name.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        let json = serde_json::to_string(&zone).unwrap();
        assert_eq!(serde_json::from_str::<Zone>(&json).unwrap(), zone);
    }
    assert!(named().count() > 400);
}

#[test]
fn knows_the_days_on_which_clocks_are_set() {
    // The clock time that comes twice is its first; the one that is skipped comes an hour later.
    for (zone, date, time, expected) in [
        ("Europe/Berlin", "2026-03-29", "01:59", "2026-03-29T00:59:00.000Z"),
        ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:30:00.000Z"),
        ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30:00.000Z"),
        ("Europe/Dublin", "2026-10-25", "01:30", "2026-10-25T00:30:00.000Z"),
        ("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:30:00.000Z"),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30:00.000Z"),
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45:00.000Z"),
        ("Australia/Sydney", "2026-10-04", "02:30", "2026-10-03T16:30:00.000Z"),
        ("America/Santiago", "2026-09-06", "00:30", "2026-09-06T04:30:00.000Z"),
        ("Asia/Kolkata", "2026-03-29", "02:30", "2026-03-28T21:00:00.000Z"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-01", "12:00", "2026-07-01T10:00:00.000Z"),
    ] {
        assert_eq!(moment(zone, date, time), expected, "{zone} {date} {time}");
    }
}

#[test]
fn the_same_time_on_the_next_day_is_always_later() {
    for zone in [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Santiago",
        "Africa/Cairo",
        "UTC",
    ] {
        let zone: Zone = zone.parse().unwrap();
        for time in ["00:00", "00:30", "01:30", "02:30", "03:00", "23:59"] {
            let time: ClockTime = time.parse().unwrap();
            let first: Date = "2026-01-01".parse().unwrap();
            let moments: Vec<Timestamp> = (0..400).map(|day| zone.moment(first.plus(day), time)).collect();
            assert!(moments.windows(2).all(|pair| pair[0] < pair[1]), "{zone} {time}");
        }
    }
}

#[test]
fn says_what_a_wrong_name_may_have_meant() {
    let error = "Europe/Berlinn".parse::<Zone>().unwrap_err().to_string();
    assert_eq!(error, "`Europe/Berlinn` is not a time zone; did you mean `Europe/Berlin`?");
    for text in ["", "Mars", "CET-1CEST,M3.5.0,M10.5.0/3,more", &"x".repeat(10_000)] {
        assert!(text.parse::<Zone>().is_err(), "{text}");
    }
}

#[test]
fn the_ends_of_the_calendar_have_a_moment() {
    let zone: Zone = "Pacific/Kiritimati".parse().unwrap();
    for days in [i64::MIN, -4_000_000, 4_000_000, i64::MAX] {
        let date = zone.date(Timestamp::default()).plus(days);
        let at = zone.moment(date, ClockTime::default());
        assert!(at == zone.moment(date, ClockTime::default()));
    }
}
