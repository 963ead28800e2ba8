//! Which alerts come and go: fed with what each evaluation opens and ends, told once when it starts and once when it stops.

use std::collections::BTreeMap;

use eavip_core::alert::Category;
use eavip_core::alert::episode::{Episode, EpisodeEvent};
use eavip_core::alert::flap::{FlapChange, FlapPolicy, Flapping};
use eavip_core::alert::route;
use eavip_core::evaluate::Transition;
use eavip_core::id::Digest128;
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::book::Book;
use crate::record::{Content, DeliveryEvent, Event, Notice, Recipient, Topic, delivery_id};

/// What is kept of one fingerprint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    flapping: Flapping,
    /// The present state: the category while it fires.
    state: Option<Category>,
    /// Since when.
    since: Timestamp,
    /// Up to when it was counted.
    counted: Timestamp,
    /// The last episode.
    episode: Digest128,
}

/// The recent past of every alert that changed lately, by fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Flaps(BTreeMap<Digest128, Kept>);

/// An alert that started or stopped to come and go.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The last episode.
    pub episode: Digest128,
    /// What changed.
    pub change: FlapChange,
}

impl Flaps {
    /// How an alert came and went lately.
    #[must_use]
    pub fn of(&self, fingerprint: Digest128) -> Flapping {
        self.0.get(&fingerprint).map(|kept| kept.flapping.clone()).unwrap_or_default()
    }

    /// Somebody was told of an alert.
    pub(super) fn told(&mut self, fingerprint: Digest128, category: Category) {
        if let Some(kept) = self.0.get_mut(&fingerprint) {
            kept.flapping.told(category);
        }
    }

    /// Counts what an evaluation found, and lets go of what has been quiet for as long as anything is remembered. `open` are
    /// the episodes before it.
    pub(super) fn observe(
        &mut self,
        transitions: &[Transition],
        open: &[Episode],
        policy: &FlapPolicy,
        at: Timestamp,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        let ended: BTreeMap<Digest128, &Episode> =
            open.iter().map(|episode| (episode.opening.id, episode)).collect();
        for Transition { episode, event } in transitions {
            let (fingerprint, state) = match event {
                EpisodeEvent::Opened(opening) => (opening.fingerprint, Some(opening.category)),
                EpisodeEvent::Resolved { .. } => match ended.get(episode) {
                    Some(known) => (known.opening.fingerprint, None),
                    None => continue,
                },
                EpisodeEvent::Acknowledged { .. } | EpisodeEvent::Released { .. } => continue,
            };
            let kept = self.0.entry(fingerprint).or_insert_with(|| Kept {
                flapping: Flapping::default(),
                state: None,
                since: at,
                counted: at,
                episode: *episode,
            });
            changes.extend(kept.catch_up(policy, at));
            kept.episode = *episode;
            changes.extend(kept.turn(state, policy, at));
        }
        let quiet = policy.pace.times(policy.states as u64);
        self.0.retain(|_, kept| {
            if kept.flapping.flaps() {
                changes.extend(kept.catch_up(policy, at));
            }
            kept.flapping.flaps() || at.since(kept.since) <= quiet
        });
        changes
    }
}

impl Kept {
    /// Counts the state that stayed since it was counted last.
    fn catch_up(&mut self, policy: &FlapPolicy, at: Timestamp) -> Option<Change> {
        let mut change = None;
        // What lasts for longer than is remembered says no more than that it lasted.
        for _ in 0..policy.states {
            let next = self.counted + policy.pace;
            if next > at {
                break;
            }
            self.counted = next;
            change = self.flapping.observe(self.state, policy, next).or(change);
        }
        Some(Change { episode: self.episode, change: change? })
    }

    fn turn(&mut self, state: Option<Category>, policy: &FlapPolicy, at: Timestamp) -> Option<Change> {
        (self.state, self.since, self.counted) = (state, at, at);
        let change = self.flapping.observe(state, policy, at)?;
        Some(Change { episode: self.episode, change })
    }
}

/// The messages that tell of changes: to whoever the alert goes to.
pub(super) fn notices(
    changes: &[Change],
    transitions: &[Transition],
    book: &Book,
    policy: &Policy,
    at: Timestamp,
) -> Vec<Event> {
    let mut events = Vec::new();
    for Change { episode, change } in changes {
        let opened = transitions.iter().find_map(|moved| match &moved.event {
            EpisodeEvent::Opened(opening) if moved.episode == *episode => Some(&**opening),
            _ => None,
        });
        let known = || book.alerts.get(*episode).map(|known| &known.opening);
        let Some(opening) = opened.or_else(known) else { continue };
        let summary = &opening.summary;
        let (title, text) = match change {
            FlapChange::Started => (
                format!("comes and goes: {summary}"),
                "You are not told each time from now on; you are told when it stops, and when it becomes more urgent.",
            ),
            _ => (format!("no longer comes and goes: {summary}"), "You are told of it as usual again."),
        };
        let path = format!("/alerts/{episode}");
        for target in route::targets(&policy.routes, &opening.labels, opening.category) {
            let to = Recipient::from(target.receiver.clone());
            let notice = Notice {
                topic: Topic::Flapping,
                title: title.clone(),
                text: text.to_owned(),
                path: path.clone(),
            };
            let id = delivery_id(&to, title.as_bytes(), at);
            let content = Content::Notice(notice);
            events.push(Event::Delivery { id, event: DeliveryEvent::Decided { to, content } });
        }
    }
    events
}

#[cfg(test)]
mod tests;
