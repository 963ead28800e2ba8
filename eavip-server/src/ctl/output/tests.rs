//! Tests of tables and JSON, and the place where other tests read what was printed.

use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;

/// What was written, for the tests of the commands too.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub(crate) fn output(&self, format: Format, color: bool) -> Output {
        Output { format, color, out: Box::new(self.clone()) }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn printed(format: Format, color: bool) -> String {
    let written = Written::default();
    let rows = [
        vec![Cell::from("shop\u{1b}[2J"), Cell::health(Health::Failing), Cell::from("a\nb")],
        vec![Cell::from("\u{202e}evil"), Cell::health(Health::Healthy), Cell::from("x".repeat(300))],
    ];
    let json = json!({ "items": [{ "name": "shop\u{1b}[2J" }, { "name": "evil" }], "next_cursor": null });
    written.output(format, color).table(&["NAME", "HEALTH", "TEXT"], &rows, &json).unwrap();
    written.text()
}

#[test]
fn a_table_keeps_its_columns_whatever_stands_in_the_cells() {
    let long = format!("{}…", "x".repeat(MAX_CELL - 1));
    let expected = format!(
        "NAME           HEALTH   TEXT\n\
         shop\\u{{1b}}[2J  failing  a\\nb\n\
         \\u{{202e}}evil   healthy  {long}\n"
    );
    assert_eq!(printed(Format::Table, false), expected);
}

#[test]
fn colour_goes_around_the_word_and_moves_no_column() {
    let text = printed(Format::Table, true);
    assert!(text.contains("\u{1b}[1;31mfailing\u{1b}[0m  a"), "{text:?}");
    assert!(text.contains("\u{1b}[32mhealthy\u{1b}[0m  x"), "{text:?}");
}

#[test]
fn json_is_the_document_and_lines_are_its_items() {
    assert!(printed(Format::Json, false).contains("\"next_cursor\": null"));
    assert_eq!(printed(Format::Jsonl, false), "{\"name\":\"shop\\u001b[2J\"}\n{\"name\":\"evil\"}\n");
}
