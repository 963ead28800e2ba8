//! Who may do what: accounts, sessions, one-time links, API tokens and join tokens. Only hashes of secrets.

use std::collections::{BTreeMap, HashMap};

use eavip_core::id::TeamId;
use eavip_core::node::Place;
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Book;
use crate::record::{Actor, JoinEvent, LedgerRecord, LinkEvent, Role, TokenEvent, UserEvent};

/// A person's account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// argon2id, PHC string.
    pub password: String,
    /// What they may do.
    pub role: Role,
    /// When it was set last.
    pub set_at: Timestamp,
}

/// A browser's session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Whose.
    pub user: String,
    /// What they may do.
    pub role: Role,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A one-time sign-in link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignInLink {
    /// Whom it signs in.
    pub user: String,
    /// What they may do.
    pub role: Role,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// An API token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiToken {
    /// What it is for.
    pub name: String,
    /// SHA-256 of its secret, hexadecimal.
    pub hash: String,
    /// What it may do.
    pub role: Role,
    /// Who owns the alerts that are sent with it and have no other owner.
    #[serde(default)]
    pub team: Option<TeamId>,
    /// Who made it.
    pub created_by: String,
    /// The account that it goes back to: whose session made it, or made the token that made it. None when the server did.
    #[serde(default)]
    pub made_by: Option<String>,
    /// Whether somebody who isn't an admin made it for themselves: it ends with their account. What an admin makes is a program's.
    #[serde(default)]
    pub is_own: bool,
    /// When.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A join token that isn't spent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Join {
    /// SHA-256 of its secret, hexadecimal.
    pub hash: String,
    /// Where its nodes belong.
    pub place: Place,
    /// Who made it.
    pub created_by: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The node that used it: a repeat of the same node for the same key is answered again.
    pub used_by: Option<eavip_core::id::NodeId>,
    /// Whether the demo made it: its node is a simulated one.
    #[serde(default)]
    pub demo: bool,
}

pub(super) fn join(joins: &mut HashMap<String, Join>, id: &str, event: &JoinEvent, record: &LedgerRecord) {
    match event {
        JoinEvent::Created { hash, place, expires_at } => {
            let join = Join {
                hash: hash.clone(),
                place: place.clone(),
                created_by: record.actor.to_string(),
                expires_at: *expires_at,
                used_by: None,
                demo: record.actor == Actor::demo(),
            };
            joins.insert(id.to_owned(), join);
        }
        JoinEvent::Used { node } => {
            if let Some(join) = joins.get_mut(id) {
                join.used_by.get_or_insert(*node);
            }
        }
        JoinEvent::Revoked => {
            joins.remove(id);
        }
    }
}

pub(super) fn link(links: &mut HashMap<String, SignInLink>, hash: &str, event: &LinkEvent) {
    match event {
        LinkEvent::Created { user, role, expires_at } => {
            let link = SignInLink { user: user.clone(), role: *role, expires_at: *expires_at };
            links.insert(hash.to_owned(), link);
        }
        LinkEvent::Used => {
            links.remove(hash);
        }
    }
}

pub(super) fn token(
    tokens: &mut BTreeMap<String, ApiToken>,
    id: &str,
    event: &TokenEvent,
    record: &LedgerRecord,
) {
    match event {
        TokenEvent::Created { name, hash, role, team, own, expires_at } => {
            let made_by = match &record.actor {
                Actor::User(user) => Some(user.clone()),
                Actor::Token(maker) => tokens.get(maker).and_then(|maker| maker.made_by.clone()),
                Actor::Server(_) | Actor::Node(_) => None,
            };
            let token = ApiToken {
                name: name.clone(),
                hash: hash.clone(),
                role: *role,
                team: team.clone(),
                created_by: record.actor.to_string(),
                made_by,
                is_own: *own,
                created_at: record.at,
                expires_at: *expires_at,
            };
            tokens.insert(id.to_owned(), token);
        }
        TokenEvent::Revoked => {
            tokens.remove(id);
        }
    }
}

impl Book {
    /// Ends everything by which somebody got in.
    fn shut_out(&mut self, name: &str) {
        self.sessions.retain(|_, session| session.user != name);
        self.tokens.retain(|_, token| !token.is_own || token.made_by.as_deref() != Some(name));
    }

    pub(super) fn user(&mut self, name: &str, event: &UserEvent, at: Timestamp) {
        match event {
            UserEvent::Set { password, role } => {
                let account = Account { password: password.clone(), role: *role, set_at: at };
                self.users.insert(name.to_owned(), account);
                self.shut_out(name);
            }
            UserEvent::Removed => {
                self.users.remove(name);
                self.shut_out(name);
            }
            UserEvent::SignedIn { session, role, expires_at } => {
                let known = Session { user: name.to_owned(), role: *role, expires_at: *expires_at };
                self.sessions.insert(session.clone(), known);
            }
            UserEvent::SignedOut { session } => {
                self.sessions.remove(session);
            }
        }
    }
}
