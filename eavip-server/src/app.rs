//! What every handler needs.

use std::sync::Arc;

use crate::commit::Committer;
use crate::shared::Shared;

/// The server as its handlers see it.
#[derive(Debug, Clone)]
pub struct App {
    /// The present state.
    pub shared: Arc<Shared>,
    /// The way to change it.
    pub committer: Committer,
    /// How the web listener is reached.
    pub web: Arc<Web>,
}

/// How the web listener is reached.
#[derive(Debug, Clone)]
pub struct Web {
    /// What people put into their browser, without a slash at the end, such as `https://ops.example:7480`.
    pub url: String,
    /// Whether browsers reach it over TLS: cookies are then `__Host-` and `Secure`.
    pub secure: bool,
    /// Names that receivers' configuration knows.
    pub receivers: Vec<String>,
}
