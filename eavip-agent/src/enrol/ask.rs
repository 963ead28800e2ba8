//! One question to the first server that answers.

use bytes::Bytes;
use eavip_core::wire::enrol::MAX_MESSAGE;
use reqwest::{Client, StatusCode};
use serde::{Deserialize, Serialize};

use crate::dial;

/// Longest part of a refusal that is shown.
const MAX_DETAIL: usize = 300;

/// Why no server granted what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The server isn't of the expected CA; nothing was sent to it.
    #[error(
        "`{url}` isn't the server of this join string: its certificate comes from another CA; nothing was sent, get a new token from the right server"
    )]
    WrongServer {
        /// The address.
        url: String,
    },
    /// The server refused.
    #[error("`{url}` refused with status {status}: {detail}")]
    Refused {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the server said, without control characters.
        detail: String,
    },
    /// No server answered; the last reason.
    #[error("no server answered; the last tried was `{url}`: {reason}")]
    Unreachable {
        /// The address.
        url: String,
        /// Why.
        reason: String,
    },
}

/// Posts to one address after the other until one answers. A refusal is an answer; a server that is busy or broken
/// isn't.
pub(super) async fn ask(
    client: &Client,
    urls: &[String],
    path: &str,
    request: &impl Serialize,
) -> Result<Bytes, AskError> {
    let mut last =
        AskError::Unreachable { url: String::new(), reason: "there is no address to try".to_owned() };
    for url in urls {
        match post(client, url, path, request).await {
            Err(error @ AskError::Unreachable { .. }) => last = error,
            answer => return answer,
        }
    }
    Err(last)
}

async fn post(client: &Client, url: &str, path: &str, request: &impl Serialize) -> Result<Bytes, AskError> {
    let unreachable = |reason: String| AskError::Unreachable { url: url.to_owned(), reason };
    let address = format!("{}{path}", url.trim_end_matches('/'));
    let response = client.post(address).json(request).send().await.map_err(|error| {
        if dial::is_pin_mismatch(&error) {
            AskError::WrongServer { url: url.to_owned() }
        } else {
            unreachable(dial::reason(&error))
        }
    })?;
    let status = response.status();
    let body = dial::body(response, MAX_MESSAGE).await.map_err(|error| unreachable(dial::reason(&error)))?;
    let body = body.ok_or_else(|| unreachable(format!("its answer is longer than {MAX_MESSAGE} bytes")))?;
    if status.is_success() {
        return Ok(body);
    }
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(unreachable(format!("it answered with status {}", status.as_u16())));
    }
    Err(AskError::Refused { url: url.to_owned(), status: status.as_u16(), detail: detail(&body) })
}

/// What a problem document says, fit for a terminal.
pub(crate) fn detail(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Problem {
        #[serde(default)]
        title: String,
        #[serde(default)]
        detail: String,
    }
    let Ok(problem) = serde_json::from_slice::<Problem>(body) else {
        return "it gave no reason".to_owned();
    };
    let said = if problem.detail.is_empty() { problem.title } else { problem.detail };
    let said: String = said.chars().filter(|c| !c.is_control()).take(MAX_DETAIL).collect();
    if said.is_empty() { "it gave no reason".to_owned() } else { said }
}
