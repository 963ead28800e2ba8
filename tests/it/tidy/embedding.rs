//! What embedders of `eavip-core` rely on: judgements depend on their arguments alone, everything can be asked as JSON,
//! and what may grow is marked.

use std::collections::BTreeSet;

use super::repo::{files, none, text, toml};

const SOURCES: &str = "eavip-core/src/";

/// Core's sources without its tests: the path from `src` on, and the text.
fn sources() -> impl Iterator<Item = (&'static str, String)> {
    let own = files().iter().filter_map(|file| Some((file.as_str(), file.strip_prefix(SOURCES)?)));
    let code = own.filter(|(_, path)| {
        path.ends_with(".rs") && !path.ends_with("tests.rs") && !path.contains("/tests/")
    });
    code.map(|(file, path)| (path, text(file)))
}

/// What would tie a judgement to a machine or a moment. Clippy knows the functions; this knows the modules.
const OUTSIDE: [&str; 15] = [
    "std::{",
    "std::env",
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::time::UNIX_EPOCH",
    "Timestamp::now(",
    "Zoned::now(",
    "Uuid::new_v4(",
    "Uuid::now_v7(",
];

#[test]
fn core_reaches_for_nothing_outside_of_its_arguments() {
    let mut problems = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim_start().starts_with("//"));
        let outside = lines.filter(|(line, _)| OUTSIDE.iter().any(|word| line.contains(word)));
        problems.extend(outside.map(|(line, number)| format!("{SOURCES}{path}:{number}: {}", line.trim())));
    }
    none("core does no I/O, reads no clock and starts no thread", &problems);
}

#[test]
fn cores_clippy_says_what_the_workspaces_does_and_more() {
    let (workspace, core) = (toml("clippy.toml"), toml("eavip-core/clippy.toml"));
    let differ = workspace.iter().filter(|(key, value)| core.get(key.as_str()) != Some(value));
    none("eavip-core/clippy.toml lacks", &differ.map(|(key, _)| format!("`{key}`")).collect::<Vec<_>>());
    assert!(core.contains_key("disallowed-methods") && core.contains_key("disallowed-types"));
}

fn questions() -> BTreeSet<&'static str> {
    eavip_core::json::questions().map(|question| question.name).collect()
}

#[test]
fn the_handbook_lists_the_questions() {
    let page = text("docs/embedding.md");
    let (_, section) = page.split_once("\n## The questions\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let listed: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let wanted: Vec<String> =
        eavip_core::json::questions().map(|one| format!("| `{}` | {} |", one.name, one.about)).collect();
    let missing = wanted.iter().filter(|row| !listed.contains(&row.as_str()));
    none("add to `docs/embedding.md`", &missing.cloned().collect::<Vec<_>>());
    assert_eq!(listed, wanted, "left: docs/embedding.md has more than the questions, or another order");
}

#[test]
fn every_room_is_asked_to_decide_and_to_replay() {
    let questions = questions();
    let mut rooms = 0;
    let mut problems = Vec::new();
    for (path, _) in sources().filter(|(_, text)| text.contains("impl Aggregate for ")) {
        rooms += 1;
        let room = path.trim_end_matches(".rs").replace('/', ".").replace('_', "-");
        let wanted = ["decide", "replay"].map(|question| format!("{room}.{question}"));
        problems.extend(wanted.into_iter().filter(|one| !questions.contains(one.as_str())));
    }
    none("add to `eavip-core/src/json/room.rs`", &problems);
    assert_eq!(questions.iter().filter(|one| one.ends_with(".replay")).count(), rooms);
}

/// What a judgement returns.
const JUDGEMENTS: [&str; 6] = ["Decision", "Finding", "Vec<Finding>", "Pack", "Ruling", "Vec<Shown>"];
/// Where findings and decisions are put together, by whoever judges.
const BUILDERS: [&str; 2] = ["decision.rs", "finding.rs"];
/// Judgements that are asked for as part of another one.
const WITHIN: [(&str, &str); 1] = [("phase::before_closing", "incident.may-close")];

/// A source's public functions that judge: how it is called from elsewhere.
fn judgements(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in text.split("pub fn ").skip(1) {
        let Some(signature) = rest.split(['{', ';']).next() else { continue };
        let Some((head, returned)) = signature.rsplit_once("->") else { continue };
        if !JUDGEMENTS.contains(&returned.trim()) {
            continue;
        }
        let name = head.split(['(', '<']).next().unwrap();
        let is_method = head.contains("&self");
        let module = path.trim_end_matches(".rs").rsplit('/').next().unwrap();
        found.push(if is_method { format!(".{name}(") } else { format!("{module}::{name}") });
    }
    found
}

#[test]
fn every_judgement_can_be_asked_for_as_json() {
    let asked: String =
        sources().filter(|(path, _)| path.starts_with("json/")).map(|(_, text)| text).collect();
    let questions = questions();
    let mut problems = Vec::new();
    let judging = sources().filter(|(path, _)| !path.starts_with("json") && !BUILDERS.contains(path));
    for (path, text) in judging {
        for call in judgements(path, &text) {
            // What a module re-exports is called by the name of the one around it.
            let around = path.rsplit('/').nth(1).zip(call.split_once("::"));
            let outer = around.map(|(module, (_, name))| format!("{module}::{name}("));
            let within = WITHIN.iter().find(|(judgement, _)| *judgement == call);
            let is_asked = asked.contains(&format!("{call}("))
                || asked.contains(&call) && call.starts_with('.')
                || outer.is_some_and(|call| asked.contains(&call))
                || within.is_some_and(|(_, question)| questions.contains(question));
            if !is_asked {
                problems.push(format!("{SOURCES}{path}: `{call}`"));
            }
        }
    }
    none("no question of `eavip-core/src/json` asks", &problems);
}

/// Enums that keep their words within a compatible version: the runbook's own lists, and what every screen shows in full.
const COMPLETE: [(&str, &str); 27] = [
    ("alert.rs", "Category"),
    ("alert/episode.rs", "Ending"),
    ("alert/episode.rs", "EpisodeEvent"),
    ("alert/episode.rs", "Status"),
    ("alert/episode.rs", "Subject"),
    ("alert/episode.rs", "SubjectRef"),
    ("alert/owner.rs", "Owner"),
    ("alert/rule.rs", "Condition"),
    ("anti_pattern.rs", "AntiPattern"),
    ("decision.rs", "Verdict"),
    ("environment.rs", "Environment"),
    ("finding.rs", "Outcome"),
    ("incident/phase.rs", "Phase"),
    ("incident/sev.rs", "Sev"),
    ("mode.rs", "Mode"),
    ("release/version.rs", "Kind"),
    ("roster.rs", "Party"),
    ("signal.rs", "Signal"),
    ("signal/health.rs", "Health"),
    ("signal/indicator.rs", "Derived"),
    ("signal/indicator.rs", "Indicator"),
    ("signal/metric.rs", "Kind"),
    ("signal/metric.rs", "Metric"),
    ("signal/metric.rs", "Unit"),
    ("signal/reading.rs", "Quality"),
    ("signal/reading.rs", "Value"),
    ("time/calendar.rs", "Weekday"),
];

#[test]
fn every_public_enum_may_grow_or_is_complete() {
    let (mut complete, mut problems) = (BTreeSet::new(), Vec::new());
    // The macros that make enums have a `$` in place of a name.
    for (path, text) in sources() {
        let mut before = "";
        for line in text.lines().map(str::trim) {
            let name = line.strip_prefix("pub enum ").and_then(|rest| rest.split([' ', '(', '<']).next());
            if let Some(name) = name.filter(|name| !name.starts_with('$')) {
                let listed = COMPLETE.iter().position(|one| *one == (path, name));
                if listed.is_some() == (before == "#[non_exhaustive]") {
                    problems.push(format!("{SOURCES}{path}: `{name}`"));
                }
                complete.extend(listed);
            }
            before = line;
        }
    }
    let gone = COMPLETE.iter().enumerate().filter(|(at, _)| !complete.contains(at));
    problems.extend(gone.map(|(_, (path, name))| format!("{SOURCES}{path} has no `{name}`")));
    none("mark with `#[non_exhaustive]`, or list as complete; never both", &problems);
}
