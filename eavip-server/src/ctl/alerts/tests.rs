//! Tests of what `alerts` prints.

use serde_json::json;

use super::*;
use crate::ctl::output::tests::Written;

fn alert() -> Value {
    json!({
        "id": "00112233445566778899aabbccddeeff", "status": "acknowledged", "category": "critical",
        "rule": "probe-down", "owner": { "id": "platform-operations", "name": "Platform\u{202e} Operations" },
        "action": "Ask the service yourself.", "runbook": "probe-down", "runbook_url": "/runbooks/probe-down",
        "summary": "shop\r\n00000000000000000000000000000000  resolved is down",
        "labels": { "host": "\u{1b}]0;pwned\u{7}", "service": "shop" },
        "node": "01a20779-647a-7545-aaa7-c249f510bb33", "hostname": "web\u{9b}31m1", "value": "0", "annotations": {},
        "since": "2026-01-01T00:00:00Z", "opened_at": "2026-01-01T00:01:00Z",
        "acknowledged": { "by": "anna", "reason": "looking\n\u{2066}into it", "at": "2026-01-01T00:02:00Z" },
        "resolved": null
    })
}

#[test]
fn a_hostile_host_can_neither_forge_a_row_nor_reach_the_terminal() {
    let written = Written::default();
    let json = json!({ "items": [alert()], "next_cursor": null });
    let alerts: Vec<Alert> = serde_json::from_value(json["items"].clone()).unwrap();
    table(&alerts, &json, &mut written.output(Format::Table, false)).unwrap();
    insta::assert_snapshot!(written.text());
}

#[test]
fn an_alert_shows_owner_action_runbook_and_why_somebody_was_told() {
    let written = Written::default();
    let mut json = alert();
    json["deliveries"] = json!([{
        "id": "d", "receiver": "pager", "person": null, "reason": "first", "status": "delivered", "attempts": 2,
        "last_error": "status 500: \u{1b}[31m", "decided_at": "2026-01-01T00:01:00Z", "delivered_at": null
    }]);
    json["held"] = json!([{ "receiver": "chat\n", "reason": "silenced", "at": "2026-01-01T00:01:30Z" }]);
    let detail = serde_json::from_value(json.clone()).unwrap();
    show(&detail, &json, &mut written.output(Format::Table, false)).unwrap();
    insta::assert_snapshot!(written.text());
}
