//! Tests of what a message says.

use super::super::testing::{HOSTILE, about, message, notice, told};
use super::*;

#[test]
fn a_title_reads_alone() {
    let title = |message| Wording::of(&message, 10).title;
    assert_eq!(title(message("/var is full", true)), "FIRING critical: /var is full");
    assert_eq!(title(message("/var is full", false)), "RESOLVED: /var is full");
    let three = || vec![told(1, "a", true), told(2, "b", true), told(3, "c", false)];
    assert_eq!(title(about(three(), "eu")), "FIRING critical (2): alertname=DiskFull zone=eu");
    let with = |occasion| {
        let mut message = about(three(), "eu");
        if let Body::Alerts(alerts) = &mut message.body {
            (alerts.occasion, alerts.left_out) = (occasion, 4);
        }
        title(message)
    };
    assert_eq!(with(Occasion::Repeat), "STILL FIRING critical (2+): alertname=DiskFull zone=eu");
    assert_eq!(with(Occasion::Escalation), "ESCALATED critical (2+): alertname=DiskFull zone=eu");
    assert_eq!(title(notice("ana silences x")), "ana silences x");
}

#[test]
fn says_what_somebody_needs_who_was_woken() {
    let mut message = message("/var is full", true);
    message.instead_of = Some("chat".parse().unwrap());
    let wording = Wording::of(&message, 10);
    assert_eq!(wording.texts, ["It comes here because messages to chat don't arrive."]);
    assert_eq!(wording.url, format!("https://ops.example/alerts/{}", "01".repeat(16)));
    let names: Vec<&str> = wording.alerts[0].facts.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["Category", "Owner", "Where", "Value", "Since", "Do first"]);
    assert_eq!(Wording::of(&about(vec![told(1, "a", true), told(2, "b", true)], "eu"), 1).left_out, 1);
}

#[test]
fn every_text_stays_on_its_line() {
    for text in HOSTILE {
        let wording = Wording::of(&message(text, true), 10);
        let facts = wording.alerts[0].facts.iter().map(|(_, value)| value);
        for shown in facts.chain([&wording.title, &wording.alerts[0].summary]) {
            let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}');
            assert!(!shown.contains(breaks), "{shown:?}");
        }
    }
    assert_eq!(line("a\r\nb", 10), "a  b");
    assert_eq!(line("abcdef", 4), "abc…");
    assert_eq!(line("abcd", 4), "abcd");
    assert_eq!(line("", 4), "");
}
