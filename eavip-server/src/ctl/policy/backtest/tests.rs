//! Tests of an edited rule at the command line.

use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::ctl::output::tests::Written;

/// A value per minute in tenths, `?` where it wasn't known; something was wrong in the given minutes.
fn track(values: &str, wrong: &[(u32, u32)]) -> String {
    let minute = |minute: u32| format!("2026-01-31T13:{minute:02}:00Z");
    let value = |c: char| c.to_digit(10).map_or("null".to_owned(), |tenths| format!("0.{tenths}"));
    let points =
        values.chars().zip(0..).map(|(c, at)| format!(r#"{{"at":"{}","value":{}}}"#, minute(at), value(c)));
    let wrong = wrong
        .iter()
        .map(|(from, until)| format!(r#"{{"from":"{}","until":"{}"}}"#, minute(*from), minute(*until)));
    format!(
        r#"{{"indicator":"disk_used_ratio","labels":{{"node":"a"}},"points":[{}],"wrong":[{}]}}"#,
        points.collect::<Vec<_>>().join(","),
        wrong.collect::<Vec<_>>().join(",")
    )
}

fn files(history: &str, old: &str, new: &str) -> (TempDir, Backtest) {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let backtest = Backtest {
        rule: "disk-full".to_owned(),
        history: write("history.jsonl", history),
        runbook: vec![write("old.toml", old)],
        with: vec![write("new.toml", new)],
    };
    (dir, backtest)
}

fn rule(above: &str) -> String {
    format!("[alert.disk-full]\nabove = {above}\nclear = {above}\nfor = \"2m\"\nkeep_firing_for = \"0s\"\n")
}

fn printed(backtest: Backtest, format: Format) -> (u8, String) {
    let written = Written::default();
    let code = backtest.run(&mut written.output(format, false)).unwrap();
    (code, written.text())
}

/// Four minutes of trouble, and three of a nightly job that troubles nobody.
const HISTORY: &str = "119999111777111";

#[test]
fn each_answer_has_its_exit_code_and_its_reasons() {
    let history = track(HISTORY, &[(2, 6)]);
    let mut told = String::new();
    for (what, old, new, history, expected) in [
        ("no worse", "0.8", "0.85", &history, 0),
        ("noisier", "0.8", "0.6", &history, 3),
        ("silent", "0.8", "0.95", &history, 3),
        ("not known", "0.8", "0.85", &track("????", &[]), 8),
        ("no history", "0.8", "0.85", &String::new(), 8),
    ] {
        let (dir, backtest) = files(history, &rule(old), &rule(new));
        let (code, text) = printed(backtest, Format::Table);
        assert_eq!(code, expected, "{what}: {text}");
        told += &format!("--- {what}\n{}", text.replace(&dir.path().display().to_string(), "DIR"));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn the_built_in_rule_is_what_an_edit_is_held_against_when_no_runbook_is_named() {
    let (_dir, mut backtest) =
        files(&track(HISTORY, &[]), "", "[alert.disk-full]\nabove = 0.1\nclear = 0.1\n");
    backtest.runbook.clear();
    assert_eq!(printed(backtest, Format::Table).0, 3);
}

#[test]
fn json_is_the_decision() {
    let (_dir, backtest) = files(&track(HISTORY, &[(2, 6)]), &rule("0.8"), &rule("0.6"));
    let (code, text) = printed(backtest, Format::Json);
    let decision: Decision = serde_json::from_str(&text).unwrap();
    assert_eq!((code, decision.findings.len()), (3, 3));
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["findings"][1]["rule"], "EAVIP-N31");
}

#[test]
fn a_rule_that_one_runbook_lacks_is_not_found_and_mistakes_decide_nothing() {
    let refused = |backtest: Backtest| {
        backtest.run(&mut Written::default().output(Format::Table, false)).unwrap_err().tell()
    };
    let (_dir, mut backtest) = files(&track(HISTORY, &[]), &rule("0.8"), &rule("0.6"));
    backtest.rule = "disk-ful".to_owned();
    assert_eq!(refused(backtest), 4);
    for (history, old, new) in
        [("{", "", ""), ("", "[alert]\nx = 1\n", ""), ("", "", "[alert.disk-full]\nabov = 1\n")]
    {
        let (_dir, backtest) = files(history, old, new);
        assert_eq!(refused(backtest), 2, "{history} {old} {new}");
    }
}

#[test]
fn a_hostile_label_reaches_no_terminal() {
    let history = track(HISTORY, &[(2, 6)]).replace("\"a\"", "\"\\u001b[2J\\nverdict  allow\"");
    let (_dir, backtest) = files(&history, &rule("0.8"), &rule("0.95"));
    let (code, text) = printed(backtest, Format::Table);
    assert!(code == 3 && text.contains("u{1b}[2J\\nverdict") && !text.contains('\u{1b}'), "{text}");
}
