//! Known flaws: `Cargo.lock` against a snapshot of the RustSec advisories.
//!
//! The snapshot is one JSON object per line and lies beside the checkout, not in it: it ages by the day and
//! the code doesn't. Ignores are dated and reasoned in `advisory_ignores.toml`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use semver::{Version, VersionReq};
use serde::Deserialize;

use super::repo::{none, root, text};

const SNAPSHOT: &str = "shared/data/advisories.jsonl";
const IGNORES: &str = "tests/it/tidy/advisory_ignores.toml";

#[derive(Deserialize)]
struct Advisory {
    id: String,
    package: String,
    patched: Vec<VersionReq>,
    unaffected: Vec<VersionReq>,
    title: String,
}

impl Advisory {
    fn affects(&self, version: &Version) -> bool {
        !self.patched.iter().chain(&self.unaffected).any(|safe| safe.matches(version))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ignores {
    ignore: Vec<Ignore>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ignore {
    id: String,
    package: String,
    reason: String,
    /// The last day on which the reason is taken; then somebody looks again.
    until: jiff::civil::Date,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: Version,
}

#[test]
fn no_locked_crate_has_a_known_flaw() {
    let ignores = toml::from_str::<Ignores>(&text(IGNORES)).unwrap().ignore;
    let lock: Lock = toml::from_str(&text("Cargo.lock")).unwrap();
    let mut problems = stale(&ignores, jiff::Zoned::now().date());
    match snapshot() {
        Some(path) => {
            let lines = std::fs::read_to_string(path).unwrap();
            let advisories: Vec<Advisory> =
                lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            problems.extend(unsettled(&lock, &advisories, &ignores));
        }
        // Past the test harness's capture, so that a skipped check is seen in a passing run.
        None => writeln!(
            std::io::stderr(),
            "skipped: Cargo.lock is not checked for known flaws, because no directory above this checkout \
             holds `{SNAPSHOT}`"
        )
        .unwrap(),
    }
    none("advisories against Cargo.lock", &problems);
}

/// The snapshot, sought from the workspace root upwards.
fn snapshot() -> Option<PathBuf> {
    root().ancestors().skip(1).map(|above| above.join(SNAPSHOT)).find(|path| path.is_file())
}

fn stale(ignores: &[Ignore], today: jiff::civil::Date) -> Vec<String> {
    let past = ignores
        .iter()
        .filter(|ignore| ignore.until < today)
        .map(|ignore| format!("the ignore of {} ended on {}", ignore.id, ignore.until));
    let bare = ignores
        .iter()
        .filter(|ignore| ignore.reason.trim().is_empty())
        .map(|ignore| format!("the ignore of {} gives no reason", ignore.id));
    past.chain(bare).collect()
}

/// Flaws that no ignore covers, and ignores that cover no flaw.
fn unsettled(lock: &Lock, advisories: &[Advisory], ignores: &[Ignore]) -> Vec<String> {
    let mut flaws = BTreeMap::new();
    for locked in &lock.package {
        for advisory in advisories.iter().filter(|advisory| advisory.package == locked.name) {
            if advisory.affects(&locked.version) {
                flaws
                    .insert((advisory.id.as_str(), locked.name.as_str()), (&locked.version, &advisory.title));
            }
        }
    }
    let mut problems = Vec::new();
    for ignore in ignores {
        if flaws.remove(&(ignore.id.as_str(), ignore.package.as_str())).is_none() {
            problems.push(format!("the ignore of {} matches no locked `{}`", ignore.id, ignore.package));
        }
    }
    problems.extend(
        flaws.iter().map(|((id, name), (version, title))| format!("{id}: `{name}` {version}: {title}")),
    );
    problems
}

mod tests;
