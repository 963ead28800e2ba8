//! Tests of the histogram against exact data.

use proptest::prelude::*;

use super::*;

fn of(values: &[f64]) -> Histogram {
    let mut histogram = Histogram::default();
    values.iter().for_each(|value| histogram.record(*value));
    histogram
}

fn exact(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = ((q * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len());
    sorted[rank - 1]
}

fn latencies() -> impl Strategy<Value = Vec<f64>> {
    // Six decades: 10 microseconds to 10 seconds and zero, which stay within 512 buckets at scale 4 or finer.
    proptest::collection::vec(prop_oneof![1 => Just(0.0), 20 => 1e-5..10.0f64, 5 => 1e-5..1e-3f64], 1..400)
}

proptest! {
    #[test]
    fn quantiles_stay_within_the_stated_error(values in latencies(), q in 0.0..=1.0f64) {
        let histogram = of(&values);
        let (found, truth) = (histogram.quantile(q).unwrap(), exact(&values, q));
        let error = histogram.relative_error() + 1e-9;
        prop_assert!((found - truth).abs() <= truth * error, "{found} against {truth} at {q}");
    }

    #[test]
    fn merging_is_commutative_and_equals_recording_all(a in latencies(), b in latencies()) {
        let mut ab = of(&a);
        ab.merge(&of(&b));
        let mut ba = of(&b);
        ba.merge(&of(&a));
        let all = of(&[a, b].concat());
        for h in [&mut ab, &mut ba] {
            prop_assert!((h.sum - all.sum).abs() <= 1e-9 * all.sum.abs());
            h.sum = all.sum;
        }
        prop_assert_eq!(&ab, &ba);
        prop_assert_eq!(&ab, &all);
    }

    #[test]
    fn merging_is_associative(a in latencies(), b in latencies(), c in latencies()) {
        let (a, b, c) = (of(&a), of(&b), of(&c));
        let mut left = a.clone();
        left.merge(&b);
        left.merge(&c);
        let mut bc = b;
        bc.merge(&c);
        let mut right = a;
        right.merge(&bc);
        right.sum = left.sum;
        prop_assert_eq!(left, right);
    }

    #[test]
    fn any_finite_values_fit_in_the_bound(values in proptest::collection::vec(any::<f64>(), 1..200)) {
        let histogram = of(&values);
        prop_assert!(histogram.counts.len() <= MAX_BUCKETS);
        let finite = values.iter().filter(|value| value.is_finite()).count() as u64;
        prop_assert_eq!(histogram.count(), finite);
    }

    #[test]
    fn survives_the_wire(values in latencies()) {
        let histogram = of(&values);
        let json = serde_json::to_string(&histogram).unwrap();
        let mut back = serde_json::from_str::<Histogram>(&json).unwrap();
        // JSON numbers are read fast, to within one unit in the last place.
        for (found, sent) in [(&mut back.sum, histogram.sum), (&mut back.min, histogram.min), (&mut back.max, histogram.max)] {
            prop_assert!((*found - sent).abs() <= f64::EPSILON * sent.abs());
            *found = sent;
        }
        prop_assert_eq!(back, histogram);
    }
}

#[test]
fn states_its_error_at_the_starting_scale() {
    assert!(Histogram::default().relative_error() <= 0.0109);
}

#[test]
fn an_empty_one_has_no_quantile() {
    assert_eq!(Histogram::default().quantile(0.5), None);
    assert_eq!(of(&[f64::NAN, f64::INFINITY]).quantile(0.5), None);
}

#[test]
fn refuses_malformed_ones_from_outside() {
    for (json, why) in [
        (format!(r#"{{"scale":5,"counts":{:?},"sum":1,"min":1,"max":1}}"#, vec![1; 513]), "512"),
        (r#"{"scale":21,"counts":[1],"sum":1,"min":1,"max":1}"#.into(), "scale"),
        (r#"{"scale":5,"offset":-2147483648,"counts":[1],"sum":1,"min":1,"max":1}"#.into(), "offset"),
        (
            format!(r#"{{"scale":5,"counts":[{max},{max}],"sum":1,"min":1,"max":1}}"#, max = u64::MAX),
            "overflow",
        ),
    ] {
        let error = serde_json::from_str::<Histogram>(&json).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn refuses_what_would_break_a_later_merge_or_quantile() {
    for (json, why) in [
        (r#"{"scale":5,"counts":[1],"sum":1,"min":2,"max":1}"#, "contradict"),
        (r#"{"scale":5,"counts":[1],"sum":1,"min":-1,"max":1}"#, "contradict"),
        (r#"{"scale":-8,"offset":1000000,"counts":[1],"sum":1,"min":1,"max":1}"#, "offset"),
        (r#"{"scale":20,"offset":2147483647,"counts":[1,1],"sum":1,"min":1,"max":1}"#, "offset"),
    ] {
        let error = serde_json::from_str::<Histogram>(json).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn every_finite_number_has_a_bucket_that_is_taken_from_outside() {
    for value in [f64::MIN_POSITIVE * f64::EPSILON, f64::MAX, 1.0] {
        for scale in MIN_SCALE..=20 {
            let index = i64::from(index_of(value, scale));
            assert!((-reach(scale)..reach(scale)).contains(&index), "{value:e} at scale {scale}");
        }
    }
}

#[test]
fn a_value_on_the_upper_bound_of_a_bucket_belongs_to_it() {
    for exponent in [-1_022, -5, -1, 0, 1, 5, 1_023] {
        let bound = f64::from(exponent).exp2();
        for scale in MIN_SCALE..=20 {
            let place = f64::from(exponent) * f64::from(scale).exp2();
            assert_eq!(index_of(bound, scale), place.ceil() as i32 - 1, "2^{exponent} at scale {scale}");
        }
        assert_eq!(
            index_of(bound * 1.000_001, START_SCALE),
            index_of(bound, START_SCALE) + 1,
            "2^{exponent}"
        );
    }
}

#[test]
fn overflowing_counts_and_sums_stay_at_their_largest() {
    let many = |value| {
        let mut histogram = Histogram::default();
        histogram.record_many(value, u64::MAX);
        histogram
    };
    let mut sum = many(8.0);
    sum.merge(&many(1e300));
    assert_eq!((sum.count(), sum.count_above(0.5), sum.sum()), (u64::MAX, u64::MAX, f64::MAX));
    assert!(sum.quantile(1.0).is_some());
}

#[test]
fn counts_what_is_above_a_limit() {
    let histogram = of(&[0.1, 0.2, 0.3, 0.9, 1.5]);
    assert_eq!(histogram.count_above(0.5), 2);
    assert_eq!(histogram.count_above(10.0), 0);
}
