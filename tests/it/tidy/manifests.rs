//! Manifests: lints and versions are decided once, in the workspace, and each dependency says why it is here.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::repo::{members, none, text, toml};

const DEPENDENCIES: &str = "docs/DEPENDENCIES.md";

#[test]
fn every_member_inherits_the_workspace_lints() {
    let inherits =
        |manifest: &str| toml(manifest).get("lints").and_then(|lints| lints.get("workspace")?.as_bool());
    let problems: Vec<String> = members()
        .iter()
        .filter(|member| inherits(member.manifest()) != Some(true))
        .map(|member| format!("`{}` lacks `[lints] workspace = true`", member.manifest()))
        .collect();
    none("every member inherits the workspace's lints", &problems);
}

#[test]
fn every_dependency_takes_its_version_from_the_workspace() {
    let mut problems = Vec::new();
    for member in members() {
        let manifest = toml(member.manifest());
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let table = manifest.get(kind).and_then(toml::Value::as_table);
            for (name, entry) in table.into_iter().flatten() {
                if entry.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                    problems.push(format!("`{}`: `{name}` in `[{kind}]`", member.manifest()));
                }
            }
        }
    }
    none("write `NAME.workspace = true` and the version in the root manifest", &problems);
}

#[test]
fn every_dependency_is_explained_and_every_explanation_has_its_dependency() {
    let manifest = toml("Cargo.toml");
    let declared = manifest["workspace"]["dependencies"].as_table().unwrap();
    let own: BTreeSet<&str> = members().iter().map(|member| member.name.as_str()).collect();
    let declared: BTreeSet<String> =
        declared.keys().filter(|name| !own.contains(name.as_str())).cloned().collect();

    let page = text(DEPENDENCIES);
    let rows = table_rows(&page);
    let explained: BTreeSet<String> = rows.iter().map(|row| row[0].clone()).collect();

    let missing = declared.difference(&explained).map(|name| format!("`{name}` has no row"));
    let stale = explained.difference(&declared).map(|name| format!("`{name}` is no dependency"));
    let hollow = rows
        .iter()
        .filter(|row| row.iter().any(|cell| cell.is_empty()))
        .map(|row| format!("`{}` has an empty cell", row[0]));
    none(DEPENDENCIES, &missing.chain(stale).chain(hollow).collect::<Vec<_>>());
}

/// The body rows of every table in a page, each cell as plain text.
fn table_rows(page: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut in_body = false;
    for event in Parser::new_ext(page, Options::ENABLE_TABLES) {
        match event {
            Event::End(TagEnd::TableHead) => in_body = true,
            Event::End(TagEnd::Table) => in_body = false,
            Event::Start(Tag::TableRow) => rows.push(Vec::new()),
            Event::Start(Tag::TableCell) if in_body => rows.last_mut().unwrap().push(String::new()),
            Event::Text(piece) | Event::Code(piece) if in_body => {
                rows.last_mut().unwrap().last_mut().unwrap().push_str(&piece);
            }
            _ => {}
        }
    }
    rows
}
