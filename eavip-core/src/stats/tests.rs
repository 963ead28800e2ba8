//! Tests of what the statistics share.

use super::*;

#[test]
fn the_median_lies_in_the_middle() {
    let table: [(&[f64], Option<f64>); 6] = [
        (&[], None),
        (&[3.0], Some(3.0)),
        (&[4.0, 1.0], Some(2.5)),
        (&[9.0, 1.0, 5.0], Some(5.0)),
        (&[7.0, 1.0, 3.0, 5.0], Some(4.0)),
        (&[2.0, 2.0, 2.0, 9.0], Some(2.0)),
    ];
    for (values, expected) in table {
        assert_eq!(median(&mut values.to_vec()), expected, "{values:?}");
    }
}

#[test]
fn values_beyond_calculation_are_not_usable() {
    assert!(usable(&[0.0, -LARGEST_VALUE, LARGEST_VALUE]));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 2e15] {
        assert!(!usable(&[1.0, bad]), "{bad}");
    }
}
