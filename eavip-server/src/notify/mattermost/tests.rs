//! Tests of what Mattermost gets.

use super::super::testing::{HOSTILE, about, message, notice, told};
use super::*;

fn text(message: &Message) -> String {
    payload(&Wording::of(message, MAX_ALERTS))["text"].as_str().unwrap().to_owned()
}

#[test]
fn hostile_texts_mention_nobody_and_are_no_markup() {
    for hostile in HOSTILE {
        for message in [message(hostile, true), notice(hostile)] {
            let text = text(&message);
            // Where our own links lead is no text.
            let parts = text.split("](").map(|part| part.split_once(')').map_or(part, |(_, text)| text));
            for part in parts {
                for word in ["@here", "@channel", "@all", "@mara", "<", "://evil", "![", "`code`", "\r"] {
                    assert!(!part.contains(word), "{word} in {text}");
                }
            }
            let ours = |at: usize| {
                ["](https://ops.example/", "](https://wiki.example/"]
                    .iter()
                    .any(|own| text[at..].starts_with(own))
            };
            assert!(text.match_indices("](").all(|(at, _)| ours(at)), "{text}");
        }
    }
}

#[test]
fn what_is_escaped_reads_as_it_was() {
    for (text, shown) in [
        ("/var is 91.5 % full", "/var is 91\\.5 % full"),
        ("@here", "@\u{200b}here"),
        ("http://x.y", "http:\u{200b}//x\\.y"),
        ("a_b *c* `d`", "a\\_b \\*c\\* \\`d\\`"),
        ("<b> & c", "&lt;b&gt; &amp; c"),
    ] {
        assert_eq!(escaped(text), shown);
    }
}

#[test]
fn a_post_keeps_mattermosts_limit_whatever_it_tells() {
    let long = "*".repeat(1_000);
    let alerts = (0..200).map(|number| told(number, &long, true)).collect();
    assert!(text(&about(alerts, "eu")).chars().count() <= MAX_POST);
}
