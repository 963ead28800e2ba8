//! What every handler needs.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use eavip_agent::tls::Pin;

use crate::api::idempotency::Idempotency;
use crate::api::overview::Latest;
use crate::audit::AuditLog;
use crate::auth::Auth;
use crate::commit::Committer;
use crate::notify::receiver::About;
use crate::shared::Shared;
use crate::sse::Streams;

/// Where the configuration is read from when somebody asks for it: the file that was named at the start, if one was.
#[derive(Debug, Clone)]
pub struct Reload(pub Option<PathBuf>);

/// The server as its handlers see it.
#[derive(Debug, Clone)]
pub struct App {
    /// The present state.
    pub shared: Arc<Shared>,
    /// The way to change it.
    pub committer: Committer,
    /// How the web listener is reached.
    pub web: Arc<Web>,
    /// What signing in needs.
    pub auth: Arc<Auth>,
    /// The overview as it was put together last.
    pub overview: Arc<Latest>,
    /// Answers that are given again for the same key.
    pub idempotency: Arc<Idempotency>,
    /// Who follows the stream of changes.
    pub streams: Arc<Streams>,
    /// The audit log; none where nothing is kept on disk.
    pub audit: Option<Arc<AuditLog>>,
    /// Reads the configuration anew; unset where the process that serves this has none to read.
    pub reload: Arc<OnceLock<Reload>>,
}

impl App {
    /// The server over a state.
    #[must_use]
    pub fn new(shared: Arc<Shared>, committer: Committer, web: Web) -> Self {
        Self {
            shared,
            committer,
            web: Arc::new(web),
            auth: Arc::default(),
            overview: Arc::default(),
            idempotency: Arc::default(),
            streams: Arc::default(),
            audit: None,
            reload: Arc::default(),
        }
    }

    /// The same with an audit log.
    #[must_use]
    pub fn with_audit(self, audit: Arc<AuditLog>) -> Self {
        Self { audit: Some(audit), ..self }
    }
}

/// How the web listener is reached.
#[derive(Debug, Clone)]
pub struct Web {
    /// What people put into their browser, without a slash at the end, such as `https://ops.example:7480`.
    pub url: String,
    /// Whether browsers reach it over TLS: cookies are then `__Host-` and `Secure`.
    pub secure: bool,
    /// The receivers of the configuration, by name.
    pub receivers: Vec<About>,
    /// Where nodes ask to be let in; none when this server lets none in.
    pub enrolment: Option<Enrolment>,
    /// The directory of the runbook pages that come with the declared runbook; it need not be there.
    pub runbooks: PathBuf,
}

/// Where nodes ask to be let in, for join strings.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// Addresses of the form `https://host:port`; the first that answers is used.
    pub urls: Vec<String>,
    /// The key of the CA that signed the listener's certificate.
    pub pin: Pin,
}
