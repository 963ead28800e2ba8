//! A simulated fleet for those who look at the product without one: nodes of the three modes that join with join tokens
//! and report over mutual TLS as any agent does. Only what they measure is made up.
//!
//! What is simulated is known by the ledger: the demo makes its own join tokens, and a node that used one is a demo node
//! ([`Book::demo_nodes`](crate::book::Book::demo_nodes)). The label `demo` is for people and routes, and decides nothing.
//! Serves the seed's *Platform Scope* (SaaS, BYOC and On-Prem at one glance).

mod acknowledge;
mod fleet;
mod node;
mod readings;
mod remove;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use eavip_agent::agent::AgentError;
use eavip_agent::enrol::{self, EnrolError};
use eavip_agent::identity::{Identity, StateDir, StateError};
use eavip_agent::shutdown::Shutdown;
use eavip_agent::spool::SpoolError;
use eavip_core::environment::Environment;
use eavip_core::id::{InvalidSlug, NodeId};
use eavip_core::labels::{InvalidLabels, Labels};
use eavip_core::node::Place;
use tokio::task::JoinSet;

pub use remove::remove;

use self::fleet::{FLEET, Member};
use crate::api::join_tokens;
use crate::app::App;
use crate::commit::MutateError;
use crate::problem::Problem;
use crate::record::Actor;
use crate::store::StoreError;

/// The label that marks a demo node and, inherited, its alerts.
pub const LABEL: &str = "demo";
/// The label's value.
pub const MARKED: &str = "true";

/// Why the demo can't be started or removed.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A node's state directory.
    #[error(transparent)]
    State(#[from] StateError),
    /// A node can't join.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// A node's agent.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// A node's spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// No join token could be made.
    #[error("no join token can be made for it: {}", .0.detail)]
    Token(Box<Problem>),
    /// A place that isn't one.
    #[error(transparent)]
    Deployment(#[from] InvalidSlug),
    /// A label that isn't one.
    #[error(transparent)]
    Label(#[from] InvalidLabels),
    /// The ledger took nothing.
    #[error(transparent)]
    Ledger(#[from] MutateError),
    /// The data is used by a running server.
    #[error("`{}` is in use by a running server; stop it first", .0.display())]
    InUse(PathBuf),
    /// The store.
    #[error("the store can't be opened")]
    Store(#[source] StoreError),
    /// A thread can't be started.
    #[error("the commit thread can't be started")]
    Thread(#[source] std::io::Error),
    /// Its directories.
    #[error("cannot remove `{}`", path.display())]
    Remove {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// The simulated nodes of this process.
#[derive(Debug, Default)]
pub struct Fleet {
    /// How many simulated nodes the server knows.
    pub nodes: usize,
    running: JoinSet<()>,
}

impl Fleet {
    /// Waits until every node has brought its last report, after the end was asked for.
    pub async fn ended(mut self) {
        while let Some(ended) = self.running.join_next().await {
            if ended.is_err() {
                tracing::error!("a simulated node ended by a defect; the panic's own line says more");
            }
        }
    }
}

/// Where the demo keeps its nodes' state.
fn directory(data: &Path) -> PathBuf {
    data.join("demo")
}

/// Starts the fleet. When it is `wanted`, nodes that are missing join; else those that are there go on, so that they
/// don't fall silent, and without any nothing is started.
///
/// # Errors
/// What keeps a node from joining; what keeps one from running is in the log.
pub async fn start(app: &App, data: &Path, wanted: bool, shutdown: &Shutdown) -> Result<Fleet, DemoError> {
    let known: BTreeSet<NodeId> = app.shared.book().demo_nodes().collect();
    let kept = |member: &Member| {
        let node = Identity::load(&directory(data).join(member.name)).ok().map(|identity| identity.node);
        node.filter(|node| known.contains(node))
    };
    if wanted {
        // Their directories are gone: nobody can speak for them any more, and others come in their place.
        let lost = &known - &FLEET.iter().filter_map(kept).collect();
        remove::revoke(&app.committer, lost, "its state directory is gone").await?;
    }
    let mut fleet = Fleet::default();
    let mut nodes = BTreeSet::new();
    for member in FLEET {
        let state = directory(data).join(member.name);
        let node = match kept(member) {
            Some(node) => node,
            None if wanted => join(app, member, &state).await?,
            None => continue,
        };
        nodes.insert(node);
        let seen = app.shared.nodes.with(node, |known| known.node.seen_at.is_some()).unwrap_or_default();
        if member.falls_silent && seen {
            continue;
        }
        fleet.running.spawn(node::run(member, state, !seen, shutdown.clone()));
    }
    fleet.nodes = nodes.len();
    if fleet.nodes > 0 {
        fleet.running.spawn(acknowledge::run(app.clone(), nodes, shutdown.clone()));
    }
    Ok(fleet)
}

/// Lets a new node join, with a token of its own.
async fn join(app: &App, member: &Member, state: &Path) -> Result<NodeId, DemoError> {
    remove::directory(state)?;
    let place = Place {
        deployment: member.deployment.parse()?,
        mode: member.mode,
        environment: Environment::Production,
        labels: Labels::new([(LABEL, MARKED)])?,
    };
    let token = join_tokens::for_server(app, Actor::demo(), place).await;
    let token = token.map_err(|problem| DemoError::Token(Box::new(problem)))?;
    let identity = enrol::join(&StateDir::open(state)?, &token, member.name).await?;
    Ok(identity.node)
}

#[cfg(test)]
mod tests;
