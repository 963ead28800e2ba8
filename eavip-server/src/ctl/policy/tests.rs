//! Tests of what is taken as a runbook.

use super::*;
use crate::ctl::output::tests::Written;

/// The exit code, and what is printed.
fn ran(policy: Policy) -> (u8, String) {
    let written = Written::default();
    let code = policy.run(&mut written.output(Format::Table, false));
    (code.unwrap_or_else(Failure::tell), written.text())
}

#[test]
fn a_directory_without_a_runbook_is_not_the_built_in_policy() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("disk-full.md"), "# Disk full\n").unwrap();
    let (code, text) = ran(Policy::Check { paths: vec![dir.path().to_owned()] });
    assert_eq!(code, exit::FINDINGS);
    assert!(text.contains(": the directory has no file `*.toml` [EAVIP-C01]\n"), "{text}");
    std::fs::write(dir.path().join("runbook.toml"), "").unwrap();
    assert_eq!(ran(Policy::Check { paths: vec![dir.path().to_owned()] }).0, exit::OK);
}

#[test]
fn a_runbook_that_cannot_be_used_is_no_answer_about_a_rule_or_the_gates() {
    let dir = tempfile::tempdir().unwrap();
    let paths = || vec![dir.path().to_owned()];
    let explain = || Policy::Explain { rule: "disk-full".to_owned(), paths: paths() };
    let self_test = || Policy::SelfTest(self_test::SelfTest { paths: paths() });
    assert_eq!((ran(explain()).0, ran(self_test()).0), (exit::USAGE, exit::USAGE), "no file");
    std::fs::write(dir.path().join("runbook.toml"), "[gate]\nskeww = 1\n").unwrap();
    assert_eq!((ran(explain()).0, ran(self_test()).0), (exit::USAGE, exit::USAGE), "a mistake");
    std::fs::write(dir.path().join("runbook.toml"), "").unwrap();
    assert_eq!((ran(explain()).0, ran(self_test()).0), (exit::OK, exit::OK));
}

#[test]
fn an_unknown_rule_is_told_with_the_one_that_may_be_meant() {
    let policy = Runbook::builtin();
    let told = |name: &str| format!("{:?}", rule(&policy, name, " before the edit").unwrap_err());
    let near = told("disk-ful");
    assert!(near.contains("no rule in force before the edit is called `disk-ful`"), "{near}");
    assert!(near.contains("remedy: \"did you mean `disk-full`?\""), "{near}");
    assert!(told("zzz; zzz").contains("remedy: \"use one of "), "{}", told("zzz; zzz"));
}

#[test]
fn problems_stand_below_each_other_without_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("runbook.toml");
    std::fs::write(&file, "[gate]\nskeww = 1\nskewww = 1\n").unwrap();
    let (code, text) = ran(Policy::Check { paths: vec![file] });
    assert_eq!((code, text.matches("[EAVIP-P02]").count()), (exit::FINDINGS, 2));
    assert!(text.lines().all(|line| !line.is_empty()), "{text}");
}
