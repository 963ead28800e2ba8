//! Who asks, and whether they may: sign-in by password or one-time link, sessions, API tokens, and the one place that
//! says yes. What a credential is for stands in the ledger, as hashes; here is what is only held in memory.

pub mod allowed;
pub mod api_token;
pub mod backoff;
pub mod cookie;
pub mod guard;
pub mod password;
pub mod principal;
pub mod secret;
pub mod session;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use eavip_core::time::{Span, Timestamp};

pub(crate) use allowed::permitted;
pub use allowed::{Admin, Allowed, Responder, Sender, Viewer};
pub use principal::Principal;

use crate::app::App;
use crate::problem::Problem;
use crate::record::{Actor, Role};

/// How long a session lasts: a working day and its overtime.
pub const SESSION: Span = Span::from_secs(12 * 3_600);
/// How long a one-time sign-in link can be used.
pub const LINK: Span = Span::from_secs(15 * 60);
/// The longest life of an API token in days: a year, so that each is looked at once a year.
pub const MAX_TOKEN_DAYS: u32 = 366;
/// Longest user name: a slug's.
pub const MAX_NAME: usize = eavip_core::id::MAX_SLUG;

/// What signing in needs beyond the ledger.
#[derive(Debug, Default)]
pub struct Auth {
    /// Computes password hashes.
    pub hasher: password::Hasher,
    /// Slows down guessing.
    pub backoff: backoff::Backoff,
    /// When each token was used last, to the minute. A restart forgets it: writing it for each request would cost a
    /// write for each read.
    last_used: Mutex<HashMap<String, Timestamp>>,
}

impl Auth {
    fn used(&self, token: &str, now: Timestamp) {
        let minute = Timestamp::from_millis(now.as_millis() - now.as_millis().rem_euclid(60_000));
        let mut last = self.last_used.lock().unwrap_or_else(PoisonError::into_inner);
        if last.get(token) != Some(&minute) {
            last.insert(token.to_owned(), minute);
        }
    }

    /// When a token was used last since the server started, to the minute.
    #[must_use]
    pub fn last_used(&self, token: &str) -> Option<Timestamp> {
        self.last_used.lock().unwrap_or_else(PoisonError::into_inner).get(token).copied()
    }

    /// Forgets a token that is gone.
    pub fn forget(&self, token: &str) {
        self.last_used.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
    }
}

/// Makes the sign-in link that the server itself gives out when nobody has an account yet: for an administrator.
///
/// # Errors
/// Why it couldn't be written.
pub async fn sign_in_link(app: &App) -> Result<String, Problem> {
    let actor = Actor::Server("quickstart".to_owned());
    session::make_link(app, actor, "admin", Role::Admin).await
}

/// Whether a text can be a user name: the same grammar as every other name that people write.
#[must_use]
pub fn is_name(name: &str) -> bool {
    name.parse::<eavip_core::id::TeamId>().is_ok()
}

#[cfg(test)]
mod tests;
