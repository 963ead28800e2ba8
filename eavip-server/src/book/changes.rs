//! What happened last, in sentences: the feed of changes.

use std::collections::VecDeque;

use eavip_core::alert::episode::EpisodeEvent;
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::{
    DeliveryEvent, Event, JoinEvent, LedgerRecord, LinkEvent, NodeEvent, ServerEvent, TokenEvent, UserEvent,
};

/// Changes kept for the feed and for charts' marks.
const MAX_CHANGES: usize = 1_000;

/// One event, told in a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The record's position in the ledger.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What kind of event, such as `alert-opened`.
    pub kind: String,
    /// One sentence.
    pub text: String,
    /// Who.
    pub actor: String,
    /// Where it can be looked at.
    pub path: Option<String>,
    /// The node it is about.
    pub node: Option<eavip_core::id::NodeId>,
}

/// The last changes, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes(VecDeque<Change>);

impl Changes {
    /// Newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Change> {
        self.0.iter().rev()
    }

    pub(super) fn note(&mut self, seq: u64, record: &LedgerRecord, event: &Event) {
        let Some((kind, text, path, node)) = told(event) else { return };
        let actor = record.actor.to_string();
        self.0.push_back(Change { seq, at: record.at, kind: kind.to_owned(), text, actor, path, node });
        if self.0.len() > MAX_CHANGES {
            self.0.pop_front();
        }
    }
}

type Told = (&'static str, String, Option<String>, Option<eavip_core::id::NodeId>);

/// Kind, sentence, path and node; `None` for what nobody needs to see in a feed.
fn told(event: &Event) -> Option<Told> {
    let settings = || Some("/settings".to_owned());
    Some(match event {
        Event::Episode { id, event, .. } => {
            let path = Some(format!("/alerts/{id}"));
            match event {
                EpisodeEvent::Opened(opening) => {
                    ("alert-opened", opening.summary.clone(), path, Some(opening.node))
                }
                EpisodeEvent::Acknowledged { by, reason, .. } => {
                    ("alert-acknowledged", format!("{by} acknowledged an alert: {reason}"), path, None)
                }
                EpisodeEvent::Resolved { ending, .. } => {
                    ("alert-resolved", format!("an alert is over: {ending}"), path, None)
                }
            }
        }
        Event::Delivery { event: DeliveryEvent::Delivered { .. }, .. } => return None,
        Event::Delivery { event: DeliveryEvent::GivenUp { attempts, .. }, .. } => (
            "delivery-given-up",
            format!("a notification was given up after {attempts} attempts"),
            None,
            None,
        ),
        Event::Node { id, event } => {
            let path = Some(format!("/nodes/{id}"));
            let (kind, text) = match event {
                NodeEvent::Enrolled { place, .. } => {
                    ("node-enrolled", format!("a node joined {} ({})", place.deployment, place.environment))
                }
                NodeEvent::Renewed { .. } => ("node-renewed", "a node renewed its certificate".to_owned()),
                NodeEvent::Revoked => ("node-revoked", "a node was revoked".to_owned()),
                NodeEvent::CloneSeen { .. } => {
                    ("node-clone-seen", "two hosts use one node's identity".to_owned())
                }
                NodeEvent::Dropped { count } => {
                    ("reports-dropped", format!("a node had to drop {count} reports"))
                }
                NodeEvent::Rewound { from, to } => {
                    let text = format!(
                        "the store is behind a node: reports {} to {to} are asked for again",
                        from + 1
                    );
                    ("store-rewound", text)
                }
            };
            (kind, text, path, Some(*id))
        }
        Event::Join { event, .. } => match event {
            JoinEvent::Created { place, .. } => {
                ("join-created", format!("a join token for {} was made", place.deployment), settings(), None)
            }
            JoinEvent::Used { .. } => return None,
            JoinEvent::Revoked => {
                ("join-revoked", "a join token was taken back".to_owned(), settings(), None)
            }
        },
        Event::User { name, event } => match event {
            UserEvent::Set { role, .. } => {
                ("user-set", format!("account {name} is now {role}"), settings(), None)
            }
            UserEvent::Removed => ("user-removed", format!("account {name} was removed"), settings(), None),
            UserEvent::SignedIn { .. } => ("signed-in", format!("{name} signed in"), None, None),
            UserEvent::SignedOut { .. } => return None,
        },
        Event::Link { event: LinkEvent::Created { user, .. }, .. } => {
            ("link-created", format!("a one-time sign-in link for {user} was made"), None, None)
        }
        Event::Link { event: LinkEvent::Used, .. } => return None,
        Event::Token { event, .. } => match event {
            TokenEvent::Created { name, role, .. } => {
                ("token-created", format!("API token {name} ({role}) was made"), settings(), None)
            }
            TokenEvent::Revoked => {
                ("token-revoked", "an API token was taken back".to_owned(), settings(), None)
            }
        },
        Event::Server { event } => match event {
            ServerEvent::Started { version, .. } => {
                ("server-started", format!("version {version} started"), None, None)
            }
            ServerEvent::PolicyApplied { .. } => {
                ("policy-applied", "another runbook is in force".to_owned(), None, None)
            }
            ServerEvent::StoreRepaired { what } => ("store-repaired", what.clone(), None, None),
        },
    })
}
