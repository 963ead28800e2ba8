//! The runbook's table in `docs/POLICY.md`: every line of the runbook has a row, and the tests and modules of each row exist.
//! Whether a test serves its line is a reviewer's judgement.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    // Asked of the cargo that runs the test: what was compiled in would name another checkout when a target directory is
    // copied.
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).parent().unwrap().to_owned()
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(root().join(path)).ok()
}

/// Line, module and test of each row of the first table.
fn rows(page: &str) -> Vec<[String; 3]> {
    let served = page.split("\n## ").find(|part| part.starts_with("Served")).expect("the section `Served`");
    let lines = served.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| line of"));
    let cell =
        |line: &str, at: usize| line.split('|').nth(at).unwrap_or("").trim().trim_matches('`').to_owned();
    lines.map(|line| [1, 2, 3].map(|at| cell(line, at))).collect()
}

#[test]
fn every_test_and_module_in_the_runbooks_table_exists() {
    let rows = rows(&read("docs/POLICY.md").expect("docs/POLICY.md"));
    assert!(rows.len() >= 30, "{} rows were found", rows.len());
    let source = |module: &str| {
        let within =
            |dir: &str, file: &str| read(&format!("eavip-core/{dir}/{}{file}", module.replace("::", "/")));
        within("src", ".rs").or_else(|| within("tests", "/main.rs"))
    };
    let mut missing = Vec::new();
    for [_, module, test] in rows {
        if source(&module).is_none() {
            missing.push(format!("module {module}"));
        }
        let (room, name) = test.rsplit_once("::").unwrap_or(("", &test));
        let found = source(room).is_some_and(|text| {
            text.match_indices(&format!("fn {name}(")).any(|(at, _)| {
                let before = text.get(..at).unwrap_or("").trim_end();
                before.ends_with("#[test]")
            })
        });
        if !found {
            missing.push(format!("test {test}"));
        }
    }
    assert!(missing.is_empty(), "docs/POLICY.md names what doesn't exist: {missing:#?}");
}

/// The lines of the Platform Operations & Runbook that rule on something, without what stands in brackets behind them.
const RUNBOOK: &str = include_str!("policy_table/runbook.txt");

#[test]
fn every_line_of_the_runbook_has_a_row() {
    let rows = rows(&read("docs/POLICY.md").expect("docs/POLICY.md"));
    // Several lines can share a row: `Informational, Warning, Critical`.
    let named: BTreeSet<String> = rows
        .iter()
        .flat_map(|[line, ..]| line.split(", ").map(str::to_owned).chain([line.clone()]))
        .map(|line| line.trim_end_matches(" (forbidden)").to_lowercase())
        .collect();
    let lines: Vec<&str> = RUNBOOK.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.len() >= 80, "{} lines were found", lines.len());
    let missing: Vec<&&str> = lines.iter().filter(|line| !named.contains(&line.to_lowercase())).collect();
    assert!(missing.is_empty(), "docs/POLICY.md has no row for {missing:#?}");
}
