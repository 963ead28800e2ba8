//! Tests of how often a detector is right.

use proptest::prelude::*;

use super::*;
use crate::finding::Outcome;

fn outcome(confirmed: u64, refuted: u64) -> Outcome {
    judge(AntiPattern::ManualHotfix, Tally { confirmed, refuted }, &AntiPatternPolicy::default()).outcome
}

// Seed: "Alert noise is treated as a defect".
#[test]
fn a_detector_that_is_wrong_more_often_than_right_is_a_defect() {
    use Outcome::{Fail, NotApplicable, Pass};
    let table = [
        (0, 0, NotApplicable),
        (0, 9, NotApplicable),
        (4, 6, Fail),
        (5, 5, Pass),
        (10, 0, Pass),
        (0, 10, Fail),
        (u64::MAX, u64::MAX, Pass),
    ];
    for (confirmed, refuted, expected) in table {
        assert_eq!(outcome(confirmed, refuted), expected, "{confirmed} {refuted}");
    }
}

proptest! {
    #[test]
    fn a_refuted_case_never_makes_a_detector_better(confirmed in 0_u64..40, refuted in 0_u64..40) {
        prop_assert!(outcome(confirmed, refuted + 1) >= outcome(confirmed, refuted));
    }
}
