//! Secret values: where a configuration says they are, and a type that never shows them.
//!
//! A configuration names a secret, it never contains one. The value is read when it is needed, so that a rotated file
//! takes effect without a restart, and is wiped from memory when dropped. The server uses this room too.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use eavip_core::document::Section;
use zeroize::Zeroizing;

/// Longest secret in bytes: room for a private key, not for a disk image given by mistake.
pub const MAX_SECRET: u64 = 64 * 1024;
/// A secret written in plain text, or named in no way that is known.
pub const NOT_A_REFERENCE: &str = "EAVIP-C02";

/// A secret value. It has no `Serialize`, and its `Debug` says only that there is one.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a value into keeping.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value, for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// A systemd credential: a file of that name in `$CREDENTIALS_DIRECTORY`.
    Credential(String),
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Env(String),
}

/// Why a secret couldn't be read. Never contains any of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// No credentials were handed to this process.
    #[error(
        "credential `{0}` can't be read, $CREDENTIALS_DIRECTORY isn't set; add LoadCredential= to the unit"
    )]
    NoCredentials(String),
    /// The file can't be read.
    #[error("secret file `{path}` can't be read; check that it exists and that this user may read it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is larger than [`MAX_SECRET`].
    #[error("secret file `{0}` is larger than 64 KiB; name the file that holds only the secret")]
    TooLarge(PathBuf),
    /// The environment variable isn't there.
    #[error("environment variable `{0}` isn't set; set it where the service is started")]
    NoVariable(String),
    /// There is nothing in it.
    #[error("secret {0} is empty; write the value into it")]
    Empty(String),
}

impl SecretRef {
    /// Reads `{ credential = "x" }`, `{ file = "..." }` or `{ env = "X" }`; anything else is a problem whose text
    /// doesn't repeat the value.
    #[must_use]
    pub fn read(section: &Section<'_>, key: &'static str) -> Option<Self> {
        const REMEDY: &str = "write { credential = \"name\" }, { file = \"path\" } or { env = \"NAME\" }";
        if section.has(key) && !section.is_table(key) {
            // The line that holds it is shown to nobody: readers clear the lines of this code.
            section.problem(
                Some(key),
                NOT_A_REFERENCE,
                format!("`{key}` holds a value instead of naming a secret"),
                REMEDY,
            );
        }
        if !section.is_table(key) {
            section.known(key);
            return None;
        }
        let inner = section.section(key);
        let ways = [
            inner.text::<String>("credential").map(Self::Credential),
            inner.text::<PathBuf>("file").map(Self::File),
            inner.text::<String>("env").map(Self::Env),
        ];
        inner.finish();
        let mut given = ways.into_iter().flatten();
        let first = given.next();
        let usable =
            !matches!(&first, Some(Self::Credential(name)) if name.contains('/') || name.starts_with('.'));
        if first.is_none() || given.next().is_some() || !usable {
            section.problem(None, NOT_A_REFERENCE, format!("`{key}` doesn't name one secret"), REMEDY);
            return None;
        }
        first
    }

    /// The value, without the line break that editors leave at the end.
    ///
    /// # Errors
    /// Says which secret can't be read and why.
    pub fn resolve(&self) -> Result<Secret, SecretError> {
        let text = match self {
            Self::Credential(name) => {
                let directory = std::env::var_os("CREDENTIALS_DIRECTORY");
                let directory = directory.ok_or_else(|| SecretError::NoCredentials(name.clone()))?;
                read_file(&Path::new(&directory).join(name))?
            }
            Self::File(path) => read_file(path)?,
            Self::Env(name) => {
                Zeroizing::new(std::env::var(name).map_err(|_| SecretError::NoVariable(name.clone()))?)
            }
        };
        let value = text.trim_end_matches(['\r', '\n']);
        if value.is_empty() {
            return Err(SecretError::Empty(self.to_string()));
        }
        Ok(Secret::new(value.to_owned()))
    }
}

/// Where it is kept, for messages.
impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(name) => write!(f, "credential `{name}`"),
            Self::File(path) => write!(f, "file `{}`", path.display()),
            Self::Env(name) => write!(f, "variable `{name}`"),
        }
    }
}

fn read_file(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let unreadable = |source| SecretError::Unreadable { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_SECRET + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_SECRET {
        return Err(SecretError::TooLarge(path.to_owned()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
