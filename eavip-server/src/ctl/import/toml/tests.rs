//! Tests of writing TOML.

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> toml::Table {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn names_become_identifiers() {
    for (text, expected) in [
        ("pager", "pager"),
        ("Team X / Pager", "team-x-pager"),
        ("  ", "unnamed"),
        ("Überwachung", "berwachung"),
        ("a.b_c", "a.b_c"),
        ("--x--", "x"),
        ("DB (prod)", "db-prod"),
    ] {
        assert_eq!(slug(text), expected, "{text}");
    }
    assert!(slug(&"x".repeat(500)).len() <= MAX_SLUG);
}

#[test]
fn a_comment_stays_one_line() {
    assert_eq!(comment("a\nb = 1\r\u{202e}"), "# a\\nb = 1\\r\\u{202e}\n");
}

proptest! {
    #[test]
    fn any_text_survives_as_a_string(text in "(?s).{0,40}") {
        let table = read(&format!("a = {}\nb = {}\nc = {}", string(&text), list([&text]), pairs([("k", text.as_str())])));
        prop_assert_eq!(table["a"].as_str().unwrap(), &text);
        prop_assert_eq!(table["b"][0].as_str().unwrap(), &text);
        prop_assert_eq!(table["c"]["k"].as_str().unwrap(), &text);
    }

    #[test]
    fn any_text_becomes_an_identifier(text in "(?s).{0,80}") {
        prop_assert!(slug(&text).parse::<eavip_core::id::ReceiverId>().is_ok());
    }
}
