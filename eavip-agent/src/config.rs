//! The agent's configuration: `/etc/eavip/agent.toml`, `agent.d/*.toml`, `EAVIP__SECTION__KEY` and flags, read
//! strictly with every problem at once.
//!
//! What each collector needs to know stands in the rooms below; how layers are merged stands in [`layers`].

pub mod fallback;
pub mod job;
pub mod layers;
pub mod probe;
pub mod queue;
pub mod scrape;
pub mod target;
mod watch;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use eavip_core::document::{CONTRADICTION, Document, Problem, Section, TWICE};
use eavip_core::time::Span;

pub use self::watch::Watch;
use self::{job::JobConfig, layers::Layers, probe::ProbeConfig, queue::QueueConfig, scrape::ScrapeConfig};

/// Where the configuration is looked for when nobody says otherwise.
pub const DEFAULT_FILE: &str = "/etc/eavip/agent.toml";
/// Where the agent keeps its identity, spool and job states by default.
pub const DEFAULT_STATE_DIR: &str = "/var/lib/eavip-agent";
/// Where the agent's own `/metrics` and `/healthz` listen by default; loopback only.
pub const DEFAULT_ADMIN: &str = "127.0.0.1:7490";
/// Most collectors of one kind: with the bounds of each this keeps a node within its series.
pub const MAX_PER_KIND: usize = 100;

/// How the agent's spool is bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolConfig {
    /// Most bytes on disk; beyond, the oldest metrics go first.
    pub max_bytes: u64,
    /// How long acknowledged reports are kept for a server that lost its tail.
    pub keep_acknowledged: Span,
}

/// Everything that is configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// Identity, spool and job states live here.
    pub state_dir: PathBuf,
    /// How often the node reports.
    pub interval: Span,
    /// Where `/metrics` and `/healthz` are served.
    pub admin: SocketAddr,
    /// The spool's bounds.
    pub spool: SpoolConfig,
    /// The socket on which jobs announce themselves.
    pub job_socket: PathBuf,
    /// Whom to tell when no server can be reached.
    pub fallback: Option<fallback::FallbackConfig>,
    /// HTTP probes.
    pub probes: Vec<ProbeConfig>,
    /// Services whose own metrics are read.
    pub scrapes: Vec<ScrapeConfig>,
    /// Background jobs.
    pub jobs: Vec<JobConfig>,
    /// Queues.
    pub queues: Vec<QueueConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            state_dir: DEFAULT_STATE_DIR.into(),
            interval: Span::from_secs(15),
            admin: SocketAddr::from(([127, 0, 0, 1], 7490)),
            spool: SpoolConfig { max_bytes: 256 * 1024 * 1024, keep_acknowledged: Span::from_secs(15 * 60) },
            job_socket: Path::new(DEFAULT_STATE_DIR).join(job::SOCKET),
            fallback: None,
            probes: Vec::new(),
            scrapes: Vec::new(),
            jobs: Vec::new(),
            queues: Vec::new(),
        }
    }
}

impl Config {
    /// The layers of `file`, or of [`DEFAULT_FILE`] where it exists, under this process's environment.
    #[must_use]
    pub fn layers(file: Option<&Path>) -> Layers {
        Layers::of_process(file, DEFAULT_FILE)
    }

    /// Reads the configuration of an agent.
    ///
    /// # Errors
    /// Every problem at once, with file, line and column.
    pub fn load(layers: &Layers) -> Result<Self, Vec<Problem>> {
        layers.load(|document| Some(Self::read(document)))
    }

    /// The same without jobs: those who only look must not take the socket and the book from a running agent.
    #[must_use]
    pub fn without_jobs(mut self) -> Self {
        self.jobs.clear();
        self
    }

    fn read(document: &Document) -> Self {
        let root = document.root();
        let mut config = Self::default();
        if let Some(path) = root.text("state_dir") {
            config.state_dir = path;
        }
        if let Some(interval) = watch::span(&root, "interval", 1_000..=3_600_000) {
            config.interval = interval;
        }
        config.read_admin(&root);
        config.read_spool(&root);
        let jobs = root.section("jobs");
        config.job_socket = jobs.text("socket").unwrap_or_else(|| config.state_dir.join(job::SOCKET));
        jobs.finish();
        if root.has("fallback") {
            let section = root.section("fallback");
            config.fallback = fallback::FallbackConfig::read(&section);
            section.finish();
        }
        config.probes = each(&root, "probe", ProbeConfig::read, |probe| &probe.watch);
        config.scrapes = each(&root, "scrape", ScrapeConfig::read, |scrape| &scrape.watch);
        config.jobs = each(&root, "job", JobConfig::read, |job| &job.watch);
        config.queues = each(&root, "queue", QueueConfig::read, |queue| &queue.watch);
        root.finish();
        config
    }

    fn read_admin(&mut self, root: &Section<'_>) {
        let admin = root.section("admin");
        if let Some(listen) = admin.text::<SocketAddr>("listen") {
            if listen.ip().is_loopback() {
                self.admin = listen;
            } else {
                let message = format!("`admin.listen` is `{listen}`, which others can reach");
                admin.problem(Some("listen"), CONTRADICTION, message, "listen on 127.0.0.1 or [::1]");
            }
        }
        admin.finish();
    }

    fn read_spool(&mut self, root: &Section<'_>) {
        let spool = root.section("spool");
        if let Some(bytes) = spool.integer("max_bytes", 16 * 1024 * 1024..=64 * 1024 * 1024 * 1024) {
            self.spool.max_bytes = bytes;
        }
        if let Some(keep) = watch::span(&spool, "keep_acknowledged", 900_000..=86_400_000) {
            self.spool.keep_acknowledged = keep;
        }
        spool.finish();
    }
}

/// The tables of one kind; names must be unique, because series are told apart by them.
fn each<T>(
    root: &Section<'_>,
    key: &'static str,
    read: impl Fn(&Section<'_>) -> Option<T>,
    watch: impl Fn(&T) -> &Watch,
) -> Vec<T> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut list = Vec::new();
    let sections = root.listed_sections(key);
    if sections.len() > MAX_PER_KIND {
        let message = format!("{} tables [[{key}]] are too many", sections.len());
        root.problem(Some(key), CONTRADICTION, message, &format!("declare at most {MAX_PER_KIND}"));
    }
    for section in sections.into_iter().take(MAX_PER_KIND) {
        if let Some(item) = read(&section) {
            let name = watch(&item).name.to_string();
            if !names.insert(name.clone()) {
                section.problem(
                    Some("name"),
                    TWICE,
                    format!("{key} `{name}` stands twice"),
                    "rename one of the two",
                );
            }
            list.push(item);
        }
        section.finish();
    }
    list
}

#[cfg(test)]
mod tests;
