//! Tests of reading recorded series.

use super::*;
use crate::ctl::given::harmless;

const GOOD: &str = r#"{"indicator":"disk_used_ratio","labels":{"node":"a"},"points":[{"at":"2026-01-31T13:05:00Z","value":null}],"wrong":[]}"#;

fn file(text: &[u8]) -> Result<History, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.jsonl");
    std::fs::write(&path, text).unwrap();
    read(&path).map_err(|problems| {
        let told: Vec<String> = problems.iter().map(harmless).collect();
        told.join("\n").replace(&dir.path().display().to_string(), "DIR")
    })
}

#[test]
fn a_line_is_a_track_and_null_was_not_known() {
    let history = file(format!("\n{GOOD}\r\n\n{GOOD}").as_bytes()).unwrap();
    assert_eq!(history.tracks.len(), 2);
    assert!(history.tracks[0].points[0].value.is_nan());
    assert_ne!(history.digest, file(GOOD.as_bytes()).unwrap().digest);
}

#[test]
fn what_the_library_writes_is_read() {
    let tracks = file(GOOD.as_bytes()).unwrap().tracks;
    let again = file(&serde_json::to_vec(&tracks[0]).unwrap()).unwrap().tracks;
    assert_eq!(format!("{again:?}"), format!("{tracks:?}"));
}

#[test]
fn each_mistake_is_told_with_line_field_and_remedy() {
    let good = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        GOOD.replacen(from, to, 1)
    };
    let cases = [
        ("truncated", GOOD[..60].to_owned()),
        ("two in a line", format!("{GOOD} {GOOD}")),
        ("a list", "[1]".to_owned()),
        ("binary", "\u{0}\u{1b}[2J".to_owned()),
        ("NaN", good("null", "NaN")),
        ("a text", good("null", "\"0.9\"")),
        ("too large a number", good("null", "1e999")),
        ("an unknown field", good("\"labels\"", "\"lables\"")),
        ("a field twice", good("\"wrong\":[]", "\"wrong\":[],\"wrong\":[]")),
        ("a missing field", good(",\"wrong\":[]", "")),
        ("an unknown indicator", good("disk_used_ratio", "disk_usd_ratio")),
        ("a label that can't be", good("\"node\"", "\"no de\"")),
        ("no moment", good("2026-01-31T13:05:00Z", "noon\u{1b}")),
        ("backwards", good("[]", r#"[{"from":"2026-01-31T13:05:00Z","until":"2026-01-31T13:04:00Z"}]"#)),
    ];
    let told = cases.iter().map(|(what, text)| {
        format!("--- {what}\n{}\n", file(format!("{GOOD}\n{text}\n").as_bytes()).unwrap_err())
    });
    insta::assert_snapshot!(told.collect::<String>());
}

#[test]
fn a_file_of_another_form_and_too_much_wrong_are_told_in_short() {
    let told = file("x\n".repeat(1_000).as_bytes()).unwrap_err();
    assert_eq!(told.lines().filter(|line| line.contains("EAVIP-H01")).count(), MAX_TOLD);
    assert!(told.ends_with("; the first 20 problems are told, what follows wasn't looked at"), "{told}");
    let told = file("x\n".repeat(MAX_TOLD).as_bytes()).unwrap_err();
    assert!(!told.contains("the first 20"), "nothing follows: {told}");
    let wrong = r#"{"from":"2026-01-31T13:05:00Z","until":"2026-01-31T13:05:00Z"}"#;
    let all = |count: usize| GOOD.replacen("[]", &format!("[{}]", vec![wrong; count].join(",")), 1);
    assert!(file(all(MAX_WRONG).as_bytes()).is_ok());
    assert!(file(all(MAX_WRONG + 1).as_bytes()).unwrap_err().contains("over the limit of 2000"));
}
