//! The second half of an evaluation: looks at every group of alerts, asks the policy library what is due and what stands in
//! the way, and makes of it messages and the reasons why somebody isn't told.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use eavip_core::alert::group;
use eavip_core::alert::notice::{self, History, Known, Obstacle, Occasion, Reason, Ruling};
use eavip_core::alert::route;
use eavip_core::alert::silence::SilenceStatus;
use eavip_core::alert::{Alert, Category};
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
    /// The alerts that somebody is told of for the first time, by fingerprint.
    pub(super) new: Vec<(Digest128, Category)>,
    /// When the next message is due.
    pub(super) next: Option<Timestamp>,
}

/// Looks at every group.
pub(super) fn look(shared: &Shared, at: Timestamp) -> Due {
    let (policy, flaps) = (shared.policy.load(), shared.flaps());
    let mut due = Due { events: Vec::new(), new: Vec::new(), next: None };
    let (book, mut known) = {
        let book = shared.book();
        if book.groups.iter().next().is_none() {
            return due;
        }
        (book.alerting(), known(&book, &policy, at))
    };
    for (key, group) in book.groups.iter() {
        let moment = Moment { book: &book, policy: &policy, flaps: &flaps, known: &known, at };
        let group::Due { message, held } = moment.of(group, &mut due.events);
        let left = group.members.due(&group.grouping).filter(|next| *next > at);
        if let Some(message) = message {
            let told = message.new.iter().filter_map(|id| book.alerts.get(*id));
            due.new.extend(told.map(|episode| (episode.opening.fingerprint, episode.opening.category)));
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
    let told = [&message.new, &message.resolved].into_iter().flatten().flat_map(|episode| episode.0);
    let about: Vec<u8> = key.0.into_iter().chain(message.occasion.as_str().bytes()).chain(told).collect();
    let id = delivery_id(&to, &about, at);
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
        over_budget: book.noise.over_budget(at).cloned().collect(),
    }
}

/// What the policy library says of telling of an episode at a moment; `None` when it isn't known.
pub(crate) fn ruling(
    book: &Book,
    policy: &Policy,
    flaps: &Flaps,
    episode: Digest128,
    at: Timestamp,
) -> Option<Ruling> {
    let episode = book.alerts.get(episode)?;
    let told = book.outbox.of(episode.opening.id).next().is_some();
    let occasion = match (&episode.resolved, told) {
        (Some(_), _) => Occasion::Resolved,
        (None, true) => Occasion::Repeat,
        (None, false) => Occasion::First,
    };
    let began = told.then_some(Reason::Told(Occasion::First));
    let history = History { flapping: flaps.of(episode.opening.fingerprint), began };
    let alert = Alert::from(&episode.opening);
    Some(notice::decide(&alert, occasion, &history, &known(book, policy, at), policy, at))
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
        // A member is an episode that is known; one that isn't can be told to nobody.
        let known = self.book.alerts.get(episode).map(|episode| Alert::from(&episode.opening));
        known.map_or(Reason::Held(Obstacle::NoRoute), |alert| self.of_alert(&alert, occasion, receiver))
    }

    fn of_alert(&self, alert: &Alert, occasion: Occasion, receiver: &ReceiverId) -> Reason {
        let flapping = self.flaps.of(self.fingerprint(alert));
        let history = History { flapping, began: None };
        let ruling = notice::decide(alert, occasion, &history, self.known, self.policy, self.at);
        match ruling.reason {
            // The others are told; this one is flooded, or the routes have changed and lead to it no more.
            Reason::Told(_) if !ruling.receivers.contains(receiver) => {
                let targets = route::targets(&self.policy.routes, &alert.labels, alert.category);
                let leads = targets.iter().any(|target| target.receiver == receiver);
                Reason::Held(if leads { Obstacle::RateLimited } else { Obstacle::NoRoute })
            }
            reason => reason,
        }
    }

    fn fingerprint(&self, alert: &Alert) -> Digest128 {
        self.book.alerts.get(alert.id).map_or(alert.id, |episode| episode.opening.fingerprint)
    }
}

#[cfg(test)]
mod tests;
