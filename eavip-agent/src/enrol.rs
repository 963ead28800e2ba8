//! Getting a certificate, keeping it, giving it up: the conversations with the server.
//!
//! Each ends in [`StateDir::install`], which checks and stores what was granted. All can be repeated: the key of an
//! unfinished request stays until it is granted, so a lost reply costs nothing. When the agent renews is decided by
//! [`renewal_at`]; that it does is `agent`'s business.

mod ask;

use eavip_core::id::{Digest128, NodeId};
use eavip_core::time::{Span, Timestamp};
use eavip_core::wire::enrol::{
    EnrolRequest, Enrolment, MAX_HOSTNAME, RECLAIM_WITHIN, ReclaimRequest, RenewRequest,
};
use rcgen::SigningKey as _;

pub use ask::AskError;
pub(crate) use ask::detail;

use crate::dial;
use crate::identity::{Identity, StateDir, StateError};
use crate::join::JoinString;
use crate::tls::{TlsError, Validity, client};

/// Half of a certificate's life, less or more by at most this part of it, so that nodes enrolled together don't renew
/// together.
const SPREAD: f64 = 0.1;

/// Why there is no (new) certificate.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The state directory.
    #[error(transparent)]
    State(#[from] StateError),
    /// The server, or the way to it.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// A key, certificate or TLS configuration.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The client can't be built.
    #[error("the HTTPS client can't be built")]
    Client(#[source] reqwest::Error),
    /// A signature can't be made.
    #[error("the old key can't sign")]
    Sign(#[source] rcgen::Error),
    /// The certificate ran out too long ago.
    #[error(
        "the certificate ended at {0}, more than 90 days ago; run `eavip-agent leave --offline` and join again"
    )]
    TooLate(Timestamp),
    /// The server's answer can't be understood.
    #[error("the server's answer can't be understood: {0}; is it an EAVIP server of a matching version?")]
    Answer(#[from] eavip_core::wire::v1::WireError),
}

/// Joins the server that the join string names. The secret is sent only over a connection whose server proved to be of
/// the pinned CA.
///
/// # Errors
/// [`StateError::Enrolled`] when this node has a certificate; [`AskError::WrongServer`] before anything secret is sent.
pub async fn join(state: &StateDir, join: &JoinString, hostname: &str) -> Result<Identity, EnrolError> {
    let candidate = state.candidate()?;
    let client = dial::client(client::pinned_config(join.pin)?).map_err(EnrolError::Client)?;
    let request = EnrolRequest {
        token: join.token.clone(),
        secret: join.secret.clone(),
        csr: candidate.csr,
        node: candidate.node,
        hostname: named(hostname),
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let reply = ask::ask(&client, &join.urls, "/agent/v1/enrol", &request).await?;
    let enrolment = Enrolment::decode(&reply)?;
    Ok(state.install(&enrolment, &join.urls)?)
}

/// Asks for the next certificate over a connection that the present one authenticates.
///
/// # Errors
/// The server's refusal, or the way to it; the present certificate then stays.
pub async fn renew(
    state: &StateDir,
    identity: &Identity,
    client: &reqwest::Client,
) -> Result<Identity, EnrolError> {
    let request = RenewRequest { csr: state.successor()? };
    let reply = ask::ask(client, &identity.servers.agents, "/agent/v1/renew", &request).await?;
    Ok(state.install(&Enrolment::decode(&reply)?, &identity.servers.web)?)
}

/// Asks for a certificate with the key of one that ran out, over the web listener.
///
/// # Errors
/// [`EnrolError::TooLate`]; else as [`renew`].
pub async fn reclaim(state: &StateDir, identity: &Identity, now: Timestamp) -> Result<Identity, EnrolError> {
    if now.since(identity.validity.until) > RECLAIM_WITHIN {
        return Err(EnrolError::TooLate(identity.validity.until));
    }
    let csr = state.successor()?;
    let request = reclaim_request(identity, csr, now)?;
    let client = dial::client(client::trusting_config(&identity.ca_pem)?).map_err(EnrolError::Client)?;
    let reply = ask::ask(&client, &identity.servers.web, "/agent/v1/reclaim", &request).await?;
    Ok(state.install(&Enrolment::decode(&reply)?, &identity.servers.web)?)
}

/// The signed request of [`reclaim`].
///
/// # Errors
/// [`EnrolError::Sign`].
pub fn reclaim_request(
    identity: &Identity,
    csr: String,
    at: Timestamp,
) -> Result<ReclaimRequest, EnrolError> {
    let certificate = identity.leaf_pem();
    let key = rcgen::KeyPair::from_pem(&identity.key_pem).map_err(EnrolError::Sign)?;
    let signature = key.sign(&ReclaimRequest::signed(&certificate, &csr, at)).map_err(EnrolError::Sign)?;
    Ok(ReclaimRequest { certificate, csr, at, signature: hex::encode(signature) })
}

/// Tells the server that this node leaves for good, so that its silence is no alert and its certificate no key.
///
/// # Errors
/// The server's refusal, or the way to it.
pub async fn farewell(identity: &Identity) -> Result<(), EnrolError> {
    let client = agent_client(&identity.credentials()?)?;
    let request = serde_json::json!({});
    ask::ask(&client, &identity.servers.agents, "/agent/v1/leave", &request).await?;
    Ok(())
}

/// The client of an enrolled agent; its certificate follows the credentials.
///
/// # Errors
/// [`EnrolError::Client`], [`EnrolError::Tls`].
pub fn agent_client(
    credentials: &std::sync::Arc<client::Credentials>,
) -> Result<reqwest::Client, EnrolError> {
    dial::client(client::agent_config(credentials)?).map_err(EnrolError::Client)
}

/// When a node renews: at half of the certificate's life, less or more by a part that its id fixes.
#[must_use]
pub fn renewal_at(validity: Validity, node: NodeId) -> Timestamp {
    let half = validity.until.since(validity.from).as_millis() / 2;
    let [first, second, ..] = Digest128::of([&b"renew"[..], node.0.as_bytes()]).0;
    let phase = f64::from(u16::from_be_bytes([first, second])) / f64::from(u16::MAX);
    let factor = 1.0 - SPREAD + 2.0 * SPREAD * phase;
    // A span of years in milliseconds is far below 2^53.
    validity.from + Span::from_millis((half as f64 * factor) as u64)
}

/// A host name within the wire's bounds; a host without a name has to say something.
fn named(hostname: &str) -> String {
    let mut name = hostname.to_owned();
    while name.len() > MAX_HOSTNAME {
        name.pop();
    }
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

#[cfg(test)]
mod tests;
