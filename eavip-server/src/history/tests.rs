//! Tests of a series' history.

use super::*;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_100_000 + secs * 1_000)
}

fn rolled(history: &History, at: Timestamp) -> RollUp {
    let (slot, all) = (slot(at), history.rolled(0..u32::MAX).collect::<Vec<_>>());
    let found: Vec<RollUp> = history.rolled(slot..slot + 1).collect();
    assert_eq!(found, all.into_iter().filter(|one| one.slot == slot).collect::<Vec<_>>());
    found[0]
}

#[test]
fn keeps_single_points_and_rolls_up_what_is_older() {
    let mut history = History::default();
    for step in 0..1_000 {
        history.push(at(step * 15), step as f64, 0);
    }
    let points = history.since(at(0));
    let single = points.iter().filter(|point| point.min == point.max).count();
    assert!((MAX_POINTS - 1..=MAX_POINTS + 1).contains(&single), "{single}");
    let rolled = points.first().unwrap();
    assert!(
        rolled.max - rolled.min > 10.0 && rolled.min < rolled.value && rolled.value < rolled.max,
        "{rolled:?}"
    );
    assert!(points.windows(2).all(|pair| pair[0].at < pair[1].at), "in the order of time, each once");
    assert_eq!(points.last().unwrap().value, 999.0);
}

#[test]
fn stays_within_its_bounds_for_ever() {
    let mut history = History::default();
    for step in 0..20_000 {
        history.push(at(step * 60), 1.0, 0);
    }
    assert_eq!((history.points.len(), history.rolled.len()), (MAX_POINTS, MAX_ROLL_UPS));
}

#[test]
fn a_replayed_value_does_not_count_twice_in_a_roll_up_that_is_whole() {
    let mut history = History::default();
    history.roll_up(RollUp { slot: slot(at(0)), min: 1.0, max: 3.0, sum: 4.0, count: 2 });
    history.push(at(0), 3.0, slot(at(0)) + 1);
    assert_eq!(rolled(&history, at(0)).count, 2);
    history.push(at(600), 3.0, slot(at(0)) + 1);
    assert_eq!(rolled(&history, at(600)).count, 1);
}

#[test]
fn a_late_value_finds_its_roll_up() {
    let mut history = History::default();
    history.push(at(900), 1.0, 0);
    history.push(at(0), 5.0, 0);
    assert_eq!(rolled(&history, at(0)).max, 5.0);
    assert_eq!(history.points.len(), 1, "single points stay in order");
}

#[test]
fn infinite_values_stay_finite_on_disk() {
    let mut history = History::default();
    history.push(at(0), f64::MAX, 0);
    history.push(at(1), f64::MAX, 0);
    let rolled = rolled(&history, at(0));
    assert!(rolled.sum.is_finite() && rolled.max.is_finite());
}
