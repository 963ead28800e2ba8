//! Tests of the page of codes.

use super::*;

#[test]
fn every_heading_and_every_rule_is_an_entry_with_a_text() {
    let headings = PAGE.lines().filter(|line| line.starts_with("## ")).count() + rule::all().count();
    let own: Vec<&Entry> = ENTRIES.iter().filter(|entry| entry.code.starts_with("EAVIP-")).collect();
    assert_eq!(own.len(), headings);
    assert!(own.iter().all(|entry| entry.text.len() > 80), "an entry says too little");
}

#[test]
fn no_code_stands_twice() {
    let mut codes: Vec<&str> = ENTRIES.iter().map(|entry| entry.code.as_str()).collect();
    codes.sort_unstable();
    let all = codes.len();
    codes.dedup();
    assert_eq!(codes.len(), all);
}
