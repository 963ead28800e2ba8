//! Which alerts come and go: fed with what each evaluation opens and ends, told once when it starts and once when it stops.

use std::collections::BTreeMap;

use eavip_core::alert::episode::{Episode, EpisodeEvent, Opening};
use eavip_core::alert::flap::{FlapChange, FlapPolicy, Flapping};
use eavip_core::alert::notice::{self, History, Occasion, Reason};
use eavip_core::alert::{Alert, Category, route};
use eavip_core::evaluate::Transition;
use eavip_core::id::{Digest128, ReceiverId};
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::tell;
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
    pub(crate) fn told(&mut self, fingerprint: Digest128, category: Category) {
        if let Some(kept) = self.0.get_mut(&fingerprint) {
            kept.flapping.told(category);
        }
    }

    /// Counts what an evaluation found, and lets go of what has been quiet for as long as anything is remembered. `open` are
    /// the episodes before it.
    pub(crate) fn observe(
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

/// The messages that tell of changes: to whoever is told of the alert.
pub(super) fn notices(
    changes: &[Change],
    transitions: &[Transition],
    book: &Book,
    policy: &Policy,
    at: Timestamp,
) -> Vec<Event> {
    if changes.is_empty() {
        return Vec::new();
    }
    let known = tell::known(book, policy, at);
    let opened: BTreeMap<Digest128, &Opening> =
        transitions.iter().filter_map(|moved| Some((moved.episode, moved.event.opening()?))).collect();
    let mut events = Vec::new();
    for Change { episode, change } in changes {
        let earlier = || book.alerts.get(*episode).map(|known| &known.opening);
        let Some(opening) = opened.get(episode).copied().or_else(earlier) else { continue };
        let alert = Alert::from(opening);
        let receivers: Vec<ReceiverId> = if *change == FlapChange::Started {
            let ruling = notice::decide(&alert, Occasion::First, &History::default(), &known, policy, at);
            if let Reason::Held(_) = ruling.reason {
                continue;
            }
            ruling.receivers
        } else {
            // That it stops was promised, whatever stands in the way by then.
            let targets = route::targets(&policy.routes, &alert.labels, alert.category);
            targets.into_iter().map(|target| target.receiver.clone()).collect()
        };
        let (title, text) = match change {
            FlapChange::Started => (
                format!("comes and goes: {}", opening.summary),
                "You are not told each time from now on; you are told when it stops, and when it becomes more urgent.",
            ),
            _ => (
                format!("no longer comes and goes: {}", opening.summary),
                "You are told of it as usual again.",
            ),
        };
        let notice = Notice {
            topic: Topic::Flapping,
            title,
            text: text.to_owned(),
            path: format!("/alerts/{episode}"),
        };
        let about = [&episode.0, change.as_str().as_bytes()].concat();
        for receiver in receivers {
            let to = Recipient::from(receiver);
            let (id, content) = (delivery_id(&to, &about, at), Content::Notice(notice.clone()));
            events.push(Event::Delivery { id, event: DeliveryEvent::Decided { to, content } });
        }
    }
    events
}

#[cfg(test)]
mod tests;
