//! Signatures as Standard Webhooks has them: HMAC-SHA256 over `id.timestamp.body`, by which a receiver knows the
//! sender and notices replays.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;

/// A signing key; written `whsec_` and base64. It can't be printed.
pub struct SigningKey(hmac::Key);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// A text that isn't a signing key. The text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a webhook signing key; write `whsec_` and the base64 of 24 to 64 random bytes")]
pub struct InvalidKey;

/// How far a receiver's clock may be off the sender's.
const TOLERANCE_SECS: i64 = 300;

impl SigningKey {
    /// Reads `whsec_<base64>`.
    ///
    /// # Errors
    /// [`InvalidKey`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let bytes = text.trim().strip_prefix("whsec_").and_then(|text| BASE64_STANDARD.decode(text).ok());
        let bytes = bytes.filter(|bytes| (24..=64).contains(&bytes.len())).ok_or(InvalidKey)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The value of the `webhook-signature` header for a message.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        format!("v1,{}", BASE64_STANDARD.encode(hmac::sign(&self.0, &signed(id, timestamp, body))))
    }

    /// Whether a header, which may hold several signatures, signs a message, by a clock that reads `now` in seconds.
    /// Compared in constant time; an empty header signs nothing.
    #[must_use]
    pub fn verifies(&self, header: &str, id: &str, timestamp: i64, now: i64, body: &[u8]) -> bool {
        let text = signed(id, timestamp, body);
        let signs = |signature: &str| {
            let bytes = signature.strip_prefix("v1,").and_then(|text| BASE64_STANDARD.decode(text).ok());
            bytes.is_some_and(|bytes| hmac::verify(&self.0, &text, &bytes).is_ok())
        };
        now.saturating_sub(timestamp).abs() <= TOLERANCE_SECS && header.split(' ').any(signs)
    }
}

fn signed(id: &str, timestamp: i64, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.to_string().as_bytes(), b".", body].concat()
}

#[cfg(test)]
mod tests;
