//! Rooms: a file is small enough to read in one sitting, says what lives in it, and holds nothing unfinished.

use super::repo::{files_ending, none, text};

/// Lines of a source file without its tests; past this it holds two rooms.
const MOST_LINES: usize = 500;

/// Marks of work that was put off. Put together here so that this file doesn't hold them itself.
const UNFINISHED: [&str; 4] =
    [concat!("to", "do!("), concat!("unimpl", "emented!("), concat!("#[ig", "nore"), concat!("// TO", "DO")];

fn is_test(file: &str) -> bool {
    file.starts_with("tests/") || file.contains("/tests/") || file.ends_with("/tests.rs")
}

#[test]
fn no_room_is_larger_than_one_sitting() {
    let problems: Vec<String> = files_ending(".rs")
        .filter(|file| !is_test(file))
        .map(|file| (file, text(file).lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(file, lines)| format!("`{file}` has {lines} lines, at most {MOST_LINES}"))
        .collect();
    none("split these rooms", &problems);
}

#[test]
fn modules_lie_beside_their_directory() {
    let problems: Vec<String> = files_ending("mod.rs")
        .filter(|file| file.rsplit('/').next() == Some("mod.rs"))
        .map(|file| format!("`{file}`"))
        .collect();
    none("`x/mod.rs` is spelt `x.rs`", &problems);
}

#[test]
fn every_file_opens_with_what_lives_in_it() {
    let opens = |file: &str| {
        text(file).lines().find(|line| !line.is_empty()).is_some_and(|line| line.starts_with("//! "))
    };
    let problems: Vec<String> =
        files_ending(".rs").filter(|file| !opens(file)).map(|file| format!("`{file}`")).collect();
    none("these files lack `//!` on their first line", &problems);
}

#[test]
fn nothing_is_left_unfinished_or_ignored() {
    let mut problems = Vec::new();
    for file in files_ending(".rs") {
        for (number, line) in text(file).lines().enumerate() {
            if UNFINISHED.iter().any(|mark| line.contains(mark)) {
                problems.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none("finish or remove", &problems);
}
