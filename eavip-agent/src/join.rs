//! The join string: all that a new node needs to find a server, know it for the right one and be let in.
//!
//! `eavip1.<base64url of JSON>.<checksum>`; the checksum (CRC-32 over what stands before it, eight hexadecimal digits)
//! tells a slip of copying from a forgery, which only the pin and the secret can tell. People paste it, so each way
//! to mangle it has its own message. None of them shows any of its contents.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eavip_core::time::Timestamp;
use eavip_core::wire::enrol::{JoinSecret, MAX_TOKEN_ID, MAX_URLS, exposed};
use serde::{Deserialize, Serialize};

use crate::tls::Pin;

/// How a join string of this version begins.
const PREFIX: &str = "eavip1.";
/// Longest join string: sixteen addresses with long names fit.
pub const MAX_JOIN_STRING: usize = 8 * 1024;
const CHECKSUM_LEN: usize = 8;

/// What a join string says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinString {
    /// Addresses of the web listener, `https://host:port`; the first that answers is used.
    pub urls: Vec<String>,
    /// The key of the CA that signed the web listener's certificate.
    pub pin: Pin,
    /// The token's id.
    pub token: String,
    /// The token's secret.
    pub secret: JoinSecret,
    /// When the token ends.
    pub expires: Timestamp,
}

/// Why a text can't be used as a join string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// It doesn't begin like one.
    #[error("this is not a join string; copy the whole line that starts with `eavip1.`")]
    Foreign,
    /// It is of a version that this agent doesn't know.
    #[error(
        "this join string is of another version; update the agent or issue the token with a matching server"
    )]
    Version,
    /// It has white space inside.
    #[error("the join string has a space or line break inside; copy it as one line")]
    Whitespace,
    /// Its end is missing.
    #[error(
        "the join string is cut off; copy it whole, with the {CHECKSUM_LEN} characters after the last dot"
    )]
    Cut,
    /// Characters changed.
    #[error("the join string is damaged: its checksum differs; copy it again")]
    Checksum,
    /// It was made wrong: its checksum is right and its contents aren't.
    #[error("the join string was made wrong: {0}; issue a new token")]
    Contents(&'static str),
    /// It is longer than any.
    #[error("the join string is longer than {MAX_JOIN_STRING} bytes; copy only that one line")]
    TooLong,
    /// Its time is over.
    #[error("the join string expired at {0}; issue a new token (or set this host's clock)")]
    Expired(Timestamp),
}

#[derive(Serialize, Deserialize)]
struct Contents {
    urls: Vec<String>,
    pin: String,
    token: String,
    #[serde(with = "exposed")]
    secret: JoinSecret,
    expires: Timestamp,
}

impl JoinString {
    /// Its text. This shows the secret: for the one who asked for the token, and nobody's log.
    ///
    /// # Errors
    /// Addresses or a token id that [`JoinString::parse`] would refuse.
    pub fn encode(&self) -> Result<String, JoinError> {
        self.check()?;
        let contents = Contents {
            urls: self.urls.clone(),
            pin: self.pin.to_string(),
            token: self.token.clone(),
            secret: self.secret.clone(),
            expires: self.expires,
        };
        let json = serde_json::to_vec(&contents).map_err(|_| JoinError::Contents("it can't be written"))?;
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(json));
        let checksum = crc32fast::hash(text.as_bytes());
        Ok(format!("{text}.{checksum:08x}"))
    }

    /// Reads a join string; white space around it is left out.
    ///
    /// # Errors
    /// One of [`JoinError`], for `now` also that it expired.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, JoinError> {
        let text = text.trim();
        let json = unwrap(text)?;
        let contents: Contents =
            serde_json::from_slice(&json).map_err(|_| JoinError::Contents("a field is missing or wrong"))?;
        let join = Self {
            urls: contents.urls,
            pin: contents.pin.parse().map_err(|_| JoinError::Contents("its pin is no pin"))?,
            token: contents.token,
            secret: contents.secret,
            expires: contents.expires,
        };
        join.check()?;
        if join.expires <= now { Err(JoinError::Expired(join.expires)) } else { Ok(join) }
    }

    fn check(&self) -> Result<(), JoinError> {
        if self.urls.is_empty() || self.urls.len() > MAX_URLS {
            return Err(JoinError::Contents("it must name 1 to 16 addresses"));
        }
        if !self.urls.iter().all(|url| is_server_url(url)) {
            return Err(JoinError::Contents("an address isn't of the form https://host:port"));
        }
        if self.token.is_empty() || self.token.len() > MAX_TOKEN_ID {
            return Err(JoinError::Contents("its token has no id"));
        }
        Ok(())
    }
}

/// Checks everything around the contents and returns them.
fn unwrap(text: &str) -> Result<Vec<u8>, JoinError> {
    if text.len() > MAX_JOIN_STRING {
        return Err(JoinError::TooLong);
    }
    let Some(rest) = text.strip_prefix(PREFIX) else {
        let version = text.strip_prefix("eavip").and_then(|rest| rest.split_once('.'));
        let other = version
            .is_some_and(|(digits, _)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
        return Err(if other { JoinError::Version } else { JoinError::Foreign });
    };
    if text.contains(char::is_whitespace) {
        return Err(JoinError::Whitespace);
    }
    let (contents, checksum) = rest.rsplit_once('.').ok_or(JoinError::Cut)?;
    if checksum.len() < CHECKSUM_LEN {
        return Err(JoinError::Cut);
    }
    let covered = text.strip_suffix(checksum).and_then(|head| head.strip_suffix('.')).unwrap_or(text);
    if checksum != format!("{:08x}", crc32fast::hash(covered.as_bytes())) {
        return Err(JoinError::Checksum);
    }
    URL_SAFE_NO_PAD.decode(contents).map_err(|_| JoinError::Contents("it isn't base64url"))
}

/// Whether a text is a server's address: `https`, a host, perhaps a port, nothing else.
#[must_use]
pub fn is_server_url(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| {
        url.scheme() == "https"
            && url.host_str().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

#[cfg(test)]
mod tests;
