//! Tests of the severity table.

use super::*;

#[test]
fn the_whole_table() {
    let mut table = String::new();
    for integrity in Integrity::ALL {
        for scope in Scope::ALL {
            let sev = classify(Impact { scope: *scope, integrity: *integrity });
            table += &format!("{integrity:8} {scope:20} {sev}\n");
        }
    }
    insta::assert_snapshot!(table, @"
    intact   platform-unavailable SEV-1
    intact   major-function       SEV-2
    intact   partial              SEV-3
    intact   minor                SEV-4
    unknown  platform-unavailable SEV-1
    unknown  major-function       SEV-1
    unknown  partial              SEV-1
    unknown  minor                SEV-1
    at-risk  platform-unavailable SEV-1
    at-risk  major-function       SEV-1
    at-risk  partial              SEV-1
    at-risk  minor                SEV-1
    ");
}
