//! Tests of label sets.

use super::*;

#[test]
fn sorts_and_finds_labels() {
    let labels = Labels::new([("mount", "/var"), ("device", "sda1")]).unwrap();
    assert_eq!(labels.iter().collect::<Vec<_>>(), [("device", "sda1"), ("mount", "/var")]);
    assert_eq!(labels.get("mount"), Some("/var"));
    assert_eq!(labels.to_string(), r#"{device="sda1",mount="/var"}"#);
}

#[test]
fn refuses_what_is_out_of_bounds_and_names_it() {
    let many: Vec<_> = (0..=MAX_LABELS).map(|at| (format!("l{at}"), "x")).collect();
    assert_eq!(Labels::new(many).unwrap_err(), InvalidLabels::TooMany { count: 65 });
    let long = "x".repeat(MAX_LABEL_VALUE + 1);
    assert!(matches!(Labels::new([("a", long.as_str())]), Err(InvalidLabels::Value { bytes: 1025, .. })));
    for name in ["", "0a", "a-b", "ä", &"n".repeat(MAX_LABEL_NAME + 1)] {
        assert!(matches!(Labels::new([(name, "x")]), Err(InvalidLabels::Name { .. })), "{name}");
    }
    assert!(matches!(Labels::new([("a", "1"), ("a", "2")]), Err(InvalidLabels::Twice { .. })));
}

#[test]
fn reads_the_json_it_writes_and_refuses_a_bomb_early() {
    let labels = Labels::new([("mount", "/va\"r\n")]).unwrap();
    let json = serde_json::to_string(&labels).unwrap();
    assert_eq!(serde_json::from_str::<Labels>(&json).unwrap(), labels);
    let bomb: std::collections::BTreeMap<String, String> =
        (0..10_000).map(|at| (format!("l{at}"), "x".into())).collect();
    let error = serde_json::from_str::<Labels>(&serde_json::to_string(&bomb).unwrap()).unwrap_err();
    assert!(error.to_string().contains("65 labels are too many"), "{error}");
}

#[test]
fn merging_prefers_the_added_labels() {
    let labels = Labels::new([("a", "1"), ("b", "2")]).unwrap().with([("b", "3"), ("c", "4")]);
    assert_eq!(labels.to_string(), r#"{a="1",b="3",c="4"}"#);
}
