//! What happens to those who may do something: accounts, sign-in links, API tokens, join tokens. Of secrets only hashes.

use eavip_core::id::{NodeId, TeamId};
use eavip_core::node::Place;
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What happened to a join token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum JoinEvent {
    /// It was made.
    Created {
        /// SHA-256 of the secret, hexadecimal.
        hash: String,
        /// Where its nodes belong.
        place: Place,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// A node used it; a single-use token is spent.
    Used {
        /// The node.
        node: NodeId,
    },
    /// It was taken back.
    Revoked,
}

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum UserEvent {
    /// It was made, or its password or role set anew; its sessions and own tokens end.
    Set {
        /// argon2id, PHC string.
        password: String,
        /// What they may do.
        role: Role,
    },
    /// It was removed.
    Removed,
    /// A session began.
    SignedIn {
        /// SHA-256 of the session's secret, hexadecimal.
        session: String,
        /// What it allows.
        role: Role,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// A session ended.
    SignedOut {
        /// SHA-256 of the session's secret, hexadecimal.
        session: String,
    },
}

/// What happened to a one-time sign-in link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LinkEvent {
    /// It was made, for whoever holds its secret.
    Created {
        /// Whom it signs in.
        user: String,
        /// What they may do.
        role: Role,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// It was used and is spent.
    Used,
}

/// What happened to an API token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TokenEvent {
    /// It was made.
    Created {
        /// What it is for.
        name: String,
        /// SHA-256 of the secret, hexadecimal.
        hash: String,
        /// What it may do.
        role: Role,
        /// Who owns the alerts that are sent with it and have no other owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team: Option<TeamId>,
        /// Whether somebody who isn't an admin made it for themselves: it ends with their account. What an admin makes is a program's.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        own: bool,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// It was taken back.
    Revoked,
}

eavip_core::words! {
    /// What somebody may do; each includes the ones before.
    pub enum Role ("role") {
        /// Send alerts, and nothing else: for the tokens of other systems.
        Sender = "sender",
        /// Look at everything.
        Viewer = "viewer",
        /// Acknowledge alerts and work in incidents.
        Responder = "responder",
        /// Manage users, tokens and nodes.
        Admin = "admin",
    }
}

impl Role {
    /// Whether it is another one or above it. Who may only look sends no alerts, though a sender's role is below it: what is sent
    /// wakes people.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        self >= other && (self, other) != (Self::Viewer, Self::Sender)
    }
}
