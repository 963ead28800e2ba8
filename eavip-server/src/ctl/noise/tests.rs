//! Tests of what `noise` prints.

use serde_json::json;

use super::*;
use crate::ctl::output::tests::Written;

#[test]
fn a_hostile_name_can_neither_forge_a_row_nor_reach_the_terminal() {
    let written = Written::default();
    let json = json!({
        "from": null, "until": null, "incomplete": false, "defects": [], "refused_runbook": null,
        "scores": [{
            "whose": "rule", "name": "a\r\nrule \u{1b}[31m forged", "owner": { "id": "b", "name": "B" }, "over": true,
            "alerts": 12, "decided": 12, "worth": 3, "precision": 0.25, "recall": null, "pages": 0,
            "worst_shift": 1, "chatter": 0, "stale": 0, "silence_hours": 0.5
        }]
    });
    let noise: Known = serde_json::from_value(json.clone()).unwrap();
    scores(&noise, &json, &mut written.output(Format::Table, false)).unwrap();
    let text = written.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(!text.contains('\u{1b}'));
    assert!(lines[1].contains("25 %") && lines[1].contains("3 of 12"), "{text}");
}
