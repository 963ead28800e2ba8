//! Identifiers. Names that people write (teams, services, rules) are slugs; nodes carry a UUID that stays when
//! everything else about the host changes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest slug: fits a DNS label and a column of a table.
pub const MAX_SLUG: usize = 63;

/// A text that can't be a slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` can't be an identifier; use 1 to 63 of a-z, 0-9, `-`, `_` and `.`, starting with a letter or digit"
)]
pub struct InvalidSlug {
    /// The text that was found, cut after 80 characters.
    pub found: String,
}

pub(crate) fn check_slug(text: &str) -> Result<(), InvalidSlug> {
    let ok = text.len() <= MAX_SLUG
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
    if ok { Ok(()) } else { Err(InvalidSlug { found: text.chars().take(80).collect() }) }
}

/// Declares an identifier that people write.
macro_rules! slug {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl std::str::FromStr for $name {
            type Err = crate::id::InvalidSlug;
            fn from_str(text: &str) -> Result<Self, crate::id::InvalidSlug> {
                crate::id::check_slug(text).map(|()| Self(text.into()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(&self.0) }
        }

        impl crate::document::Declared for $name {
            fn schema() -> serde_json::Value {
                serde_json::json!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$" })
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str { &self.0 }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::vocabulary::parsed(deserializer)
            }
        }
    };
}

slug!(
    /// A team that owns alerts, services or decisions.
    TeamId
);
slug!(
    /// A person, as on-call schedules, approvals and reviews name them.
    PersonId
);
slug!(
    /// A service that the platform runs.
    ServiceId
);
slug!(
    /// One installation of the platform: a SaaS region, a customer's cloud, a customer's site.
    DeploymentId
);
slug!(
    /// An alert rule of the declared runbook.
    AlertRuleId
);
impl AlertRuleId {
    /// The nearest identifier to a name that another system gave a rule: `DiskFull` is `diskfull`. A name without a letter
    /// or digit of ours is `alert`.
    #[must_use]
    pub fn from_foreign(name: &str) -> Self {
        let plain = |c: char| match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') => c,
            _ => '-',
        };
        let text: String = name.chars().map(plain).take(MAX_SLUG).collect();
        let text = text.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        Self(if text.is_empty() { "alert" } else { text }.into())
    }
}
slug!(
    /// A backup plan of the declared runbook: one data set.
    BackupId
);
slug!(
    /// One backup in its repository, by the name that the repository gave it.
    SnapshotId
);
slug!(
    /// An incident, as people speak of it.
    IncidentId
);
slug!(
    /// A revision of the runbook's text: a commit, a version.
    RevisionId
);
slug!(
    /// A change of configuration, as its record is called.
    ChangeId
);
slug!(
    /// Something that an agent watches: a probe, a job, a queue, a scrape.
    CollectorId
);
slug!(
    /// A feature flag.
    FlagId
);
slug!(
    /// A phase of the product: what is built in it stays off in production until it is opened.
    PhaseId
);
slug!(
    /// An objective of the declared runbook.
    ObjectiveId
);
slug!(
    /// A destination of notifications.
    ReceiverId
);
slug!(
    /// A release, from its draft to every place it runs in.
    ReleaseId
);
slug!(
    /// An automated check that an artifact passes before it goes on.
    ValidationId
);

slug!(
    /// A declared maintenance window.
    WindowId
);
slug!(
    /// A declared on-call schedule.
    ScheduleId
);
slug!(
    /// A declared way to reach further people while nobody acknowledges.
    EscalationId
);

slug!(
    /// An access review, as its record is called.
    ReviewId
);
slug!(
    /// The key that a site makes digests of its values with.
    DigestKeyId
);

/// A node's identity: a UUID made on the node at enrolment, kept in its state directory and in its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub uuid::Uuid);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl FromStr for NodeId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        uuid::Uuid::try_parse(text).map(Self)
    }
}

/// A hexadecimal digest of 128 bits, derived from content: alert fingerprints and episode ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest128(pub [u8; 16]);

impl Digest128 {
    /// The first half of the SHA-256 over the parts, each preceded by its length so that parts can't run together.
    #[must_use]
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        use sha2::Digest as _;
        let mut hasher = sha2::Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Self::half(hasher.finalize().into())
    }
}

impl Digest128 {
    /// The digest of a value's JSON, which isn't kept.
    #[must_use]
    pub fn of_value(value: &impl Serialize) -> Self {
        struct Hashing(sha2::Sha256);
        impl std::io::Write for Hashing {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                sha2::Digest::update(&mut self.0, bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut hashing = Hashing(sha2::Digest::new());
        // Only a map with keys that aren't texts can't be written, and then what was written until there is hashed.
        let _cut = serde_json::to_writer(&mut hashing, value);
        Self::half(sha2::Digest::finalize(hashing.0).into())
    }

    fn half(full: [u8; 32]) -> Self {
        let mut half = [0; 16];
        half.iter_mut().zip(full).for_each(|(to, from)| *to = from);
        Self(half)
    }
}

impl fmt::Display for Digest128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Digest128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that isn't 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a digest; use 32 lower-case hexadecimal digits")]
pub struct InvalidDigest;

impl FromStr for Digest128 {
    type Err = InvalidDigest;
    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let hex = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !hex {
            return Err(InvalidDigest);
        }
        u128::from_str_radix(text, 16).map(|value| Self(value.to_be_bytes())).map_err(|_| InvalidDigest)
    }
}

impl Serialize for Digest128 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest128 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

/// A SHA-256 digest: of an artifact, a configuration, a node of the audit tree. Written as `sha256:` and 64 hexadecimal
/// digits, as container registries do; the prefix may be left out when it is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest256(pub [u8; 32]);

impl Digest256 {
    /// The digest of bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(<sha2::Sha256 as sha2::Digest>::digest(bytes).into())
    }
}

impl fmt::Display for Digest256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that isn't a SHA-256 digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 digest; write `sha256:` and 64 lower-case hexadecimal digits")]
pub struct InvalidDigest256;

impl FromStr for Digest256 {
    type Err = InvalidDigest256;
    fn from_str(text: &str) -> Result<Self, InvalidDigest256> {
        let hex = text.strip_prefix("sha256:").unwrap_or(text);
        if hex.len() != 64 || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(InvalidDigest256);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
            *byte = pair.ok_or(InvalidDigest256)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

#[cfg(test)]
mod tests;
