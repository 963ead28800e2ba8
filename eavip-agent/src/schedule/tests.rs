//! Tests of schedules: notation, calendars, and what clocks do when they change.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn cron(text: &str, zone: &str) -> Schedule {
    text.parse::<Schedule>().unwrap().in_zone(zone.parse().unwrap())
}

fn runs(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
    let mut now = at(from);
    let mut found = Vec::new();
    for _ in 0..count {
        now = schedule.next_after(now).unwrap();
        found.push(now.to_string().replace(":00.000Z", "Z"));
    }
    found
}

#[test]
fn reads_crontab_as_people_write_it() {
    // 2026-01-01 is a Thursday.
    let from = "2026-01-01T00:00:00Z";
    for (text, expected) in [
        ("30 2 * * *", ["2026-01-01T02:30Z", "2026-01-02T02:30Z"]),
        ("*/20 * * * *", ["2026-01-01T00:20Z", "2026-01-01T00:40Z"]),
        ("5/20 * * * *", ["2026-01-01T00:05Z", "2026-01-01T00:25Z"]),
        ("0 9 * * 1", ["2026-01-05T09:00Z", "2026-01-12T09:00Z"]),
        ("0 9 * * mon-wed", ["2026-01-05T09:00Z", "2026-01-06T09:00Z"]),
        ("0 9 * * 0", ["2026-01-04T09:00Z", "2026-01-11T09:00Z"]),
        ("0 9 * * 7", ["2026-01-04T09:00Z", "2026-01-11T09:00Z"]),
        ("0 9 * * SUN", ["2026-01-04T09:00Z", "2026-01-11T09:00Z"]),
        ("0 9 * * 5-7", ["2026-01-02T09:00Z", "2026-01-03T09:00Z"]),
        ("0 0 29 feb *", ["2028-02-29T00:00Z", "2032-02-29T00:00Z"]),
        ("10,50-52 4 1 Jan,jul *", ["2026-01-01T04:10Z", "2026-01-01T04:50Z"]),
        ("0 0 31 * *", ["2026-01-31T00:00Z", "2026-03-31T00:00Z"]),
        // Both day fields restricted: either suffices.
        ("0 0 13 * 5", ["2026-01-02T00:00Z", "2026-01-09T00:00Z"]),
        ("0 0 3 * 1", ["2026-01-03T00:00Z", "2026-01-05T00:00Z"]),
        // A star with a step doesn't restrict: both must hold.
        ("0 0 */2 * 5", ["2026-01-09T00:00Z", "2026-01-23T00:00Z"]),
    ] {
        assert_eq!(runs(&cron(text, "UTC"), from, 2), expected, "{text}");
    }
}

#[test]
fn refuses_what_is_not_crontab_and_says_what_would_be() {
    for (text, part) in [
        ("", "0 fields"),
        ("* * * *", "4 fields"),
        ("0 * * * * *", "6 fields"),
        ("60 * * * *", "`60` can't be a minute"),
        ("* 24 * * *", "can't be a hour"),
        ("* * 0 * *", "can't be a day of month"),
        ("* * * 13 *", "can't be a month"),
        ("* * * * 8", "can't be a day of week"),
        ("*/0 * * * *", "can't be a minute"),
        ("5-1 * * * *", "can't be a minute"),
        ("+5 * * * *", "can't be a minute"),
        ("1,,2 * * * *", "can't be a minute"),
        ("0 0 31 2 *", "never happens"),
        ("@daily", "1 fields"),
    ] {
        let error = text.parse::<Schedule>().unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

/// Zone, a moment before the clock goes forward, crontab text inside the gap, and the instant at its end.
const GAPS: [(&str, &str, &str, &str); 22] = [
    ("Europe/Berlin", "2026-03-29T00:00:00Z", "30 2 * * *", "2026-03-29T01:00Z"),
    ("Europe/London", "2026-03-29T00:30:00Z", "30 1 * * *", "2026-03-29T01:00Z"),
    ("Europe/Athens", "2026-03-29T00:30:00Z", "30 3 * * *", "2026-03-29T01:00Z"),
    ("Europe/Lisbon", "2026-03-29T00:30:00Z", "59 1 * * *", "2026-03-29T01:00Z"),
    ("Europe/Chisinau", "2026-03-28T23:30:00Z", "30 2 * * *", "2026-03-29T00:00Z"),
    ("America/New_York", "2026-03-08T06:00:00Z", "30 2 * * *", "2026-03-08T07:00Z"),
    ("America/Chicago", "2026-03-08T07:00:00Z", "30 2 * * *", "2026-03-08T08:00Z"),
    ("America/Denver", "2026-03-08T08:00:00Z", "0 2 * * *", "2026-03-08T09:00Z"),
    ("America/Los_Angeles", "2026-03-08T09:00:00Z", "30 2 * * *", "2026-03-08T10:00Z"),
    ("America/Anchorage", "2026-03-08T10:00:00Z", "30 2 * * *", "2026-03-08T11:00Z"),
    ("America/Halifax", "2026-03-08T05:00:00Z", "30 2 * * *", "2026-03-08T06:00Z"),
    ("America/St_Johns", "2026-03-08T05:00:00Z", "30 2 * * *", "2026-03-08T05:30Z"),
    ("America/Havana", "2026-03-08T04:30:00Z", "30 0 * * *", "2026-03-08T05:00Z"),
    ("America/Santiago", "2026-09-06T03:30:00Z", "30 0 * * *", "2026-09-06T04:00Z"),
    ("America/Asuncion", "2023-10-01T03:30:00Z", "30 0 * * *", "2023-10-01T04:00Z"),
    ("Asia/Beirut", "2026-03-28T21:30:00Z", "30 0 * * *", "2026-03-28T22:00Z"),
    ("Asia/Jerusalem", "2026-03-26T23:30:00Z", "30 2 * * *", "2026-03-27T00:00Z"),
    ("Africa/Cairo", "2026-04-23T21:30:00Z", "30 0 * * *", "2026-04-23T22:00Z"),
    ("Australia/Sydney", "2026-10-03T15:30:00Z", "30 2 * * *", "2026-10-03T16:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:00:00Z", "15 2 * * *", "2026-10-03T15:30Z"),
    ("Pacific/Auckland", "2026-09-26T13:30:00Z", "30 2 * * *", "2026-09-26T14:00Z"),
    ("Pacific/Apia", "2011-12-30T09:00:00Z", "0 12 30 12 *", "2011-12-30T10:00Z"),
];

#[test]
fn a_moment_that_the_clock_skips_happens_once_after_the_gap() {
    for (zone, before, text, expected) in GAPS {
        let schedule = cron(text, zone);
        let found = runs(&schedule, before, 2);
        assert_eq!(found[0], expected, "{zone}");
        assert!(at(&found[1].replace('Z', ":00Z")) > at(&expected.replace('Z', ":00Z")), "{zone}: {found:?}");
        // All that was skipped happens together, not once each.
        let often = cron(&text.replace("30 ", "*/10 ").replace("15 ", "*/10 "), zone);
        let found = runs(&often, before, 30);
        let mut unique = found.clone();
        unique.dedup();
        assert_eq!(found, unique, "{zone}");
    }
}

/// Zone, a moment before the clock goes back, crontab text inside the hour shown twice, and its first showing.
const OVERLAPS: [(&str, &str, &str, &str); 20] = [
    ("Europe/Berlin", "2026-10-25T00:00:00Z", "30 2 * * *", "2026-10-25T00:30Z"),
    ("Europe/London", "2026-10-25T00:00:00Z", "30 1 * * *", "2026-10-25T00:30Z"),
    ("Europe/Athens", "2026-10-25T00:00:00Z", "30 3 * * *", "2026-10-25T00:30Z"),
    ("Europe/Dublin", "2026-10-25T00:00:00Z", "30 1 * * *", "2026-10-25T00:30Z"),
    ("Europe/Chisinau", "2026-10-24T23:00:00Z", "30 2 * * *", "2026-10-24T23:30Z"),
    ("America/New_York", "2026-11-01T05:00:00Z", "30 1 * * *", "2026-11-01T05:30Z"),
    ("America/Chicago", "2026-11-01T06:00:00Z", "30 1 * * *", "2026-11-01T06:30Z"),
    ("America/Denver", "2026-11-01T07:00:00Z", "30 1 * * *", "2026-11-01T07:30Z"),
    ("America/Los_Angeles", "2026-11-01T08:00:00Z", "30 1 * * *", "2026-11-01T08:30Z"),
    ("America/Anchorage", "2026-11-01T09:00:00Z", "30 1 * * *", "2026-11-01T09:30Z"),
    ("America/Halifax", "2026-11-01T04:00:00Z", "30 1 * * *", "2026-11-01T04:30Z"),
    ("America/St_Johns", "2026-11-01T03:30:00Z", "30 1 * * *", "2026-11-01T04:00Z"),
    ("America/Havana", "2026-11-01T04:00:00Z", "30 0 * * *", "2026-11-01T04:30Z"),
    ("America/Santiago", "2026-04-05T02:00:00Z", "30 23 * * *", "2026-04-05T02:30Z"),
    ("Asia/Beirut", "2026-10-24T20:00:00Z", "30 23 * * *", "2026-10-24T20:30Z"),
    ("Asia/Jerusalem", "2026-10-24T22:00:00Z", "30 1 * * *", "2026-10-24T22:30Z"),
    ("Africa/Cairo", "2026-10-29T20:00:00Z", "30 23 * * *", "2026-10-29T20:30Z"),
    ("Australia/Sydney", "2026-04-04T15:00:00Z", "30 2 * * *", "2026-04-04T15:30Z"),
    ("Australia/Lord_Howe", "2026-04-04T14:30:00Z", "45 1 * * *", "2026-04-04T14:45Z"),
    ("Pacific/Auckland", "2026-04-04T13:00:00Z", "30 2 * * *", "2026-04-04T13:30Z"),
];

#[test]
fn a_moment_that_the_clock_shows_twice_happens_the_first_time() {
    for (zone, before, text, expected) in OVERLAPS {
        let found = runs(&cron(text, zone), before, 2);
        assert_eq!(found[0], expected, "{zone}");
        let gap = at(&found[1].replace('Z', ":00Z")).since(at(&found[0].replace('Z', ":00Z")));
        assert!(gap >= Span::from_secs(23 * 3_600), "{zone}: {found:?}");
    }
}

#[test]
fn an_interval_starts_at_a_phase_of_its_own() {
    let schedule = Schedule::every(Span::from_secs(60));
    assert_eq!(runs(&schedule, "2026-01-01T00:00:00Z", 1), ["2026-01-01T00:01Z"]);
    let phase = |name: &str| {
        let jittered = schedule.clone().jittered([b"node".as_slice(), name.as_bytes()]);
        jittered.next_after(at("2026-01-01T00:00:00Z")).unwrap()
    };
    assert_eq!(phase("a"), phase("a"));
    assert_ne!(phase("a"), phase("b"));
}

#[test]
fn a_success_is_due_again_an_interval_later_or_at_the_next_moment() {
    let last = at("2026-01-01T10:07:00Z");
    assert_eq!(Schedule::every(Span::from_secs(3_600)).due_after(last), Some(at("2026-01-01T11:07:00Z")));
    assert_eq!(cron("0 * * * *", "UTC").due_after(last), Some(at("2026-01-01T11:00:00Z")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn moments_only_ever_rise(
        start in 1_500_000_000_000_i64..1_900_000_000_000,
        zone in 0..GAPS.len(),
        text in prop::sample::select(vec!["*/7 * * * *", "30 2 * * *", "0 0 1 * *", "59 23 * * 0", "15 0-3 * * 1,6"]),
    ) {
        let schedule = cron(text, GAPS[zone].0);
        let mut now = Timestamp::from_millis(start);
        for _ in 0..20 {
            let next = schedule.next_after(now).unwrap();
            prop_assert!(next > now);
            // Asking a moment earlier gives the same answer: nothing is passed over.
            prop_assert_eq!(schedule.next_after(next - Span::from_millis(1)), Some(next));
            now = next;
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}|[0-9*/,\\- a-z]{0,40}") {
        let _ = text.parse::<Schedule>();
    }
}
