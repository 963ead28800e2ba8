//! The codes by which people show that a channel is theirs, until they are sent. Kept in memory alone: the ledger has only
//! their hashes. After a restart a message that still waits says so, and another code is asked for.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use eavip_core::id::Digest128;
use eavip_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::auth::secret::{self, NoRandomness};

/// Codes that may wait: each lasts a quarter of an hour, and people have few channels.
const MAX_CODES: usize = 10_000;
/// A code has this many digits.
const DIGITS: u32 = 8;

/// A code; it can't be printed.
#[derive(Clone)]
pub struct Code(Zeroizing<String>);

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

impl Code {
    /// A new one.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new() -> Result<Self, NoRandomness> {
        let number = u64::from_be_bytes(secret::random()?) % 10_u64.pow(DIGITS);
        Ok(Self(Zeroizing::new(format!("{number:0width$}", width = DIGITS as usize))))
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> String {
        secret::hash(&self.0)
    }
}

/// Codes by the message that carries them.
#[derive(Debug, Default)]
pub struct Codes(Mutex<HashMap<Digest128, (Code, Timestamp)>>);

impl Codes {
    /// Keeps a code for a message.
    pub fn keep(&self, message: Digest128, code: Code, until: Timestamp, now: Timestamp) {
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|_, (_, until)| *until > now);
        if codes.len() < MAX_CODES {
            codes.insert(message, (code, until));
        }
    }

    /// Forgets the code of a message that won't be sent.
    pub fn forget(&self, message: Digest128) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&message);
    }

    /// What a message says of its code.
    #[must_use]
    pub fn text(&self, message: Digest128) -> String {
        let codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match codes.get(&message) {
            Some((code, _)) => format!("The code is {} and counts for 15 minutes.", code.0.as_str()),
            None => "The code is no longer known: have another one sent.".to_owned(),
        }
    }
}
