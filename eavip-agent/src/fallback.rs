//! Tells a webhook of the agent's own when no server could be reached for a while, and when one can again: the server can't
//! tell that it is gone. Each is told once, over restarts of the agent too; what couldn't be told is tried again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use eavip_core::id::{Digest128, NodeId};
use eavip_core::time::{Span, Timestamp};
use reqwest::Client;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::fallback::FallbackConfig;
use crate::egress::{self, Guarded};
use crate::push::{LinkState, LinkStatus};
use crate::shutdown::Shutdown;
use crate::signature::SigningKey;
use crate::tls::client::public_config;
use crate::{clock, dial, private};

/// What was told, beside the agent's identity.
const FILE: &str = "fallback.json";
/// Longest file: it holds three moments.
const MAX_FILE: u64 = 4_096;
/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// The wait after a message that couldn't be sent.
const RETRY: Duration = Duration::from_secs(10);
/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is known of a server that is gone; survives restarts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Since when it is gone, once that is to be told.
    pub gone_since: Option<Timestamp>,
    /// Whether that was told.
    pub told: bool,
    /// Since when it is back, until that was told.
    pub back_since: Option<Timestamp>,
}

/// One thing to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    Gone(Timestamp),
    Back(Timestamp, Timestamp),
}

impl Known {
    /// What the link's state makes of it.
    fn look(self, link: &LinkStatus, after: Span, now: Timestamp) -> Self {
        let gone = link.state == LinkState::Unreachable;
        let is_back = matches!(link.state, LinkState::Connected | LinkState::Denied);
        match self {
            Self { gone_since: None, .. } if gone && now.since(link.since) >= after => {
                Self { gone_since: Some(link.since), ..Self::default() }
            }
            // It was back before anybody was told that it was gone.
            Self { gone_since: Some(_), told: false, .. } if is_back => Self::default(),
            Self { gone_since: Some(_), told: true, back_since: None } if is_back => {
                Self { back_since: Some(now), ..self }
            }
            // It went again before anybody was told that it was back.
            Self { back_since: Some(_), .. } if gone => Self { back_since: None, ..self },
            same => same,
        }
    }

    fn due(self) -> Option<Telling> {
        match (self.gone_since, self.told, self.back_since) {
            (Some(since), false, _) => Some(Telling::Gone(since)),
            (Some(since), true, Some(back)) => Some(Telling::Back(since, back)),
            _ => None,
        }
    }

    fn told(self, what: Telling) -> Self {
        match what {
            Telling::Gone(_) => Self { told: true, ..self },
            Telling::Back(..) => Self::default(),
        }
    }
}

/// Tells by a webhook that the server is gone, and that it is back.
#[derive(Debug)]
pub struct Fallback {
    config: FallbackConfig,
    node: NodeId,
    file: PathBuf,
    known: Known,
    client: Client,
    failure: Option<String>,
    not_before: Option<Instant>,
}

/// How it stands, for `status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FallbackStatus {
    /// What is known of a server that is gone.
    #[serde(flatten)]
    pub known: Known,
    /// Why the last message couldn't be sent.
    pub failure: Option<String>,
}

/// What was told, as the state directory has it; nothing when there is no such file or it can't be read.
#[must_use]
pub fn load(state: &Path) -> Known {
    let read = private::read(&state.join(FILE), MAX_FILE).ok().flatten();
    read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

impl Fallback {
    /// A fallback for a node, with what an earlier run told.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(config: FallbackConfig, node: NodeId, state: &Path) -> Result<Self, String> {
        let tls = public_config().map_err(|error| error.to_string())?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .dns_resolver(Arc::new(Guarded))
            .user_agent(concat!("eavip-agent/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| dial::reason(&error))?;
        let (file, known) = (state.join(FILE), load(state));
        Ok(Self { config, node, file, known, client, failure: None, not_before: None })
    }

    /// Looks at the link and tells until the end is asked for.
    pub async fn run(
        mut self,
        mut link: watch::Receiver<LinkStatus>,
        status: watch::Sender<FallbackStatus>,
        shutdown: &mut Shutdown,
    ) {
        loop {
            let turn = async {
                let now = link.borrow_and_update().clone();
                self.step(&now).await;
                status.send_replace(FallbackStatus { known: self.known, failure: self.failure.clone() });
                tokio::time::sleep(LOOK).await;
            };
            tokio::select! {
                () = turn => {}
                () = shutdown.requested() => return,
            }
        }
    }

    /// Looks once. What is to be told is on disk before it is sent, so that a restart in between sends the same message.
    async fn step(&mut self, link: &LinkStatus) {
        self.keep(self.known.look(link, self.config.after, clock::now()));
        let Some(what) = self.known.due().filter(|_| self.not_before.is_none_or(|at| at <= Instant::now()))
        else {
            return;
        };
        match self.send(what, link).await {
            Ok(()) => {
                self.failure = None;
                self.keep(self.known.told(what));
            }
            Err(error) => {
                tracing::warn!(error, "the fallback couldn't be told; it is tried again");
                (self.failure, self.not_before) = (Some(error), Some(Instant::now() + RETRY));
            }
        }
    }

    fn keep(&mut self, known: Known) {
        if known == self.known {
            return;
        }
        self.known = known;
        let json = serde_json::to_vec(&known).unwrap_or_default();
        // A disk that takes nothing must not keep anybody from being told; a restart would tell it again.
        if let Err(error) = private::write(&self.file, &json) {
            tracing::warn!(%error, "what the fallback told can't be kept");
        }
    }

    async fn send(&self, what: Telling, link: &LinkStatus) -> Result<(), String> {
        let secret = self.config.secret.resolve().map_err(|error| error.to_string())?;
        let key = SigningKey::parse(secret.expose()).map_err(|error| error.to_string())?;
        let (kind, since, back) = match what {
            Telling::Gone(since) => ("server.unreachable", since, None),
            Telling::Back(since, back) => ("server.reachable", since, Some(back)),
        };
        let node = self.node.to_string();
        let at = since.as_millis().to_be_bytes();
        let id = Digest128::of([node.as_bytes(), kind.as_bytes(), &at]).to_string();
        let body = serde_json::json!({
            "type": kind,
            "timestamp": back.unwrap_or(since).to_string(),
            "data": { "node": node, "server": link.server, "since": since, "until": back, "reason": link.reason },
        });
        let body = body.to_string().into_bytes();
        let seconds = clock::now().as_millis() / 1_000;
        let request = self
            .client
            .post(self.config.url.to_string())
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", key.sign(&id, seconds, &body))
            .body(body);
        let answer = request.send().await.map_err(|error| dial::reason(&error))?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(format!("it answered {status}")) }
    }
}

/// What would keep it from telling anybody, looked for without telling anybody.
///
/// # Errors
/// What, in words.
pub async fn trouble(config: &FallbackConfig) -> Result<(), String> {
    let secret = config.secret.resolve().map_err(|error| error.to_string())?;
    SigningKey::parse(secret.expose()).map_err(|error| error.to_string())?;
    let connect = async {
        let addresses = egress::addresses(config.url.host(), config.url.port()).await?;
        tokio::net::TcpStream::connect(&addresses[..]).await
    };
    match tokio::time::timeout(TIMEOUT, connect).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no connection within 10 seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests;
