//! Tests of lines for sheets.

use super::*;

#[test]
fn no_field_becomes_a_formula_or_a_second_line_of_fields() {
    for (text, expected) in [
        ("plain", "\"plain\""),
        ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
        (" +1", "\"' +1\""),
        ("-1", "\"'-1\""),
        ("@SUM(A1)", "\"'@SUM(A1)\""),
        ("\t=1", "\"'\t=1\""),
        ("a,b\n\"c\"", "\"a,b\n\"\"c\"\"\""),
        ("", "\"\""),
    ] {
        assert_eq!(cell(text), expected);
    }
}
