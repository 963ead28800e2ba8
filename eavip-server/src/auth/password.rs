//! Passwords: argon2id (RFC 9106) with the parameters that OWASP recommends for it (19 MiB, two passes), off the threads
//! that serve requests and a few at once, so that signing in can't take the server's memory.

use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::secret::random;
use crate::problem::{Code, Problem};

/// Shortest password in characters (NIST SP 800-63B asks for 8; longer is the one rule that helps).
pub const MIN_PASSWORD: usize = 12;
/// Longest password in characters.
pub const MAX_PASSWORD: usize = 256;
/// Hashes computed at once: 19 MiB and a core each.
const AT_ONCE: usize = 2;
/// How long somebody waits for their turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// Verified when there is no account, so that the time taken doesn't tell which names exist.
pub(super) const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlz$\
                      l3JUMCoGKNgoaRUgPDmFbaD6VCD3+vhBpRFMkRIw+CE";

/// Computes password hashes, a few at once.
#[derive(Debug)]
pub struct Hasher(Semaphore);

impl Default for Hasher {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Hasher {
    /// The hash that is kept of a password, a PHC string.
    ///
    /// # Errors
    /// When too many wait, or the system gives no random bytes.
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String, Problem> {
        self.turn(move || {
            let salt = SaltString::encode_b64(&random::<16>().ok()?).ok()?;
            let hash = Argon2::default().hash_password(password.as_bytes(), &salt).ok()?;
            Some(hash.to_string())
        })
        .await?
        .ok_or_else(|| Problem::new(Code::Internal, "the password could not be hashed; try again"))
    }

    /// Whether a password is the one whose hash is kept; without a hash it takes as long and isn't.
    ///
    /// # Errors
    /// When too many wait.
    pub async fn verify(&self, password: Zeroizing<String>, kept: Option<String>) -> Result<bool, Problem> {
        self.turn(move || {
            let known = kept.is_some();
            let kept = kept.unwrap_or_else(|| NOBODY.to_owned());
            let right = PasswordHash::new(&kept)
                .is_ok_and(|kept| Argon2::default().verify_password(password.as_bytes(), &kept).is_ok());
            right && known
        })
        .await
    }

    async fn turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let busy = || Problem::new(Code::Unavailable, "too many people sign in at once").retry(5);
        let permit = tokio::time::timeout(PATIENCE, self.0.acquire()).await;
        let _permit = permit.map_err(|_| busy())?.map_err(|_| busy())?;
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|_| Problem::new(Code::Internal, "the password could not be checked"))
    }
}
