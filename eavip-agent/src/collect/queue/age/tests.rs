//! Tests of the estimate against queues whose every message is known.

use std::collections::VecDeque as Fifo;

use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1_000)
}

fn age(figure: Figure) -> f64 {
    match figure {
        Figure::Known(age, _) => age,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_burst_that_nobody_takes_grows_old() {
    let mut ages = Ages::default();
    assert_eq!(ages.oldest(at(0), Some(0.0), Some(0.0)), Figure::exact(0.0));
    let first = age(ages.oldest(at(10), Some(100.0), Some(100.0)));
    assert!((9.0..=10.0).contains(&first), "{first}");
    let later = age(ages.oldest(at(110), Some(100.0), Some(100.0)));
    assert!((109.0..=110.0).contains(&later), "{later}");
}

#[test]
fn a_constant_depth_with_traffic_is_not_old() {
    let mut ages = Ages::default();
    for second in 0..600 {
        // 10 arrive and 10 leave each second, 20 wait.
        ages.oldest(at(second), Some(20.0), Some(20.0 + 10.0 * second as f64));
    }
    let found = age(ages.oldest(at(600), Some(20.0), Some(6_020.0)));
    assert!((1.8..=2.1).contains(&found), "{found}");
}

#[test]
fn is_unknown_without_a_count_of_arrivals() {
    let mut ages = Ages::default();
    assert!(matches!(ages.oldest(at(0), Some(5.0), None), Figure::Unknown(_)));
    assert!(matches!(ages.oldest(at(0), None, Some(5.0)), Figure::Unknown(_)));
    assert_eq!(ages.oldest(at(0), Some(0.0), None), Figure::exact(0.0));
}

#[test]
fn a_count_that_begins_anew_begins_the_ages_anew() {
    let mut ages = Ages::default();
    ages.oldest(at(0), Some(10.0), Some(1_000.0));
    assert_eq!(age(ages.oldest(at(100), Some(3.0), Some(3.0))), 0.0);
}

proptest! {
    #[test]
    fn stays_within_a_sample_of_the_truth(steps in prop::collection::vec((0_usize..20, 0_usize..20), 1..300)) {
        let mut ages = Ages::default();
        let (mut queue, mut arrived) = (Fifo::new(), 0.0);
        for (second, (puts, takes)) in (0_i64..).zip(steps) {
            // What arrives in a second arrives evenly within it, before the sample at its end.
            for put in 1..=puts {
                queue.push_back(second as f64 - 1.0 + put as f64 / puts as f64);
                arrived += 1.0;
            }
            for _ in 0..takes.min(queue.len()) {
                queue.pop_front();
            }
            let found = ages.oldest(at(second), Some(queue.len() as f64), Some(arrived));
            let truth = queue.front().map_or(0.0, |came| second as f64 - came);
            // Before the first sample nothing is known, and beyond 512 samples every second one is forgotten.
            prop_assert!((age(found.clone()) - truth).abs() <= 1.01, "{found:?} is not {truth}");
        }
        prop_assert!(ages.samples.len() <= MAX_SAMPLES);
    }
}
