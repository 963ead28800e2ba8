//! Source files: each one is compiled by some target, so that none rots unseen.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::repo::{files_ending, members, none, relative};

#[test]
fn every_source_file_belongs_to_a_target() {
    let mut compiled = BTreeSet::new();
    for target in members().iter().flat_map(|member| &member.targets) {
        let children = target.src_path.parent().unwrap();
        visit(&target.src_path, children, &mut compiled);
    }
    let compiled: BTreeSet<&str> = compiled.iter().map(|path| relative(path)).collect();
    let problems: Vec<String> =
        files_ending(".rs").filter(|file| !compiled.contains(file)).map(|file| format!("`{file}`")).collect();
    none("no target and no `mod` line leads to these files", &problems);
}

/// Records `file` and whatever its `mod name;` lines name below `children`. rustfmt puts each such line
/// on its own; `#[path]` isn't followed, because a file's place is its name.
fn visit(file: &Path, children: &Path, compiled: &mut BTreeSet<PathBuf>) {
    let Ok(source) = std::fs::read_to_string(file) else { return };
    if !compiled.insert(file.to_owned()) {
        return;
    }
    for name in source.lines().filter_map(declared_module) {
        visit(&children.join(format!("{name}.rs")), &children.join(name), compiled);
    }
}

fn declared_module(line: &str) -> Option<&str> {
    let (before, name) = line.trim().strip_suffix(';')?.rsplit_once("mod ")?;
    let visibility = before.trim();
    (visibility.is_empty() || visibility.starts_with("pub")).then_some(name)
}
