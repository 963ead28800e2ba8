//! Sparklines.

use super::*;
use proptest::prelude::*;

#[test]
fn nothing_known_draws_nothing() {
    assert_eq!(spark(&[]), Spark::default());
    assert_eq!(spark(&[None, Some(f64::NAN)]), Spark::default());
}

#[test]
fn a_gap_stays_a_gap() {
    let drawn = spark(&[Some(0.0), Some(1.0), None, Some(0.5), Some(0.0)]);
    assert_eq!(drawn.path.matches('M').count(), 2);
    assert_eq!(drawn.last, Some((100.0, 89.3)));
    assert_eq!(spark(&[Some(1.0), None]).last, None);
}

proptest! {
    #[test]
    fn never_draws_what_is_no_number(values in prop::collection::vec(prop::option::of(any::<f64>()), 0..80)) {
        let drawn = format!("{:?}", spark(&values));
        prop_assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{}", drawn);
    }
}
