//! A simulated node at work: an agent whose reports are made up. A new one first spools an hour of its past, as an agent
//! does that was cut off, so that charts have something to show; then it reports at its interval.

use std::path::{Path, PathBuf};
use std::time::Duration;

use eavip_agent::agent::{Agent, Source, spool_dir, spool_limits};
use eavip_agent::clock::{now, now_ms};
use eavip_agent::config::{Config, SpoolConfig};
use eavip_agent::shutdown::{self, Shutdown};
use eavip_agent::spool::{Class, Spool};
use eavip_core::node::Facts;
use eavip_core::time::{Span, Timestamp};
use eavip_core::wire::v1::Body;

use super::DemoError;
use super::fleet::Member;
use super::readings::readings;

/// How often it reports.
pub(super) const INTERVAL: Span = Span::from_secs(15);
/// Reports of a new node's past: an hour, which is what charts show.
const PAST: u64 = 120;
/// How far they are apart: near enough that charts show no gaps.
const APART: Span = Span::from_secs(30);
/// The bound of its spool: the past takes below 1 MiB.
const SPOOL_BYTES: u64 = 16 << 20;

/// Runs a member until the end is asked for.
pub(super) async fn run(member: &'static Member, state: PathBuf, new: bool, shutdown: Shutdown) {
    let name = member.name;
    match open(member, state, new).await {
        Ok(agent) if member.falls_silent => until_silent(agent, Simulated::new(member), shutdown).await,
        Ok(agent) => agent.run_with(Simulated::new(member), shutdown).await,
        Err(error) => tracing::error!(error = ?error, "the simulated node {name} can't run"),
    }
}

async fn open(member: &'static Member, state: PathBuf, new: bool) -> Result<Agent, DemoError> {
    let config = config(&state);
    if new {
        let (limits, dir) = (spool_limits(&config), spool_dir(&state));
        let spooled = tokio::task::spawn_blocking(move || {
            let (spool, _) = Spool::open(&dir, limits, now_ms())?;
            past(member, &spool)
        });
        // A panic in there is told by the panic hook; without a past the node has shorter charts.
        spooled.await.unwrap_or(Ok(()))?;
    }
    Ok(Agent::open(config)?)
}

fn config(state: &Path) -> Config {
    Config {
        state_dir: state.to_owned(),
        interval: INTERVAL,
        spool: SpoolConfig { max_bytes: SPOOL_BYTES, keep_acknowledged: Span::from_secs(15 * 60) },
        job_socket: state.join("jobs.sock"),
        ..Config::default()
    }
}

/// Spools a member's past, once.
fn past(member: &'static Member, spool: &Spool) -> Result<(), DemoError> {
    if spool.last().seq > 0 {
        return Ok(());
    }
    let (mut source, now) = (Simulated::new(member), now());
    for back in (1..=PAST).rev() {
        let body = source.report(now - APART.times(back));
        // What can't be written is left out; the bodies of this module can.
        let Ok(bytes) = body.encode() else { continue };
        spool.append(Class::Metrics, &bytes, now_ms())?;
    }
    Ok(())
}

/// Runs an agent until the server has its past, then never again.
async fn until_silent(agent: Agent, source: Simulated, mut shutdown: Shutdown) {
    let (trigger, end) = shutdown::channel();
    let mut status = agent.status();
    let told = async {
        let told = async { while status.get().link.acknowledged < PAST && status.changed().await {} };
        tokio::select! {
            () = told => {}
            () = shutdown.requested() => {}
        }
        trigger.request();
    };
    tokio::join!(agent.run_with(source, end), told);
}

/// The reports of one member.
#[derive(Debug)]
pub(super) struct Simulated {
    member: &'static Member,
    last: Option<Timestamp>,
}

impl Simulated {
    pub(super) fn new(member: &'static Member) -> Self {
        Self { member, last: None }
    }

    fn facts(&self) -> Facts {
        Facts {
            hostname: self.member.name.to_owned(),
            os: "simulated".to_owned(),
            kernel: "none".to_owned(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            cores: self.member.cores,
            memory_bytes: self.member.memory_gib << 30,
        }
    }
}

impl Source for Simulated {
    async fn next_body(&mut self) -> Body {
        if let Some(last) = self.last {
            // A clock that was set doesn't make it wait for longer than usual.
            let wait = INTERVAL.as_millis().saturating_sub(now().since(last).as_millis());
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        self.report(now())
    }

    fn report(&mut self, at: Timestamp) -> Body {
        let since = self.last.map_or(INTERVAL, |last| at.since(last));
        let facts = self.last.is_none().then(|| self.facts());
        self.last = Some(at);
        let readings = readings(self.member, at, since.min(APART.times(PAST)));
        Body { at, interval: INTERVAL, facts, readings, dropped: Vec::new() }
    }
}

#[cfg(test)]
mod tests;
