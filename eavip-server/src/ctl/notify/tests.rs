//! Tests of what `notify` prints.

use serde_json::json;

use super::*;
use crate::ctl::output::Format;
use crate::ctl::output::tests::Written;

#[test]
fn a_hostile_receiver_can_neither_forge_a_row_nor_reach_the_terminal() {
    let sent = json!({
        "id": "00112233445566778899aabbccddeeff", "receiver": "pager", "status": "given-up", "attempts": 30,
        "last_error": "the receiver answered 500: \u{1b}[2J\r\n00000000  pager  delivered",
        "decided_at": "2026-01-01T00:01:00Z", "title": "=cmd\u{202e}|' /C calc'!A0\nsecond"
    });
    let written = Written::default();
    let sent: Message = serde_json::from_value(sent).unwrap();
    let rows = [message(&sent)];
    written
        .output(Format::Table, false)
        .table(
            &["ID", "RECEIVER", "DECIDED", "ATTEMPTS", "LAST ERROR", "TELLS"],
            &rows,
            &json!({ "items": [] }),
        )
        .unwrap();
    let text = written.text();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(!text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
}
