//! Tests of ranks against the literature and SciPy.

use super::*;

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-12 * expected.abs().max(1.0)
}

#[test]
fn gives_the_values_of_the_literature() {
    let table: [(&[f64], &[f64], [f64; 3]); 3] = [
        // Hollander & Wolfe 1999, table 4.1 (water through placental membrane): W = 35, shift 0.305.
        (
            &[0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46],
            &[1.15, 0.88, 0.90, 0.74, 1.21],
            [1.163_507_627_822_01, 0.7, 0.305],
        ),
        // The example of SciPy's `mannwhitneyu` (asymptotic, with continuity): U = 17, two-sided p = 0.111.
        (&[19.0, 22.0, 16.0, 29.0, 24.0], &[20.0, 11.0, 17.0, 12.0], [1.592_168_332_809_066, 0.85, 7.0]),
        // With ties; worked out with SciPy 1.
        (
            &[1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 4.0],
            &[0.0, 1.0, 1.0, 2.0, 2.0, 3.0],
            [1.625_945_103_314_253_3, 32.5 / 42.0, 1.0],
        ),
    ];
    for (first, second, [z, superiority, shift]) in table {
        let found = compare(first, second).unwrap();
        assert!(close(found.z, z) && close(found.superiority, superiority), "{found:?}");
        assert!(close(found.shift, shift), "{found:?}");
    }
}

#[test]
fn samples_of_one_value_are_not_told_apart() {
    let same = compare(&[2.0; 40], &[2.0; 40]).unwrap();
    assert_eq!(same, Comparison { z: 0.0, superiority: 0.5, shift: 0.0, ratio: Some(1.0) });
}

#[test]
fn a_ratio_needs_something_to_be_a_ratio_of() {
    assert_eq!(compare(&[3.0, 4.0], &[0.0, 0.0]).unwrap().ratio, None);
    assert_eq!(compare(&[3.0], &[-1.0]).unwrap().ratio, None);
    assert_eq!(compare(&[3.0], &[2.0]).unwrap().ratio, Some(1.5));
}

#[test]
fn what_cannot_be_ranked_is_not_compared() {
    let good: &[f64] = &[1.0, 2.0];
    let many = vec![1.0; MAX_VALUES + 1];
    for bad in [&[][..], &[1.0, f64::NAN], &[f64::INFINITY], &[1e300], &many] {
        assert_eq!(compare(bad, good), None);
        assert_eq!(compare(good, bad), None);
    }
}
