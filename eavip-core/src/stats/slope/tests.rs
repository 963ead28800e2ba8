//! Tests of the line against the literature and SciPy.

use super::*;

fn points(ys: &[f64]) -> Vec<(f64, f64)> {
    ys.iter().enumerate().map(|(x, y)| (x as f64, *y)).collect()
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-12 * expected.abs().max(1.0)
}

/// Hollander & Wolfe 1999, table 9.1 (rainfall after seeding clouds): slope -0.056; the interval is the widest that five
/// points have, as SciPy's `theilslopes` gives it.
#[test]
fn gives_the_values_of_the_literature() {
    let line = theil_sen(&points(&[1.26, 1.27, 1.12, 1.16, 1.03]), 0.9).unwrap();
    assert!(close(line.slope, -0.056_25), "{line:?}");
    assert!(close(line.low, -0.15) && close(line.high, 0.04), "{line:?}");
}

#[test]
fn one_wild_point_moves_neither_slope_nor_height() {
    // SciPy 1, `theilslopes(..., 0.95, method="joint")`.
    let line =
        theil_sen(&points(&[10.0, 12.0, 13.0, 13.0, 17.0, 18.0, 17.0, 22.0, 23.0, 24.0, 90.0, 27.0]), 0.95);
    let line = line.unwrap();
    assert!(close(line.slope, 1.6125) && close(line.height, 9.968_75), "{line:?}");
    assert!((1.35..=1.43).contains(&line.low) && (2.0..=2.1).contains(&line.high), "{line:?}");
}

#[test]
fn points_at_the_same_place_are_no_pairs() {
    // SciPy 1, as above.
    let ys = [1.0, 2.0, 2.0, 2.0, 4.0, 3.0, 5.0, 4.0, 4.0, 6.0];
    let twice: Vec<(f64, f64)> = ys.iter().enumerate().map(|(at, y)| ((at / 2) as f64, *y)).collect();
    let line = theil_sen(&twice, 0.95).unwrap();
    assert!(close(line.slope, 1.0) && close(line.height, 1.0), "{line:?}");
    // SciPy rounds the ranks to the nearest and has 0.667: one pair further in.
    assert!(close(line.low, 0.5) && close(line.high, 4.0 / 3.0), "{line:?}");
}

#[test]
fn there_is_no_line_through_nothing_and_none_through_what_is_no_number() {
    let many = points(&vec![1.0; MAX_POINTS + 1]);
    let table: [&[(f64, f64)]; 7] = [
        &[],
        &[(0.0, 1.0)],
        &[(0.0, 1.0), (1.0, 2.0)],
        &[(3.0, 1.0); 50],
        &[(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0)],
        &[(f64::INFINITY, 1.0); 9],
        &many,
    ];
    for points in table {
        assert_eq!(theil_sen(points, 0.95), None, "{} points", points.len());
    }
    let good = points(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    for confidence in [1.0, -1.0, 2.0, f64::NAN] {
        assert_eq!(theil_sen(&good, confidence), None, "{confidence}");
    }
    assert!(theil_sen(&good, 0.95).is_some());
}
