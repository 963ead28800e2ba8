//! Configuration: which keys there are, who changed them and why, whether something changed by itself, whether
//! environments agree, and whether a secret got in (seed: *Configuration Management*).
//!
//! Values never come here, except to be searched for secrets: everything else works on keyed digests. Reading files is
//! the agents' part.

pub mod change;
pub mod drift;
pub mod parity;
pub mod schema;
pub mod secret;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::schema::Schema;
use crate::id::{Digest256, DigestKeyId};
use crate::time::Span;

/// Longest name of a key, in bytes: the path of a file with a dotted path within it.
pub const MAX_KEY: usize = 200;
/// Most keys of a schema, of a change and of an environment: a large platform has some hundreds.
pub const MAX_KEYS: usize = 10_000;

/// The name of a configuration value: a dotted path, an environment variable, a watched file's path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConfigKey(Box<str>);

impl ConfigKey {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that can't name a configuration value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` can't be a configuration key; use 1 to 200 visible ASCII characters without spaces or quotes"
)]
pub struct InvalidKey {
    /// The text that was found, cut after 80 characters.
    pub found: String,
}

impl FromStr for ConfigKey {
    type Err = InvalidKey;
    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let visible = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '`' | '=');
        let ok = (1..=MAX_KEY).contains(&text.len()) && text.chars().all(visible);
        if ok { Ok(Self(text.into())) } else { Err(InvalidKey { found: text.chars().take(80).collect() }) }
    }
}

impl crate::document::Declared for ConfigKey {}

impl fmt::Display for ConfigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for ConfigKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ConfigKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

/// What stands for a value: its HMAC-SHA-256 under a site's key, so that nobody can guess short values from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyedDigest {
    /// The site's key, by its name.
    pub key: DigestKeyId,
    /// The HMAC.
    pub digest: Digest256,
}

impl KeyedDigest {
    /// Whether both stand for the same value; `None` when they were made with different keys and nobody can tell.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> Option<bool> {
        (self.key == other.key).then_some(self.digest == other.digest)
    }
}

/// Whether two values that may be absent are the same; `None` when nobody can tell.
pub(crate) fn is_same(one: Option<&KeyedDigest>, other: Option<&KeyedDigest>) -> Option<bool> {
    match (one, other) {
        (None, None) => Some(true),
        (Some(one), Some(other)) => one.is_same(other),
        (None, Some(_)) | (Some(_), None) => Some(false),
    }
}

/// The declared keys, and the numbers of drift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigPolicy {
    /// Which keys there are.
    pub schema: Schema,
    /// How far a record and what was seen of its change may be apart, either way; 5 minutes.
    pub drift_tolerance: Span,
    /// How long what an agent saw speaks of the present; 10 minutes, twice the tolerance.
    pub stale_after: Span,
}

impl Default for ConfigPolicy {
    fn default() -> Self {
        Self {
            schema: Schema::default(),
            drift_tolerance: Span::from_secs(300),
            stale_after: Span::from_secs(600),
        }
    }
}

#[cfg(test)]
mod tests;
