//! Tests of summaries against a straightforward recount.

use proptest::prelude::*;

use super::*;

#[test]
fn gives_number_median_and_ninetieth_percentile() {
    let table: [(&[u64], Option<u64>, Option<u64>); 5] = [
        (&[], None, None),
        (&[7], Some(7), Some(7)),
        (&[9, 1], Some(5), Some(9)),
        (&[3, 1, 2], Some(2), Some(3)),
        (&[10, 9, 8, 7, 6, 5, 4, 3, 2, 1], Some(5), Some(9)),
    ];
    for (durations, median, p90) in table {
        let summary = Summary::of(durations.iter().map(|n| Span::from_millis(*n)));
        let expected = Summary {
            n: durations.len(),
            median: median.map(Span::from_millis),
            p90: p90.map(Span::from_millis),
        };
        assert_eq!(summary, expected, "{durations:?}");
    }
    let huge = Summary::of([Span::from_millis(u64::MAX), Span::from_millis(u64::MAX)]);
    assert_eq!(huge.median, Some(Span::from_millis(u64::MAX)));
}

#[test]
fn tells_how_many_there_were() {
    let summary = Summary::of([Span::from_secs(60), Span::from_secs(300), Span::from_secs(3600)]);
    assert_eq!(summary.to_string(), "median 5m, p90 1h (n = 3)");
    assert_eq!(Summary::default().to_string(), "none");
}

/// The smallest duration that at least so many tenths take no longer than.
fn at_least(durations: &[u64], tenths: usize) -> Option<u64> {
    let reached =
        |bound: &u64| durations.iter().filter(|one| *one <= bound).count() * 10 >= tenths * durations.len();
    durations.iter().copied().filter(|bound| reached(bound)).min()
}

proptest! {
    #[test]
    fn agrees_with_a_recount(durations in prop::collection::vec(0u64..1000, 0..60)) {
        let summary = Summary::of(durations.iter().map(|n| Span::from_millis(*n)));
        prop_assert_eq!(summary.p90, at_least(&durations, 9).map(Span::from_millis));
        // From above: the largest duration that at least half take no less than.
        let reached = |bound: &u64| durations.iter().filter(|one| *one >= bound).count() * 2 >= durations.len();
        let high = durations.iter().copied().filter(|bound| reached(bound)).max();
        let median = at_least(&durations, 5).zip(high).map(|(low, high)| Span::from_millis((low + high) / 2));
        prop_assert_eq!(summary.median, median);
        prop_assert_eq!(summary.n, durations.len());
    }
}
