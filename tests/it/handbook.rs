//! The handbook against the code: tables that repeat what the code knows say the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use eavip_core::alert::rule::AlertRule;
use eavip_core::policy::Policy;

fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// A rule's row in the table of `docs/alerts.md`.
fn row(rule: &AlertRule) -> String {
    let owner = rule.owner.teams().next().unwrap();
    format!(
        "| `{}` | {} | {owner} | `{}` {} | {} |",
        rule.id, rule.category, rule.indicator, rule.condition, rule.hold_for
    )
}

#[test]
fn the_table_of_built_in_rules_is_the_built_in_policy() {
    let page = read("docs/alerts.md");
    let written: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let rows: Vec<String> = Policy::builtin().rules().iter().map(row).collect();
    assert_eq!(written, rows, "docs/alerts.md has to be:\n{}", rows.join("\n"));
}

/// The text literals of a source that have the form of a key.
fn keys(source: &str) -> impl Iterator<Item = &str> {
    let literals = source.split('"').skip(1).step_by(2);
    literals.filter(|text| {
        text.len() > 1 && text.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !text.starts_with('_')
    })
}

#[test]
fn every_key_of_the_agents_configuration_is_in_its_page() {
    let page = read("docs/agent.md");
    let said: BTreeSet<&str> = page.split(|c: char| !(c.is_ascii_lowercase() || c == '_')).collect();
    let mut missing = BTreeSet::new();
    let mut seen = 0;
    for file in ["", "/job", "/probe", "/queue", "/scrape", "/target", "/watch"] {
        let source = read(&format!("eavip-agent/src/config{file}.rs"));
        seen += keys(&source).count();
        missing.extend(keys(&source).filter(|key| !said.contains(key)).map(str::to_owned));
    }
    assert!(seen >= 60, "only {seen} keys were found; are they read in another way now?");
    assert!(missing.is_empty(), "docs/agent.md says nothing of {missing:?}");
}
