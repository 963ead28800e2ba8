//! Tests of reading evidence: what can't be used is told, and nothing is passed over.

use eavip_core::release::gate::Seen;
use eavip_core::time::Timestamp;
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::ctl::gate::example;
use crate::ctl::given::harmless;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn good() -> Value {
    serde_json::to_value(example::question(NOW).unwrap()).unwrap()
}

fn dir(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, text)| std::fs::write(dir.path().join(name), text).unwrap());
    dir
}

fn told(problems: &[Problem], dir: &TempDir) -> String {
    let told: Vec<String> = problems.iter().map(harmless).collect();
    told.join("\n").replace(&dir.path().display().to_string(), "DIR")
}

/// What is told of a text.
fn refusal(text: &[u8]) -> String {
    let dir = dir(&[("a.json", text)]);
    let problems = read(&[dir.path().join("a.json")]).unwrap_err();
    assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.remedy.is_empty()));
    told(&problems, &dir)
}

fn changed(at: &str, value: Value) -> Vec<u8> {
    let mut json = good();
    *json.pointer_mut(at).unwrap() = value;
    serde_json::to_vec(&json).unwrap()
}

/// The example with one field more.
fn with(at: &str, name: &str, value: Value) -> Vec<u8> {
    let mut json = good();
    json.pointer_mut(at).unwrap().as_object_mut().unwrap().insert(name.to_owned(), value);
    serde_json::to_vec(&json).unwrap()
}

fn without(at: &str, name: &str) -> Vec<u8> {
    let mut json = good();
    json.pointer_mut(at).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    serde_json::to_vec(&json).unwrap()
}

#[test]
fn the_example_is_read_as_it_was_written() {
    let file = dir(&[("a.json", &serde_json::to_vec_pretty(&good()).unwrap())]);
    let (question, name) = read(&[file.path().join("a.json")]).unwrap();
    assert_eq!(question, example::question(NOW).unwrap());
    assert!(name.ends_with("/a.json"));
}

#[test]
fn each_mistake_is_told_with_file_field_and_remedy() {
    let text = serde_json::to_string_pretty(&good()).unwrap();
    let twice = text.replacen("\"left\":", "\"left\": 1, \"left\":", 1);
    let large = text.replacen("\"left\": 0.82", "\"left\": 1e999", 1);
    let nan = text.replacen("\"left\": 0.82", "\"left\": NaN", 1);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("truncated", text.as_bytes()[..text.len() / 2].to_vec()),
        ("binary", vec![0, 0xff, 0x1b, b'[', b'2', b'J', 0xfe]),
        ("half a character", b"{\"request\": \"\xff\"}".to_vec()),
        ("something after it", format!("{text} {{}}").into_bytes()),
        ("too deep", "[".repeat(100_000).into_bytes()),
        ("too large", vec![b' '; MAX_FILE as usize + 1]),
        ("NaN", nan.into_bytes()),
        ("too large a number", large.into_bytes()),
        ("a list", b"[]".to_vec()),
        ("evidence that is a text", changed("/evidence", json!("all is well"))),
        ("no request", without("", "request")),
        ("a field twice", twice.into_bytes()),
        ("an unknown part", with("/evidence", "backup", json!(null))),
        ("an unknown top", with("", "evidense", json!({}))),
        (
            "a misspelt field that may be missing",
            with("/evidence/backups/what/0", "verified_att", json!(null)),
        ),
        ("a field too many below a word", with("/evidence/target/what/installed", "verifed", json!(true))),
        (
            "a field of another kind",
            changed("/evidence/target/what/installed", json!({ "kind": "nothing", "version": "1.4.2" })),
        ),
        ("an unknown kind", changed("/evidence/target/what/installed", json!({ "kind": "nothin" }))),
        ("a missing field", without("/evidence/backups/what/0", "rpo")),
        ("a text for a number", changed("/evidence/budgets/what/0/left", json!("NaN"))),
        ("null for a number", changed("/evidence/budgets/what/0/left", json!(null))),
        ("null for a list", changed("/evidence/validations", json!(null))),
        ("a negative count", changed("/evidence/owners/what/on_call_gaps", json!(-1))),
        ("a huge count", changed("/evidence/owners/what/on_call_gaps", json!(u64::MAX))),
        ("an unknown word", changed("/request/target", json!("prodution"))),
        ("no moment", changed("/evidence/holds/at", json!("yesterday\u{1b}[2J"))),
        ("no span", changed("/evidence/backups/what/0/rpo", json!("1 day"))),
        ("no digest", changed("/evidence/approvals/0/request", json!("abc"))),
        ("no version", changed("/request/candidate/version", json!("v1.5"))),
        ("no id", changed("/request/requester", json!("Rosa\n"))),
        ("a long text", changed("/request/mode", json!("x".repeat(100_000)))),
    ];
    let told: Vec<String> =
        cases.iter().map(|(what, text)| format!("--- {what}\n{}\n", refusal(text))).collect();
    insta::assert_snapshot!(told.concat());
}

#[test]
fn several_mistakes_are_told_at_once() {
    let mut json = good();
    json["request"]["target"] = json!("prod");
    json["evidence"]["budgets"]["what"][0]["left"] = json!("much");
    json["evidence"]["holds"]["what"]["frezes"] = json!([]);
    json["evidence"]["incident"] = json!([]);
    let told = refusal(&serde_json::to_vec(&json).unwrap());
    assert_eq!(told.lines().filter(|line| line.contains("[EAVIP-H0")).count(), 4, "{told}");
}

/// Every object of a document, by its pointer.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(at.to_owned());
            fields.iter().for_each(|(name, field)| objects(field, &format!("{at}/{name}"), found));
        }
        Value::Array(values) => {
            values
                .iter()
                .enumerate()
                .for_each(|(place, value)| objects(value, &format!("{at}/{place}"), found));
        }
        _ => {}
    }
}

/// A document in which every type of the gates' evidence occurs.
fn whole() -> Value {
    let mut json = good();
    let (at, day) = (NOW.to_string(), (NOW + eavip_core::time::Span::from_secs(86_400)).to_string());
    json["request"]["rollback"]["schema"] =
        json!({ "how": "restore", "backup": "orders", "steps": ["restore it"] });
    json["evidence"]["incidents"]["what"] = json!([{
        "id": "inc-7", "sev": "SEV-1", "acknowledged": true, "commander": "omar", "mitigated_at": at, "rca_owner": "olga"
    }]);
    json["evidence"]["holds"]["what"] = json!({
        "freezes": [{
            "kind": "freeze", "environment": "production", "owner": "platform-operations", "reason": "why", "from": at,
            "until": day
        }],
        "break_glass": [{ "release": "older", "by": ["omar"], "at": at, "reviewed_at": null }]
    });
    json["evidence"]["break_glass"] = json!({
        "by": ["olga", "omar"], "paged": true, "incident": "inc-7", "justification": "why", "rules": ["EAVIP-G05"],
        "opened_at": at, "until": day
    });
    json
}

#[test]
fn a_field_that_nothing_reads_is_refused_wherever_it_stands() {
    let document = whole();
    let file = dir(&[("a.json", &serde_json::to_vec(&document).unwrap())]);
    read(&[file.path().join("a.json")]).unwrap();
    let mut found = Vec::new();
    objects(&document, "", &mut found);
    assert!(found.len() >= 35, "only {} objects", found.len());
    for at in found {
        let mut json = document.clone();
        json.pointer_mut(&at).unwrap().as_object_mut().unwrap().insert("surplus".to_owned(), json!(1));
        let told = refusal(&serde_json::to_vec(&json).unwrap());
        assert!(
            told.contains("`surplus` is not a known field") && told.contains("EAVIP-H02"),
            "{at}: {told}"
        );
    }
}

#[test]
fn parts_may_stand_in_several_files_and_those_that_stand_in_none_were_not_seen() {
    let json = good();
    let file = |value: Value| serde_json::to_vec(&value).unwrap();
    let dir = dir(&[
        ("1-request.json", &file(json!({ "request": json["request"] }))),
        ("2-backups.json", &file(json!({ "evidence": { "backups": json["evidence"]["backups"] } }))),
        (
            "3-holds.json",
            &file(json!({ "evidence": { "holds": json["evidence"]["holds"], "source": null } })),
        ),
        ("notes.txt", b"no evidence"),
    ]);
    let (question, name) = read(&[dir.path().to_owned()]).unwrap();
    assert!(name.ends_with("1-request.json"));
    let Question { evidence, .. } = question;
    assert_eq!(evidence.backups.map(|Seen { what, .. }| what.len()), Some(1));
    assert!(evidence.holds.is_some() && evidence.source.is_none() && evidence.validations.is_empty());
    let named = ["1-request.json", "2-backups.json"].map(|name| dir.path().join(name));
    assert!(read(&named).unwrap().0.evidence.holds.is_none());
}

#[test]
fn a_part_in_two_files_and_a_directory_without_files_are_refused() {
    let text = serde_json::to_vec(&good()).unwrap();
    let twice = dir(&[("a.json", &text), ("b.json", &text)]);
    let problems = read(&[twice.path().to_owned()]).unwrap_err();
    assert_eq!(problems.len(), 13);
    insta::assert_snapshot!(told(&problems[..2], &twice));
    let empty = dir(&[("notes.txt", b"no evidence")]);
    insta::assert_snapshot!(told(&read(&[empty.path().to_owned()]).unwrap_err(), &empty));
}

#[test]
fn standard_input_is_not_read_twice() {
    let problems = read(&["-", "a.json", "-"].map(PathBuf::from)).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "`-` is given twice, and it can be read once");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_damage_to_a_file_is_worse_than_a_refusal(at in 0.0..1.0f64, byte: u8, cut: bool) {
        let mut text = serde_json::to_vec(&whole()).unwrap();
        let place = (text.len() as f64 * at) as usize;
        if cut { text.truncate(place) } else { text[place] = byte }
        let dir = dir(&[("a.json", &text)]);
        match read(&[dir.path().join("a.json")]) {
            Ok(_) => prop_assert!(!cut),
            Err(problems) => prop_assert!(!told(&problems, &dir).is_empty()),
        }
    }
}
