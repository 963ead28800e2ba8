//! Tests of gamma and beta functions against closed forms and 40 digits of mpmath.

use proptest::prelude::*;

use super::*;

fn close(found: f64, expected: f64, digits: f64) -> bool {
    (found - expected).abs() <= digits * expected.abs()
}

#[test]
fn gamma_and_beta_agree_with_forty_digits() {
    let table = [
        (1e-9, 20.723_265_836_369_195),
        (0.1, 2.252_712_651_734_206),
        (0.5, 0.572_364_942_924_700_1),
        (3.7, 1.428_072_326_665_388),
        (9.99, 12.779_315_214_350_193),
        (100.0, 359.134_205_369_575_4),
        (1e9, 19_723_265_827.503_717),
    ];
    for (z, expected) in table {
        assert!(close(ln_gamma(z).unwrap(), expected, 1e-14), "{z}");
    }
    let table = [
        (0.5, 0.5, 1.144_729_885_849_4),
        (1.0, 7.0, -1.945_910_149_055_313_3),
        (2.0, 3.0, -2.484_906_649_788),
        (1e9, 1e9, -1_386_294_370.216_011_4),
        (1e9, 2.0, -41.446_531_674_892_82),
        (1e-6, 1e-6, 14.508_657_738_522_575),
    ];
    for (a, b, expected) in table {
        assert!(close(ln_beta(a, b).unwrap(), expected, 1e-13), "{a} {b}");
    }
}

#[test]
fn the_incomplete_beta_function_is_right_in_the_middle_and_in_the_tails() {
    let table = [
        // By hand: 1 - (0.6^4 + 4 * 0.4 * 0.6^3), the chance of two or more of four.
        (2.0, 3.0, 0.4, 0.524_8),
        // By hand: 2 / pi * asin(sqrt(x)).
        (0.5, 0.5, 0.1, 0.204_832_764_699_133_5),
        (10.0, 10.0, 0.9, 0.999_996_070_117_672_9),
        (50.0, 2.0, 0.3, 2.584_432_755_690_665e-25),
        (1e-3, 5.0, 0.2, 0.999_783_445_646_427_7),
        (1e5, 1e5, 0.498, 0.036_818_738_827_976_02),
        (1_000.0, 3.0, 0.98, 3.722_723_794_161_633e-7),
        (3.0, 1e6, 1e-6, 0.080_301_672_981_258_64),
        (5e8, 5e8, 0.499_99, 0.263_544_628_463_548_9),
        (200.0, 100.0, 0.1, 4.327_315_903_162_146e-124),
        (3.0, 4.0, 0.0, 0.0),
        (3.0, 4.0, 1.0, 1.0),
    ];
    for (a, b, x, expected) in table {
        let found = regularised(a, b, x).unwrap();
        assert!(close(found, expected, 1e-9), "{a} {b} {x}: {found} for {expected}");
    }
}

#[test]
fn nothing_is_made_up_outside_of_the_domain() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 2e10] {
        assert_eq!(ln_gamma(bad), None);
        assert_eq!((ln_beta(bad, 1.0), ln_beta(1.0, bad)), (None, None));
        assert_eq!((regularised(bad, 1.0, 0.5), regularised(1.0, bad, 0.5)), (None, None));
        assert_eq!((ln_scaled(bad, 1.0, 0.5, 0.5), ln_scaled(1.0, bad, 0.5, 0.5)), (None, None));
    }
    for bad in [-0.1, 1.1, f64::NAN] {
        assert_eq!(regularised(1.0, 1.0, bad), None);
        assert_eq!(ln_scaled(1.0, 1.0, bad, 0.5), None);
    }
}

#[test]
fn the_continued_fraction_ends_at_the_worst_point_of_the_domain() {
    assert!(ln_scaled(LARGEST, LARGEST, 0.5, 0.5).is_some());
    assert!(ln_scaled(5e9, 5e9, 0.5, 0.5).is_some());
    assert!(ln_scaled(LARGEST, 0.1, 0.999_999, 1e-6).is_some());
}

proptest! {
    #[test]
    fn both_sides_make_one_and_it_rises_with_x(
        a in 0.01_f64..1e6, b in 0.01_f64..1e6, x in 0.001_f64..0.999, step in 0.0_f64..0.001,
    ) {
        let (left, right) = (regularised(a, b, x).unwrap(), regularised(b, a, 1.0 - x).unwrap());
        prop_assert!((left + right - 1.0).abs() < 1e-9, "{left} {right}");
        prop_assert!(regularised(a, b, x + step).unwrap() >= left - 1e-9);
    }

    #[test]
    fn it_follows_its_own_recurrence(a in 0.1_f64..1e4, b in 0.1_f64..1e4, x in 0.01_f64..0.99) {
        // I_x(a, b) = I_x(a + 1, b) + x^a (1-x)^b / (a B(a, b)), DLMF 8.17.20.
        let term = (a * x.ln() + b * (1.0 - x).ln() - a.ln() - ln_beta(a, b).unwrap()).exp();
        let (less, more) = (regularised(a + 1.0, b, x).unwrap(), regularised(a, b, x).unwrap());
        prop_assert!((more - less - term).abs() < 1e-10, "{more} {less} {term}");
    }
}
