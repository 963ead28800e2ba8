//! The key that signs checkpoints: Ed25519, made once, 0600 in the data directory. It can sign and be asked for its public
//! half, nothing else. Checking signatures is the witness's business (`eavip_agent::witness`).

use std::fmt;
use std::path::Path;

use eavip_agent::private::{self, PrivateError};
use eavip_agent::witness::{VerifierKey, log_name};
use eavip_core::audit::checkpoint::{Checkpoint, InvalidCheckpoint};
use eavip_core::audit::note::{InvalidKeyName, SignedCheckpoint};
use eavip_core::id::Digest256;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The private key, PKCS #8.
const PRIVATE: &str = "key.p8";
/// The public key, for who verifies from files.
pub(super) const PUBLIC: &str = "key.pub";
/// Longest file: a key has some eighty bytes.
const MAX_FILE: u64 = 4_096;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Its file.
    #[error(transparent)]
    File(#[from] PrivateError),
    /// What was signed is there and the key isn't.
    #[error(
        "the audit log's key is missing beside its signed checkpoints; restore `audit/key.p8` from the backup, or move the \
         directory `audit` away: a new log begins, and every witness tells of it"
    )]
    Missing,
    /// It isn't a key.
    #[error("the audit log's key is damaged; restore `audit/key.p8` from the backup")]
    Damaged,
    /// The system gave no random bits.
    #[error("the system gives no random bits")]
    Random,
    /// The log's name can't be one.
    #[error(transparent)]
    Name(#[from] InvalidKeyName),
}

/// Signs the checkpoints of one log.
pub struct LogKey {
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

/// Says whose key it is.
impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogKey({})", self.verifier)
    }
}

impl LogKey {
    /// The key in a directory; makes it where nothing was `signed` yet.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn open(dir: &Path, store: Uuid, signed: bool) -> Result<Self, KeyError> {
        let path = dir.join(PRIVATE);
        let document = match private::read(&path, MAX_FILE)? {
            Some(document) => Zeroizing::new(document),
            None if signed => return Err(KeyError::Missing),
            None => {
                let made =
                    Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyError::Random)?;
                private::write(&path, made.as_ref())?;
                Zeroizing::new(made.as_ref().to_vec())
            }
        };
        let pair = Ed25519KeyPair::from_pkcs8(&document).map_err(|_| KeyError::Damaged)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| KeyError::Damaged)?;
        let verifier = VerifierKey::new(&log_name(store), public)?;
        let text = format!("{verifier}\n");
        if private::read(&dir.join(PUBLIC), MAX_FILE)?.is_none_or(|known| known != text.as_bytes()) {
            private::write(&dir.join(PUBLIC), text.as_bytes())?;
        }
        Ok(Self { pair, verifier })
    }

    /// Its public half.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs the head of the log.
    ///
    /// # Errors
    /// When no log has such a head.
    pub fn sign(&self, size: u64, root: Digest256) -> Result<SignedCheckpoint, InvalidCheckpoint> {
        let key = self.verifier.key();
        let checkpoint = Checkpoint::new(key.name(), size, root)?;
        // An Ed25519 signature always has 64 bytes.
        let sign = |text: &[u8]| self.pair.sign(text).as_ref().try_into().unwrap_or([0; 64]);
        Ok(SignedCheckpoint::sign(checkpoint, key, sign))
    }
}
