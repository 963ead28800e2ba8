//! A fleet of agents in one process against a running server: each with an identity and a state directory of its own,
//! joined by its own token, reporting once a second until each report was acknowledged three times.
//!
//! ```text
//! for n in 1 2 3; do eavipctl join-token create --deployment demo; done > joins
//! EAVIP_JOINS=joins cargo run -p eavip-examples --example agent_fleet
//! ```
//!
//! The nodes are real to the server: when the process ends they fall silent, which is an alert. `eavipctl nodes revoke`
//! removes them; the example says goodbye itself, unless it is ended before.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use eavip_agent::agent::{Agent, Status};
use eavip_agent::config::Config;
use eavip_agent::identity::StateDir;
use eavip_agent::join::JoinString;
use eavip_agent::{clock, enrol, shutdown};
use eavip_core::time::Span;
use tokio::task::JoinSet;

/// Reports that the server acknowledges of each agent before the fleet ends.
const REPORTS: u64 = 3;
/// How long all of it may take.
const BOUND: Duration = Duration::from_secs(60);
/// How often an agent's status is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// What became of one agent.
struct Told {
    node: String,
    acknowledged: u64,
    pending: u64,
}

/// One agent from joining to leaving.
async fn member(number: usize, join: String, state: &Path) -> anyhow::Result<Told> {
    let join = JoinString::parse(&join, clock::now())?;
    let directory = StateDir::open(state)?;
    enrol::join(&directory, &join, &format!("fleet-{number}")).await?;
    drop(directory);
    let config = Config {
        state_dir: state.to_owned(),
        interval: Span::from_secs(1),
        job_socket: state.join("jobs.sock"),
        ..Config::default()
    };
    let agent = Agent::open(config)?;
    let status = agent.status();
    let (trigger, end) = shutdown::channel();
    let running = tokio::spawn(agent.run(end));
    let enough = tokio::time::timeout(BOUND, acknowledged(&status)).await;
    // Ended either way, so that what was spooled last is still brought.
    trigger.request();
    running.await?;
    enough.with_context(|| format!("fleet-{number}: {}", status.get().link.reason))?;
    let link = status.get().link;
    let identity = StateDir::open(state)?.identity()?;
    enrol::farewell(&identity).await?;
    let node = identity.node.to_string();
    Ok(Told { node, acknowledged: link.acknowledged, pending: link.pending })
}

/// Waits until the server has acknowledged enough.
async fn acknowledged(status: &Status) {
    let mut looks = tokio::time::interval(LOOK);
    while status.get().link.acknowledged < REPORTS {
        looks.tick().await;
    }
}

/// The join strings: from the file that EAVIP_JOINS names, one per line, or the one in EAVIP_JOIN.
fn joins() -> anyhow::Result<Vec<String>> {
    let text = match std::env::var_os("EAVIP_JOINS") {
        Some(file) => {
            std::fs::read_to_string(&file).context("EAVIP_JOINS names a file that can't be read")?
        }
        None => std::env::var("EAVIP_JOIN").context("set EAVIP_JOINS to a file of join strings")?,
    };
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let states = tempfile::tempdir()?;
    let mut fleet = JoinSet::new();
    for (number, join) in joins()?.into_iter().enumerate() {
        let state = states.path().join(number.to_string());
        fleet.spawn(async move { member(number, join, &state).await });
    }
    let mut out = std::io::stdout().lock();
    for told in fleet.join_all().await {
        let Told { node, acknowledged, pending } = told?;
        writeln!(out, "{node}: {acknowledged} reports acknowledged, {pending} waiting")?;
    }
    Ok(())
}
