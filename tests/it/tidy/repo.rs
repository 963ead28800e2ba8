//! What the checks read: the repository's files and what cargo knows of the members. No check lives here.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde::Deserialize;

/// The workspace root, an absolute path. Asked of the cargo that runs the tests: what was compiled in would
/// name another checkout when a target directory is shared or copied.
pub(super) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let tests = std::env::var_os("CARGO_MANIFEST_DIR").expect("run by cargo");
        PathBuf::from(tests).parent().unwrap().to_owned()
    });
    &ROOT
}

/// Every file that git tracks or would add, relative to the root, sorted, with `/` between the parts.
pub(super) fn files() -> &'static [String] {
    static FILES: LazyLock<Vec<String>> = LazyLock::new(|| {
        // The checkout may belong to somebody else than the account that tests it, as in a container.
        let list = ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let mut files: Vec<String> = run("git", &list)
            .split_terminator('\0')
            .map(str::to_owned)
            .filter(|file| root().join(file).is_file())
            .collect();
        files.sort();
        files.dedup();
        files
    });
    &FILES
}

/// The repository's files whose name ends in `suffix`.
pub(super) fn files_ending(suffix: &str) -> impl Iterator<Item = &'static str> {
    files().iter().map(String::as_str).filter(move |file| file.ends_with(suffix))
}

/// A file's text; `file` is relative to the root.
pub(super) fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("`{file}`: {error}"))
}

/// A TOML file as a table; `file` is relative to the root.
pub(super) fn toml(file: &str) -> toml::Table {
    text(file).parse().unwrap_or_else(|error| panic!("`{file}`: {error}"))
}

/// A member package of the workspace.
#[derive(Deserialize)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) manifest_path: PathBuf,
    pub(super) targets: Vec<Target>,
}

impl Member {
    /// The manifest's path relative to the root.
    pub(super) fn manifest(&self) -> &str {
        relative(&self.manifest_path)
    }
}

/// A library, binary, test, example or benchmark of a member.
#[derive(Deserialize)]
pub(super) struct Target {
    pub(super) src_path: PathBuf,
}

/// The workspace's members, as `cargo metadata` lists them.
pub(super) fn members() -> &'static [Member] {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Member>,
    }
    static MEMBERS: LazyLock<Vec<Member>> = LazyLock::new(|| {
        let json = cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"]);
        serde_json::from_str::<Metadata>(&json).unwrap().packages
    });
    &MEMBERS
}

/// An absolute path of the repository, relative to the root.
pub(super) fn relative(path: &Path) -> &str {
    path.strip_prefix(root()).unwrap().to_str().unwrap()
}

/// What cargo prints for `args`, run in the workspace root.
pub(super) fn cargo(args: &[&str]) -> String {
    run(&std::env::var("CARGO").expect("run by cargo"), args)
}

/// Fails with one line per problem when there are any.
#[track_caller]
pub(super) fn none(rule: &str, problems: &[String]) {
    assert!(problems.is_empty(), "{rule}:\n  {}\n", problems.join("\n  "));
}

fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(root()).output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{program} {}` failed: {talk}", args.join(" "));
    String::from_utf8(output.stdout).unwrap()
}
