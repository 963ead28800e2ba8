//! Tests of what is written for spreadsheets and people.

use super::*;

#[test]
fn nothing_in_a_field_is_a_formula_or_ends_it() {
    let table = [
        ("probe-down", "probe-down"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@sum", "'@sum"),
        ("\tx", "'\tx"),
        ("a,b", "\"a,b\""),
        ("a\"b", "\"a\"\"b\""),
        ("=a\n\"b", "\"'=a\n\"\"b\""),
    ];
    for (text, expected) in table {
        assert_eq!(field(text), expected);
    }
}
