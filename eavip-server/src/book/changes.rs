//! What happened last, in sentences: the feed of changes.

mod on_call;

use std::collections::VecDeque;

use eavip_core::alert::episode::{Episode, EpisodeEvent};
use eavip_core::alert::noise::defect::DefectEvent;
use eavip_core::alert::silence::{Silence, SilenceEvent};
use eavip_core::finding::Finding;
use eavip_core::id::{Digest128, IncidentId, NodeId};
use eavip_core::incident::change::{self, IncidentEvent};
use eavip_core::incident::timeline::Entry;
use eavip_core::time::Timestamp;
use eavip_core::trend::feedback::ProposalEvent;
use eavip_core::trend::month::Month;
use eavip_core::trend::review::ReviewEvent;
use serde::{Deserialize, Serialize};

use super::{Book, Delivery};
use crate::record::{
    DeliveryEvent, Event, JoinEvent, LedgerRecord, LinkEvent, NodeEvent, ServerEvent, TokenEvent, UserEvent,
};

/// Changes kept for the feed and for charts' marks.
const MAX_CHANGES: usize = 1_000;

/// Most characters of what somebody wrote into an incident: the feed says that there is something to read.
const MAX_TEXT: usize = 200;

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
    pub node: Option<NodeId>,
}

/// The last changes, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes(VecDeque<Change>);

impl Changes {
    /// Newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Change> {
        self.0.iter().rev()
    }

    pub(super) fn note(&mut self, seq: u64, record: &LedgerRecord, told: Option<Told>) {
        let Some((kind, text, path, node)) = told else { return };
        let actor = record.actor.to_string();
        self.0.push_back(Change { seq, at: record.at, kind: kind.to_owned(), text, actor, path, node });
        if self.0.len() > MAX_CHANGES {
            self.0.pop_front();
        }
    }
}

/// Kind, sentence, path and node.
pub(super) type Told = (&'static str, String, Option<String>, Option<NodeId>);

/// How an event is told; `None` for what nobody needs to see in a feed.
pub(super) fn told(event: &Event, book: &Book) -> Option<Told> {
    match event {
        Event::Episode { id, event, .. } => Some(episode(*id, event, book.alerts.get(*id))),
        Event::Held { .. } | Event::Routed { .. } | Event::Vote { .. } => None,
        Event::Defect { event, .. } => Some(defect(event)),
        Event::Review { month, event } => Some(review(*month, event)),
        Event::Proposal { event, .. } => Some(proposal(event)),
        Event::Page { id, event } => on_call::page(*id, event, book),
        Event::Override { id, event } => on_call::stand_in(event, book.on_call.override_of(*id)),
        Event::Contact { person, event, .. } => on_call::contact(person, event),
        Event::Silence { id, event } => silence(event, book.silences.get(*id)),
        Event::Delivery { id, event } => delivery(event, book.outbox.get(*id), book),
        Event::Incident { id, event } => incident(id, event),
        Event::Node { id, event } => {
            let (kind, text) = node(event);
            Some((kind, text, Some(format!("/nodes/{id}")), Some(*id)))
        }
        Event::Join { event, .. } => join(event),
        Event::User { name, event } => user(name, event),
        Event::Link { event, .. } => link(event),
        Event::Token { event, .. } => Some(token(event)),
        Event::Server { event } => Some(server(event)),
    }
}

fn settings(kind: &'static str, text: String) -> Told {
    (kind, text, Some("/settings".to_owned()), None)
}

fn episode(id: Digest128, event: &EpisodeEvent, known: Option<&Episode>) -> Told {
    let opening = known.map(|episode| &episode.opening);
    let what = opening.map_or_else(|| "an alert".to_owned(), |opening| opening.summary.clone());
    let node = opening.and_then(|opening| opening.origin.node());
    let (kind, text, node) = match event {
        EpisodeEvent::Opened(opening) => ("alert-opened", opening.summary.clone(), opening.origin.node()),
        EpisodeEvent::Acknowledged { reason, .. } => {
            ("alert-acknowledged", format!("taken: {what} ({reason})"), node)
        }
        EpisodeEvent::Released { .. } => ("alert-released", format!("nobody has it any more: {what}"), node),
        EpisodeEvent::Resolved { ending, .. } => ("alert-resolved", format!("over ({ending}): {what}"), node),
    };
    (kind, text, Some(format!("/alerts/{id}")), node)
}

fn defect(event: &DefectEvent) -> Told {
    let first =
        |evidence: &[Finding]| evidence.first().map(|found| found.message.clone()).unwrap_or_default();
    let (kind, text) = match event {
        DefectEvent::Opened { evidence, .. } => {
            ("defect-opened", format!("noise is over its budget: {}", first(evidence)))
        }
        DefectEvent::Reopened { evidence, .. } => {
            ("defect-reopened", format!("noise is over its budget again: {}", first(evidence)))
        }
        DefectEvent::Mended { by, how, .. } => ("defect-mended", format!("{by} mended noise: {how}")),
        _ => ("defect-changed", "a defect of noise changed".to_owned()),
    };
    (kind, text, Some("/noise".to_owned()), None)
}

fn review(month: Month, event: &ReviewEvent) -> Told {
    let (kind, text) = match event {
        ReviewEvent::SignedOff { signature } => {
            ("review-signed", format!("{} signed the operations review of {month}", signature.by))
        }
        _ => ("review-prepared", format!("the operations review of {month} is prepared")),
    };
    (kind, text, Some(format!("/trends/{month}")), None)
}

fn proposal(event: &ProposalEvent) -> Told {
    let (kind, text) = match event {
        ProposalEvent::Proposed { draft, .. } => {
            ("proposal-made", format!("a trend asks {} for a {}: {}", draft.owner, draft.remedy, draft.title))
        }
        ProposalEvent::Answered { answer, .. } => (
            "proposal-answered",
            format!("{} {} what a trend asks for: {}", answer.by, answer.reply, answer.reason),
        ),
        _ => ("proposal-changed", "what a trend asks for changed".to_owned()),
    };
    (kind, text, Some("/trends#proposals".to_owned()), None)
}

fn silence(event: &SilenceEvent, known: Option<&Silence>) -> Option<Told> {
    let what = |silence: &Silence| format!("{} ({})", silence.request.matchers, silence.request.reason);
    let (kind, text) = match event {
        SilenceEvent::Requested { request, waits, .. } => {
            let waits = if *waits { ", once somebody approves" } else { "" };
            let text = format!("{} silences {}: {}{waits}", request.by, request.matchers, request.reason);
            ("silence-requested", text)
        }
        SilenceEvent::Approved { by, .. } => {
            ("silence-approved", format!("{by} agreed to silence {}", what(known?)))
        }
        SilenceEvent::Ended { by, reason, .. } => {
            ("silence-ended", format!("{by} ended the silence of {}: {reason}", known?.request.matchers))
        }
        _ => return None,
    };
    Some((kind, text, Some("/silences".to_owned()), None))
}

/// What happened beside an incident is told where it happened.
fn incident(id: &IncidentId, event: &IncidentEvent) -> Option<Told> {
    let kind = match event.change {
        change::Change::Witnessed { .. } => return None,
        change::Change::Declared { .. } => "incident-declared",
        change::Change::Reopened { .. } => "incident-reopened",
        change::Change::Closed => "incident-closed",
        _ => "incident-changed",
    };
    let Entry { topic, text, .. } = Entry::from(event);
    let text: String = text.chars().take(MAX_TEXT).collect();
    Some((kind, format!("{id} ({topic}): {text}"), Some(format!("/incidents/{id}")), None))
}

fn delivery(event: &DeliveryEvent, known: Option<&Delivery>, book: &Book) -> Option<Told> {
    let receiver = |known: Option<&Delivery>| {
        known.map_or_else(|| "a receiver".to_owned(), |delivery| delivery.to.receiver.to_string())
    };
    let (kind, text, about) = match event {
        DeliveryEvent::Decided { .. } | DeliveryEvent::Delivered { .. } => return None,
        DeliveryEvent::FellBack { of, to } => {
            let of = book.outbox.get(*of);
            let text = format!("{} is told in place of {}, which isn't reached", to.receiver, receiver(of));
            ("delivery-fell-back", text, of)
        }
        DeliveryEvent::GivenUp { attempts, .. } => {
            let text = format!("a message to {} was given up after {attempts} attempts", receiver(known));
            ("delivery-given-up", text, known)
        }
        DeliveryEvent::Resent => {
            ("delivery-resent", format!("a message to {} is tried anew", receiver(known)), known)
        }
    };
    let path = about.and_then(|delivery| delivery.episodes().next());
    Some((kind, text, path.map(|episode| format!("/alerts/{episode}")), None))
}

fn node(event: &NodeEvent) -> (&'static str, String) {
    match event {
        NodeEvent::Enrolled { place, .. } => {
            ("node-enrolled", format!("a node joined {} ({})", place.deployment, place.environment))
        }
        NodeEvent::Renewed { .. } => ("node-renewed", "a node renewed its certificate".to_owned()),
        NodeEvent::Revoked => ("node-revoked", "a node was revoked".to_owned()),
        NodeEvent::CloneSeen { .. } => ("node-clone-seen", "two hosts use one node's identity".to_owned()),
        NodeEvent::Dropped { count } => ("reports-dropped", format!("a node had to drop {count} reports")),
        NodeEvent::Rewound { from, to } => {
            let first = from.saturating_add(1);
            (
                "store-rewound",
                format!("the store is behind a node: reports {first} to {to} are asked for again"),
            )
        }
    }
}

fn join(event: &JoinEvent) -> Option<Told> {
    match event {
        JoinEvent::Created { place, .. } => {
            Some(settings("join-created", format!("a join token for {} was made", place.deployment)))
        }
        JoinEvent::Used { .. } => None,
        JoinEvent::Revoked => Some(settings("join-revoked", "a join token was taken back".to_owned())),
    }
}

fn user(name: &str, event: &UserEvent) -> Option<Told> {
    match event {
        UserEvent::Set { role, .. } => Some(settings("user-set", format!("account {name} is now {role}"))),
        UserEvent::Removed => Some(settings("user-removed", format!("account {name} was removed"))),
        UserEvent::SignedIn { .. } => Some(("signed-in", format!("{name} signed in"), None, None)),
        UserEvent::SignedOut { .. } => None,
    }
}

fn link(event: &LinkEvent) -> Option<Told> {
    match event {
        LinkEvent::Created { user, .. } => {
            Some(("link-created", format!("a one-time sign-in link for {user} was made"), None, None))
        }
        LinkEvent::Used => None,
    }
}

fn token(event: &TokenEvent) -> Told {
    match event {
        TokenEvent::Created { name, role, .. } => {
            settings("token-created", format!("API token {name} ({role}) was made"))
        }
        TokenEvent::Revoked => settings("token-revoked", "an API token was taken back".to_owned()),
    }
}

fn server(event: &ServerEvent) -> Told {
    let (kind, text) = match event {
        ServerEvent::Started { version, .. } => ("server-started", format!("version {version} started")),
        ServerEvent::PolicyApplied { .. } => ("policy-applied", "another runbook is in force".to_owned()),
        ServerEvent::PolicyRefused { findings, .. } => {
            let first = findings.first().map_or("", |finding| finding.message.as_str());
            return (
                "policy-refused",
                format!("another runbook was refused: {first}"),
                Some("/noise".to_owned()),
                None,
            );
        }
        ServerEvent::StoreRepaired { what } => ("store-repaired", what.clone()),
    };
    (kind, text, None, None)
}
