//! Tests of the list of rules.

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_code_stands_for_one_rule_that_says_what_it_asks() {
    let mut codes = BTreeSet::new();
    for rule in all() {
        assert!(codes.insert(rule.code), "`{}` is used twice", rule.code);
        let number = rule.code.strip_prefix("EAVIP-").unwrap_or_default();
        assert!(number.len() >= 3 && number.is_ascii(), "`{}` is no code", rule.code);
        for text in [rule.title, rule.serves, rule.text] {
            assert!(!text.trim().is_empty(), "`{}` lacks a text", rule.code);
        }
        assert!(!rule.title.ends_with('.'), "`{}`: a title is a clause", rule.code);
        assert_eq!(find(rule.code), Some(rule));
    }
}
