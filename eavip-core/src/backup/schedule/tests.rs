//! Tests of schedules: what can be written, and when it comes round.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn times(slots: &[&str]) -> Schedule {
    let slots: Vec<Slot> = slots.iter().map(|slot| slot.parse().unwrap()).collect();
    Schedule::At(slots.try_into().unwrap())
}

// Seed: "Automated backups scheduled".
#[test]
fn comes_round_at_its_times_of_day_and_week() {
    // 2026-01-05 is a Monday.
    let daily = times(&["02:30", "14:00"]);
    let weekly = times(&["sun 04:00"]);
    let every = Schedule::Every("6h".parse().unwrap());
    let table = [
        (&daily, "2026-01-05T00:00:00Z", "2026-01-05T02:30:00Z"),
        (&daily, "2026-01-05T02:29:59.999Z", "2026-01-05T02:30:00Z"),
        (&daily, "2026-01-05T02:30:00Z", "2026-01-05T14:00:00Z"),
        (&daily, "2026-01-11T23:00:00Z", "2026-01-12T02:30:00Z"),
        (&weekly, "2026-01-05T00:00:00Z", "2026-01-11T04:00:00Z"),
        (&weekly, "2026-01-11T04:00:00Z", "2026-01-18T04:00:00Z"),
        (&weekly, "1969-12-31T00:00:00Z", "1970-01-04T04:00:00Z"),
        (&every, "2026-01-05T01:10:00Z", "2026-01-05T07:10:00Z"),
    ];
    for (schedule, after, next) in table {
        assert_eq!(schedule.next_after(at(after)), at(next), "{schedule} after {after}");
    }
}

#[test]
fn knows_its_longest_gap() {
    for (schedule, gap) in [
        (times(&["02:30"]), "1d"),
        (times(&["02:00", "14:00"]), "12h"),
        (times(&["02:00", "05:00"]), "21h"),
        (times(&["sun 04:00"]), "7d"),
        (times(&["sun 04:00", "wed 04:00"]), "4d"),
        (Schedule::Every("90m".parse().unwrap_or(Span::from_secs(5_400))), "1h30m"),
    ] {
        assert_eq!(schedule.longest_gap().to_string(), gap, "{schedule}");
    }
}

#[test]
fn refuses_what_is_no_time() {
    for text in [
        "",
        "2:30",
        "02:3",
        "24:00",
        "02:60",
        "sun",
        "sun02:30",
        "sunday 02:30",
        "mon  02:30",
        "+2:30",
        "* * * * *",
    ] {
        assert!(text.parse::<Slot>().is_err(), "{text:?}");
    }
    assert_eq!(Times::try_from(Vec::new()), Err(InvalidTimes { found: 0 }));
    let many: Vec<Slot> = (0..=48).map(|minute| Slot { day: None, minute }).collect();
    assert_eq!(Times::try_from(many), Err(InvalidTimes { found: 49 }));
    assert!(serde_json::from_str::<Schedule>(r#"{"at": []}"#).is_err());
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let slot = (prop::option::of(0usize..7), 0u16..1440)
        .prop_map(|(day, minute)| Slot { day: day.map(|day| Weekday::ALL[day]), minute });
    let times = prop::collection::vec(slot, 1..5).prop_map(|slots| Schedule::At(slots.try_into().unwrap()));
    prop_oneof![(1u64..10_000_000).prop_map(|millis| Schedule::Every(Span::from_millis(millis))), times]
}

proptest! {
    #[test]
    fn the_next_moment_lies_ahead_within_the_longest_gap_and_moves_with_the_week(
        schedule in schedule(), millis in -3_000_000_000_000i64..3_000_000_000_000
    ) {
        let moment = Timestamp::from_millis(millis);
        let next = schedule.next_after(moment);
        prop_assert!(next > moment && next.since(moment) <= schedule.longest_gap());
        let week = Span::from_millis(WEEK as u64);
        prop_assert_eq!(schedule.next_after(moment + week), next + week);
        let json = serde_json::to_string(&schedule).unwrap();
        prop_assert_eq!(serde_json::from_str::<Schedule>(&json).unwrap(), schedule);
    }
}
