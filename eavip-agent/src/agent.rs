//! The whole agent: collectors make reports, the spool keeps them, the pusher brings them, the certificate is renewed.
//!
//! [`Agent::open`] takes what can go wrong before anything runs; [`Agent::run`] goes on until the end is asked for,
//! then spools a last report and tries once to bring it. Signals, logging, systemd and the admin listener are the
//! process's business and stand in the binary: an embedder (the server's quickstart) brings its own.

mod renewal;
mod report;
mod status;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use eavip_core::id::NodeId;
use tokio::sync::{Notify, watch};

pub use report::Source;
pub use status::{AgentStatus, Status};

use self::renewal::Renewal;
use self::report::Reporter;
use self::status::Own;
use crate::clock;
use crate::collect::Collectors;
use crate::config::Config;
use crate::enrol::{self, EnrolError};
use crate::identity::{StateDir, StateError};
use crate::push::Pusher;
use crate::shutdown::Shutdown;
use crate::spool::{Limits, Opened, Spool, SpoolError};
use crate::witness::Keeper;

/// How long the last push may take: systemd's own patience is far longer, a person's isn't.
const DRAIN: Duration = Duration::from_secs(3);

/// Why an agent can't start.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Its identity.
    #[error(transparent)]
    State(#[from] StateError),
    /// Its spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// Its client.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
}

/// An agent that can run.
#[derive(Debug)]
pub struct Agent {
    config: Config,
    node: NodeId,
    spool: Arc<Spool>,
    pusher: Pusher<reqwest::Client>,
    renewal: Renewal,
    own: Arc<watch::Sender<Own>>,
}

/// Where an agent with this state directory spools.
#[must_use]
pub fn spool_dir(state: &Path) -> std::path::PathBuf {
    state.join("spool")
}

/// The spool's bounds as configured.
#[must_use]
pub fn spool_limits(config: &Config) -> Limits {
    Limits { max_bytes: config.spool.max_bytes, keep_acknowledged: config.spool.keep_acknowledged.into() }
}

impl Agent {
    /// Opens identity and spool. Blocks while the spool is read; must be called within a Tokio runtime.
    ///
    /// # Errors
    /// What would keep it from running, before anything runs: not enrolled, in use, unreadable.
    pub fn open(config: Config) -> Result<Self, AgentError> {
        let state = StateDir::open(&config.state_dir)?;
        let identity = state.identity()?;
        let (spool, opened) =
            Spool::open(&spool_dir(&config.state_dir), spool_limits(&config), clock::now_ms())?;
        tell(&opened);
        let (node, spool) = (identity.node, Arc::new(spool));
        let credentials = identity.credentials().map_err(EnrolError::Tls)?;
        let client = enrol::agent_client(&credentials)?;
        let servers = watch::Sender::new(identity.servers.agents.clone());
        let pusher = Pusher::new(node, Arc::clone(&spool), client.clone(), servers.subscribe())
            .with_witness(Keeper::open(&config.state_dir, identity.servers.store).map_err(StateError::File)?);
        let own = Arc::new(watch::Sender::new(Own::new(&identity)));
        let renewal = Renewal { state, identity, credentials, client, servers, own: Arc::clone(&own) };
        Ok(Self { config, node, spool, pusher, renewal, own })
    }

    /// How it is doing, while it runs and after.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::new(self.config.interval, self.own.subscribe(), self.pusher.status())
    }

    /// Runs until the end is asked for; then spools a last report and pushes for at most a few seconds.
    pub async fn run(self, shutdown: Shutdown) {
        let collectors = Collectors::start(&self.config, self.node);
        self.run_with(collectors, shutdown).await;
    }

    /// As [`Self::run`], with reports of a source of the embedder's own: no collector is started.
    pub async fn run_with(mut self, source: impl Source, shutdown: Shutdown) {
        let spooled = Notify::new();
        let mut reporter =
            Reporter::new(source, Arc::clone(&self.spool), self.pusher.meter(), Arc::clone(&self.own));
        let (mut reporting, mut pushing, mut renewing) = (shutdown.clone(), shutdown.clone(), shutdown);
        tokio::join!(
            reporter.run(&spooled, &mut reporting),
            self.pusher.run(&spooled, &mut pushing),
            self.renewal.run(&mut renewing),
        );
        self.pusher.drain(DRAIN).await;
        let pending = self.pusher.status().borrow().pending;
        tracing::info!(node.id = %self.node, spool.pending = pending, "agent ended");
    }
}

/// Says in the log what opening the spool found, when it was anything unusual.
fn tell(opened: &Opened) {
    if opened.mark_lost || !opened.quarantined.is_empty() || !opened.lost.is_empty() {
        let lost: u64 = opened.lost.iter().map(|range| range.count).sum();
        tracing::error!(
            spool.recovered = opened.recovered,
            spool.salvaged = opened.salvaged,
            spool.lost = lost,
            spool.mark_lost = opened.mark_lost,
            quarantined = ?opened.quarantined,
            "the spool was damaged; what could be read is kept, what is lost is reported"
        );
    }
}

#[cfg(test)]
mod tests;
