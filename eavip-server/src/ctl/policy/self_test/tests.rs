//! Tests of the gates' self-test at the command line.

use super::*;
use crate::ctl::output::Format;
use crate::ctl::output::tests::Written;

fn shown(policy: &Runbook, format: Format) -> (u8, String) {
    let written = Written::default();
    let code = show(policy, &mut written.output(format, false)).unwrap();
    (code, written.text())
}

#[test]
fn every_gate_of_the_built_in_policy_speaks() {
    let (code, text) = shown(&Runbook::builtin(), Format::Table);
    assert_eq!(code, 0);
    insta::assert_snapshot!(text);
    let (_, json) = shown(&Runbook::builtin(), Format::Json);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["items"].as_array().unwrap().len(), 16);
    assert_eq!(json["items"][3]["decision"]["verdict"], "deny");
}

#[test]
fn a_gate_that_lets_nothing_through_or_stops_nothing_is_found() {
    let mut policy = Runbook::builtin();
    policy.release.gate.validations.clear();
    let (code, text) = shown(&policy, Format::Table);
    assert_eq!(code, 3);
    let answers = |gate: &str| -> Vec<String> {
        let line = text.lines().find(|line| line.starts_with(gate)).unwrap();
        line.split_whitespace().skip(1).take(2).map(str::to_owned).collect()
    };
    assert_eq!(answers("EAVIP-G00"), ["yes", "no"]);
    assert_eq!(answers("EAVIP-G03"), ["yes", "no"]);
    assert_eq!(answers("EAVIP-G07"), ["yes", "yes"]);
    let mut policy = Runbook::builtin();
    policy.release.gate.soak.minor = eavip_core::time::Span::ZERO;
    let (code, text) = shown(&policy, Format::Table);
    assert_eq!(code, 3);
    assert!(text.contains("EAVIP-G15  no     yes"), "{text}");
}

#[test]
fn a_runbook_with_mistakes_is_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("runbook.toml");
    for (text, code) in [("[gate.soak]\nminor = \"48h\"\n", 0), ("[gate.soak]\nminor = \"0s\"\n", 2)] {
        std::fs::write(&file, text).unwrap();
        let self_test = SelfTest { paths: vec![file.clone()] };
        let found = self_test.run(&mut Written::default().output(Format::Table, false));
        assert_eq!(found.unwrap_or_else(Failure::tell), code, "{text}");
    }
}
