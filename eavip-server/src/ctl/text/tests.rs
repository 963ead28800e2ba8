//! Tests of hostile text.

use super::*;

#[test]
fn writes_out_what_a_terminal_would_obey() {
    let cases = [
        ("plain ä 漢", "plain ä 漢"),
        ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("user\u{202e}gpj.exe", "user\\u{202e}gpj.exe"),
        ("a\u{2066}b\u{200b}c\u{feff}", "a\\u{2066}b\\u{200b}c\\u{feff}"),
        ("c1\u{9b}31m", "c1\\u{9b}31m"),
        ("tag\u{e0041}", "tag\\u{e0041}"),
        ("a\u{2028}b", "a\\u{2028}b"),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(text), expected);
    }
}

#[test]
fn json_stays_the_same_document_and_obeys_no_terminal() {
    let json = serde_json::json!({ "a": "c1\u{9b}31m \u{202e}gpj.exe tag\u{e0041} ä 漢\nline" });
    for text in [format!("{json:#}"), json.to_string()] {
        let written = escaped(&text);
        assert!(!written.chars().any(|c| c != '\n' && is_harmful(c)), "{written}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), json);
    }
}

#[test]
fn cuts_by_characters() {
    assert_eq!(cut("äöü".to_owned(), 3), "äöü");
    assert_eq!(cut("äöüß".to_owned(), 3), "äö…");
}

#[test]
fn one_thing_is_no_plural() {
    assert_eq!([0, 1, 2].map(|count| counted(count, "route")), ["0 routes", "1 route", "2 routes"]);
}
