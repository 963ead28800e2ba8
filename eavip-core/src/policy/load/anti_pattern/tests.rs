//! Tests of the numbers of the detectors.

use crate::anti_pattern::AntiPatternPolicy;
use crate::policy::Policy;
use crate::testing::{load, problems};

// Seed: "Operational Anti-Patterns (Explicitly Forbidden)".
#[test]
fn the_numbers_are_those_of_the_rules_unless_the_runbook_says_otherwise() {
    assert_eq!(Policy::builtin().anti_pattern, AntiPatternPolicy::default());
    let text =
        "[anti_pattern]\nhotfix_reports = 3\nshared_names = [\"root\", \"guest\"]\nleast_precision = 0.8\n";
    let policy = load(text).unwrap().anti_pattern;
    assert_eq!((policy.hotfix_reports, policy.least_precision, policy.least_members), (3, 0.8, 2));
    assert!(policy.shared_names.contains("guest") && !policy.shared_names.contains("admin"));
}

#[test]
fn every_mistake_in_the_numbers_is_told_at_once() {
    let text = "[anti_pattern]\nhotfix_reports = 0\nhotfix_release_within = \"1m\"\nshared_names = [\"Root User\"]\n\
                least_precision = 2\nrepeat_within = 30\nleast_member = 1\n";
    insta::assert_snapshot!(problems(text));
}
