//! What the ledger holds: one record a mutation, with who, when and why, its events, and what must be told because
//! of them. Records are appended and never changed; every view is rebuilt from them.

use eavip_core::alert::episode::EpisodeEvent;
use eavip_core::alert::route::Notice;
use eavip_core::id::{Digest128, IncidentId, NodeId, ReceiverId};
use eavip_core::incident::change::IncidentEvent;
use eavip_core::node::Place;
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The version that this server writes; older ones stay readable.
pub const VERSION: u8 = 1;

/// One mutation: all of it is on disk, or none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerRecord {
    /// The form of the record.
    pub v: u8,
    /// When, by the server's clock.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Why, where a person said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "kebab-case")]
pub enum Actor {
    /// The server itself, and which part of it.
    Server(String),
    /// A person, by user name.
    User(String),
    /// An API token, by id.
    Token(String),
    /// A node.
    Node(NodeId),
}

impl Actor {
    /// The part of the server that simulates a fleet: what it makes is known as its own by this for good.
    #[must_use]
    pub fn demo() -> Self {
        Self::Server("demo".to_owned())
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Server(part) => write!(f, "server ({part})"),
            Self::User(name) => f.write_str(name),
            Self::Token(id) => write!(f, "token {id}"),
            Self::Node(id) => write!(f, "node {id}"),
        }
    }
}

/// What happened to one aggregate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "aggregate", rename_all = "kebab-case")]
pub enum Event {
    /// An alert's episode.
    Episode {
        /// Which.
        id: Digest128,
        /// What.
        event: EpisodeEvent,
        /// Who is told because of it, and why or why not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notice: Option<Notice>,
    },
    /// A message to a receiver.
    Delivery {
        /// The message: [`delivery_id`].
        id: Digest128,
        /// What.
        event: DeliveryEvent,
    },
    /// An incident.
    Incident {
        /// Which.
        id: IncidentId,
        /// What.
        event: IncidentEvent,
    },
    /// A node.
    Node {
        /// Which.
        id: NodeId,
        /// What.
        event: NodeEvent,
    },
    /// A join token.
    Join {
        /// Which.
        id: String,
        /// What.
        event: JoinEvent,
    },
    /// A person's account.
    User {
        /// The user name.
        name: String,
        /// What.
        event: UserEvent,
    },
    /// A one-time sign-in link.
    Link {
        /// SHA-256 of its secret, hexadecimal.
        hash: String,
        /// What.
        event: LinkEvent,
    },
    /// An API token.
    Token {
        /// Which.
        id: String,
        /// What.
        event: TokenEvent,
    },
    /// The server's own running.
    Server {
        /// What.
        event: ServerEvent,
    },
}

/// What happened to a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum DeliveryEvent {
    /// The receiver took it.
    Delivered {
        /// How many attempts it took.
        attempts: u32,
    },
    /// It was given up.
    GivenUp {
        /// How many attempts were made.
        attempts: u32,
        /// What the last one met.
        error: String,
    },
}

eavip_core::words! {
    /// Where a message stands.
    pub enum DeliveryStatus ("delivery status") {
        /// Waiting for its first or next attempt.
        Pending = "pending",
        /// Taken by the receiver.
        Delivered = "delivered",
        /// Given up; visible until somebody looks.
        GivenUp = "given-up",
        /// Nobody had to be told.
        NotSent = "not-sent",
    }
}

/// What happened to a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NodeEvent {
    /// It joined.
    Enrolled {
        /// Where it belongs.
        place: Place,
        /// The public key of its certificate: SHA-256 of the SPKI, hexadecimal.
        key: String,
        /// The join token it used.
        join: String,
    },
    /// Its certificate was renewed, maybe for a new key.
    Renewed {
        /// The public key: SHA-256 of the SPKI, hexadecimal.
        key: String,
    },
    /// It may not speak any more.
    Revoked,
    /// Two hosts used one identity: the same number came with another content.
    CloneSeen {
        /// The epoch.
        epoch: u64,
        /// The number.
        seq: u64,
    },
    /// It reported that it had to drop reports.
    Dropped {
        /// How many.
        count: u64,
    },
    /// The server's mark was behind what the node had seen acknowledged.
    Rewound {
        /// The server's mark.
        from: u64,
        /// What the node had seen.
        to: u64,
    },
}

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
    /// It was made, or its password or role set anew; its sessions end.
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
        /// When it ends.
        expires_at: Timestamp,
    },
    /// It was taken back.
    Revoked,
}

/// What happened to the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ServerEvent {
    /// It started.
    Started {
        /// Its version.
        version: String,
        /// The policy in force.
        policy: Digest128,
    },
    /// Another runbook came into force.
    PolicyApplied {
        /// The policy.
        policy: Digest128,
    },
    /// Something of the store was damaged and repaired.
    StoreRepaired {
        /// What was found and done.
        what: String,
    },
}

eavip_core::words! {
    /// What somebody may do; each includes the ones before.
    pub enum Role ("role") {
        /// Look at everything.
        Viewer = "viewer",
        /// Acknowledge alerts and work in incidents.
        Responder = "responder",
        /// Manage users, tokens and nodes.
        Admin = "admin",
    }
}

/// The id of the message that tells a receiver of one transition of an episode: the same over every attempt and
/// restart, so that the receiver can recognise a repeat.
#[must_use]
pub fn delivery_id(episode: Digest128, notice: &Notice, receiver: Option<&ReceiverId>) -> Digest128 {
    let receiver = receiver.map_or("", ReceiverId::as_str);
    Digest128::of([episode.0.as_slice(), notice.kind.as_str().as_bytes(), receiver.as_bytes()])
}
