//! Tests of maintenance windows, over the days on which clocks are set.

use super::*;

fn window(zone: &str, days: &[Weekday], at: &str, lasts: &str) -> Window {
    Window {
        zone: zone.parse().unwrap(),
        days: days.iter().copied().collect(),
        at: at.parse().unwrap(),
        lasts: lasts.parse().unwrap(),
        matchers: Matchers::default(),
        change: "CHG-7".parse().unwrap(),
        owner: "ops".parse().unwrap(),
        expires: "2026-12-01T00:00:00Z".parse().unwrap(),
    }
}

#[test]
fn is_open_on_its_days_by_the_clock_of_its_zone() {
    let sunday = window("Europe/Berlin", &[Weekday::Sunday], "23:00", "2h");
    let weekly = |now: &str| sunday.open_until(now.parse().unwrap()).map(|until| until.to_string());
    for (now, expected) in [
        ("2026-06-14T20:59:59Z", None),
        ("2026-06-14T21:00:00Z", Some("2026-06-14T23:00:00.000Z")),
        ("2026-06-14T22:59:59Z", Some("2026-06-14T23:00:00.000Z")),
        ("2026-06-14T23:00:00Z", None),
        ("2026-06-15T21:30:00Z", None),
        ("2026-01-11T22:00:00Z", Some("2026-01-12T00:00:00.000Z")),
        ("2026-11-29T22:30:00Z", Some("2026-11-30T00:00:00.000Z")),
        ("2026-12-06T22:30:00Z", None),
    ] {
        assert_eq!(weekly(now), expected.map(str::to_owned), "{now}");
    }
}

#[test]
fn lasts_as_long_as_it_says_when_the_clocks_are_set() {
    for (zone, day, at) in [
        ("Europe/Berlin", "2026-03-29", "02:30"),
        ("Europe/Berlin", "2026-10-25", "02:30"),
        ("America/New_York", "2026-11-01", "01:30"),
        ("Australia/Lord_Howe", "2026-04-05", "01:45"),
        ("America/Santiago", "2026-04-05", "00:00"),
        ("Africa/Cairo", "2026-04-24", "00:15"),
    ] {
        let window = window(zone, &[], at, "1h");
        let from = window.zone.moment(day.parse().unwrap(), window.at);
        let minutes =
            (-180..180).map(|minute: i64| Timestamp::from_millis(from.as_millis() + minute * 60_000));
        let open: Vec<Timestamp> = minutes.filter(|now| window.open_until(*now).is_some()).collect();
        assert_eq!((open.len(), open[0]), (60, from), "{zone} {day}");
    }
}

#[test]
fn a_window_of_a_whole_day_is_open_on_that_day_and_one_of_no_time_never() {
    let whole = window("UTC", &[], "10:00", "24h");
    assert!(whole.open_until("2026-06-14T09:59:00Z".parse().unwrap()).is_some());
    assert!(window("UTC", &[], "10:00", "0s").open_until("2026-06-14T10:00:00Z".parse().unwrap()).is_none());
}

#[test]
fn opens_next_on_its_days_until_it_expires() {
    let sunday = window("Europe/Berlin", &[Weekday::Sunday], "23:00", "2h");
    let daily = window("UTC", &[], "02:00", "1h");
    for (window, now, expected) in [
        (&sunday, "2026-06-12T12:00:00Z", Some("2026-06-14T21:00:00.000Z")),
        (&sunday, "2026-06-14T21:00:00Z", Some("2026-06-21T21:00:00.000Z")),
        (&sunday, "2026-10-24T12:00:00Z", Some("2026-10-25T22:00:00.000Z")),
        (&daily, "2026-06-14T01:59:59Z", Some("2026-06-14T02:00:00.000Z")),
        (&daily, "2026-06-14T02:00:00Z", Some("2026-06-15T02:00:00.000Z")),
        (&daily, "2026-11-30T12:00:00Z", None),
    ] {
        let next = window.next_opening(now.parse().unwrap()).map(|next| next.to_string());
        assert_eq!(next.as_deref(), expected, "{now}");
    }
}
