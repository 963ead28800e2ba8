//! Tests of the list of anti-patterns.

use super::*;
use crate::rule;

// Seed: "Operational Anti-Patterns (Explicitly Forbidden)": all five, in the order of the text.
#[test]
fn each_forbidden_thing_has_a_detector_of_its_own() {
    let told: Vec<(&str, &str)> =
        AntiPattern::ALL.iter().map(|one| (one.rule().code, one.rule().serves)).collect();
    assert_eq!(
        told,
        [
            ("EAVIP-AP1", "Manual hotfixes in production"),
            ("EAVIP-AP2", "Silent configuration changes"),
            ("EAVIP-AP3", "Shared credentials"),
            ("EAVIP-AP4", "Unowned alerts"),
            ("EAVIP-AP5", "Undocumented recovery steps"),
        ]
    );
    assert!(AntiPattern::ALL.iter().all(|one| rule::find(one.rule().code).is_some()));
}
