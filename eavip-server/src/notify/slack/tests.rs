//! Tests of what Slack gets.

use super::super::testing::{HOSTILE, about, message, notice, told};
use super::*;

fn texts(payload: &Value) -> Vec<String> {
    let blocks = payload["blocks"].as_array().unwrap();
    let text = |block: &Value| block["text"]["text"].as_str().unwrap().to_owned();
    blocks.iter().map(text).chain([payload["text"].as_str().unwrap().to_owned()]).collect()
}

#[test]
fn hostile_texts_mention_nobody_and_link_nowhere() {
    for hostile in HOSTILE {
        for message in [message(hostile, true), notice(hostile)] {
            let payload = payload(&Wording::of(&message, MAX_ALERTS));
            for text in texts(&payload) {
                let ours = ["<https://ops.example/", "<https://wiki.example/"];
                let opened: Vec<usize> = text.match_indices('<').map(|(at, _)| at).collect();
                assert!(
                    opened.iter().all(|at| ours.iter().any(|url| text[*at..].starts_with(url))),
                    "{text}"
                );
                assert_eq!(opened.len(), text.matches('>').count(), "{text}");
            }
            let blocks = payload["blocks"].as_array().unwrap();
            assert!(blocks.iter().all(|block| block["text"]["verbatim"] == true), "nothing is looked for");
        }
    }
}

#[test]
fn a_message_keeps_slacks_limits_whatever_it_tells() {
    let long = "<&>".repeat(400);
    let alerts = (0..200).map(|number| told(number, &long[..1_000], true)).collect();
    let payload = payload(&Wording::of(&about(alerts, "eu"), MAX_ALERTS));
    assert!(payload["blocks"].as_array().unwrap().len() <= 50);
    for text in texts(&payload) {
        assert!(text.chars().count() <= MAX_BLOCK, "{}", text.len());
        let entity = |at: usize| ["&amp;", "&lt;", "&gt;"].iter().any(|word| text[at..].starts_with(word));
        assert!(text.match_indices('&').all(|(at, _)| entity(at)), "no half of an entity: {text}");
    }
    assert!(texts(&payload).iter().any(|text| text.contains("and 190 more")));
}
