//! `doctor` and `check`: each collector tried once, with what it found and what would mend it.

use std::io::Write;
use std::path::Path;

use eavip_core::id::NodeId;

use super::exit;
use super::output::table;
use crate::collect::{Collectors, probe::Probe};
use crate::config::Config;
use crate::identity::Identity;
use crate::witness;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Check {
    what: String,
    found: String,
    remedy: String,
}

impl Check {
    fn good(what: &str, found: String) -> Self {
        Self { what: what.to_owned(), found, remedy: String::new() }
    }

    fn bad(what: &str, found: String, remedy: &str) -> Self {
        Self { what: what.to_owned(), found, remedy: remedy.to_owned() }
    }
}

/// Tries everything once and prints a line for each; the exit code is 3 when something needs mending.
pub async fn run(_: &DoctorArgs, config: &Config, out: &mut impl Write) -> u8 {
    let mut checks = vec![state_dir(&config.state_dir)];
    checks.extend(audit(&config.state_dir));
    checks.extend(collectors(config).await);
    checks.extend(probes(config).await);
    let bad = checks.iter().any(|check| !check.remedy.is_empty());
    let row = |check: Check| {
        let verdict = if check.remedy.is_empty() { "ok" } else { "MEND" };
        [verdict.to_owned(), check.what, check.found, check.remedy]
    };
    let rows: Vec<[String; 4]> = checks.into_iter().map(row).collect();
    match (table(out, ["", "WHAT", "FOUND", "REMEDY"], &rows), bad) {
        (Err(_), _) => exit::FAILURE,
        (Ok(()), true) => exit::FINDINGS,
        (Ok(()), false) => exit::OK,
    }
}

fn state_dir(path: &Path) -> Check {
    let what = "state directory";
    let shown = path.display();
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_dir() => {
            Check::bad(what, format!("`{shown}` is not a directory"), "name a directory as `state_dir`")
        }
        Ok(metadata) if metadata.permissions().readonly() => {
            Check::bad(what, format!("`{shown}` is read-only"), "let the agent's user write to it")
        }
        Ok(_) => Check::good(what, format!("`{shown}`")),
        Err(error) => {
            Check::bad(what, format!("`{shown}`: {error}"), "create it for the agent's user, mode 0700")
        }
    }
}

/// What this node saw of its server's audit log; nothing for a node that isn't enrolled.
fn audit(state: &Path) -> Option<Check> {
    let what = "audit witness";
    let store = Identity::load(state).ok()?.servers.store;
    let path = witness::file(state, store);
    let check = match witness::read(&path) {
        Ok(None) => Check::good(what, "no checkpoint was seen yet".to_owned()),
        Ok(Some(testimony)) => match (testimony.conflicts(), testimony.seen()) {
            (0, seen) => Check::good(what, format!("{} events seen", seen.unwrap_or_default())),
            (count, _) => {
                let found = format!("{count} contradictions in `{}`", path.display());
                Check::bad(what, found, "keep the file and tell security; `eavip-agent status` shows them")
            }
        },
        Err(error) => Check::bad(what, error.to_string(), "keep the file aside, and restart the agent"),
    };
    Some(check)
}

async fn collectors(config: &Config) -> Vec<Check> {
    let probed = |name: &str| name.starts_with("probe.");
    let running = Collectors::start(&config.clone().without_jobs(), NodeId(uuid::Uuid::nil()));
    running.board().passed(1).await;
    let standings = running.board().standings();
    let check = |standing: crate::collect::board::Standing| match &standing.failure {
        None => Check::good(&standing.name, format!("{} series", standing.series)),
        Some(reason) => Check::bad(&standing.name, reason.clone(), remedy(&standing.name)),
    };
    standings
        .into_iter()
        .filter(|standing| !probed(&standing.name) || standing.failure.is_some())
        .map(check)
        .collect()
}

fn remedy(name: &str) -> &'static str {
    match name.split_once('.').map(|(kind, _)| kind) {
        Some("probe") => "correct the probe's secret or address",
        Some("queue") => "check that the broker runs, and the queue's name, user and password",
        Some("scrape") => "check that the service runs and serves its metrics there",
        _ => "see the agent's log",
    }
}

async fn probes(config: &Config) -> Vec<Check> {
    let ask = |probe: &crate::config::probe::ProbeConfig| {
        let probe = probe.clone();
        async move {
            let what = format!("probe.{} answers", probe.watch.name);
            let url = probe.target.url.to_string();
            match Probe::new(probe).trouble().await {
                None => Check::good(&what, url),
                Some(trouble) => {
                    Check::bad(&what, format!("{url}: {trouble}"), "mend the target, or what is expected")
                }
            }
        }
    };
    futures_util::future::join_all(config.probes.iter().map(ask)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layers::Layers;

    #[tokio::test]
    async fn says_what_is_wrong_and_what_would_mend_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agent.toml");
        let text = format!(
            "state_dir = {:?}\n[[probe]]\nname = 'a'\nurl = 'http://169.254.1.1/'\n\
             [[queue]]\nname = 'q'\nkind = 'directory'\npath = '/nonexistent'\n",
            directory.path()
        );
        std::fs::write(&path, text).unwrap();
        let config = Config::load(&Layers::read(&path, true)).unwrap();
        let mut out = Vec::new();
        assert_eq!(run(&DoctorArgs {}, &config, &mut out).await, exit::FINDINGS);
        let text = String::from_utf8(out).unwrap();
        for part in [
            "ok    state directory",
            "ok    host",
            "MEND  queue.q",
            "link-local",
            "check that the broker runs",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}
