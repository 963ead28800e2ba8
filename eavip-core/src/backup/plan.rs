//! A declared backup: of what, when, where to, and how soon it must be back. A plan without encryption can't be
//! written: where its key lies is part of it, and the key itself never is.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::retention::Retention;
use super::schedule::Schedule;
use crate::alert::owner::Owner;
use crate::id::{BackupId, ServiceId, TeamId};
use crate::incident::sev::Sev;
use crate::time::Span;
use crate::words;

/// Most sources of one plan: what is restored together is one data set, and more of them are several.
pub const MAX_SOURCES: usize = 64;
/// Longest text of a plan, in bytes: a path or a command.
pub const MAX_TEXT: usize = 1_024;

/// A text that a plan can't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotUsable {
    /// The source names nothing.
    #[error(
        "the source is empty, too long, or not one line; write a path such as `/var/lib/orders`, or `postgres:orders`"
    )]
    Source,
    /// The repository's address leads nowhere, or gives a password away.
    #[error(
        "the repository is no address, or has a password in it; write it like `sftp:vault.example.com:/backups`"
    )]
    Repository,
    /// The key isn't a reference.
    #[error(
        "the key is no reference; write where it lies: `{{credential=…}}`, `{{file=…}}`, `{{env=…}}` or `{{vault=…}}`"
    )]
    Key,
    /// There is no command.
    #[error(
        "the health command is empty, too long, or not one line; write the command that succeeds when the data is usable"
    )]
    Health,
}

/// One line that can stand in a page, a log and a code span of Markdown.
fn is_line(text: &str) -> bool {
    let told = text.len() <= MAX_TEXT && text.trim() == text && text.chars().any(char::is_alphanumeric);
    told && !text.chars().any(|c| c.is_control() || c == '`')
}

/// Declares a checked text of a plan.
macro_rules! line {
    ($(#[$meta:meta])* $name:ident, $usable:path) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text as it was declared.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl crate::document::Declared for $name {}

        impl FromStr for $name {
            type Err = NotUsable;
            fn from_str(text: &str) -> Result<Self, NotUsable> {
                if is_line(text) && $usable(text) { Ok(Self(text.to_owned())) } else { Err(NotUsable::$name) }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = NotUsable;
            fn try_from(text: String) -> Result<Self, NotUsable> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

fn anything(_: &str) -> bool {
    true
}

/// Whether an address has no `user:password@` in it.
fn without_password(address: &str) -> bool {
    let authority =
        address.split_once("://").map(|(_, rest)| rest.split_once('/').map_or(rest, |(host, _)| host));
    let user = authority.and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
    !user.is_some_and(|user| user.contains(':'))
}

line!(
    /// What is backed up: a path, or what a collector of data is called.
    Source,
    anything
);
line!(
    /// Where backups go. It names no password: what opens it is a reference elsewhere.
    Repository,
    without_password
);
line!(
    /// The command that succeeds when restored data is usable.
    Health,
    anything
);

words! {
    /// Where a secret lies.
    #[non_exhaustive]
    pub enum Store ("secret store") {
        /// A credential that the service manager hands over.
        Credential = "credential",
        /// A file that only its reader may read.
        File = "file",
        /// A variable of the environment.
        Env = "env",
        /// A path in a vault.
        Vault = "vault",
    }
}

/// Where the key lies that encrypts a repository: `{file=/etc/backup.key}`. Never the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key {
    store: Store,
    name: String,
}

impl crate::document::Declared for Key {}

impl FromStr for Key {
    type Err = NotUsable;
    fn from_str(text: &str) -> Result<Self, NotUsable> {
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let (store, name) = inner.and_then(|inner| inner.split_once('=')).ok_or(NotUsable::Key)?;
        let store = Store::find(store).filter(|_| is_line(name)).ok_or(NotUsable::Key)?;
        Ok(Self { store, name: name.to_owned() })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}={}}}", self.store, self.name)
    }
}

impl TryFrom<String> for Key {
    type Error = NotUsable;
    fn try_from(text: String) -> Result<Self, NotUsable> {
        text.parse()
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.to_string()
    }
}

/// A declared backup of one data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its name.
    pub id: BackupId,
    /// The service whose data it is.
    pub service: ServiceId,
    /// What incident the loss of the data would be.
    pub severity: Sev,
    /// Who acts on what is found.
    pub owner: Owner,
    /// What is backed up, and restored together; at most [`MAX_SOURCES`].
    pub sources: BTreeSet<Source>,
    /// When.
    pub schedule: Schedule,
    /// Where to.
    pub repository: Repository,
    /// Where the key lies that encrypts it.
    pub key: Key,
    /// The teams whose people and machines may reach the repository.
    pub access: BTreeSet<TeamId>,
    /// What is kept.
    pub retention: Retention,
    /// How much of the newest data may be lost: the recovery point objective.
    pub rpo: Span,
    /// How long recovery may take: the recovery time objective.
    pub rto: Span,
    /// Longest time between checks of the repository.
    pub verify_every: Span,
    /// Longest time between drills.
    pub drill_every: Span,
    /// What shows that restored data is usable.
    pub health: Health,
}

#[cfg(test)]
pub(crate) mod tests;
