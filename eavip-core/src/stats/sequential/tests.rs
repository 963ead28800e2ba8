//! Tests of the tests: the stated vectors, a reference of 40 digits up to a billion events, and how often they err when
//! somebody looks at every step.

use proptest::prelude::*;

use super::*;

fn tally(events: u64, exposure: u64) -> Tally {
    Tally { events, exposure }
}

// Seed: "Staged rollout". The vectors of the design: S of n canary errors at an expected share p0.
#[test]
fn gives_the_stated_vectors() {
    // (S, n, exposures that make p0) -> E
    let table = [((7, 7), (1, 1), 31.875), ((20, 30), (1, 1), 2.224), ((10, 40), (1, 9), 16.962)];
    for ((s, n), (canary, baseline), expected) in table {
        let found = ln_evidence_of_more(tally(s, canary), tally(n - s, baseline)).unwrap().exp();
        assert!((found - expected).abs() < 0.000_5, "{s} of {n}: {found} for {expected}");
    }
}

/// Worked out with 40 digits (mpmath): as a series below the mean, by quadrature beside it.
#[test]
fn agrees_with_forty_digits_up_to_a_billion_events() {
    // Canary and baseline events, canary and baseline exposure -> ln E
    let table = [
        (0, 0, 1, 1, 0.0),
        (7, 0, 1, 1, 3.461_822_003_478_59),
        (20, 10, 1, 1, 0.799_349_348_980_984_6),
        (10, 30, 1, 9, 2.830_965_675_482_632),
        (0, 50, 1, 19, -1.289_667_525_430_819),
        (3, 0, 1, 19, 2.599_799_509_950_22),
        (1, 999, 1, 1, -6.906_756_776_652_548),
        (600, 400, 1, 1, 17.579_427_833_531_42),
        (60_000, 940_000, 1, 19, 987.489_424_741_286_5),
        (50_000, 950_000, 1, 19, -5.210_851_642_097_094),
        (49_000, 951_000, 1, 19, -7.001_942_709_118_914),
        (500_000, 500_000, 1, 1, -6.681_964_676_336_91),
        (500_000_000, 500_000_000, 1, 1, -10.135_841_566_578_48),
        (500_050_000, 499_950_000, 1, 1, -4.443_477_390_282_53),
        (499_950_000, 500_050_000, 1, 1, -11.595_454_020_110_34),
        (50_020_000, 949_980_000, 1, 19, -3.762_527_427_525_908),
        (1_000_000_000, 0, 1, 1, 693_147_160.529_826_7),
        (12, 0, 1_000, 1, 0.011_982_060_734_403_57),
        (5, 999_995, 1, 1_000_000, 2.611_912_968_996_835),
    ];
    for (canary, baseline, exposure, other, expected) in table {
        let found: f64 = ln_evidence_of_more(tally(canary, exposure), tally(baseline, other)).unwrap();
        let error = (found - expected).abs() / expected.abs().max(1.0);
        assert!(error < 1e-9, "{canary} and {baseline}: {found} for {expected}");
    }
}

#[test]
fn bounds_the_ratio_of_rates_as_forty_digits_do() {
    let table = [
        ((10, 1), (100, 10), 2.310_071_78),
        ((50, 1), (50, 1), 1.848_857_283),
        ((0, 1), (100, 1), 0.046_001_777_81),
        ((500, 1), (500, 1), 1.236_730_42),
        ((5_000, 1), (95_000, 19), 1.052_902_569),
    ];
    for (canary, baseline, expected) in table {
        let (canary, baseline) = (tally(canary.0, canary.1), tally(baseline.0, baseline.1));
        let found = rate_ratio_bound(canary, baseline, 0.05).unwrap();
        assert!(found >= expected && found < expected * 1.000_1, "{canary:?}: {found} for {expected}");
    }
}

#[test]
fn what_cannot_be_compared_has_no_evidence_and_no_bound() {
    let table = [
        (tally(0, 0), tally(0, 0)),
        (tally(5, 0), tally(5, 100)),
        (tally(5, 100), tally(5, 0)),
        (tally(u64::MAX, 100), tally(1, 100)),
        (tally(MAX_EVENTS, 100), tally(1, 100)),
    ];
    for (canary, baseline) in table {
        assert_eq!(ln_evidence_of_more(canary, baseline), None, "{canary:?} {baseline:?}");
        assert_eq!(rate_ratio_bound(canary, baseline, 0.05), None, "{canary:?} {baseline:?}");
    }
}

#[test]
fn a_baseline_without_events_bounds_nothing_yet_shows_harm() {
    assert_eq!(rate_ratio_bound(tally(0, 1_000), tally(0, 1_000), 0.05), None);
    assert_eq!(rate_ratio_bound(tally(9, 1_000), tally(0, 1_000), 0.05), None);
    assert!(ln_evidence_of_more(tally(9, 1_000), tally(0, 1_000)).unwrap() > 20_f64.ln());
    assert_eq!(ln_evidence_of_more(tally(0, u64::MAX), tally(0, 1)), Some(0.0));
}

/// splitmix64 (Steele, Lea & Flood 2014): the same numbers on every machine.
struct Generator(u64);

impl Generator {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A stage of requests of which a share fails: looked at after every failure. The number of failures after which the
/// test spoke, if it did.
fn stage(generator: &mut Generator, share: f64, error: f64, worse: f64, requests: u32) -> Option<u64> {
    let (mut canary, mut baseline) = (Tally::default(), Tally::default());
    for _ in 0..requests {
        let is_canary = generator.next() < share;
        let arm = if is_canary { &mut canary } else { &mut baseline };
        arm.exposure += 1;
        if generator.next() >= if is_canary { error * worse } else { error } {
            continue;
        }
        arm.events += 1;
        if ln_evidence_of_more(canary, baseline).is_some_and(|evidence| evidence >= 20_f64.ln()) {
            return Some(canary.events + baseline.events);
        }
    }
    None
}

/// Alpha is 0.05. Of 400 stages without a difference, 20 false alarms are expected at most, and 33 or more would be a
/// chance of 1 in 500.
#[test]
fn looking_at_every_error_raises_no_more_false_alarms_than_alpha() {
    for (seed, share) in [(1, 0.05), (2, 0.25), (3, 0.5)] {
        let mut generator = Generator(seed);
        let alarms = (0..400).filter(|_| stage(&mut generator, share, 0.1, 1.0, 5_000).is_some()).count();
        assert!(alarms <= 32, "{alarms} of 400 at a share of {share}");
    }
}

#[test]
fn finds_a_doubled_error_rate() {
    for (seed, share) in [(4, 0.05), (5, 0.25), (6, 0.5)] {
        let mut generator = Generator(seed);
        let found = (0..100).filter(|_| stage(&mut generator, share, 0.1, 2.0, 20_000).is_some()).count();
        assert!(found >= 99, "{found} of 100 at a share of {share}");
    }
}

/// The bound covers the true ratio at every look of at least 95 of 100 stages.
#[test]
fn the_bound_stays_above_the_true_ratio() {
    let mut generator = Generator(7);
    let mut missed = 0;
    for _ in 0..200 {
        let (mut canary, mut baseline) = (Tally::default(), Tally::default());
        for look in 0..4_000 {
            let is_canary = generator.next() < 0.5;
            let arm = if is_canary { &mut canary } else { &mut baseline };
            arm.exposure += 1;
            arm.events += u64::from(generator.next() < if is_canary { 0.25 } else { 0.2 });
            if look % 50 == 0 && rate_ratio_bound(canary, baseline, 0.05).is_some_and(|bound| bound < 1.25) {
                missed += 1;
                break;
            }
        }
    }
    assert!(missed <= 19, "{missed} of 200");
}

proptest! {
    #[test]
    fn one_more_canary_error_never_improves(
        canary in 0_u64..2_000_000, baseline in 0_u64..2_000_000, exposure in 1_u64..1_000_000, other in 1_u64..1_000_000,
    ) {
        let look = |events| {
            let (canary, baseline) = (tally(events, exposure), tally(baseline, other));
            (ln_evidence_of_more(canary, baseline).unwrap(), rate_ratio_bound(canary, baseline, 0.05))
        };
        let ((evidence, bound), (later, later_bound)) = (look(canary), look(canary + 1));
        prop_assert!(later >= evidence - 1e-9 * evidence.abs().max(1.0), "{evidence} {later}");
        match (bound, later_bound) {
            (None, later) => prop_assert_eq!(later, None),
            (Some(bound), Some(later)) => prop_assert!(later >= bound),
            (Some(_), None) => {}
        }
    }
}
