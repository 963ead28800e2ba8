//! The webhook sender: signed JSON by HTTP POST, without redirects, to addresses that aren't link-local.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use eavip_agent::tls::client::public_config;
use eavip_core::alert::notice::Occasion;
use eavip_core::labels::Labels;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use serde::Serialize;

use super::message::{Alerts, Body, Message};
use super::receiver::SendError;
use super::signature::SigningKey;
use crate::api::view;
use crate::shared::now;

/// One attempt takes at most this long.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An HTTP endpoint that gets signed JSON.
#[derive(Debug)]
pub struct Webhook {
    url: Url,
    key: SigningKey,
    client: reqwest::Client,
}

/// A receiver's address that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{url}` can't be a webhook: {why}; use an https:// address of the receiver")]
pub struct InvalidUrl {
    url: String,
    why: &'static str,
}

impl Webhook {
    /// A webhook at an address, with the key that its messages are signed with.
    ///
    /// # Errors
    /// When nothing may be sent to the address.
    pub fn new(url: &str, key: SigningKey) -> Result<Self, InvalidUrl> {
        let invalid = |why| InvalidUrl { url: url.chars().take(200).collect(), why };
        let parsed = Url::parse(url).map_err(|_| invalid("not an address"))?;
        if !matches!(parsed.scheme(), "https" | "http") || parsed.host_str().is_none() {
            return Err(invalid("neither http nor https"));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(invalid("it holds a user name or password"));
        }
        let literal =
            parsed.host_str().map(|host| host.trim_matches(['[', ']'])).and_then(|h| h.parse().ok());
        if literal.is_some_and(|address: IpAddr| forbidden(address)) {
            return Err(invalid("a link-local address"));
        }
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(public_config().map_err(|_| invalid("no HTTP client can be made"))?)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .user_agent(concat!("eavip-server/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Guarded))
            .build()
            .map_err(|_| invalid("no HTTP client can be made"))?;
        Ok(Self { url: parsed, key, client })
    }

    /// Sends a message once.
    ///
    /// # Errors
    /// Why it didn't arrive.
    pub(super) async fn send(&self, message: &Message) -> Result<(), SendError> {
        // Only maps with keys that aren't texts can't be JSON; there are none in it.
        let body = serde_json::to_vec(&payload(message)).unwrap_or_default();
        let id = message.id.to_string();
        let timestamp = now().as_millis() / 1_000;
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", self.key.sign(&id, timestamp, &body))
            .body(body);
        // The body of the answer isn't read: it says nothing that matters and may be endless.
        let answer = request.send().await.map_err(|error| SendError::Passing(told(&error), None))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let what = format!("the receiver answered {status}");
        match status {
            StatusCode::GONE => Err(SendError::Final(what)),
            _ => Err(SendError::Passing(what, asked.map(Duration::from_secs))),
        }
    }
}

/// The JSON of a message.
#[derive(Debug, Serialize)]
struct Payload<'a> {
    /// `alerts.firing`, `alerts.resolved`, or `notice.` and the topic.
    #[serde(rename = "type")]
    kind: String,
    /// When it was decided, RFC 3339.
    timestamp: String,
    data: Data<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Alerts {
        reason: Occasion,
        group: &'a Labels,
        alerts: Vec<&'a view::Alert>,
        /// Alerts of the group beyond those that are spelled out.
        left_out: usize,
    },
    Notice {
        title: &'a str,
        text: &'a str,
        url: String,
    },
}

fn payload(message: &Message) -> Payload<'_> {
    let (kind, data) = match &message.body {
        Body::Alerts(told) => {
            let Alerts { occasion, group, alerts, left_out } = told;
            let kind = if told.fires() { "alerts.firing" } else { "alerts.resolved" };
            let alerts = alerts.iter().map(|told| &told.alert).collect();
            (kind.to_owned(), Data::Alerts { reason: *occasion, group, alerts, left_out: *left_out })
        }
        Body::Notice(notice) => {
            let url = format!("{}{}", message.server, notice.path);
            (
                format!("notice.{}", notice.topic),
                Data::Notice { title: &notice.title, text: &notice.text, url },
            )
        }
    };
    Payload { kind, timestamp: message.decided_at.to_string(), data }
}

/// The innermost cause in plain words, without the address, which may hold a secret path.
fn told(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer within 10 seconds".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    format!("the receiver can't be reached: {cause}")
}

/// Link-local addresses carry cloud metadata services; nobody receives alerts there.
fn forbidden(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast(),
    }
}

/// Resolves names and leaves out addresses that nothing may be sent to, at the moment of connecting.
#[derive(Debug)]
struct Guarded;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| !forbidden(address.ip())).collect();
            if allowed.is_empty() {
                return Err("the name leads to no address that may be sent to".into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(any())]
mod tests;
