//! Handing a batch to a server, and what can come of it.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use eavip_core::wire::v1::Reply;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};

use crate::dial;
use crate::enrol::detail;

/// Longest reply: a mark, a clock and a pace take a few hundred bytes, a problem document a few thousand.
const MAX_REPLY: usize = 64 * 1024;
/// Longest wait that a server can ask for; it may need it to let everybody back in, not to send us away.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(120);

/// What came of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The server answered with its mark.
    Answered(Reply),
    /// The server won't take what is in this batch.
    Refused {
        /// What it said.
        reason: String,
    },
    /// The server won't take anything from this node.
    Denied {
        /// What it said.
        reason: String,
    },
    /// The server couldn't be asked, or couldn't answer now.
    Unavailable {
        /// Why.
        reason: String,
        /// How long it asked to wait, at most [`MAX_RETRY_AFTER`].
        retry_after: Option<Duration>,
    },
}

/// Hands batches over.
pub trait Transport: Send + Sync + 'static {
    /// Sends one compressed batch to one server.
    fn send(&self, url: &str, body: Bytes) -> impl Future<Output = Outcome> + Send;
}

impl Transport for Client {
    async fn send(&self, url: &str, body: Bytes) -> Outcome {
        let address = format!("{}/agent/v1/reports", url.trim_end_matches('/'));
        let request = self
            .post(address)
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_ENCODING, "zstd")
            .body(body);
        match request.send().await {
            Ok(response) => judge(response).await,
            Err(error) => failed(&error),
        }
    }
}

fn failed(error: &reqwest::Error) -> Outcome {
    let reason = dial::reason(error);
    if dial::is_denied(error) {
        return Outcome::Denied { reason };
    }
    Outcome::Unavailable { reason, retry_after: None }
}

async fn judge(response: Response) -> Outcome {
    let status = response.status();
    let header =
        |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let retry_after = retry_after(header(RETRY_AFTER));
    let ours = header(CONTENT_TYPE).starts_with("application/problem+json");
    let body = match dial::body(response, MAX_REPLY).await {
        Ok(body) => body.unwrap_or_default(),
        Err(error) => return failed(&error),
    };
    let said = || format!("status {}: {}", status.as_u16(), detail(&body));
    match status {
        StatusCode::OK => match serde_json::from_slice(&body) {
            Ok(reply) => Outcome::Answered(reply),
            Err(_) => {
                let reason = "the answer can't be understood; is it an EAVIP server?".to_owned();
                Outcome::Unavailable { reason, retry_after: None }
            }
        },
        // A refusal costs a report, so it must be the server's own word and not that of something in between.
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY
            if ours =>
        {
            Outcome::Refused { reason: said() }
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::CONFLICT => {
            Outcome::Denied { reason: said() }
        }
        _ => Outcome::Unavailable { reason: said(), retry_after },
    }
}

/// Seconds, as our server writes it; a date is left out.
fn retry_after(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}
