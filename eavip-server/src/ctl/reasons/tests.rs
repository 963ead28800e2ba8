//! Tests of decisions in the terminal.

use eavip_core::decision::Basis;
use eavip_core::id::Digest128;
use eavip_core::signal::metric::Unit;
use eavip_core::time::Span;

use super::*;
use crate::ctl::output::Format;
use crate::ctl::output::tests::Written;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn printed(decision: &Decision) -> String {
    let written = Written::default();
    let mut out = written.output(Format::Table, false);
    out.facts(&summary(decision)).unwrap();
    table(decision, &mut out).unwrap();
    written.text()
}

fn decided(findings: Vec<Finding>, overrides: Vec<Override>) -> Decision {
    let basis = Basis { policy: Digest128([0; 16]), evidence: Digest128([0; 16]), at: NOW };
    Decision::with_overrides(findings, overrides, basis)
}

#[test]
fn each_answer_has_its_exit_code() {
    let codes = Verdict::ALL.iter().map(|verdict| exit_code(*verdict));
    assert_eq!(codes.collect::<Vec<_>>(), [0, 8, 3]);
}

#[test]
fn every_part_of_a_finding_is_printed() {
    let owner = "platform-operations".parse().unwrap();
    let hour = Span::from_secs(3_600);
    let long = "the last verified backup of `orders` is two days old, and nobody knows whether the one before it \
        could be restored, because its drill was never run";
    let findings = vec![
        Finding::new("EAVIP-X01", Outcome::Fail, long, "back it up")
            .measured(172_800.0, 86_400.0, Unit::Seconds)
            .evidence(["orders", "invoices"])
            .owned_by(&owner),
        Finding::new("EAVIP-X02", Outcome::Undetermined, "it hasn't run long enough", "wait")
            .clears_at(NOW + hour),
        Finding::new("EAVIP-X03", Outcome::Fail, "an incident is open", "end it"),
        Finding::new("EAVIP-X04", Outcome::Warn, "a SEV-4 is open", "look at it"),
        Finding::new("EAVIP-X05", Outcome::Pass, "within", "").measured(1.0, 0.25, Unit::Ratio),
        Finding::new("EAVIP-X06", Outcome::NotApplicable, "it speaks of production", ""),
    ];
    let over = serde_json::from_value(serde_json::json!({
        "rule": "EAVIP-X03", "by": ["ana", "ben"], "reason": "the shop is down", "until": NOW + hour,
    }));
    let over: Override = over.unwrap();
    insta::assert_snapshot!(printed(&decided(findings, vec![over])));
}

#[test]
fn the_moment_of_asking_again_is_told_where_there_is_one() {
    let hour = Span::from_secs(3_600);
    let wait = |at| Finding::new("EAVIP-X02", Outcome::Undetermined, "not yet", "wait").clears_at(at);
    let text = printed(&decided(vec![wait(NOW + hour), wait(NOW + hour.times(26))], Vec::new()));
    assert!(text.contains("ask again   2023-11-16T00:13:20.000Z, in 1 d 2 h\n"), "{text}");
}

#[test]
fn hostile_text_forges_no_row() {
    let message = "inc\r\nEAVIP-X09  pass  all is well\u{1b}[2J\u{202e} \u{200b}";
    let finding = Finding::new("EAVIP-X01", Outcome::Fail, message, "a\nb").evidence(["\u{9b}31m"]);
    let text = printed(&decided(vec![finding], Vec::new()));
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert_eq!(text.lines().filter(|line| line.starts_with("EAVIP-")).count(), 1, "{text}");
}

#[test]
fn lines_break_between_words_and_long_words_within() {
    for (text, expected) in [
        ("", vec![""]),
        ("a b", vec!["a b"]),
        ("abc def", vec!["abc", "def"]),
        ("abcdef", vec!["abcde", "f"]),
        ("a bcdefghijklm n", vec!["a", "bcdef", "ghijk", "lm n"]),
        ("abcde", vec!["abcde"]),
        ("a  b", vec!["a  b"]),
    ] {
        assert_eq!(wrapped(text, 5), expected, "{text}");
    }
}
