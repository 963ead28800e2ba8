//! Shipped systemd units: how much of the host a service could reach, as systemd itself measures it.

use std::process::Command;

use super::repo::{files, none, root};

/// The most exposure of a daemon, on systemd's scale of 0 to 10.
const MOST: f64 = 1.5;

#[test]
fn every_unit_is_hardened() {
    let units: Vec<&String> =
        files().iter().filter(|file| file.starts_with("deploy/") && file.ends_with(".service")).collect();
    assert!(units.len() >= 2, "{units:?}");
    let mut problems = Vec::new();
    for unit in units {
        let mut analyze = Command::new("systemd-analyze");
        analyze.args(["security", "--offline=yes", "--no-pager"]).arg(root().join(unit));
        let Ok(done) = analyze.output() else {
            eprintln!("skipped: systemd-analyze isn't here; it comes with the package systemd");
            return;
        };
        let said = String::from_utf8_lossy(&done.stdout);
        let level =
            said.lines().find_map(|line| line.split_once("Overall exposure level for")?.1.split_once(": "));
        let exposure = level.and_then(|(_, rest)| rest.split(' ').next()?.parse::<f64>().ok());
        match exposure {
            Some(exposure) if exposure <= MOST => {}
            Some(exposure) => problems.push(format!("`{unit}`: {exposure} is above {MOST}")),
            // Old versions don't know `--offline`.
            None => eprintln!("`{unit}` can't be measured: {}", String::from_utf8_lossy(&done.stderr)),
        }
    }
    none("harden these units", &problems);
}
