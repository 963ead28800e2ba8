//! What the ledger amounts to: the state of every aggregate, made by applying its records in order.
//!
//! The book is read by many and written by one, the commit thread, after the record is on disk.

mod access;
mod alerts;
mod changes;
pub mod groups;
mod incidents;
pub mod noise;
pub mod on_call;
mod outbox;
pub mod silences;
mod trends;

use std::collections::{BTreeMap, HashMap};

use eavip_core::alert::episode::Episode;
use eavip_core::id::NodeId;
use eavip_core::node::Place;
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use access::{Account, ApiToken, Join, Session, SignInLink};
pub use alerts::Alerts;
pub use changes::Change;
pub use incidents::{Incidents, MAX_KEPT};
pub use outbox::{Delivery, Outbox};
pub use trends::Trends;

use crate::record::{Content, DeliveryEvent, Event, LedgerRecord, NodeEvent};

/// A node as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Enrolment {
    /// Where it belongs.
    pub place: Place,
    /// SHA-256 of its certificate's public key, hexadecimal.
    pub key: String,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// Whether it may no longer speak.
    pub revoked: bool,
    /// Reports that it said it had to drop.
    pub dropped: u64,
    /// Whether it is simulated: it joined with a token that the demo made. A label says nothing about that.
    #[serde(default)]
    pub demo: bool,
}

/// The state of every aggregate of the ledger.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Book {
    /// Alerts.
    pub alerts: Alerts,
    /// Alerts that are told together.
    pub groups: groups::Groups,
    /// Messages.
    pub outbox: Outbox,
    /// Pages, and who can be reached when.
    pub on_call: on_call::OnCall,
    /// Who isn't told of what for a while.
    pub silences: silences::Silences,
    /// Incidents.
    #[serde(default)]
    pub incidents: Incidents,
    /// What became of the alerts of the last weeks, and the defects that followed.
    #[serde(default)]
    pub noise: noise::Noise,
    /// Operations reviews, and what trends propose.
    #[serde(default)]
    pub trends: Trends,
    /// Enrolled nodes, revoked ones included.
    pub nodes: BTreeMap<NodeId, Enrolment>,
    /// Join tokens that aren't spent.
    pub joins: HashMap<String, Join>,
    /// Accounts by user name.
    pub users: BTreeMap<String, Account>,
    /// Sessions by the hash of their secret.
    pub sessions: HashMap<String, Session>,
    /// One-time sign-in links by the hash of their secret.
    pub links: HashMap<String, SignInLink>,
    /// API tokens by id.
    pub tokens: BTreeMap<String, ApiToken>,
    /// What happened last.
    pub changes: changes::Changes,
}

impl Book {
    /// Applies a record that is on disk at `position`. Events that don't fit change nothing.
    pub fn apply(&mut self, position: u64, record: &LedgerRecord) {
        for event in &record.events {
            let told = changes::told(event, self);
            self.changes.note(position, record, told);
            match event {
                Event::Episode { id, event, groups } => {
                    self.alerts.apply(*id, event);
                    self.groups.episode(*id, event, groups, record.at);
                    self.noise.episode(*id, event);
                }
                Event::Routed { episode, groups } => {
                    let category = self.alerts.get(*episode).map(|known| known.opening.category);
                    category.into_iter().for_each(|category| {
                        self.groups.join(*episode, category, groups, record.at);
                    });
                }
                Event::Held { episode, receiver, reason } => {
                    self.groups.hold(*episode, receiver, *reason, record.at);
                    let episode = self.alerts.get(*episode);
                    self.noise.held(episode, *reason, &self.silences, record.at);
                }
                Event::Vote { episode, by, actionable } => self.noise.vote(*episode, by, *actionable),
                Event::Defect { id, event } => self.noise.defect_event(*id, event),
                Event::Review { month, event } => self.trends.review_event(*month, event),
                Event::Proposal { id, event } => self.trends.proposal_event(*id, event),
                Event::Silence { id, event } => {
                    self.silences.apply(*id, event);
                    self.noise.silence(*id, event);
                }
                Event::Page { id, event } => self.on_call.page_event(*id, event),
                Event::Override { id, event } => self.on_call.override_event(*id, event, record),
                Event::Contact { person, id, event } => {
                    self.on_call.contact_event(person, *id, event, record.at);
                }
                Event::Delivery { id, event } => {
                    match event {
                        // What is sent to a person tells no group: its receiver is told of it all the same.
                        DeliveryEvent::Decided { to, content: Content::Alerts { group, message } }
                            if to.person.is_none() =>
                        {
                            self.groups.told(&to.receiver, group, message, record.at);
                        }
                        DeliveryEvent::Decided { .. }
                        | DeliveryEvent::FellBack { .. }
                        | DeliveryEvent::Resent => {}
                        DeliveryEvent::Delivered { .. } | DeliveryEvent::GivenUp { .. } => {
                            let arrived = matches!(event, DeliveryEvent::Delivered { .. });
                            let waited = self.outbox.get(*id);
                            waited.inspect(|known| self.on_call.heard(&known.to, arrived, record.at));
                        }
                    }
                    self.noise.delivery(*id, event, record.at);
                    self.outbox.apply(*id, event, record.at);
                }
                Event::Incident { id, event } => self.incidents.apply(id, event),
                Event::Node { id, event } => self.node(*id, event, record.at),
                Event::Join { id, event } => access::join(&mut self.joins, id, event, record),
                Event::User { name, event } => self.user(name, event, record.at),
                Event::Link { hash, event } => access::link(&mut self.links, hash, event),
                Event::Token { id, event } => access::token(&mut self.tokens, id, event, record),
                Event::Server { event } => {
                    self.noise.server(event, record.at);
                    self.trends.server(event, record.at);
                }
            }
        }
        self.forget(record.at);
    }

    /// What says of alerts whom they are told to: those that are open or of which somebody is still to be told, their groups, silences
    /// and pages. A copy, so that nobody waits for the book while each alert is held against all silences.
    #[must_use]
    pub fn alerting(&self) -> Self {
        let wanted =
            |episode: &Episode| episode.resolved.is_none() || self.groups.waits_with(episode.opening.id);
        Self {
            alerts: self.alerts.copy(wanted),
            groups: self.groups.clone(),
            silences: self.silences.clone(),
            on_call: self.on_call.clone(),
            ..Self::default()
        }
    }

    /// The enrolled nodes that are simulated.
    pub fn demo_nodes(&self) -> impl Iterator<Item = NodeId> {
        self.nodes.iter().filter(|(_, node)| node.demo && !node.revoked).map(|(id, _)| *id)
    }

    fn node(&mut self, id: NodeId, event: &NodeEvent, at: Timestamp) {
        match (self.nodes.get_mut(&id), event) {
            (_, NodeEvent::Enrolled { place, key, join }) => {
                let (place, key) = (place.clone(), key.clone());
                let demo = self.joins.get(join).is_some_and(|join| join.demo);
                let enrolment = Enrolment { place, key, enrolled_at: at, revoked: false, dropped: 0, demo };
                self.nodes.insert(id, enrolment);
            }
            (Some(node), NodeEvent::Renewed { key }) => node.key.clone_from(key),
            (Some(node), NodeEvent::Revoked) => node.revoked = true,
            (Some(node), NodeEvent::Dropped { count }) => node.dropped = node.dropped.saturating_add(*count),
            (Some(_), NodeEvent::CloneSeen { .. } | NodeEvent::Rewound { .. }) | (None, _) => {}
        }
    }

    /// Lets go of what has run out by the time of a record, so that replaying gives the same book.
    fn forget(&mut self, at: Timestamp) {
        self.joins.retain(|_, join| join.expires_at > at);
        self.sessions.retain(|_, session| session.expires_at > at);
        self.links.retain(|_, link| link.expires_at > at);
        self.silences.forget(at);
        self.noise.forget(at);
        let forgotten = self.alerts.forget(|episode| {
            let page = self.on_call.page(episode);
            self.outbox.waits_with(episode)
                || self.groups.waits_with(episode)
                || page.is_some_and(|paged| paged.page.stopped.is_none())
        });
        self.groups.forget(&forgotten);
        self.outbox.forget(&forgotten);
        self.on_call.forget(&forgotten, at);
    }
}

#[cfg(test)]
mod tests;
