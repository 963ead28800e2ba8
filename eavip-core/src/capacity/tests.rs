//! Tests of the forecast: what fills, what doesn't, and what nobody knows.

use proptest::prelude::*;

use super::*;
use crate::finding::Outcome;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const DAY: Span = Span::from_secs(86_400);

/// A value a day, the last one now.
fn daily(values: impl IntoIterator<Item = f64>) -> Vec<(Timestamp, f64)> {
    let values: Vec<f64> = values.into_iter().collect();
    let days = values.len() as u64;
    values.into_iter().zip(1..).map(|(value, day)| (NOW - DAY.times(days - day), value)).collect()
}

fn ask(points: &[(Timestamp, f64)], capacity: f64) -> Result<Forecast, Undefined> {
    forecast(points, capacity, &CapacityPolicy::default(), NOW)
}

/// Two steps up each day, with a swing of one.
fn swinging(n: i32) -> f64 {
    100.0 + 2.0 * f64::from(n) + f64::from(n % 3)
}

// Seed: "Capacity planning".
#[test]
fn says_when_something_is_full_and_how_sure_that_is() {
    let found = ask(&daily((0..40).map(swinging)), 400.0).unwrap();
    let Forecast::Filling { trend, full_in, earliest, latest } = found else { panic!("{found:?}") };
    assert!((trend.per_day - 2.0).abs() < 0.05, "{trend:?}");
    assert!(trend.per_day_low <= trend.per_day && trend.per_day <= trend.per_day_high);
    let days = full_in.as_secs_f64() / DAY_S;
    assert!((days - 110.5).abs() < 3.0, "{days}");
    assert!(earliest <= full_in && full_in <= latest.unwrap());
}

// Seed: "Capacity planning".
#[test]
fn the_lead_time_decides_and_what_is_not_known_does_not_pass() {
    let policy = CapacityPolicy::default();
    let growing = daily((0..40).map(swinging));
    let wild = daily((0..40).map(|n| 100.0 + f64::from(n) + 40.0 * f64::from((n * 7) % 11)));
    let late = |points: &[(Timestamp, f64)], days: u64| {
        let newest = points.iter().map(|(at, _)| *at).max().unwrap();
        forecast(points, 400.0, &policy, newest + DAY.times(days))
    };
    let table = [
        ("full in 110 days", ask(&growing, 400.0), Outcome::Pass),
        ("full in 10 days", ask(&growing, 200.0), Outcome::Fail),
        ("over full already", ask(&growing, 100.0), Outcome::Fail),
        ("full within the bounds", ask(&wild, 410.0), Outcome::Warn),
        ("flat", ask(&daily([5.0; 20]), 6.0), Outcome::Pass),
        ("flat and full", ask(&daily([5.0; 20]), 5.0), Outcome::Fail),
        ("emptied to the brim", ask(&daily((0..20).map(|n| f64::from(40 - n))), 20.0), Outcome::Fail),
        ("nothing used of nothing", ask(&daily([0.0; 20]), 0.0), Outcome::Fail),
        ("negative", ask(&daily([-5.0; 20]), 6.0), Outcome::Pass),
        ("not measured of late", late(&growing, 4), Outcome::Undetermined),
        ("measured three days ago", late(&growing, 3), Outcome::Pass),
        ("falling", ask(&daily((0..20).map(|n| f64::from(-n))), 6.0), Outcome::Pass),
        ("too few", ask(&daily([1.0; 13]), 6.0), Outcome::Undetermined),
        ("none", ask(&[], 6.0), Outcome::Undetermined),
        ("at one moment", ask(&[(NOW, 1.0); 20], 6.0), Outcome::Undetermined),
        ("too many", ask(&daily(vec![1.0; MAX_POINTS + 1]), 6.0), Outcome::Undetermined),
        ("no number", ask(&daily((0..20).map(|_| f64::NAN)), 6.0), Outcome::Undetermined),
        ("no capacity", ask(&growing, f64::INFINITY), Outcome::Undetermined),
    ];
    for (name, found, expected) in table {
        let finding = judge("the disk", found, &policy);
        assert_eq!(finding.outcome, expected, "{name}: {finding:?}");
        assert_eq!(finding.remedy.is_empty(), expected == Outcome::Pass, "{name}");
    }
}

#[test]
fn a_time_beyond_all_planning_is_cut() {
    let slow = daily((0..20).map(|n| 1e-9 * f64::from(n)));
    let Forecast::Filling { full_in, .. } = ask(&slow, 1e9).unwrap() else { panic!("it fills") };
    assert_eq!(full_in, Span::from_secs(36_500 * 86_400));
}

#[test]
fn a_clock_that_was_set_back_unmeasures_nothing() {
    let points = daily((0..40).map(swinging));
    let early = forecast(&points, 400.0, &CapacityPolicy::default(), NOW - DAY.times(100));
    assert_eq!(early, ask(&points, 400.0));
}

#[test]
fn one_wild_value_moves_the_forecast_little() {
    let mut points = daily((0..40).map(swinging));
    points[20].1 = 1e9;
    let Forecast::Filling { trend, .. } = ask(&points, 400.0).unwrap() else { panic!("it fills") };
    assert!((trend.per_day - 2.0).abs() < 0.1, "{trend:?}");
}

#[test]
fn forecasts_survive_json() {
    for capacity in [400.0, 100.0] {
        let found = ask(&daily((0..40).map(swinging)), capacity).unwrap();
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Forecast>(&json).unwrap(), found);
    }
}

proptest! {
    #[test]
    fn order_and_origin_of_time_change_nothing(
        values in prop::collection::vec(-1e6_f64..1e6, 14..40), millis in 0_u64..1_000_000_000_000,
    ) {
        let points = daily(values);
        let span = Span::from_millis(millis);
        let moved: Vec<_> = points.iter().rev().map(|(at, value)| (*at + span, *value)).collect();
        let there = forecast(&moved, 1e6, &CapacityPolicy::default(), NOW + span);
        prop_assert_eq!(ask(&points, 1e6), there);
    }

    #[test]
    fn fewer_points_or_older_ones_never_pass_what_did_not(
        values in prop::collection::vec(0.0_f64..1e3, 14..40), kept in 0_usize..14, days in 0_u64..40, step in 0.0_f64..50.0,
    ) {
        let points = daily(values.iter().zip(0..).map(|(value, n)| value + step * f64::from(n)));
        let policy = CapacityPolicy::default();
        let outcome = |points: &[(Timestamp, f64)], now| judge("the disk", forecast(points, 1e3, &policy, now), &policy).outcome;
        let before = outcome(&points, NOW);
        prop_assert_eq!(outcome(&points[..kept], NOW), Outcome::Undetermined);
        // What shrinks is judged to be less full later; until it is too old to say.
        let later = outcome(&points, NOW + DAY.times(days));
        let filling = matches!(ask(&points, 1e3), Ok(Forecast::Filling { trend, .. }) if trend.per_day > 0.0);
        prop_assert!(!filling || later >= before.min(Outcome::Undetermined), "{before} became {later}");
        prop_assert!(days <= 3 + 1 || later == Outcome::Undetermined);
    }

    #[test]
    fn less_room_is_never_full_later(values in prop::collection::vec(-1e3_f64..1e3, 14..40), less in 0.0_f64..1e3) {
        let points = daily(values);
        let full = |capacity| match ask(&points, capacity) {
            Ok(Forecast::Filling { full_in, .. }) => Some(full_in),
            _ => None,
        };
        let verdict = |capacity| judge("the disk", ask(&points, capacity), &CapacityPolicy::default()).outcome;
        prop_assert!(verdict(2e3 - less) >= verdict(2e3), "less room");
        if let (Some(more_room), less_room) = (full(2e3), full(2e3 - less)) {
            prop_assert!(less_room.is_some_and(|less_room| less_room <= more_room));
        }
    }
}
