//! The server's configuration: `/etc/eavip/server.toml`, `server.d/*.toml`, the environment and flags, read with every
//! problem at once; and the declared runbook beside it. Nothing is bound or written before both are right.

pub mod receivers;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use eavip_agent::config::layers::Layers;
use eavip_core::document::{CONTRADICTION, Document, Problem, Section, WRONG_VALUE};
use eavip_core::id::ReceiverId;
use eavip_core::policy::Policy;

use receivers::ReceiverConfig;

/// Where the configuration is looked for when nobody says otherwise.
pub const DEFAULT_FILE: &str = "/etc/eavip/server.toml";
/// Where the server keeps everything by default.
pub const DEFAULT_DATA: &str = "/var/lib/eavip-server";
/// A receiver whose secret or address can't be used.
const RECEIVER: &str = "EAVIP-C10";

/// Everything that is configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the store, the certificate authority and the identity live.
    pub data: PathBuf,
    /// Where people, API clients and joining nodes connect.
    pub web: SocketAddr,
    /// Where enrolled agents connect.
    pub agents: SocketAddr,
    /// Where local scrapers and probes connect.
    pub admin: SocketAddr,
    /// How people reach the web listener; made from its address when not configured.
    pub url: Option<String>,
    /// How agents reach theirs; made from its address when not configured.
    pub agents_url: Option<String>,
    /// Whether plain HTTP is answered off loopback too.
    pub insecure_http: bool,
    /// DNS names and addresses that the server's certificate must carry.
    pub names: Vec<String>,
    /// The declared runbook: a file, with the `*.toml` of the directory beside it that has `.d` for `.toml`.
    pub runbook: PathBuf,
    /// Whether the runbook was named: then it must be there.
    pub runbook_named: bool,
    /// Where alerts can be sent.
    pub receivers: BTreeMap<ReceiverId, ReceiverConfig>,
}

impl Default for Config {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            data: DEFAULT_DATA.into(),
            web: loopback(7480),
            agents: loopback(7481),
            admin: loopback(7482),
            url: None,
            agents_url: None,
            insecure_http: false,
            names: Vec::new(),
            runbook: Path::new(DEFAULT_FILE).with_file_name("runbook.toml"),
            runbook_named: false,
            receivers: BTreeMap::new(),
        }
    }
}

impl Config {
    /// The layers of `file`, or of [`DEFAULT_FILE`] where it exists, under this process's environment.
    #[must_use]
    pub fn layers(file: Option<&Path>) -> Layers {
        Layers::of_process(file, DEFAULT_FILE)
    }

    /// Reads configuration and runbook.
    ///
    /// # Errors
    /// Every problem of both at once, with file, line and column.
    pub fn load(layers: &Layers) -> Result<(Self, Policy), Vec<Problem>> {
        // The runbook is read even when the configuration is wrong, so that nobody mends one to meet the other.
        let mut config = Self::default();
        let read = layers.load(|document| {
            config = Self::read(document);
            Some(())
        });
        let runbook = Layers::read(&config.runbook, config.runbook_named);
        let receivers = config.receivers.keys().cloned().collect();
        let policy = runbook.sources().and_then(|sources| Policy::load_for(&sources, &receivers));
        match (read, policy) {
            (Ok(()), Ok(policy)) => Ok((config, policy)),
            (read, policy) => Err([read.err(), policy.err()].into_iter().flatten().flatten().collect()),
        }
    }

    fn read(document: &Document) -> Self {
        let root = document.root();
        let mut config = Self::default();
        if let Some(data) = root.text("data") {
            config.data = data;
        }
        config.read_web(root.section("web"));
        let agents = root.section("agents");
        config.agents = agents.text("listen").unwrap_or(config.agents);
        config.agents_url = agents.text("url");
        check_url(&agents, config.agents_url.as_deref(), &["https://"]);
        agents.finish();
        let admin = root.section("admin");
        if let Some(listen) = admin.text::<SocketAddr>("listen") {
            config.admin = listen;
            if !listen.ip().is_loopback() {
                let message = format!("`admin.listen` is `{listen}`, which others can reach");
                admin.problem(Some("listen"), CONTRADICTION, message, "listen on 127.0.0.1 or [::1]");
            }
        }
        admin.finish();
        if let Some(path) = root.text("runbook") {
            (config.runbook, config.runbook_named) = (path, true);
        }
        config.receivers = receivers::read(&root);
        root.finish();
        config
    }

    fn read_web(&mut self, web: Section<'_>) {
        self.web = web.text("listen").unwrap_or(self.web);
        self.url = web.text("url");
        check_url(&web, self.url.as_deref(), &["https://", "http://"]);
        self.insecure_http = web.flag("insecure_http").unwrap_or(false);
        self.names = web.list("names");
        web.finish();
    }

    /// Whether plain HTTP is answered on the web listener.
    #[must_use]
    pub fn plain_http(&self) -> bool {
        self.insecure_http || self.web.ip().is_loopback()
    }
}

fn check_url(section: &Section<'_>, url: Option<&str>, schemes: &[&str]) {
    let known = |url: &str| schemes.iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    if let Some(url) = url.filter(|url| !known(url) || url.ends_with('/') || url.len() > 500) {
        let message =
            format!("`{}` can't be an address of this server", url.chars().take(80).collect::<String>());
        let remedy =
            format!("write it like {}ops.example.com:7480, without a slash at the end", schemes.join(" or "));
        section.problem(Some("url"), WRONG_VALUE, message, &remedy);
    }
}

/// A problem of a receiver that shows only when it is used: its secret, or where its address leads.
#[must_use]
pub fn receiver_problem(id: &ReceiverId, message: impl std::fmt::Display) -> Problem {
    let message = message.to_string();
    let (message, remedy) = message.split_once("; ").unwrap_or((&message, "mend the receiver"));
    Problem {
        code: RECEIVER,
        source: format!("receiver.{id}"),
        position: None,
        line: String::new(),
        message: message.to_owned(),
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
mod tests;
