//! Tests of the JSON entry: an input and the answer for every question, what can't be answered, and that nothing at all
//! makes it panic.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::*;
use crate::policy::Source;

/// An input of each question, as a caller would send it.
const INPUTS: &str = include_str!("tests/inputs.json");

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    Policy::load(&[Source::new("runbook.toml", include_str!("tests/runbook.toml"))]).unwrap()
});

fn inputs() -> BTreeMap<String, Box<RawValue>> {
    serde_json::from_str(INPUTS).unwrap()
}

fn ask(question: &str, input: &str) -> Result<String, Problem> {
    answer(question, input.as_bytes(), &POLICY)
}

/// The answer to a question's input.
fn answered(question: &str) -> Value {
    serde_json::from_str(&ask(question, inputs()[question].get()).unwrap()).unwrap()
}

/// One value a line, in the order in which it came.
fn pretty(json: &str) -> String {
    let (mut out, mut depth, mut quoted, mut escaped) = (String::new(), 0, false, false);
    let line = |out: &mut String, depth: usize| *out += &format!("\n{}", "  ".repeat(depth));
    for (at, c) in json.char_indices() {
        let follows = json[at + c.len_utf8()..].chars().next();
        let is_empty = matches!((c, follows), ('{', Some('}')) | ('[', Some(']')));
        match c {
            '}' | ']' if !quoted && !matches!(json[..at].chars().next_back(), Some('{' | '[')) => {
                depth -= 1;
                line(&mut out, depth);
            }
            _ => {}
        }
        out.push(c);
        match c {
            '"' if !escaped => quoted = !quoted,
            '{' | '[' if !quoted && !is_empty => {
                depth += 1;
                line(&mut out, depth);
            }
            ',' if !quoted => line(&mut out, depth),
            ':' if !quoted => out.push(' '),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    out
}

#[test]
fn every_question_answers_its_input() {
    let inputs = inputs();
    let asked: Vec<&str> = inputs.keys().map(String::as_str).collect();
    let mut known: Vec<&str> = questions().map(|one| one.name).collect();
    known.sort_unstable();
    assert_eq!(known, asked, "left: the questions; right: those with an input in tests/inputs.json");
    for (question, input) in inputs {
        let first = ask(&question, input.get()).unwrap();
        assert_eq!(ask(&question, input.get()).unwrap(), first, "{question}");
        insta::assert_snapshot!(question.as_str(), pretty(&first));
    }
}

#[test]
fn every_question_says_what_it_asks_and_takes() {
    let list = answered("questions");
    assert_eq!(list["questions"], serde_json::to_value(questions().collect::<Vec<_>>()).unwrap());
    for one in questions() {
        let input: BTreeMap<String, Box<RawValue>> = serde_json::from_str(inputs()[one.name].get()).unwrap();
        let mut takes = one.input.to_vec();
        takes.sort_unstable();
        assert_eq!(input.keys().collect::<Vec<_>>(), takes, "the input of {} shows every field", one.name);
    }
}

/// In each room the last event of the history is decided from the state that the others make, and makes the state that
/// the answer tells: state, command and event survive their JSON.
#[test]
fn what_is_decided_is_what_is_replayed() {
    let inputs = inputs();
    let rooms: Vec<&str> = questions().filter_map(|one| one.name.strip_suffix(".decide")).collect();
    assert_eq!(rooms.len(), 16);
    for room in rooms {
        let (decide, replay) = (format!("{room}.decide"), format!("{room}.replay"));
        let given: Value = serde_json::from_str(inputs[&decide].get()).unwrap();
        let decided = answered(&decide);
        let history: Value = serde_json::from_str(inputs[&replay].get()).unwrap();
        let mut events = history["events"].as_array().unwrap().clone();
        let last = events.split_off(events.len() - decided["events"].as_array().unwrap().len());
        assert_eq!(decided["events"].as_array().unwrap(), &last, "{room}");
        assert_eq!(decided["state"], answered(&replay)["state"], "{room}");
        let before = ask(&replay, &serde_json::json!({ "events": events }).to_string()).unwrap();
        let before: Value = serde_json::from_str(&before).unwrap();
        assert_eq!(before["state"], given["state"], "{room}");
    }
}

#[test]
fn a_refusal_is_an_answer_with_every_reason() {
    let input = r#"{"state": null, "command": {"turn": {"environment": "production", "on": true, "open_phases": [],
        "record": {"by": "nobody", "reason": "", "ticket": "SHOP-7"}}}, "now": "2026-03-02T10:00:00Z"}"#;
    let refused: Value = serde_json::from_str(&ask("flag.decide", input).unwrap()).unwrap();
    let rules: Vec<&str> =
        refused["refused"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["EAVIP-F06", "EAVIP-F05", "EAVIP-F05"]);
    assert_eq!(ask("flag.replay", r#"{"events": []}"#).unwrap(), r#"{"state":null}"#);
}

#[test]
fn what_cannot_be_answered_says_where_and_what_to_do() {
    let deep = "[".repeat(1_000);
    let table: &[(&str, &str)] = &[
        ("relese.gate", "{}"),
        ("", "{}"),
        ("what?", "{}"),
        ("incident.sev", ""),
        ("incident.sev", "{"),
        ("incident.sev", &deep),
        ("incident.sev", "[]"),
        ("incident.sev", r#"[{"scope": "minor", "integrity": "intact"}, false]"#),
        ("incident.sev", "null"),
        ("incident.sev", "{} {}"),
        ("incident.sev", "{}"),
        ("incident.sev", r#"{"impact": {"scope": "part", "integrity": "intact"}, "security": false}"#),
        ("incident.sev", r#"{"impact": {"scope": "minor", "integrity": "intact"}, "security": 1}"#),
        ("incident.sev", r#"{"impact": {"scope": "minor", "integrity": "intact"}, "securty": false}"#),
        ("incident.sev", r#"{"security": true, "security": true}"#),
        ("capacity", r#"{"what": "disk", "points": [["2026-03-02", 1]], "capacity": 2, "now": "now"}"#),
        ("capacity", r#"{"what": "disk", "points": [], "capacity": 1e999, "now": "2026-03-02T10:00:00Z"}"#),
        ("slo.lint", r#"{"objective": "checkout-rigth"}"#),
        ("slo.lint", r#"{"objective": "x"}"#),
        ("flag.decide", r#"{"command": "retire"}"#),
        ("flag.decide", r#"{"command": {"retyre": {}}}"#),
        ("flag.decide", r#"{"command": {"retire": {"record": {"by": "Ana"}}}}"#),
        ("flag.replay", r#"{"events": [{"kind": "introduced"}]}"#),
    ];
    let mut told = String::new();
    for (question, input) in table {
        let problem = ask(question, input).unwrap_err();
        let input: String = input.chars().take(110).collect();
        told += &format!("{question} {input}\n    {} {problem}\n", problem.code);
    }
    insta::assert_snapshot!("problems", told);
    let problem = answer("incident.sev", b"{\"impact\": \"\xff\"}", &POLICY).unwrap_err();
    assert_eq!(problem.code, NOT_JSON, "{problem}");
    let problem = answer("incident.sev", &vec![b' '; MAX_INPUT + 1], &POLICY).unwrap_err();
    assert_eq!(problem.code, TOO_LONG, "{problem}");
    let named = format!("{{\"objective\": \"{}\"}}", "x".repeat(2_000));
    let problem = ask("slo.lint", &named).unwrap_err();
    assert!(problem.message.chars().count() <= MAX_TEXT, "{problem}");
}

#[test]
fn a_problem_of_secrets_quotes_nothing() {
    let table = [
        ("config.secret", r#"{"place": "shop.toml", "pairs": "hunter2"}"#),
        ("config.secret", r#"{"place": "shop.toml", "pairs": [["hunter2"]]}"#),
        ("config.secret", r#"{"place": "shop.toml", "pairs": [["a", 5000001]]}"#),
        ("config.secret", r#"{"place": "shop.toml", "pairs": {"hunter2": "hunter2"}}"#),
        ("config.secret", r#"{"hunter2": "shop.toml"}"#),
        ("config.secret", r#"{"placehunter2": 1}"#),
        ("config.secret", r#"{"pairs[hunter2": 1}"#),
        ("config.secret.text", r#"{"texthunter2": 1}"#),
        ("config.secret.text", r#"{"text.hunter2": 1}"#),
        ("config.secret.text", r#"{"place": "shop.toml", "text": ["hunter2"]}"#),
        ("config.secret.text", r#"{"place": "shop.toml", "text": 5000001}"#),
        ("config.secret.text", r#""hunter2""#),
        ("config.secret.text", "hunter2"),
    ];
    let mut told = String::new();
    for (question, input) in table {
        let problem = serde_json::to_string(&ask(question, input).unwrap_err()).unwrap();
        told += &format!("{problem}\n");
    }
    assert!(!told.contains("hunter2") && !told.contains("5000001"), "{told}");
    insta::assert_snapshot!("hushed", told);
}

/// The signature is the caller's to check; that the key's is there at all isn't.
#[test]
fn a_witness_looks_only_at_what_the_named_key_signed() {
    let good = inputs()["audit.witness.decide"].get().to_owned();
    let table = [
        ("\"name\": \"ops.example.com/audit\"", "\"name\": \"another/log\"", "command.shown"),
        ("\"public\": \"AAEC", "\"public\": \"AQEC", "command.shown"),
        ("\"public\": \"AAEC", "\"public\": \"", "command.checked_with"),
        ("\"name\": \"ops.example.com/audit\"", "\"name\": \"a b\"", "command.checked_with"),
    ];
    for (from, to, at) in table {
        assert!(good.contains(from), "{from}");
        let problem = ask("audit.witness.decide", &good.replace(from, to)).unwrap_err();
        assert_eq!((problem.code, problem.at.as_str()), (UNFIT, at), "{problem}");
    }
}

/// What a hostile or broken caller puts anywhere.
fn nasty() -> Vec<Value> {
    use serde_json::json;
    vec![
        json!(null),
        json!(-1),
        json!(0),
        json!(1e308),
        json!(u64::MAX),
        json!(""),
        json!("9999-12-30T22:00:00Z"),
        json!("0000-01-01T00:00:00Z"),
        json!("18446744073709551615ms"),
        json!([]),
        json!({}),
    ]
}

/// Calls `visit` with the value once for each place in it, with that place changed.
fn changed(whole: &Value, places: &mut Vec<String>, visit: &mut impl FnMut(&Value)) {
    let pointer: String = places.iter().map(|place| format!("/{place}")).collect();
    if !pointer.is_empty() {
        for value in nasty() {
            let mut changed = whole.clone();
            *changed.pointer_mut(&pointer).unwrap() = value;
            visit(&changed);
        }
    }
    let within: Vec<String> = match whole.pointer(&pointer).unwrap() {
        Value::Object(map) => map.keys().map(|key| key.replace('~', "~0").replace('/', "~1")).collect(),
        // More of the same shows nothing new.
        Value::Array(list) => (0..list.len().min(2)).map(|at| at.to_string()).collect(),
        _ => Vec::new(),
    };
    for place in within {
        places.push(place);
        changed(whole, places, visit);
        places.pop();
    }
}

#[test]
fn no_value_anywhere_in_an_input_makes_it_panic() {
    let (mut asked, mut judged) = (0, 0);
    for (question, input) in inputs() {
        let input: Value = serde_json::from_str(input.get()).unwrap();
        changed(&input, &mut Vec::new(), &mut |changed| {
            asked += 1;
            match ask(&question, &changed.to_string()) {
                Ok(answer) => {
                    judged += 1;
                    assert!(serde_json::from_str::<Value>(&answer).is_ok(), "{question}: {answer}");
                }
                Err(problem) => assert!([UNFIT, UNDECLARED].contains(&problem.code), "{question}: {problem}"),
            }
        });
    }
    assert!(asked > 10_000 && judged > 1_000, "{judged} of {asked}");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(name in "\\PC{0,20}", input in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(answer(&name, &input, &POLICY).is_err());
        for question in questions().filter(|one| !one.input.is_empty()) {
            prop_assert!(answer(question.name, &input, &POLICY).is_err());
        }
    }

    /// Cut off or with a byte changed, which is nearly right.
    #[test]
    fn no_damage_makes_it_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        for (question, input) in inputs() {
            let mut bytes = input.get().as_bytes().to_vec();
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at);
                prop_assert!(answer(&question, &bytes, &POLICY).is_err());
            } else {
                bytes[at] = byte;
                let _answer_or_problem = answer(&question, &bytes, &POLICY);
            }
        }
    }
}
