//! What `eavip-core` brings into an embedder's build, on whatever target: an allow-list, because a policy library that
//! pulls in a runtime, a network stack or a source of chance has stopped being one.

use std::collections::BTreeSet;

use super::repo::{cargo, none};

/// The most crates in the tree, core not counted.
const MOST_CRATES: usize = 40;

const ALLOWED: &[&str] = &[
    "block-buffer",
    "cfg-if",
    "cpufeatures",
    "crypto-common",
    "digest",
    "generic-array",
    "itoa",
    "jiff",
    "jiff-core",
    "jiff-static",
    "libc",
    "memchr",
    "portable-atomic",
    "portable-atomic-util",
    "proc-macro2",
    "quote",
    "regex-lite",
    "serde",
    "serde_core",
    "serde_derive",
    "serde_json",
    "serde_path_to_error",
    "serde_spanned",
    "sha2",
    "strsim",
    "syn",
    "thiserror",
    "thiserror-impl",
    "toml",
    "toml_datetime",
    "toml_parser",
    "typenum",
    "unicode-ident",
    "uuid",
    "version_check",
    "winnow",
    "zmij",
];

#[test]
fn core_pulls_in_only_what_is_allowed() {
    // `-p` resolves core's own features, not those that other members switch on.
    let tree = cargo(&[
        "tree",
        "--package=eavip-core",
        "--edges=normal,build",
        "--target=all",
        "--prefix=none",
        "--format={p}",
        "--offline",
        "--locked",
    ]);
    let crates: BTreeSet<&str> =
        tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| *name != "eavip-core").collect();
    let allowed: BTreeSet<&str> = ALLOWED.iter().copied().collect();

    let new = crates.difference(&allowed).map(|name| format!("`{name}` is not on the allow-list"));
    let stale = allowed.difference(&crates).map(|name| format!("`{name}` is allowed but no longer there"));
    none("eavip-core's dependencies", &new.chain(stale).collect::<Vec<_>>());
    assert!(crates.len() <= MOST_CRATES, "eavip-core has {} crates in its tree", crates.len());
}
