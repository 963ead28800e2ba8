//! Tests of a repository with pages that can't be read.

use std::fs;

use super::*;
use crate::ctl::output::Format;
use crate::ctl::output::tests::Written;

fn check(dir: &Path) -> (u8, String) {
    let written = Written::default();
    let code = Check { dir: dir.to_owned() }.run(&mut written.output(Format::Table, false));
    (code.unwrap_or_else(Failure::tell), written.text().replace(&dir.display().to_string(), "DIR"))
}

#[test]
fn a_page_that_cannot_be_read_hides_no_other_problem() {
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("runbooks");
    fs::create_dir(&pages).unwrap();
    let rule = "[alert.disk-full]\nrunbook = \"binary\"\n[alert.job-late]\nrunbook = \"nowhere-at-all\"\n";
    fs::write(dir.path().join("runbook.toml"), rule).unwrap();
    fs::write(pages.join("binary.md"), [0xff]).unwrap();
    fs::write(pages.join("long.md"), "x".repeat(256 * 1024 + 1)).unwrap();
    fs::create_dir(pages.join("folder.md")).unwrap();
    fs::write(pages.join("import stuck.md"), "# Imports\n\n1. Look.\n").unwrap();
    fs::write(pages.join("v1.2.md"), "# Version\n\n1. Look.\n").unwrap();
    fs::write(pages.join("untitled.md"), "1. Look.\n").unwrap();
    let (code, text) = check(dir.path());
    assert_eq!(code, exit::FINDINGS);
    // The rest is about people and routes.
    let parts = ["/runbooks/", "EAVIP-P24"];
    let mut told = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("DIR/") && parts.iter().any(|part| line.contains(part)) {
            let remedy = lines.find(|line| line.trim_start().starts_with("= ")).unwrap();
            told += &format!("{line}\n  {}\n", remedy.trim_start());
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_is_no_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("runbook.toml");
    fs::write(&file, "").unwrap();
    assert_eq!(check(&file).0, exit::USAGE);
    assert_eq!(check(&dir.path().join("nowhere")).0, exit::USAGE);
    fs::write(dir.path().join("runbooks"), "a file in place of the pages").unwrap();
    let (code, text) = check(dir.path());
    assert!(code == exit::FINDINGS && text.contains("DIR/runbooks: can't be read"), "{text}");
    assert!(!text.contains("EAVIP-P24"), "{text}");
}
