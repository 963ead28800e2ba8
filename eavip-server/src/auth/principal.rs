//! Who asks: a person with a session or a program with a token, as the request's headers prove; and which person of the
//! runbook's roster acts through them.

use axum::http::{HeaderMap, header};
use eavip_core::id::{PersonId, TeamId};
use eavip_core::roster::Roster;
use eavip_core::time::Timestamp;

use super::{Auth, api_token, cookie, secret};
use crate::app::{App, Web};
use crate::book::Book;
use crate::problem::{Code, Problem};
use crate::record::{Actor, Role};

/// What proved it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A session, by the hash of its secret.
    Session(String),
    /// An API token, by its id.
    Token(String),
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user name, or the token's name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Who owns the alerts that it sends and that have no other owner.
    pub team: Option<TeamId>,
    /// Who the ledger says did it.
    pub actor: Actor,
    /// The account that it goes back to: the session's own, or that of whoever made the token.
    pub account: Option<String>,
    /// Whether only that account speaks through it: a session, or a token that somebody made for themselves. Through one that an
    /// admin made for a program several may speak.
    pub is_own: bool,
    /// What proved it.
    pub credential: Credential,
}

impl Principal {
    /// Whether a browser sent the proof by itself, so that another site's page could have made it do so.
    #[must_use]
    pub fn by_cookie(&self) -> bool {
        matches!(self.credential, Credential::Session(_))
    }

    /// The person who acts: an account's name is the person's id in the runbook's roster.
    ///
    /// # Errors
    /// [`Code::NotAPerson`] when the roster has no such person, or nobody who is active.
    pub fn person(&self, roster: &Roster) -> Result<PersonId, Problem> {
        let refuse = |detail: String| Err(Problem::new(Code::NotAPerson, detail));
        let Some(account) = &self.account else {
            let name = &self.name;
            return refuse(format!(
                "token `{name}` goes back to no account; make one signed in as a person of the runbook's roster"
            ));
        };
        let id = account.parse::<PersonId>().ok();
        match id.and_then(|id| roster.people.get(&id).map(|person| (id, person.active))) {
            Some((id, true)) => Ok(id),
            Some((_, false)) => refuse(format!(
                "person `{account}` of the runbook's roster isn't active; sign in as one who is"
            )),
            None => refuse(format!(
                "account `{account}` isn't a person of the runbook's roster; declare [person.{account}] or sign in as \
                 one who is"
            )),
        }
    }

    /// Whether the proof still holds.
    #[must_use]
    pub fn holds(&self, book: &Book, now: Timestamp) -> bool {
        match &self.credential {
            Credential::Session(hash) => {
                book.sessions.get(hash).is_some_and(|session| session.expires_at > now)
            }
            Credential::Token(id) => book.tokens.get(id).is_some_and(|token| token.expires_at > now),
        }
    }
}

/// Finds out who asks. A token in the `Authorization` header counts before a cookie; a wrong one isn't made good by
/// a cookie.
///
/// # Errors
/// [`Code::Unauthenticated`] when nothing proves anybody.
pub fn authenticate(app: &App, headers: &HeaderMap, now: Timestamp) -> Result<Principal, Problem> {
    let refuse = |detail: &str| Problem::new(Code::Unauthenticated, detail);
    if let Some(header) = headers.get(header::AUTHORIZATION) {
        let text = header.to_str().ok().and_then(|text| text.split_once(' '));
        let bearer = text.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let found = bearer.and_then(|(_, token)| by_token(&app.auth, &app.shared.book(), token.trim(), now));
        return found.ok_or_else(|| refuse("the API token is unknown, expired or mangled"));
    }
    by_session(&app.web, &app.shared.book(), headers, now)
        .ok_or_else(|| refuse("nobody is signed in, or the session has ended"))
}

fn by_token(auth: &Auth, book: &Book, text: &str, now: Timestamp) -> Option<Principal> {
    let (id, presented) = api_token::parse(text)?;
    let token = book.tokens.get(id)?;
    if !secret::matches(presented, &token.hash) || token.expires_at <= now {
        return None;
    }
    auth.used(id, now);
    Some(Principal {
        name: token.name.clone(),
        role: token.role,
        team: token.team.clone(),
        actor: Actor::Token(id.to_owned()),
        account: token.made_by.clone(),
        is_own: token.is_own,
        credential: Credential::Token(id.to_owned()),
    })
}

fn by_session(web: &Web, book: &Book, headers: &HeaderMap, now: Timestamp) -> Option<Principal> {
    // Looked up by its hash: how long the look-up takes tells nothing of the secret.
    let hash = secret::hash(cookie::read(web, headers)?);
    let session = book.sessions.get(&hash).filter(|session| session.expires_at > now)?;
    Some(Principal {
        name: session.user.clone(),
        role: session.role,
        team: None,
        actor: Actor::User(session.user.clone()),
        account: Some(session.user.clone()),
        is_own: true,
        credential: Credential::Session(hash),
    })
}
