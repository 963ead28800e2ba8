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

#[test]
fn a_code_is_found_in_any_case_and_without_what_all_begin_with() {
    for (asked, code) in [
        ("EAVIP-P28", Some("EAVIP-P28")),
        ("P28", Some("EAVIP-P28")),
        ("h02", Some("EAVIP-H02")),
        ("not-found", Some("not-found")),
        ("EAVIP-EAVIP-P28", None),
        ("", None),
    ] {
        assert_eq!(find(asked).map(|entry| entry.code.as_str()), code, "{asked}");
    }
}
