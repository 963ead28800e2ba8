//! Tests of the quantile against its source and against tables.

use super::*;

#[test]
fn gives_the_values_of_its_source_and_of_the_tables() {
    let table = [
        // Wichura 1988, the three test values of AS 241.
        (0.25, -0.674_489_750_196_081_7),
        (0.001, -3.090_232_306_167_813_5),
        (1e-20, -9.262_340_089_798_408),
        // Abramowitz & Stegun, table 26.5, and 40 digits of mpmath.
        (0.5, 0.0),
        (0.975, 1.959_963_984_540_054),
        (0.98, 2.053_748_910_631_823),
        (0.05, -1.644_853_626_951_472_7),
        (1e-300, -37.047_096_299_361_2),
    ];
    for (probability, expected) in table {
        let found = quantile(probability).unwrap();
        assert!((found - expected).abs() <= 4e-15 * expected.abs(), "{probability}: {found} for {expected}");
    }
}

#[test]
fn is_undefined_outside_of_probabilities() {
    for bad in [0.0, 1.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(quantile(bad), None, "{bad}");
    }
}
