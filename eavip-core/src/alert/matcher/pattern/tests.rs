//! Tests of patterns: what they fit, what is refused, and what they can cost.

use std::hash::BuildHasher;

use super::*;
use crate::labels::MAX_LABEL_VALUE;

fn refused(text: &str) -> String {
    Pattern::new(text).unwrap_err().to_string()
}

#[test]
fn a_pattern_fits_whole_values_only() {
    for (pattern, fitting, unfitting) in [
        ("", &[""][..], &["a"][..]),
        ("a|b", &["a", "b"], &["", "ab", "ax", "xb"]),
        ("a|", &["", "a"], &["b"]),
        ("disk-.*", &["disk-", "disk-full"], &["a-disk-full", "disk", "Disk-full"]),
        ("^disk$", &["disk"], &["disk-full"]),
        ("(?i)disk", &["disk", "DISK"], &["disks"]),
        ("(?m)a$", &["a"], &["a\nb", "b\na"]),
        (".*", &["", "a", "zürich 本 ⚙"], &["a\nb"]),
        ("(?s).*", &["", "a\nb"], &[]),
        ("..", &["本⚙"], &["本"]),
        ("z(ü|u)rich", &["zürich", "zurich"], &["zrich"]),
        (r"10\.0\.\d+\.\d{1,3}", &["10.0.7.255"], &["10x0.7.255", "10.0.٧.1", "10.0.7.2550"]),
        (r"\w+", &["a_1"], &["ü", "a-b"]),
        ("[[:alpha:]]+", &["ab"], &["ü", "a1"]),
        (r"(?P<site>[a-z]+)-\x41", &["eu-A"], &["eu-a"]),
        (r"\Aa\z", &["a"], &["aa"]),
        ("(?U)a+", &["a", "aa"], &["b"]),
    ] {
        let compiled = Pattern::new(pattern).unwrap();
        fitting.iter().for_each(|value| assert!(compiled.fits(value), "{pattern:?} fits {value:?}"));
        unfitting
            .iter()
            .for_each(|value| assert!(!compiled.fits(value), "{pattern:?} doesn't fit {value:?}"));
    }
}

#[test]
fn what_is_no_pattern_is_refused_and_not_read_as_another() {
    for (pattern, problem) in [
        ("a(", "without closing"),
        ("a)|(?:b", "without matching"),
        ("*", "applied to a sub-expression"),
        ("[a", "closing bracket"),
        ("(?=a)", "look-around"),
        ("(?!a).*", "look-around"),
        (r"(a)\1", "backreferences"),
        (r"\pL", "Unicode character classes"),
        (r"\Qa.b\E", "escape"),
        ("[a&&b]", "intersection"),
        ("[[a]", "nested"),
        ("a{,3}", "decimal"),
    ] {
        let message = refused(pattern);
        assert!(message.starts_with(&format!("`{pattern}` can't be used")), "{message}");
        assert!(message.contains(problem) && message.contains("; write it as RE2 does"), "{message}");
    }
}

#[test]
fn a_pattern_that_explodes_is_refused_however_it_is_written() {
    for pattern in [
        "(a{1000}){1000}",
        "((((((a{9}){9}){9}){9}){9}){9})",
        "(?:){1000000000}",
        r"(?:\b){100000000}",
        "[a-z]{5000}",
        "(a|b|c|d){1000}",
        "(.*a){2000}",
    ] {
        let message = refused(pattern);
        assert!(message.contains("grows too large") && message.contains("; repeat less"), "{message}");
    }
    let nested = format!("{}{}", "(".repeat(400), ")".repeat(400));
    assert!(refused(&nested).contains("nesting"));
    assert!(!refused(&nested).contains(&"(".repeat(81)), "messages are cut");
}

/// On these a backtracking engine takes more steps than there is time for; ours takes states times characters at most,
/// and no pattern has more states than its bound lets it have.
#[test]
fn hostile_patterns_finish_on_the_longest_values() {
    let longest = "a".repeat(MAX_LABEL_VALUE);
    let almost = format!("{}!", "a".repeat(MAX_LABEL_VALUE - 1));
    for (pattern, fits) in [
        ("(a*)*", [true, false]),
        ("((a*)*)*b", [false, false]),
        ("(a+a+)+!", [false, true]),
        ("(a|aa)+", [true, false]),
        ("(a|a?)+!", [false, true]),
        ("(?:a?){200}a{200}", [false, false]),
        ("(?:.*){200}!", [false, true]),
        ("(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b", [false, false]),
    ] {
        let pattern = Pattern::new(pattern).unwrap();
        assert_eq!([pattern.fits(&longest), pattern.fits(&almost)], fits, "{pattern:?}");
    }
}

#[test]
fn every_text_that_a_label_can_have_is_small_enough_for_a_pattern() {
    let longest = "x".repeat(MAX_LABEL_VALUE);
    assert!(Pattern::new(&longest).unwrap().fits(&longest));
    let nodes: Vec<String> = (0..40).map(|n| format!("node-{n}.eu.example.org")).collect();
    assert!(Pattern::new(&nodes.join("|")).unwrap().fits("node-39.eu.example.org"));
}

#[test]
fn a_clone_shares_what_was_compiled_and_equality_goes_by_the_text() {
    let pattern = Pattern::new("a|b").unwrap();
    assert!(Arc::ptr_eq(&pattern.compiled, &pattern.clone().compiled));
    let (alike, other) = (Pattern::new("a|b").unwrap(), Pattern::new("b|a").unwrap());
    assert_eq!(pattern, alike);
    assert!(pattern != other && pattern < other);
    let hash = |pattern: &Pattern| {
        std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default().hash_one(pattern)
    };
    assert_eq!(hash(&pattern), hash(&alike));
    assert_ne!(hash(&pattern), hash(&other));
    assert_eq!(format!("{pattern:?}"), r#"Pattern("a|b")"#);
}
