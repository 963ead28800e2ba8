//! Tests of what is said about pages and alerts.

use super::*;
use crate::ctl::output::tests::Written;

fn run(files: &[(&str, &str)]) -> (u8, String) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("runbooks")).unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let written = Written::default();
    let exit = covered(dir.path(), &mut written.output(Format::Table, false)).unwrap();
    (exit, written.text())
}

#[test]
fn lists_pages_and_what_leads_to_none() {
    let owner = "[[owner]]\nmatch = { alertname = 'X' }\nteam = 'platform-operations'\nrunbook = 'x'\n";
    let (exit, text) = run(&[("runbook.toml", owner), ("runbooks/notes.md", "Notes\n")]);
    assert_eq!(exit, 3, "{text}");
    let line = |begin: &str| text.lines().find(|line| line.starts_with(begin)).unwrap().to_owned();
    let words = |begin: &str| line(begin).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words("PAGE"), ["PAGE", "STEPS", "REHEARSED", "REVISION", "LED", "TO", "BY"]);
    let notes = words("notes");
    assert_eq!((notes[1].as_str(), notes[2].as_str(), notes[4].as_str()), ("none", "never", "nothing"));
    assert!(line("clock-off").ends_with("[alert.clock-off]"));
    assert_eq!(words("[[owner]]"), ["[[owner]]", "{alertname=\"X\"}", "x", "missing"]);
    let (exit, text) = run(&[("runbook.toml", owner), ("runbooks/x.md", "# X\n1. Do it.\n")]);
    assert_eq!(exit, 0, "{text}");
    let (exit, _) = run(&[("runbook.toml", owner), ("runbooks/x.md", "# X\nNo steps.\n")]);
    assert_eq!(exit, 3);
}
