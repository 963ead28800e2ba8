//! Tests of figures for spreadsheets.

use super::*;

#[test]
fn every_severity_has_a_line_with_how_many_and_nothing_where_there_was_none() {
    use crate::api::build::trends::trends;
    use crate::trends::tests::{month, repeating};
    let pack = crate::trends::pack(&repeating(), &crate::testing::people(), month(), month().period().to);
    let text = csv(&trends(&pack, None));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[0].starts_with(
        "\"severity\",\"incidents\",\"detect n\",\"detect median s\",\"detect p90 s\",\"acknowledge n\","
    ));
    let row = "SEV-3,2,2,0,0,0,,,0,,,0,,,0"
        .split(',')
        .map(|cell| format!("\"{cell}\""))
        .collect::<Vec<_>>()
        .join(",");
    assert!(lines.contains(&&*row), "{text}");
}
