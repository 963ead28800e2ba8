//! What the ledger holds: one record a mutation, with who, when and why, its events, and what must be told because
//! of them. Records are appended and never changed; every view is rebuilt from them.

use eavip_core::alert::episode::EpisodeEvent;
use eavip_core::alert::group::{self, GroupingPolicy};
use eavip_core::alert::noise::defect::DefectEvent;
use eavip_core::alert::notice::Reason;
use eavip_core::alert::silence::SilenceEvent;
use eavip_core::finding::Finding;
use eavip_core::id::{Digest128, IncidentId, NodeId, PersonId, ReceiverId};
use eavip_core::incident::change::IncidentEvent;
use eavip_core::labels::Labels;
use eavip_core::node::Place;
use eavip_core::on_call::page::PageEvent;
use eavip_core::time::Timestamp;
use eavip_core::trend::feedback::ProposalEvent;
use eavip_core::trend::month::Month;
use eavip_core::trend::review::ReviewEvent;
use serde::{Deserialize, Serialize};

pub use self::access::{JoinEvent, LinkEvent, Role, TokenEvent, UserEvent};
pub use self::on_call::{ContactEvent, OverrideEvent};

mod access;
mod on_call;

/// The version that this server writes; older ones stay readable.
pub const VERSION: u8 = 1;

/// What one record holds takes about so many bytes at the most, where it can be cut: the log bounds a record.
pub(crate) const IN_A_RECORD: usize = 512 << 10;

/// Cuts what is to be written into parts that each fit into a record, in their order.
pub(crate) fn parts<T>(all: Vec<T>, bytes: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut parts: Vec<Vec<T>> = Vec::new();
    let mut room = 0;
    for one in all {
        let size = bytes(&one);
        match parts.last_mut().filter(|_| size <= room) {
            Some(part) => part.push(one),
            None => {
                room = IN_A_RECORD;
                parts.push(vec![one]);
            }
        }
        room = room.saturating_sub(size);
    }
    parts
}

/// How many bytes an event takes in the ledger.
pub(crate) fn bytes(event: &Event) -> usize {
    // What can't be written is refused when it is to be written.
    serde_json::to_vec(event).map_or(0, |json| json.len())
}

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
        /// With which others it is told, and to whom: one for each receiver that a route leads to when it opens.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        groups: Vec<Joined>,
    },
    /// Something stands in the way of telling a receiver of an alert.
    Held {
        /// The episode.
        episode: Digest128,
        /// Who isn't told.
        receiver: ReceiverId,
        /// Why not.
        reason: Reason,
    },
    /// Whether an alert was worth somebody's time; of one person the last counts.
    Vote {
        /// The episode.
        episode: Digest128,
        /// Who says so: an account's name.
        by: String,
        /// Whether there was something to do.
        actionable: bool,
    },
    /// A defect of noise.
    Defect {
        /// Which.
        id: Digest128,
        /// What.
        event: DefectEvent,
    },
    /// The operations review of a month.
    Review {
        /// Which month.
        month: Month,
        /// What.
        event: ReviewEvent,
    },
    /// What a trend proposes.
    Proposal {
        /// Which.
        id: Digest128,
        /// What.
        event: ProposalEvent,
    },
    /// A silence.
    Silence {
        /// Which.
        id: Digest128,
        /// What.
        event: SilenceEvent,
    },
    /// Another runbook leads an open alert to further groups.
    Routed {
        /// Which.
        episode: Digest128,
        /// The groups that it joins.
        groups: Vec<Joined>,
    },
    /// A page: one alert on its way through an escalation.
    Page {
        /// Which: the alert's episode.
        id: Digest128,
        /// What.
        event: PageEvent,
    },
    /// Somebody takes another's place in a schedule for a while.
    Override {
        /// Which.
        id: Digest128,
        /// What.
        event: OverrideEvent,
    },
    /// A way to reach a person.
    Contact {
        /// Whom.
        person: PersonId,
        /// Which of theirs.
        id: Digest128,
        /// What.
        event: ContactEvent,
    },
    /// A message to a receiver.
    Delivery {
        /// The message, the same over all its attempts.
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

/// A group of alerts that are told together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Joined {
    /// Who is told.
    pub receiver: ReceiverId,
    /// What the alerts of the group have in common.
    pub labels: Labels,
    /// When they are told.
    pub grouping: GroupingPolicy,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The receiver of the configuration that carries it.
    pub receiver: ReceiverId,
    /// The person whom it is for, where it is for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Their address with that receiver, where it has many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl From<ReceiverId> for Recipient {
    fn from(receiver: ReceiverId) -> Self {
        Self { receiver, person: None, address: None }
    }
}

/// What a message tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Content {
    /// Alerts of a group.
    Alerts {
        /// What they have in common.
        group: Labels,
        /// Which, and on what occasion.
        message: group::Message,
    },
    /// Something else that somebody has to know.
    Notice(Notice),
}

/// Something beside alerts that somebody has to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about.
    pub topic: Topic,
    /// One line that reads alone.
    pub title: String,
    /// More, in plain text.
    pub text: String,
    /// Where to look, a path on this server.
    pub path: String,
}

eavip_core::words! {
    /// What a message tells that isn't about a group of alerts.
    pub enum Topic ("notice topic") {
        /// Somebody silenced alerts that the receiver's team owns.
        Silence = "silence",
        /// An alert comes and goes, or stopped doing so.
        Flapping = "flapping",
        /// What alerts a team had in a week, and which of them were worth it.
        Digest = "digest",
        /// Somebody hands an alert over to who gets the message.
        HandOver = "hand-over",
        /// The code by which somebody shows that a channel is theirs.
        Verification = "verification",
        /// Nothing: whether messages arrive.
        Test = "test",
    }
}

/// What happened to a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum DeliveryEvent {
    /// It is to be sent.
    Decided {
        /// Where to.
        to: Recipient,
        /// What it tells.
        content: Content,
    },
    /// It is to be sent in place of one that doesn't arrive, and tells the same.
    FellBack {
        /// The one that doesn't arrive.
        of: Digest128,
        /// Where to.
        to: Recipient,
    },
    /// The receiver took it.
    Delivered {
        /// How many attempts it took; none where the receiver isn't told of what is over.
        attempts: u32,
    },
    /// It was given up.
    GivenUp {
        /// How many attempts were made.
        attempts: u32,
        /// What the last one met.
        error: String,
    },
    /// Somebody wants it to be tried anew after it was given up.
    Resent,
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
    /// Another runbook was not put in force: its changed rules would be noisier, or silent where they weren't.
    PolicyRefused {
        /// The policy.
        policy: Digest128,
        /// Why not.
        findings: Vec<Finding>,
    },
    /// Something of the store was damaged and repaired.
    StoreRepaired {
        /// What was found and done.
        what: String,
    },
}

/// The id of the message that tells a receiver at a moment of what `about` names.
#[must_use]
pub fn delivery_id(to: &Recipient, about: &[u8], at: Timestamp) -> Digest128 {
    let address = to.address.as_deref().unwrap_or_default();
    let at = at.as_millis().to_be_bytes();
    Digest128::of([to.receiver.as_str().as_bytes(), address.as_bytes(), about, &at])
}

/// The id of the message that `to` gets in place of another that doesn't arrive.
#[must_use]
pub fn fallback_id(of: Digest128, to: &ReceiverId) -> Digest128 {
    Digest128::of([b"instead of".as_slice(), &of.0, to.as_str().as_bytes()])
}
