//! Tests of what `silences` prints.

use super::*;
use crate::ctl::output::tests::Written;

#[test]
fn a_hostile_reason_can_neither_forge_a_row_nor_reach_the_terminal() {
    let written = Written::default();
    let json = json!({ "items": [{
        "id": "01a20779-647a-7545-aaa7-c249f510bb33", "status": "waiting", "by": "ana", "ticket": "OPS-7",
        "matchers": ["alertname=\"x\""], "reason": "mending\r\n0000 active\u{1b}[31m", "from": "2026-01-01T00:00:00Z",
        "until": "2026-01-03T00:00:00Z", "needs_approval": true, "owners": ["shop"], "approved": null, "ended": null,
        "hides": [], "hides_count": 2
    }], "next_cursor": null });
    let silences: Vec<Silence> = serde_json::from_value(json["items"].clone()).unwrap();
    table(&silences, &json, &mut written.output(Format::Table, false)).unwrap();
    let text = written.text();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("mending\\r\\n0000 active\\u{1b}[31m"), "{text}");
    assert!(text.contains("waiting") && text.contains("alertname=\"x\""), "{text}");
}
