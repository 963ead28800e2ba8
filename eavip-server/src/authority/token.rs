//! Join tokens: a public id, a secret that is shown once, and the hash that stays.
//!
//! Consuming a token, its end and what it is bound to are the ledger's.

use std::str::FromStr;

use eavip_core::wire::enrol::JoinSecret;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::AuthorityError;

/// A token that was just made.
#[derive(Debug)]
pub struct NewToken {
    /// Its id: may be shown, logged and stored.
    pub id: String,
    /// Its secret: for the join string only.
    pub secret: JoinSecret,
    /// What is stored of the secret.
    pub hash: SecretHash,
}

/// SHA-256 of a join secret. The secret has 160 random bits, so a plain hash can't be searched; no salt is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHash([u8; 32]);

impl NewToken {
    /// Makes a token from the system's random bits.
    ///
    /// # Errors
    /// [`AuthorityError::Random`].
    pub fn generate() -> Result<Self, AuthorityError> {
        let (mut id, mut bits) = ([0_u8; 6], [0_u8; 20]);
        getrandom::fill(&mut id).map_err(|_| AuthorityError::Random)?;
        getrandom::fill(&mut bits).map_err(|_| AuthorityError::Random)?;
        let secret = JoinSecret::new(bits);
        let hash = SecretHash::of(&secret);
        Ok(Self { id: format!("jt-{}", hex::encode(id)), secret, hash })
    }
}

impl SecretHash {
    /// The hash of a secret.
    #[must_use]
    pub fn of(secret: &JoinSecret) -> Self {
        Self(Sha256::digest(secret.bits()).into())
    }

    /// Whether this is the secret's hash, in a time that doesn't depend on where they differ.
    #[must_use]
    pub fn matches(&self, secret: &JoinSecret) -> bool {
        self.0.ct_eq(&Self::of(secret).0).into()
    }
}

/// 64 hexadecimal digits.
impl std::fmt::Display for SecretHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// A text that isn't such a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a hash; use 64 hexadecimal digits")]
pub struct InvalidHash;

impl FromStr for SecretHash {
    type Err = InvalidHash;
    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let bytes = hex::decode(text).map_err(|_| InvalidHash)?;
        bytes.try_into().map(Self).map_err(|_| InvalidHash)
    }
}
