//! The one HTTP client that messages go out through: no redirects, no proxy, no link-local or metadata address, bounds on
//! time and on what is read of an answer. What is posted is each sender's part.

use std::sync::Arc;
use std::time::Duration;

use eavip_agent::egress::{Guarded, forbidden, literal};
use eavip_agent::tls::client::public_config;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use serde::Serialize;
use serde_json::Value;

use super::receiver::SendError;
use super::wording::line;

/// One attempt takes at most this long.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// What is read of an answer that refuses: room for a sentence, whatever wraps it.
const MAX_ANSWER: usize = 4 * 1024;
/// What of it is kept, in characters.
const MAX_TOLD: usize = 200;

/// An address that messages are posted to. It may hold a secret, so only its host is ever shown.
pub struct Endpoint {
    url: Url,
    client: reqwest::Client,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Endpoint({})", self.host())
    }
}

/// An address that nothing can be sent to. It isn't repeated, since it may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing can be sent to its address: {0}; use an https:// address of the receiver")]
pub struct InvalidUrl(&'static str);

impl Endpoint {
    /// The endpoint at an address.
    ///
    /// # Errors
    /// When nothing may be sent there.
    pub fn new(url: &str) -> Result<Self, InvalidUrl> {
        let url = Url::parse(url.trim()).map_err(|_| InvalidUrl("it can't be read"))?;
        if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
            return Err(InvalidUrl("neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidUrl("it holds a user name or password"));
        }
        if literal(&url).is_some_and(forbidden) {
            return Err(InvalidUrl("it is link-local"));
        }
        let none = |_| InvalidUrl("no TLS client can be made");
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(public_config().map_err(|_| InvalidUrl("no TLS client can be made"))?)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .user_agent(concat!("eavip-server/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Guarded))
            .build()
            .map_err(none)?;
        Ok(Self { url, client })
    }

    /// The endpoint at an address that is a secret, or gets one: off this host only over TLS.
    ///
    /// # Errors
    /// When nothing may be sent there.
    pub fn secret(url: &str) -> Result<Self, InvalidUrl> {
        let endpoint = Self::new(url)?;
        let here = literal(&endpoint.url).is_some_and(|address| address.is_loopback());
        if endpoint.url.scheme() == "https" || here {
            return Ok(endpoint);
        }
        Err(InvalidUrl("a secret would go there in the clear"))
    }

    /// Where it leads: the host, and the port where it isn't the usual one.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Posts once. `is_final` says after which answers it isn't tried again.
    ///
    /// # Errors
    /// Why it didn't arrive.
    pub async fn post(
        &self,
        content_type: &'static str,
        headers: HeaderMap,
        body: Vec<u8>,
        is_final: impl Fn(StatusCode) -> bool,
    ) -> Result<(), SendError> {
        let request =
            self.client.post(self.url.clone()).headers(headers).header(CONTENT_TYPE, content_type).body(body);
        // Of an answer that takes the message nothing is read: it says nothing that matters and may be endless.
        let answer = request.send().await.map_err(|error| SendError::Passing(told(&error), None))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let said = line(&beginning(answer).await, MAX_TOLD);
        let colon = if said.is_empty() { "" } else { ": " };
        let what = format!("the receiver answered {status}{colon}{said}");
        if is_final(status) {
            return Err(SendError::Final(what));
        }
        Err(SendError::Passing(what, asked.map(Duration::from_secs)))
    }

    /// Posts JSON once to an incoming webhook of a chat. Beside 429 and 5xx these say that the message is wrong, or that webhook or
    /// channel are gone: trying again meets the same.
    ///
    /// # Errors
    /// Why it didn't arrive.
    pub async fn post_to_chat(&self, payload: Value) -> Result<(), SendError> {
        let is_final = |status| {
            matches!(
                status,
                StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE
            )
        };
        self.post("application/json", HeaderMap::new(), payload.to_string().into_bytes(), is_final).await
    }
}

/// What is posted as JSON.
///
/// # Errors
/// When it can't be written as that, which no further attempt mends.
pub(super) fn json(value: &impl Serialize) -> Result<Vec<u8>, SendError> {
    serde_json::to_vec(value)
        .map_err(|error| SendError::Final(format!("it can't be written as JSON: {error}")))
}

/// The beginning of an answer; what can't be read of it isn't missed.
async fn beginning(mut answer: Response) -> String {
    let mut read = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        read.extend(chunk.iter().take(MAX_ANSWER - read.len()));
        if read.len() >= MAX_ANSWER {
            break;
        }
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// The innermost cause in plain words, without the address, which may hold a secret path.
fn told(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} seconds", TIMEOUT.as_secs());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    format!("the receiver can't be reached: {cause}")
}

#[cfg(test)]
mod tests;
