//! Words: the repository speaks of the project, never of the machine or the mirror it was written on.

use super::repo::{files, files_ending, none, root, text};

/// Absolute paths of a developer's machine, and what lies outside the repository. Put together here so that
/// this file doesn't hold them itself.
const FOREIGN: [&str; 5] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("..", "/shared"),
    concat!(".lib", "rary/"),
];

#[test]
fn no_text_names_a_developers_machine() {
    let mut problems = Vec::new();
    for file in files() {
        // Images and other binaries aren't text.
        let Ok(text) = std::fs::read_to_string(root().join(file)) else { continue };
        for (number, line) in text.lines().enumerate() {
            if FOREIGN.iter().any(|word| line.contains(word)) {
                problems.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none("these lines mean nothing on another machine", &problems);
}

#[test]
fn lock_files_record_no_download_addresses() {
    let mut problems = Vec::new();
    for file in files_ending("package-lock.json") {
        let lock: serde_json::Value = serde_json::from_str(&text(file)).unwrap();
        let packages = lock["packages"].as_object().expect("a lock file of version 2 or 3");
        let addressed = packages.iter().filter(|(_, package)| package.get("resolved").is_some());
        problems.extend(addressed.map(|(name, _)| format!("`{file}`: `{name}`")));
    }
    none("set `omit-lockfile-registry-resolved=true` in .npmrc and write the lock file anew", &problems);
}
