//! How a node gets and keeps its certificate: what it asks, and what the server answers.
//!
//! Three ways lead to the same [`Enrolment`]: with a join token ([`EnrolRequest`]), with a certificate that is still
//! good ([`RenewRequest`], the connection proves who asks), and with the key of one that ran out
//! ([`ReclaimRequest`], a signature proves it). Keys, signatures and certificates are made and checked by agent and
//! server; here are shapes and bounds. Serves the seed's *Forbidden anti-patterns* (no shared credentials).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::v1::{WireError, decode};
use crate::id::NodeId;
use crate::node::Place;
use crate::time::{Span, Timestamp};

/// Longest request or reply in bytes: two PEM chains and a place fit several times.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// Longest certificate signing request or certificate in PEM.
pub const MAX_PEM: usize = 16 * 1024;
/// Longest host name: that of the DNS.
pub const MAX_HOSTNAME: usize = 253;
/// Longest version text.
pub const MAX_VERSION: usize = 64;
/// Longest join token's id.
pub const MAX_TOKEN_ID: usize = 64;
/// Most server addresses in a reply.
pub const MAX_URLS: usize = 16;
/// Longest signature in hexadecimal digits: a DER-encoded P-256 signature has at most 72 bytes.
pub const MAX_SIGNATURE: usize = 160;
/// How far the clocks of node and server may be apart for a [`ReclaimRequest`]. Generous, because a replayed request
/// gives a certificate only for the key of the node that signed it.
pub const RECLAIM_SKEW: Span = Span::from_secs(3_600);
/// How long after its end a certificate can be reclaimed by its key.
pub const RECLAIM_WITHIN: Span = Span::from_secs(90 * 86_400);

/// The 160-bit secret of a join token. It can't be printed; whoever needs its text says so with [`Self::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct JoinSecret([u8; 20]);

/// A text that isn't a join secret; it doesn't say which text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a join secret; use 40 lower-case hexadecimal digits")]
pub struct InvalidSecret;

impl JoinSecret {
    /// A secret of 160 random bits.
    #[must_use]
    pub const fn new(bits: [u8; 20]) -> Self {
        Self(bits)
    }

    /// The bits, for hashing.
    #[must_use]
    pub const fn bits(&self) -> &[u8; 20] {
        &self.0
    }

    /// Its text, 40 hexadecimal digits: for the join string and the request, never for people's eyes.
    #[must_use]
    pub fn expose(&self) -> String {
        self.0.iter().fold(String::with_capacity(40), |text, byte| text + &format!("{byte:02x}"))
    }
}

impl FromStr for JoinSecret {
    type Err = InvalidSecret;
    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        if text.len() != 40 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(InvalidSecret);
        }
        let mut bits = [0; 20];
        for (at, bit) in bits.iter_mut().enumerate() {
            let digits = text.get(at * 2..at * 2 + 2).ok_or(InvalidSecret)?;
            *bit = u8::from_str_radix(digits, 16).map_err(|_| InvalidSecret)?;
        }
        Ok(Self(bits))
    }
}

/// Says that there is one, not which.
impl fmt::Debug for JoinSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinSecret(..)")
    }
}

/// The secret as requests and join strings carry it; a field must name this module to be written out.
pub mod exposed {
    use super::{Deserialize, Deserializer, JoinSecret, Serializer};

    /// Writes the secret's text.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(secret: &JoinSecret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&secret.expose())
    }

    /// Reads the secret's text.
    ///
    /// # Errors
    /// The deserializer's, or that the text isn't a secret.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<JoinSecret, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Asks for the first certificate; the same token, node and key may ask again when a reply was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The join token's id.
    pub token: String,
    /// The join token's secret.
    #[serde(with = "exposed")]
    pub secret: JoinSecret,
    /// The certificate signing request, PEM; only its public key counts.
    pub csr: String,
    /// The identity that the node made for itself.
    pub node: NodeId,
    /// The node's host name: hostile text.
    pub hostname: String,
    /// The agent's version.
    pub agent_version: String,
}

/// Asks for a new certificate over a connection that the old one authenticates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewRequest {
    /// The certificate signing request for the new key, PEM.
    pub csr: String,
}

/// Asks for a new certificate with the key of one that ran out less than [`RECLAIM_WITHIN`] ago.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReclaimRequest {
    /// The certificate that ran out, PEM, without its chain.
    pub certificate: String,
    /// The certificate signing request for the new key, PEM.
    pub csr: String,
    /// When it was asked, by the node's clock.
    pub at: Timestamp,
    /// ECDSA P-256 with SHA-256, ASN.1 DER, hexadecimal: the old key over [`Self::signed`].
    pub signature: String,
}

/// What a node gets: all that its state directory keeps beside its key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Enrolment {
    /// The node's certificate, and what stands between it and the CA, PEM.
    pub certificates: String,
    /// The certificate authorities to trust from now on, PEM.
    pub ca: String,
    /// The server's store.
    pub store: uuid::Uuid,
    /// Addresses of the agents' listener.
    pub agents: Vec<String>,
    /// Where the node belongs, as its join token said.
    pub place: Place,
}

impl EnrolRequest {
    /// Reads a request and checks its bounds.
    ///
    /// # Errors
    /// Names the field and what is wrong with it, never its value.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let request: Self = read(bytes)?;
        at_most("token", &request.token, MAX_TOKEN_ID)?;
        at_most("csr", &request.csr, MAX_PEM)?;
        at_most("hostname", &request.hostname, MAX_HOSTNAME)?;
        at_most("agent_version", &request.agent_version, MAX_VERSION)?;
        Ok(request)
    }
}

impl RenewRequest {
    /// Reads a request and checks its bounds.
    ///
    /// # Errors
    /// Names the field and what is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let request: Self = read(bytes)?;
        at_most("csr", &request.csr, MAX_PEM)?;
        Ok(request)
    }
}

impl ReclaimRequest {
    /// Reads a request and checks its bounds.
    ///
    /// # Errors
    /// Names the field and what is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let request: Self = read(bytes)?;
        at_most("certificate", &request.certificate, MAX_PEM)?;
        at_most("csr", &request.csr, MAX_PEM)?;
        at_most("signature", &request.signature, MAX_SIGNATURE)?;
        Ok(request)
    }

    /// The bytes to sign: a purpose that nothing else signs for, then moment, certificate and request, each preceded by
    /// its length so that parts can't run together.
    #[must_use]
    pub fn signed(certificate: &str, csr: &str, at: Timestamp) -> Vec<u8> {
        let at = at.as_millis().to_string();
        let mut bytes = b"eavip reclaim 1\n".to_vec();
        for part in [at.as_str(), certificate, csr] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

impl Enrolment {
    /// Reads a reply and checks its bounds.
    ///
    /// # Errors
    /// Names the field and what is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let reply: Self = read(bytes)?;
        if reply.agents.is_empty() || reply.agents.len() > MAX_URLS {
            let message = format!("{} addresses; there must be 1 to {MAX_URLS}", reply.agents.len());
            return Err(WireError::wrong("agents", message));
        }
        Ok(reply)
    }
}

fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, WireError> {
    if bytes.len() > MAX_MESSAGE {
        let message = format!("{} bytes are too many; send at most {MAX_MESSAGE}", bytes.len());
        return Err(WireError::wrong("the body", message));
    }
    decode(bytes, "")
}

fn at_most(path: &str, text: &str, most: usize) -> Result<(), WireError> {
    if text.is_empty() || text.len() > most {
        let message = format!("{} bytes; send 1 to {most}", text.len());
        return Err(WireError::wrong(path, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
