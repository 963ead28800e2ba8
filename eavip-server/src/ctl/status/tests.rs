//! Tests of what `status` prints and how it ends.

use serde_json::json;

use super::*;
use crate::ctl::output::tests::Written;

fn overview(health: &str, critical: usize) -> (Overview, Value) {
    let json = json!({
        "generated_at": "2026-01-01T00:00:00Z",
        "now": {
            "health": health, "headline": "shop\u{1b}[2J fails\nAll is well.",
            "firing": { "critical": critical, "warning": 0, "informational": 0 },
            "unacknowledged_critical": critical, "nodes": 2, "silent_nodes": 1, "undelivered": 0,
            "evaluated_at": null, "rules": 22, "receivers": 1
        },
        "signals": [
            { "signal": "availability", "health": health, "value": "0 %", "objective": "at least 99.9 %",
              "detail": "\u{202e}probe of shop", "worst": [], "services": 1, "trend": [null, 1.0] }
        ],
        "nodes": [], "changes": [], "of a newer server": true
    });
    (serde_json::from_value(json.clone()).unwrap(), json)
}

#[test]
fn shows_the_strip_and_the_signals_with_hostile_text_written_out() {
    let written = Written::default();
    let (overview, json) = overview("failing", 1);
    show(&overview, &json, &mut written.output(Format::Table, false)).unwrap();
    insta::assert_snapshot!(written.text());
}

#[test]
fn is_well_only_when_all_is_measured_and_nothing_fires() {
    for (health, critical, expected) in [
        ("healthy", 0, exit::OK),
        ("healthy", 1, exit::FINDINGS),
        ("unknown", 0, exit::FINDINGS),
        ("degraded", 0, exit::FINDINGS),
        ("failing", 1, exit::FINDINGS),
    ] {
        assert_eq!(verdict(&overview(health, critical).0), expected, "{health}, {critical} alerts");
    }
}
