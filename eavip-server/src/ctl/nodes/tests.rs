//! Tests of what `nodes` prints.

use serde_json::json;

use super::*;
use crate::ctl::output::tests::Written;

#[test]
fn nodes_with_hostile_names_keep_the_columns() {
    let written = Written::default();
    let node = |hostname: &str, health: &str, cpu: Option<f64>| {
        json!({
            "id": "01a20779-647a-7545-aaa7-c249f510bb33", "hostname": hostname, "deployment": "acme",
            "environment": "production", "mode": "on-prem", "health": health, "signals": {},
            "firing": { "critical": 0, "warning": 0, "informational": 0 }, "seen_at": null, "silent_seconds": 1.0,
            "stale": false, "agent_version": "0.1.0", "cpu": cpu, "memory": 0.5, "disk": null
        })
    };
    let json = json!({ "items": [node("a\u{200b}\u{1b}c", "healthy", Some(0.037)), node("web-1", "unknown", None)] });
    let nodes: Vec<Node> = serde_json::from_value(json["items"].clone()).unwrap();
    table(&nodes, &json, &mut written.output(Format::Table, false)).unwrap();
    insta::assert_snapshot!(written.text());
}
