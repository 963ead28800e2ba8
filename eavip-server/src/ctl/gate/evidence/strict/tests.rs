//! Tests of reading JSON to the last field.

use serde_json::json;

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Thing {
    name: String,
    parts: Vec<Option<Thing>>,
}

fn given(text: &str) -> Given<'_> {
    Given { file: "a.json", line: 1, text: text.as_bytes(), remedy: "mend it" }
}

fn messages(value: &Value) -> Vec<String> {
    let problems = read::<Thing>(given(""), "thing", value).unwrap_err();
    problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn every_unknown_field_is_named_with_its_place() {
    let inner = json!({ "name": "b", "parts": [], "x.y": 1 });
    let value = json!({ "name": "a", "parts": [null, inner], "nam": 2 });
    assert_eq!(
        messages(&value),
        [
            "`thing`: `nam` is not a known field; did you mean `name`?",
            "`thing.parts[1]`: `x.y` is not a known field; use one of name, parts",
        ]
    );
    let wrong = json!({ "name": "a", "parts": [{ "name": 1, "parts": [] }] });
    assert_eq!(messages(&wrong), ["`thing.parts[0].name`: invalid type: integer `1`, expected a string"]);
    let list = json!({ "name": "a", "parts": [["b", []]] });
    assert_eq!(messages(&list), ["`thing.parts[0]`: a list stands where an object has to"]);
    assert_eq!(messages(&json!(3)), ["`thing`: invalid type: integer `3`, expected struct Thing"]);
}

#[test]
fn a_flood_of_unknown_fields_is_told_in_part() {
    let many: Map<String, Value> = (0..1_000).map(|number| (format!("x{number}"), json!(1))).collect();
    let mut value = json!({ "name": "a", "parts": [] });
    value.as_object_mut().unwrap().extend(many);
    assert_eq!(messages(&value).len(), MAX_TOLD);
}

#[test]
fn a_field_that_stands_twice_is_refused_at_any_depth() {
    for text in [r#"{"a":1,"a":1}"#, r#"{"b":[{"a":{},"a":[]}]}"#, r#"{"\u0061":1,"a":2}"#] {
        let problems = object(given(text)).unwrap_err();
        assert!(problems[0].message.contains("`a` stands twice"), "{problems:?}");
    }
    let every = r#"{"a":[null,true,-1,1,0.5,"x",{"a":1}]}"#;
    assert_eq!(Value::Object(object(given(every)).unwrap()).to_string(), every);
}
