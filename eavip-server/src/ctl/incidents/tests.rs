//! What `show` says comes next, steps by number or words, and what a review keeps.

use clap::Parser as _;
use serde_json::json;

use super::*;
use crate::client::model::IncidentDetail;
use crate::ctl::args::Args;
use crate::ctl::output::tests::Written;

fn printed(print: impl FnOnce(&mut Output) -> std::io::Result<()>) -> String {
    let written = Written::default();
    print(&mut written.output(Format::Table, false)).unwrap();
    written.text()
}

fn detail(phase: &str, lacks: &[&str]) -> IncidentDetail {
    let findings: Vec<Value> = lacks
        .iter()
        .map(|rule| {
            json!({ "rule": rule, "outcome": "fail", "message": "it is missing", "remedy": "add it", "owner": null })
        })
        .collect();
    let runbook = |page: &str, steps: &[&str]| {
        let steps: Vec<Value> = steps.iter().map(|step| json!({ "text": step, "ticked": null })).collect();
        json!({ "page": page, "title": page, "revision": "0123456789ab", "steps": steps })
    };
    serde_json::from_value(json!({
        "id": "inc-2026-0042", "title": "checkout fails \u{1b}[31m\nforged", "sev": "SEV-2", "phase": phase, "open": true,
        "security": false, "owner": { "id": "platform-operations", "name": "Platform Operations" },
        "environment": "production", "services": ["shop"], "began_at": "2026-03-02T10:00:00Z",
        "declared_at": "2026-03-02T10:05:00Z", "overdue": 1, "scope": "major-function", "integrity": "intact",
        "sev_by": "ana", "roles": { "commander": "ana" },
        "duties": [{ "rule": "EAVIP-I30", "outcome": "fail", "message": "no update for 2h", "remedy": "publish one" }],
        "phases": [{ "phase": phase, "leaves": findings.clone() }], "before_closing": findings, "alerts": [],
        "proposed_alerts": [],
        "signals": [
            { "signal": "errors", "service": "shop", "health": "failing", "at": "2026-03-02T10:20:00Z" },
            { "signal": "availability", "service": "shop", "health": "healthy", "at": "2026-03-02T10:20:00Z" },
        ],
        "runbooks": [runbook("probe-down", &["Ask it.", "Start it."]), runbook("disk-full", &["Make room."])],
        "updates": [],
        "review": { "digest": "00", "summary": "old", "consequences": "", "cause": "defect", "explanation": "x",
            "factors": ["a sale"], "detection_gap": "", "lessons": "", "runbook_revision": null },
        "items": [{ "number": 1, "what": "bound it", "owner": { "id": "payments", "name": "Payments" },
            "due_at": "2026-03-16T10:00:00Z", "late": false, "done": null }],
        "timeline": [{ "at": "2026-03-02T10:05:00Z", "by": "ana", "topic": "incident", "text": "declared as SEV-2" }],
        "entries": 21,
    }))
    .unwrap()
}

#[test]
fn show_says_what_is_missing_and_the_command_for_it() {
    let lacks = ["EAVIP-I15"];
    insta::assert_snapshot!(printed(|out| show::whole(&detail("mitigation", &lacks), &Value::Null, out)));
}

#[test]
fn every_missing_thing_of_every_phase_has_a_command_that_the_command_line_takes() {
    let all = [
        "EAVIP-I11",
        "EAVIP-I12",
        "EAVIP-I13",
        "EAVIP-I14",
        "EAVIP-I15",
        "EAVIP-I16",
        "EAVIP-I17",
        "EAVIP-I18",
        "EAVIP-I40",
        "EAVIP-I41",
        "EAVIP-I42",
        "EAVIP-I43",
    ];
    let text = printed(|out| show::standing(&detail("preventive-action", &all), out));
    let commands: Vec<&str> =
        text.lines().filter_map(|line| line.split_once("eavipctl ").map(|(_, rest)| rest)).collect();
    assert_eq!(commands.len(), all.len(), "{text}");
    for phase in
        ["detection", "triage", "mitigation", "communication", "root-cause-analysis", "preventive-action"]
    {
        let next = printed(|out| show::standing(&detail(phase, &[]), out));
        takes(next.lines().find_map(|line| line.split_once("eavipctl ")).unwrap().1);
    }
    commands.into_iter().for_each(takes);
}

/// Whether a command line with its placeholders filled in can be read.
fn takes(command: &str) {
    let command = command.split("EAVIP-I").next().unwrap().split('#').next().unwrap();
    let words = command.split_whitespace().map(|word| match word {
        "SCOPE" => "partial",
        "INTEGRITY" => "intact",
        "CAUSE" => "defect",
        "SIGNAL" => "errors",
        other => other,
    });
    let read = Args::try_parse_from(std::iter::once("eavipctl").chain(words));
    assert!(read.is_ok(), "{command}: {:?}", read.err());
}

#[test]
fn a_step_is_named_by_number_or_words_and_what_is_improvised_needs_its_runbook() {
    let detail = detail("mitigation", &[]);
    let step = |text: &str, runbook: Option<&str>, improvised| {
        show::step(&detail, text.to_owned(), runbook.map(str::to_owned), improvised).ok()
    };
    let found = |page: &str, text: &str| Some((page.to_owned(), text.to_owned()));
    assert_eq!(step("3", None, false), found("disk-full", "Make room."));
    assert_eq!(step("Start it.", None, false), found("probe-down", "Start it."));
    for (text, runbook, improvised) in [("0", None, false), ("4", None, false), ("kicked it", None, true)] {
        assert_eq!(step(text, runbook, improvised), None, "{text}");
    }
    assert_eq!(step("kicked it", Some("disk-full"), true), found("disk-full", "kicked it"));
    assert_eq!(
        step("7", Some("disk-full"), true),
        found("disk-full", "7"),
        "improvised words may be a number"
    );
}

#[test]
fn a_review_keeps_what_isnt_given_and_says_what_it_replaces() {
    let asked = |args: &[&str]| {
        let line = ["eavipctl", "incidents", "review", "inc-1"].iter().chain(args);
        let Args { .. } = Args::try_parse_from(line).unwrap();
        let review = Review {
            id: "inc-1".into(),
            summary: args.iter().position(|arg| *arg == "--summary").map(|at| args[at + 1].to_owned()),
            consequences: None,
            cause: None,
            explanation: None,
            factors: Vec::new(),
            gap: None,
            lessons: None,
            runbook_revision: None,
            complete: false,
        };
        merged(review, &detail("triage", &[]).review)
    };
    assert_eq!(asked(&["--complete"]), None, "nothing is written when nothing is given");
    let text = asked(&["--summary", "new"]).unwrap();
    let kept = json!({ "summary": "new", "cause": "defect", "explanation": "x", "factors": ["a sale"], "replaces": "00" });
    for (name, value) in kept.as_object().unwrap() {
        assert_eq!(&text[name], value, "{name}");
    }
}

#[test]
fn a_list_keeps_its_columns_whatever_a_title_says() {
    let incident = detail("triage", &[]).incident;
    insta::assert_snapshot!(printed(|out| show::table(&[incident], &Value::Null, out)));
}
