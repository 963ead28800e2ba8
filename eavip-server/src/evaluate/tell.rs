//! The second half of an evaluation: looks at every group of alerts, asks the policy library what is due and what stands in
//! the way, and makes of it messages and the reasons why somebody isn't told.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use eavip_core::alert::Alert;
use eavip_core::alert::group;
use eavip_core::alert::notice::{self, History, Known, Obstacle, Occasion, Reason};
use eavip_core::alert::silence::SilenceStatus;
use eavip_core::id::{Digest128, ReceiverId};
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;

use super::flaps::Flaps;
use crate::book::Book;
use crate::book::groups::AlertGroup;
use crate::record::{Content, DeliveryEvent, Event, Recipient, delivery_id};
use crate::shared::Shared;

/// What is due at a moment.
pub(super) struct Due {
    /// Messages, and reasons why somebody isn't told.
    pub(super) events: Vec<Event>,
    /// When the next message is due.
    pub(super) next: Option<Timestamp>,
}

/// Looks at every group.
pub(super) fn look(shared: &Shared, at: Timestamp) -> Due {
    let (book, policy, flaps) = (shared.book(), shared.policy.load(), shared.flaps());
    let mut due = Due { events: Vec::new(), next: None };
    if book.groups.iter().next().is_none() {
        return due;
    }
    let mut known = known(&book, &policy, at);
    for (key, group) in book.groups.iter() {
        let moment = Moment { book: &book, policy: &policy, flaps: &flaps, known: &known, at };
        let group::Due { message, held } = moment.of(group, &mut due.events);
        let left = group.members.due(&group.grouping).filter(|next| *next > at);
        if let Some(message) = message {
            *known.recent.entry(group.receiver.clone()).or_default() += 1;
            due.events.push(decided(key, group, message, at));
        }
        if held.is_empty() {
            due.next = due.next.into_iter().chain(left).min();
        }
    }
    due
}

fn decided(key: Digest128, group: &AlertGroup, message: group::Message, at: Timestamp) -> Event {
    let to = Recipient::from(group.receiver.clone());
    let id = delivery_id(&to, &key.0, at);
    let content = Content::Alerts { group: group.labels.clone(), message };
    Event::Delivery { id, event: DeliveryEvent::Decided { to, content } }
}

/// What is known beside each alert, once for all of them.
pub(crate) fn known(book: &Book, policy: &Policy, at: Timestamp) -> Known {
    let holds = |status| status == SilenceStatus::Active;
    let silences = book.silences.iter().filter(|(_, silence)| holds(silence.status(at)));
    // Only what may explain others is looked through for each of them.
    let inhibitions = &policy.alerting.inhibitions;
    let explains = |alert: &Alert| inhibitions.iter().any(|one| one.source.matches(&alert.labels));
    let open = book.alerts.open().map(|episode| Alert::from(&episode.opening));
    Known {
        silences: silences.map(|(_, silence)| silence.clone()).collect(),
        firing: if inhibitions.is_empty() { Vec::new() } else { open.filter(explains).collect() },
        recent: book.outbox.decided_since(at - policy.alerting.noise.flood_period),
        over_budget: std::collections::BTreeSet::new(),
    }
}

struct Moment<'a> {
    book: &'a Book,
    policy: &'a Policy,
    flaps: &'a Flaps,
    known: &'a Known,
    at: Timestamp,
}

impl Moment<'_> {
    /// What is due of a group; reasons why its receiver isn't told of a member are added to `events` where they are new.
    fn of(&self, group: &AlertGroup, events: &mut Vec<Event>) -> group::Due {
        let reasons: RefCell<HashMap<Digest128, Reason>> = RefCell::default();
        let found = group.members.look(&group.grouping, self.at, |episode, occasion| {
            let reason = self.why(episode, occasion, &group.receiver);
            let is_held = matches!(reason, Reason::Held(_));
            if is_held {
                reasons.borrow_mut().insert(episode, reason);
            }
            is_held
        });
        let reasons: BTreeMap<Digest128, Reason> = reasons.into_inner().into_iter().collect();
        for (episode, reason) in reasons {
            if self.book.groups.held_from(episode, &group.receiver) != Some(reason) {
                events.push(Event::Held { episode, receiver: group.receiver.clone(), reason });
            }
        }
        found
    }

    fn why(&self, episode: Digest128, occasion: Occasion, receiver: &ReceiverId) -> Reason {
        let Some(episode) = self.book.alerts.get(episode) else { return Reason::Held(Obstacle::NoRoute) };
        let alert = Alert::from(&episode.opening);
        let flapping = self.flaps.of(episode.opening.fingerprint);
        let history = History { flapping, began: None };
        let ruling = notice::decide(&alert, occasion, &history, self.known, self.policy, self.at);
        match ruling.reason {
            // The others are told; this one is flooded, or the routes have changed and lead to it no more.
            Reason::Told(_) if !ruling.receivers.contains(receiver) => {
                let flooded = self.known.recent.contains_key(receiver);
                Reason::Held(if flooded { Obstacle::RateLimited } else { Obstacle::NoRoute })
            }
            reason => reason,
        }
    }
}
