//! Tests of flapping.

use proptest::prelude::*;

use super::*;

const BAD: Option<Category> = Some(Category::Warning);

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

/// Shows states one minute after the other, from a minute on; gives the changes with the minute of each.
fn show(flapping: &mut Flapping, from: i64, states: &[Option<Category>]) -> Vec<(i64, FlapChange)> {
    let policy = FlapPolicy::default();
    let minutes = (from..).zip(states);
    minutes
        .filter_map(|(minute, state)| flapping.observe(*state, &policy, at(minute * 60)).map(|c| (minute, c)))
        .collect()
}

#[test]
fn starts_at_half_and_stops_below_a_quarter() {
    let mut flapping = Flapping::default();
    let restless: Vec<Option<Category>> = (0..21).map(|n| if n % 2 == 0 { None } else { BAD }).collect();
    assert_eq!(
        show(&mut flapping, 0, &restless),
        [(9, FlapChange::Started)],
        "9 newest changes weigh 50.3 %"
    );
    assert!((flapping.share(&FlapPolicy::default()) - 1.0).abs() < 1e-9);
    let calm = [None; 21];
    let found = show(&mut flapping, 21, &calm);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].1, FlapChange::Stopped);
    assert!(!flapping.flaps());
}

#[test]
fn weighs_the_newest_change_most() {
    let share = |change_at: usize| {
        let mut flapping = Flapping::default();
        let states: Vec<_> = (0..21).map(|n| if n < change_at { None } else { BAD }).collect();
        show(&mut flapping, 0, &states);
        flapping.share(&FlapPolicy::default())
    };
    assert!((share(20) - 1.2 / 20.0).abs() < 1e-9);
    assert!((share(1) - 0.8 / 20.0).abs() < 1e-9);
}

#[test]
fn looking_more_often_changes_nothing() {
    let policy = FlapPolicy::default();
    let (mut often, mut seldom) = (Flapping::default(), Flapping::default());
    for second in 0..7_200 {
        let state = if (second / 120) % 2 == 0 { None } else { BAD };
        often.observe(state, &policy, at(second));
        if second % 60 == 0 {
            seldom.observe(state, &policy, at(second));
        }
    }
    assert_eq!(often, seldom);
}

// RULES: the first page and a rise in category are never suppressed.
#[test]
fn holds_back_only_what_was_told_and_did_not_rise() {
    let mut flapping = Flapping { flaps: true, ..Flapping::default() };
    assert!(!flapping.holds_back(Category::Warning), "nobody was told yet");
    flapping.told(Category::Warning);
    assert!(flapping.holds_back(Category::Warning));
    assert!(flapping.holds_back(Category::Informational));
    assert!(!flapping.holds_back(Category::Critical), "it rose");
    flapping.told(Category::Critical);
    flapping.told(Category::Informational);
    assert!(flapping.holds_back(Category::Critical));
}

#[test]
fn counts_on_after_the_clock_was_set_back_and_with_odd_policies() {
    let policy = FlapPolicy::default();
    let mut flapping = Flapping::default();
    flapping.observe(BAD, &policy, at(1_000));
    flapping.observe(BAD, &policy, at(0));
    assert_eq!(flapping.states.len(), 2);
    for states in [0, 1, 2] {
        let policy = FlapPolicy { states, ..FlapPolicy::default() };
        let mut flapping = Flapping::default();
        for n in 0..50 {
            flapping.observe(if n % 2 == 0 { None } else { BAD }, &policy, at(n));
            assert!(flapping.share(&policy).is_finite() && flapping.states.len() <= states);
        }
    }
}

proptest! {
    #[test]
    fn each_start_has_one_stop_and_a_restart_changes_nothing(
        states in prop::collection::vec(prop::option::of(prop::sample::select(Category::ALL)), 0..200),
    ) {
        let policy = FlapPolicy::default();
        let (mut flapping, mut flaps) = (Flapping::default(), false);
        for (state, minute) in states.into_iter().zip(0i64..) {
            let mut restarted: Flapping = serde_json::from_str(&serde_json::to_string(&flapping).unwrap()).unwrap();
            let change = flapping.observe(state, &policy, at(minute * 60));
            prop_assert_eq!(restarted.observe(state, &policy, at(minute * 60)), change);
            prop_assert_eq!(&restarted, &flapping);
            if let Some(change) = change {
                prop_assert_eq!(change == FlapChange::Stopped, flaps);
                flaps = !flaps;
            }
            prop_assert_eq!(flapping.flaps(), flaps);
        }
    }
}
