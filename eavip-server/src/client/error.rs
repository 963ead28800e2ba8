//! Why a call of the API gave no answer, with the server's own words where it had some.

use serde::Deserialize;

/// Longest text taken over from an answer that isn't a problem document.
const MAX_TEXT: usize = 200;

/// Why there is no answer. Never contains a secret.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A text that can't be a server's address.
    #[error("`{found}` can't be a server's address: {why}")]
    Url {
        /// The text, without what stands behind `#`.
        found: String,
        /// What is wrong with it, with the remedy.
        why: &'static str,
    },
    /// A text that can't be an id.
    #[error("`{0}` can't be an id; copy it from the list")]
    Id(String),
    /// A token with characters that no token has.
    #[error("the token has characters that no token has; copy it whole, it begins with eavip_pat_")]
    Token,
    /// A file of authorities that can't be used.
    #[error("the authorities in `{path}` can't be used: {why}; name a PEM file with the server's CA")]
    Authorities {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// The client can't be made.
    #[error("the HTTP client can't be made: {0}")]
    Client(String),
    /// Nobody answers there.
    #[error("`{url}` can't be reached: {why}")]
    Unreachable {
        /// The server.
        url: String,
        /// Why.
        why: String,
    },
    /// The server refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An answer that nobody can make sense of.
    #[error("the answer can't be understood: {0}; is it an EAVIP server of a matching version?")]
    Answer(String),
}

/// What a server said that refused (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, as a word; empty when it wasn't a problem document.
    #[serde(default)]
    pub code: String,
    /// What went wrong this time.
    pub detail: String,
    /// The single values that can't be used.
    #[serde(default)]
    pub errors: Vec<Fault>,
    /// After how many seconds it may be tried again.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

/// One value that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Fault {
    /// Which.
    pub at: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Refusal {
    /// Reads a refusal; what isn't a problem document is told by its status and beginning.
    #[must_use]
    pub fn read(status: u16, retry_after: Option<u64>, body: &[u8]) -> Self {
        let read = serde_json::from_slice::<Self>(body);
        let refusal = read.unwrap_or_else(|_| {
            // Alertmanager's API says what is wrong in one JSON string.
            let detail = serde_json::from_slice::<String>(body).unwrap_or_else(|_| {
                let text: String = String::from_utf8_lossy(body).trim().chars().take(MAX_TEXT).collect();
                format!("the server answered with status {status}: {text}")
            });
            Self { status, code: String::new(), detail, errors: Vec::new(), retry_after: None }
        });
        // The status line counts, whatever the document says.
        Self { status, retry_after, ..refusal }
    }
}
