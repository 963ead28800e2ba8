//! The public key that an audit log's checkpoints are verified with, and its text: the C2SP form
//! `NAME+ID+KEY`, which other tools for signed notes read too. Who signs is the server's business.

use std::fmt;
use std::str::FromStr;

use eavip_core::audit::base64;
use eavip_core::audit::note::{InvalidKeyName, Key, SignedCheckpoint, Untrusted, Verified};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The byte that stands for Ed25519 before a public key.
const ALGORITHM: u8 = 1;
/// Longest text: a name as long as a line, an id and 33 bytes.
const MAX_TEXT: usize = 2_048;

/// An Ed25519 public key with the name of the log that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    key: Key,
    public: [u8; 32],
}

/// A text that is no verifier key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a verifier key; write `NAME+ID+KEY` as `GET /api/v1/audit/key` gives it")]
pub struct InvalidVerifierKey;

impl VerifierKey {
    /// The key of a log of this name.
    ///
    /// # Errors
    /// When the name can't stand in a signature line.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, InvalidKeyName> {
        Ok(Self { key: Key::ed25519(name, &public)?, public })
    }

    /// Name and id, as signature lines carry them.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Believes a checkpoint that this key signed.
    ///
    /// # Errors
    /// As [`SignedCheckpoint::verified_by`].
    pub fn verify(&self, note: SignedCheckpoint) -> Result<Verified, Untrusted> {
        let public = UnparsedPublicKey::new(&ED25519, &self.public);
        note.verified_by(&self.key, |text, signature| public.verify(text, signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let public = base64::encode(&[&[ALGORITHM], self.public.as_slice()].concat());
        write!(f, "{}+{}+{public}", self.key.name(), hex::encode(self.key.id()))
    }
}

impl FromStr for VerifierKey {
    type Err = InvalidVerifierKey;
    fn from_str(text: &str) -> Result<Self, InvalidVerifierKey> {
        if text.len() > MAX_TEXT {
            return Err(InvalidVerifierKey);
        }
        let mut parts = text.trim_end().splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(InvalidVerifierKey);
        };
        let [ALGORITHM, public @ ..] = base64::decode_array::<33>(encoded).ok_or(InvalidVerifierKey)? else {
            return Err(InvalidVerifierKey);
        };
        let verifier = Self::new(name, public).map_err(|_| InvalidVerifierKey)?;
        if hex::encode(verifier.key.id()) == id { Ok(verifier) } else { Err(InvalidVerifierKey) }
    }
}

impl Serialize for VerifierKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VerifierKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
