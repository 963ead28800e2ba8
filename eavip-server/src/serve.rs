//! Puts the server together, runs it, and takes it down in order.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eavip_agent::private::{self, PrivateError};
use eavip_core::decision::Refused;
use eavip_core::finding::Finding;
use eavip_core::id::ReceiverId;
use eavip_core::policy::{Policy, Problem};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::app::{App, Enrolment, Web};
use crate::audit::{self, AuditError, AuditLog, Growing};
use crate::authority::{self, Authority, AuthorityError, RevokedNodes, ServerIdentity};
use crate::commit::{self, Committer};
use crate::config::{Config, receiver_problem};
use crate::enrolment::Enrolments;
use crate::ingest::Ingest;
use crate::listener::{self, Speaks, Stop};
use crate::notify::Notifier;
use crate::notify::receiver::Receiver;
use crate::record::{Actor, Event, LedgerRecord, ServerEvent, VERSION};
use crate::shared::{ChangeKind, Shared, now};
use crate::store::embedded::EmbeddedStore;
use crate::store::{Store, StoreError};
use crate::{admin, evaluate, incidents, noise, on_call, router, runbooks, trends};

/// A checkpoint is kept this often: what a start has to replay at the most, and how old a roll-up on disk can be.
const CHECKPOINT: Duration = Duration::from_secs(300);
/// The server's certificate is looked at this often.
const CERTIFICATE: Duration = Duration::from_secs(3_600);

/// Why the server doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration can't be used as it is.
    #[error("the configuration has {} problems", .0.len())]
    Config(Vec<Problem>),
    /// An address can't be listened on.
    #[error("can't listen on {address}; stop what uses it, or choose another address")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The data directory can't be used.
    #[error(transparent)]
    Data(#[from] PrivateError),
    /// The store can't be opened.
    #[error("the store can't be opened")]
    Store(#[from] StoreError),
    /// The certificate authority can't be used.
    #[error("the certificate authority can't be used")]
    Authority(#[from] AuthorityError),
    /// The audit log can't be opened.
    #[error("the audit log can't be opened")]
    Audit(#[from] AuditError),
    /// A thread can't be started.
    #[error("the commit thread can't be started")]
    Thread(#[source] std::io::Error),
    /// The start couldn't be written to the ledger.
    #[error("the start can't be written to the ledger")]
    Ledger(#[from] commit::MutateError),
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// Where the web listener is.
    pub web: SocketAddr,
    /// Where the agents' listener is.
    pub agents: SocketAddr,
    /// Where the admin listener is.
    pub admin: SocketAddr,
    /// The server as its handlers see it.
    pub app: App,
    /// The certificate authority of its nodes.
    pub authority: Arc<Authority>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    committed: oneshot::Receiver<Result<(), StoreError>>,
    growing: Growing,
}

/// What is bound before anything is opened.
struct Bound {
    web: TcpListener,
    agents: TcpListener,
    admin: TcpListener,
}

/// Starts a server; it answers when this returns.
///
/// # Errors
/// Why it doesn't start; nothing is left running.
pub async fn start(config: &Config, policy: Policy, metrics: PrometheusHandle) -> Result<Server, StartError> {
    let receivers = receivers(config, &url(config, config.web))?;
    let bound = Bound {
        web: bind(config.web).await?,
        agents: bind(config.agents).await?,
        admin: bind(config.admin).await?,
    };
    let (web, agents, admin) = (address(&bound.web), address(&bound.agents), address(&bound.admin));
    let url = url(config, web);
    private::create_dir(&config.data)?;
    let store: Arc<dyn Store> = Arc::new(EmbeddedStore::open(&config.data)?);
    let authority = Arc::new(Authority::open(&config.data.join("authority"), store.identity(), now())?);
    let mut recovered = commit::recover(store.as_ref())?;
    tracing::info!(replayed = recovered.replayed, nodes = recovered.book.nodes.len(), "the store is open");
    let shared = Shared::new(recovered.take_state(), policy);
    let (committer, thread) =
        commit::spawn(Arc::clone(&store), Arc::clone(&shared), recovered).map_err(StartError::Thread)?;
    started(&committer, &shared, store.repairs()).await?;
    let directory = config.data.join(audit::DIRECTORY);
    let (audit, growing) = AuditLog::start(&directory, Arc::clone(&store), Arc::clone(&shared))?;

    let (stop, stopped) = watch::channel(false);
    let urls = vec![format!("https://{}", outward(config.url.as_deref(), web))];
    let agents_url = config.agents_url.clone().unwrap_or_else(|| format!("https://{agents}"));
    let app = App::new(
        Arc::clone(&shared),
        committer.clone(),
        Web {
            secure: url.starts_with("https://"),
            url,
            receivers: receivers.values().map(|receiver| receiver.about.clone()).collect(),
            enrolment: Some(Enrolment { urls, pin: authority.pin() }),
            runbooks: runbooks::beside(&config.runbook),
        },
    )
    .with_audit(Arc::clone(&audit));
    let mut tasks = JoinSet::new();
    let revoked = Arc::new(RevokedNodes::default());
    let enrolments = Enrolments {
        shared: Arc::clone(&shared),
        committer: committer.clone(),
        authority: Arc::clone(&authority),
        revoked: Arc::clone(&revoked),
        agents: [agents_url].into(),
    };
    let identity = ServerIdentity::new(&authority, names(config), now())?;
    let web_speaks =
        Speaks::Web { tls: Arc::new(authority::web_config(&identity)?), plain: config.plain_http() };
    let tls = Arc::new(authority::agents_config(&authority, &identity, &revoked)?);
    let agents_speaks = Speaks::Agents { tls, store: authority.store(), revoked: Arc::clone(&revoked) };
    let ingest = Ingest::new(committer.clone(), authority.store()).with_audit(audit);
    let agents_router = enrolments.clone().agents_router().merge(ingest.router());
    let web_router = router::web(app.clone(), enrolments.web_router());
    tasks.spawn(listener::serve(bound.web, web_speaks, web_router, stopped.clone()));
    tasks.spawn(listener::serve(bound.agents, agents_speaks, agents_router, stopped.clone()));
    tasks.spawn(listener::serve(
        bound.admin,
        Speaks::Plain,
        admin::router(app.clone(), metrics),
        stopped.clone(),
    ));
    spawn_reconcilers(&mut tasks, &stopped, &app, receivers);
    tasks.spawn(until(stopped.clone(), keep_revoked(Arc::clone(&shared), revoked)));
    tasks.spawn(until(stopped.clone(), renew(Arc::clone(&authority), identity)));
    let committed = watch_thread(thread);
    Ok(Server { web, agents, admin, app, authority, stop, tasks, committed, growing })
}

impl Server {
    /// Puts another runbook in force, unless its changed rules would be noisier or silent where they weren't: it is in the
    /// ledger before it is in use. Answers what can't be said of it.
    ///
    /// # Errors
    /// When it is refused, or can't be written; the runbook before stays in force.
    pub async fn apply(app: &App, policy: Policy) -> Result<Vec<Finding>, commit::MutateError> {
        let (looking, policy) = (Arc::clone(&app.shared), Arc::new(policy));
        let after = Arc::clone(&policy);
        let tried =
            tokio::task::spawn_blocking(move || noise::backtest::trial(&looking, &after, now())).await;
        // A panic in there is a defect that the panic hook has told; nobody waits for a runbook because of it.
        let noise::backtest::Trial { refused, unknown } = tried.unwrap_or_default();
        let event = if refused.is_empty() {
            ServerEvent::PolicyApplied { policy: policy.digest }
        } else {
            ServerEvent::PolicyRefused { policy: policy.digest, findings: refused.clone() }
        };
        let (event, actor) = (Event::Server { event }, Actor::Server("reload".to_owned()));
        let decide = move |_: &crate::book::Book, at| {
            Ok(LedgerRecord { v: VERSION, at, actor, reason: None, events: vec![event] })
        };
        app.committer.mutate(decide).await?;
        Refused::when_any(refused)?;
        app.shared.policy.store(policy);
        app.shared.evaluate.notify_one();
        Ok(unknown)
    }

    /// Runs until told to stop, then ends requests, keeps a checkpoint and closes the store.
    ///
    /// # Errors
    /// When the disk no longer confirms writes: the server then stops by itself.
    pub async fn run(self, told: impl Future<Output = ()>) -> Result<(), StoreError> {
        let Self { app, stop, mut tasks, mut committed, growing, .. } = self;
        let early = tokio::select! {
            () = told => None,
            ended = &mut committed => Some(ended),
        };
        // Listeners and reconcilers all hold a receiver; without one there is nobody to tell.
        let _ = stop.send(true);
        while tasks.join_next().await.is_some() {}
        app.committer.stop().await;
        let ended = match early {
            Some(ended) => ended,
            None => committed.await,
        };
        // The last checkpoint covers the last record. A panic in there has told so by the panic hook.
        let _ = tokio::task::spawn_blocking(|| growing.finish()).await;
        ended.unwrap_or(Err(StoreError::NotDurable))
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

fn address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)))
}

/// How people reach the web listener.
fn url(config: &Config, bound: SocketAddr) -> String {
    let scheme = if config.plain_http() { "http" } else { "https" };
    config.url.clone().unwrap_or_else(|| format!("{scheme}://{bound}"))
}

/// Host and port by which others reach the web listener.
fn outward(url: Option<&str>, bound: SocketAddr) -> String {
    let host = url.and_then(|url| url.split_once("://")).map(|(_, rest)| rest.to_owned());
    host.unwrap_or_else(|| bound.to_string())
}

/// What the server's certificate must carry: what is configured, and what it is called by its own addresses.
fn names(config: &Config) -> Vec<String> {
    let hosts =
        [config.url.as_deref(), config.agents_url.as_deref()].into_iter().flatten().filter_map(|url| {
            let (_, rest) = url.split_once("://")?;
            let host = rest.split('/').next()?;
            let host = if host.starts_with('[') {
                host.split(']').next()?.trim_start_matches('[')
            } else {
                host.split(':').next()?
            };
            Some(host.to_owned())
        });
    let bound = [config.web, config.agents].into_iter().map(|address| address.ip());
    let addresses = bound.filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string());
    let all: BTreeSet<String> = config.names.iter().cloned().chain(hosts).chain(addresses).collect();
    all.into_iter().collect()
}

/// Every problem with what the receivers of a configuration need beside it, such as their secrets.
///
/// # Errors
/// Where there is one.
pub(crate) fn check_receivers(config: &Config) -> Result<(), StartError> {
    receivers(config, &url(config, config.web)).map(drop)
}

/// The receivers of the configuration with their secrets read; every problem at once.
fn receivers(config: &Config, server: &str) -> Result<BTreeMap<ReceiverId, Receiver>, StartError> {
    let (mut receivers, mut problems) = (BTreeMap::new(), Vec::new());
    for (id, configured) in &config.receivers {
        match Receiver::open(id, configured, server) {
            Ok(receiver) => drop(receivers.insert(id.clone(), receiver)),
            Err(message) => problems.push(receiver_problem(id, message)),
        }
    }
    if problems.is_empty() { Ok(receivers) } else { Err(StartError::Config(problems)) }
}

/// The start, and what was repaired before it, become part of the ledger.
async fn started(committer: &Committer, shared: &Shared, repairs: Vec<String>) -> Result<(), StartError> {
    let policy = shared.policy.load().digest;
    let repairs = repairs.into_iter().map(|what| ServerEvent::StoreRepaired { what });
    let start = ServerEvent::Started { version: env!("CARGO_PKG_VERSION").to_owned(), policy };
    let events = repairs.chain([start]).map(|event| Event::Server { event }).collect();
    let actor = Actor::Server("start".to_owned());
    let decide =
        move |_: &crate::book::Book, at| Ok(LedgerRecord { v: VERSION, at, actor, reason: None, events });
    Ok(committer.mutate(decide).await?)
}

fn spawn_reconcilers(
    tasks: &mut JoinSet<()>,
    stopped: &Stop,
    app: &App,
    receivers: BTreeMap<ReceiverId, Receiver>,
) {
    let (shared, committer) = (Arc::clone(&app.shared), app.committer.clone());
    tasks.spawn(until(stopped.clone(), evaluate::run(Arc::clone(&shared), committer.clone())));
    tasks.spawn(until(stopped.clone(), incidents::follow::run(Arc::clone(&shared), committer.clone())));
    tasks.spawn(until(stopped.clone(), noise::reconcile::run(Arc::clone(&shared), committer.clone())));
    tasks.spawn(until(stopped.clone(), trends::reconcile::run(Arc::clone(&shared), committer.clone())));
    tasks.spawn(until(stopped.clone(), on_call::pages::run(Arc::clone(&shared), committer.clone())));
    let notifier = Notifier::new(shared, committer.clone(), receivers, app.web.url.clone());
    tasks.spawn(until(stopped.clone(), notifier.run()));
    tasks.spawn(until(stopped.clone(), async move {
        let mut tick = tokio::time::interval(CHECKPOINT);
        tick.tick().await;
        loop {
            tick.tick().await;
            if committer.checkpoint().await.is_err() {
                return;
            }
        }
    }));
}

async fn until(mut stopped: Stop, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

/// Keeps the set of nodes whose certificates no longer count in step with the ledger.
async fn keep_revoked(shared: Arc<Shared>, revoked: Arc<RevokedNodes>) {
    let mut changes = shared.follow();
    loop {
        let nodes = {
            let book = shared.book();
            book.nodes.iter().filter(|(_, node)| node.revoked).map(|(id, _)| *id).collect()
        };
        revoked.replace(nodes);
        loop {
            match changes.recv().await {
                Ok(changed) if changed.kind == ChangeKind::Node => break,
                Ok(_) => {}
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => break,
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            }
        }
    }
}

async fn renew(authority: Arc<Authority>, identity: Arc<ServerIdentity>) {
    let mut tick = tokio::time::interval(CERTIFICATE);
    loop {
        tick.tick().await;
        if let Err(error) = identity.refresh(&authority, now()) {
            tracing::warn!(%error, "the server's certificate could not be renewed; it is tried again in an hour");
        }
    }
}

/// Waits for the commit thread without holding up the runtime.
fn watch_thread(
    thread: std::thread::JoinHandle<Result<(), StoreError>>,
) -> oneshot::Receiver<Result<(), StoreError>> {
    let (ended, committed) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        let result = thread.join().unwrap_or(Err(StoreError::NotDurable));
        if let Err(error) = &result {
            tracing::error!(%error, "nothing can be written any more; the server stops");
        }
        // Nobody waits when the server was dropped without being run.
        let _ = ended.send(result);
    });
    committed
}
