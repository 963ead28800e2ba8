//! The runbook's table in `docs/POLICY.md` names tests and modules: each must exist. Whether a test serves its line is a
//! reviewer's judgement.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    // Asked of the cargo that runs the test: what was compiled in would name another checkout when a target directory is
    // copied.
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).parent().unwrap().to_owned()
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(root().join(path)).ok()
}

/// Module and test of each row of the first table.
fn rows(page: &str) -> Vec<(String, String)> {
    let served = page.split("\n## ").find(|part| part.starts_with("Served")).expect("the section `Served`");
    let lines = served.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| line of"));
    let cell =
        |line: &str, at: usize| line.split('|').nth(at).unwrap_or("").trim().trim_matches('`').to_owned();
    lines.map(|line| (cell(line, 2), cell(line, 3))).collect()
}

#[test]
fn every_test_and_module_in_the_runbooks_table_exists() {
    let rows = rows(&read("docs/POLICY.md").expect("docs/POLICY.md"));
    assert!(rows.len() >= 30, "{} rows were found", rows.len());
    let source = |module: &str| read(&format!("eavip-core/src/{}.rs", module.replace("::", "/")));
    let mut missing = Vec::new();
    for (module, test) in rows {
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
