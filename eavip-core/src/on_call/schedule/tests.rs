//! Tests of schedules, over the days on which clocks are set.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rotation(people: &[&str], turn: &str, since: &str, time: &str) -> Rotation {
    Rotation {
        people: people.iter().map(|id| id.parse().unwrap()).collect(),
        turn: turn.parse().unwrap(),
        since: since.parse().unwrap(),
        at: time.parse().unwrap(),
        hours: vec![],
    }
}

fn hours(days: &[Weekday], from: &str, until: &str) -> Hours {
    Hours { days: days.iter().copied().collect(), from: from.parse().unwrap(), until: until.parse().unwrap() }
}

fn schedule(zone: &str, rotations: Vec<Rotation>) -> Schedule {
    Schedule { zone: zone.parse().unwrap(), rotations, overrides: vec![] }
}

fn found(schedule: &Schedule, now: &str) -> String {
    schedule.on_call(&[], at(now)).map_or("nobody".to_owned(), PersonId::to_string)
}

const WORKDAYS: [Weekday; 5] =
    [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];

#[test]
fn turns_change_daily_weekly_or_after_some_days() {
    for (turn, now, expected) in [
        ("daily", "2026-01-05T08:59:59Z", "nobody"),
        ("daily", "2026-01-05T09:00:00Z", "ana"),
        ("daily", "2026-01-06T08:59:59Z", "ana"),
        ("daily", "2026-01-06T09:00:00Z", "ben"),
        ("daily", "2026-01-08T09:00:00Z", "ana"),
        ("weekly", "2026-01-12T08:59:59Z", "ana"),
        ("weekly", "2026-01-12T09:00:00Z", "ben"),
        ("weekly", "2026-01-26T09:00:00Z", "ana"),
        ("3d", "2026-01-08T08:59:59Z", "ana"),
        ("3d", "2026-01-08T09:00:00Z", "ben"),
    ] {
        let schedule = schedule("UTC", vec![rotation(&["ana", "ben", "cem"], turn, "2026-01-05", "09:00")]);
        assert_eq!(found(&schedule, now), expected, "{turn} {now}");
    }
}

#[test]
fn custom_shifts_belong_to_the_turn_in_which_they_began() {
    let day = Rotation {
        hours: vec![hours(&WORKDAYS, "08:00", "18:00")],
        ..rotation(&["ana", "ben"], "weekly", "2026-01-05", "00:00")
    };
    let night = Rotation {
        hours: vec![hours(&[], "20:00", "06:00")],
        ..rotation(&["cem", "dora"], "daily", "2026-01-05", "00:00")
    };
    let schedule = schedule("UTC", vec![day, night]);
    for (now, expected) in [
        ("2026-01-05T08:00:00Z", "ana"),
        ("2026-01-05T17:59:59Z", "ana"),
        ("2026-01-05T18:00:00Z", "nobody"),
        ("2026-01-05T20:00:00Z", "cem"),
        ("2026-01-06T05:59:59Z", "cem"),
        ("2026-01-06T06:00:00Z", "nobody"),
        ("2026-01-06T20:00:00Z", "dora"),
        ("2026-01-10T12:00:00Z", "nobody"),
        ("2026-01-12T12:00:00Z", "ben"),
    ] {
        assert_eq!(found(&schedule, now), expected, "{now}");
    }
}

#[test]
fn whoever_took_a_place_last_has_it() {
    let mut schedule = schedule("UTC", vec![rotation(&["ana"], "weekly", "2026-01-05", "09:00")]);
    let instead = |person: &str, from: &str, until: &str| Override {
        person: person.parse().unwrap(),
        from: at(from),
        until: at(until),
    };
    schedule.overrides = vec![instead("ben", "2026-01-06T12:00:00Z", "2026-01-07T00:00:00Z")];
    let more = [instead("cem", "2026-01-06T13:00:00Z", "2026-01-06T14:00:00Z")];
    let shifts = schedule.shifts(&more, at("2026-01-06T00:00:00Z"), Span::from_secs(86_400));
    let shifts: Vec<String> = shifts
        .iter()
        .map(|s| format!("{} {}", &s.from.to_string()[11..16], s.person.as_ref().unwrap()))
        .collect();
    assert_eq!(shifts, ["00:00 ana", "12:00 ben", "13:00 cem", "14:00 ben"]);
}

#[test]
fn a_day_on_which_clocks_are_set_is_one_duty_of_its_real_length() {
    // Zone, day, hand-over and the hours of that day's duty.
    for (zone, day, time, expected) in [
        ("Europe/Berlin", "2026-03-28", "09:00", 23.0),
        ("Europe/Berlin", "2026-10-24", "09:00", 25.0),
        ("Europe/Berlin", "2026-10-24", "02:30", 24.0),
        ("Europe/Berlin", "2026-10-25", "02:30", 25.0),
        ("Europe/Berlin", "2026-03-28", "02:30", 24.0),
        ("Europe/Berlin", "2026-03-29", "02:30", 23.0),
        ("America/New_York", "2026-03-07", "12:00", 23.0),
        ("America/New_York", "2026-10-31", "12:00", 25.0),
        ("Australia/Sydney", "2026-04-04", "12:00", 25.0),
        ("Australia/Lord_Howe", "2026-04-04", "12:00", 24.5),
        ("Australia/Lord_Howe", "2026-10-03", "12:00", 23.5),
        ("America/Santiago", "2026-09-05", "12:00", 23.0),
        ("Europe/Dublin", "2026-10-24", "12:00", 25.0),
        ("Asia/Kolkata", "2026-03-28", "12:00", 24.0),
    ] {
        let schedule = schedule(zone, vec![rotation(&["ana", "ben", "cem"], "daily", "2026-01-01", time)]);
        let from = schedule.zone.moment(day.parse().unwrap(), time.parse().unwrap());
        let shifts = schedule.shifts(&[], from, Span::from_secs(3 * 86_400));
        let hours = shifts[0].until.since(shifts[0].from).as_secs_f64() / 3_600.0;
        assert!((hours - expected).abs() < 1e-9, "{zone} {day} {time}: {hours}");
    }
}

#[test]
fn an_hour_that_comes_twice_hands_over_once() {
    let schedule = schedule("Europe/Berlin", vec![rotation(&["ana", "ben"], "daily", "2026-01-01", "02:30")]);
    let from = at("2026-10-24T22:00:00Z");
    let people: Vec<_> =
        (0..600).map(|m| schedule.on_call(&[], from + Span::from_secs(m * 60)).cloned()).collect();
    assert_eq!(people.windows(2).filter(|pair| pair[0] != pair[1]).count(), 1);
}

#[test]
fn a_rotation_of_nobody_has_nobody() {
    let schedule = schedule("UTC", vec![rotation(&[], "daily", "2026-01-05", "09:00")]);
    assert_eq!(found(&schedule, "2026-01-06T12:00:00Z"), "nobody");
    assert_eq!(schedule.shifts(&[], at("2026-01-06T12:00:00Z"), Span::ZERO).len(), 1);
}

#[test]
fn looks_ahead_for_a_year_and_no_further() {
    let schedule = schedule("UTC", vec![rotation(&["ana"], "daily", "2026-01-05", "09:00")]);
    let from = at("2026-01-06T12:00:00Z");
    let shifts = schedule.shifts(&[], from, Span::from_millis(u64::MAX));
    assert_eq!((shifts.len(), shifts[0].until), (1, from + LONGEST_LOOK));
}

#[test]
fn reads_turns_as_people_write_them() {
    for (text, days) in [("daily", 1), ("weekly", 7), ("3d", 3), ("366d", 366)] {
        let turn: Turn = text.parse().unwrap();
        assert_eq!(turn.days(), days);
        assert_eq!(turn.to_string().parse::<Turn>().unwrap(), turn);
    }
    for text in ["", "0d", "367d", "12h", "d", "-1d", "monthly"] {
        assert!(text.parse::<Turn>().is_err(), "{text}");
    }
}

const ZONES: &[&str] =
    &["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo", "UTC"];

proptest! {
    #[test]
    fn somebody_has_duty_at_every_moment_and_shifts_agree_with_the_moment(
        zone in prop::sample::select(ZONES), minute in 0u16..1_440, turn in 1u16..10, days in 0u64..365, probe in 0u64..86_400 * 20,
    ) {
        let time = format!("{:02}:{:02}", minute / 60, minute % 60);
        let schedule = schedule(zone, vec![rotation(&["ana", "ben", "cem"], &format!("{turn}d"), "2026-01-01", &time)]);
        let from = at("2026-01-03T00:00:00Z") + Span::from_secs(days * 86_400);
        let shifts = schedule.shifts(&[], from, Span::from_secs(86_400 * 20));
        prop_assert!(shifts.iter().all(|shift| shift.person.is_some()));
        prop_assert!(shifts.windows(2).all(|pair| pair[0].until == pair[1].from));
        let now = from + Span::from_secs(probe);
        let shift = shifts.iter().find(|shift| shift.from <= now && now < shift.until).unwrap();
        prop_assert_eq!(shift.person.as_ref(), schedule.on_call(&[], now));
        // Between two changes lies a turn, a clock's change more or less.
        for shift in shifts.iter().skip(1).rev().skip(1) {
            let hours = shift.until.since(shift.from).as_secs_f64() / 3_600.0;
            prop_assert!((hours - f64::from(turn) * 24.0).abs() <= 1.0, "{}", hours);
        }
        let json = serde_json::to_string(&schedule).unwrap();
        prop_assert_eq!(serde_json::from_str::<Schedule>(&json).unwrap(), schedule);
    }
}
