//! `eavipctl gate` and what belongs to it as a process, as a pipeline runs it: files in, an exit code out, no server.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{alone, code, ctl, told};

/// A directory with the files that `gate --example` prints.
struct Pipeline(TempDir);

impl Pipeline {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, args) in [
            ("runbook.toml", &["gate", "--example", "runbook"][..]),
            ("evidence.json", &["gate", "--example"]),
        ] {
            let printed = alone(dir.path(), args, &[]);
            assert_eq!(code(&printed), 0, "{}", told(&printed));
            std::fs::write(dir.path().join(name), printed.stdout).unwrap();
        }
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn evidence(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path("evidence.json")).unwrap()).unwrap()
    }

    fn write(&self, name: &str, json: &Value) {
        std::fs::write(self.path(name), json.to_string()).unwrap();
    }

    fn ask(&self, evidence: &Path, more: &[&str]) -> Output {
        let (evidence, runbook) =
            (evidence.display().to_string(), self.path("runbook.toml").display().to_string());
        let asked = ["gate", "1.5.0", "--to", "production", "--evidence", &evidence, "--runbook", &runbook];
        alone(self.0.path(), &[&asked, more].concat(), &[])
    }
}

#[test]
fn a_pipeline_stops_at_the_gate_or_goes_on_by_its_exit_code() {
    let pipeline = Pipeline::new();
    let file = pipeline.path("evidence.json");
    let allowed = pipeline.ask(&file, &[]);
    assert_eq!(code(&allowed), 0, "{}{}", String::from_utf8_lossy(&allowed.stdout), told(&allowed));

    let good = pipeline.evidence();
    let mut denied = good.clone();
    denied["evidence"]["owners"]["what"]["on_call_gaps"] = json!(2);
    denied["evidence"]["approvals"] = json!([]);
    pipeline.write("evidence.json", &denied);
    let denied = pipeline.ask(&file, &[]);
    let text = String::from_utf8_lossy(&denied.stdout);
    assert!(code(&denied) == 3 && text.contains("EAVIP-G04, EAVIP-G13\n"), "{text}");
    assert!(text.contains("fill the on-call schedule"), "{text}");

    let mut held = good;
    held["evidence"]["backups"] = Value::Null;
    pipeline.write("evidence.json", &held);
    let held = pipeline.ask(&file, &["-o", "json"]);
    let answer: Value = serde_json::from_slice(&held.stdout).unwrap();
    assert_eq!((code(&held), &answer["verdict"]), (8, &json!("hold")));
    let undetermined =
        answer["findings"].as_array().unwrap().iter().filter(|one| one["outcome"] == "undetermined");
    assert_eq!(undetermined.map(|one| &one["rule"]).collect::<Vec<_>>(), ["EAVIP-G07"]);
}

#[test]
fn jobs_write_their_own_parts_and_one_may_come_through_a_pipe() {
    let pipeline = Pipeline::new();
    let whole = pipeline.evidence();
    let parts = pipeline.path("parts");
    std::fs::create_dir(&parts).unwrap();
    for (name, part) in whole["evidence"].as_object().unwrap() {
        pipeline.write(&format!("parts/{name}.json"), &json!({ "evidence": { name: part } }));
    }
    let runbook = pipeline.path("runbook.toml");
    let mut gate = ctl(pipeline.0.path());
    gate.args(["gate", "shop-1-5-0", "--to", "production", "--evidence", "-", "--evidence"]);
    let mut child = gate.arg(&parts).arg("--runbook").arg(runbook).spawn().unwrap();
    let request = json!({ "request": whole["request"] }).to_string();
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert_eq!(code(&done), 0, "{}{}", String::from_utf8_lossy(&done.stdout), told(&done));
}

#[test]
fn what_cannot_be_decided_upon_is_told_and_is_no_decision() {
    let pipeline = Pipeline::new();
    let file = pipeline.path("evidence.json");
    let runbook = pipeline.path("runbook.toml").display().to_string();
    let evidence = file.display().to_string();
    for (args, said) in [
        (&["gate", "2.0.0", "--to", "production", "--evidence", &evidence][..], "`2.0.0` is asked for"),
        (&["gate", "1.5.0", "--to", "staging", "--evidence", &evidence], "`request.target` is production"),
        (&["gate", "1.5.0", "--to", "production", "--evidence", &runbook], "isn't JSON"),
        (&["gate", "1.5.0", "--to", "production", "--evidence", "/nowhere.json"], "EAVIP-H01"),
        (&["gate", "1.5.0", "--to", "production"], "--evidence"),
        (&["gate", "1.5.0", "--to", "prod", "--evidence", &evidence], "did you mean `production`?"),
        (
            &["gate", "1.5.0", "--to", "production", "--evidence", &evidence, "--now", "noon"],
            "is not a moment",
        ),
        (&["gate", "1.5.0", "--example"], "cannot be used with"),
        (&["gate"], "--to"),
    ] {
        let done = alone(pipeline.0.path(), args, &[]);
        assert_eq!((code(&done), done.stdout.is_empty()), (2, true), "{args:?}: {}", told(&done));
        assert!(told(&done).contains(said), "{args:?}: {}", told(&done));
    }
}

#[test]
fn an_edited_rule_and_the_gates_themselves_are_tried_without_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let rule = |above: &str| format!("[alert.disk-full]\nabove = {above}\nclear = {above}\nfor = \"1m\"\n");
    std::fs::write(path("loose.toml"), rule("0.5")).unwrap();
    std::fs::write(path("tight.toml"), rule("0.8")).unwrap();
    let points: Vec<Value> = (0..30)
        .map(|minute| json!({ "at": format!("2026-01-31T13:{minute:02}:00Z"), "value": if minute < 9 { 0.6 } else { 0.1 } }))
        .collect();
    let track = json!({ "indicator": "disk_used_ratio", "labels": {}, "points": points, "wrong": [] });
    std::fs::write(path("history.jsonl"), track.to_string()).unwrap();
    let backtest = |old: &str, new: &str| {
        let (history, old, new) = (path("history.jsonl"), path(old), path(new));
        let args =
            ["policy", "backtest", "disk-full", "--history", &history, "--runbook", &old, "--with", &new];
        alone(dir.path(), &args, &[])
    };
    assert_eq!(code(&backtest("loose.toml", "tight.toml")), 0);
    let noisier = backtest("tight.toml", "loose.toml");
    let text = String::from_utf8_lossy(&noisier.stdout).into_owned();
    assert!(code(&noisier) == 3 && text.contains("EAVIP-N31"), "{text}{}", told(&noisier));

    let shown = alone(dir.path(), &["policy", "self-test", &path("tight.toml")], &[]);
    assert_eq!(code(&shown), 0, "{}", told(&shown));
    assert_eq!(String::from_utf8_lossy(&shown.stdout).matches("EAVIP-G").count(), 16);
}

fn page(name: &str) -> String {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).parent().unwrap().to_owned();
    std::fs::read_to_string(root.join("docs").join(name)).unwrap()
}

/// A text as a block of a page.
fn block(printed: &[u8]) -> String {
    let text = String::from_utf8_lossy(printed);
    text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect()
}

#[test]
fn the_handbook_shows_what_is_printed_and_names_every_part_of_the_evidence() {
    const THEN: &str = "2026-01-31T13:05:00Z";
    let pipeline = Pipeline::new();
    let example = alone(pipeline.0.path(), &["gate", "--example", "--now", THEN], &[]);
    let mut json: Value = serde_json::from_slice(&example.stdout).unwrap();
    json["evidence"]["approvals"].as_array_mut().unwrap().pop();
    json["evidence"]["owners"]["what"]["on_call_gaps"] = json!(1);
    json["evidence"]["source"]["what"]["running_since"] = json!("2026-01-31T02:00:00Z");
    pipeline.write("evidence.json", &json);
    let denied = pipeline.ask(&pipeline.path("evidence.json"), &["--now", THEN]);
    let page = page("releases.md");
    assert!(
        page.contains(&block(&denied.stdout)),
        "docs/releases.md has to show:\n{}",
        block(&denied.stdout)
    );
    for part in json["evidence"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("| `{part}` |")), "docs/releases.md says nothing of `{part}`");
    }
}
