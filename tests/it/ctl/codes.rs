//! Codes in the source and their explanations: each code that a message can carry is explained, and no other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::alone;

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_name().is_some_and(|name| name == "tests" || name == "tests.rs");
        if path.is_dir() && !is_test {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !is_test {
            found.push(path);
        }
    }
}

/// The codes that stand alone in a text literal.
fn codes(text: &str) -> impl Iterator<Item = String> {
    let literals = text.split("\"EAVIP-").skip(1).filter_map(|rest| rest.split_once('"'));
    literals.map(|(code, _)| format!("EAVIP-{code}"))
}

#[test]
fn every_code_in_the_source_is_explained_and_every_explained_code_is_in_the_source() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).parent().unwrap().to_owned();
    let mut files = Vec::new();
    for package in ["eavip-core", "eavip-agent", "eavip-server"] {
        sources(&root.join(package).join("src"), &mut files);
    }
    let mut used = BTreeSet::new();
    for file in files {
        used.extend(codes(&std::fs::read_to_string(file).unwrap()));
    }
    // The command line's own test of a prefix isn't a code.
    used.retain(|code| code.len() > "EAVIP-".len());
    let dir = tempfile::tempdir().unwrap();
    let listed = alone(dir.path(), &["explain"], &[]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    let explained: BTreeSet<String> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.starts_with("EAVIP-"))
        .map(str::to_owned)
        .collect();
    assert_eq!(
        used, explained,
        "left: in the source; right: among core's rules and in eavip-server/src/ctl/explain/codes.md"
    );
    assert_eq!(alone(dir.path(), &["explain", "eavip-p02"], &[]).status.code(), Some(0));
    assert_eq!(alone(dir.path(), &["explain", "EAVIP-Z99"], &[]).status.code(), Some(4));
}
