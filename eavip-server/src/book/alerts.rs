//! Alert episodes and the messages that tell of them.

use std::collections::{BTreeMap, HashMap, VecDeque};

use eavip_core::aggregate::Aggregate;
use eavip_core::alert::episode::{Episode, EpisodeEvent};
use eavip_core::alert::route::Notice;
use eavip_core::id::{Digest128, ReceiverId};
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::{DeliveryEvent, DeliveryStatus, delivery_id};

/// Resolved episodes that stay in memory; the ledger keeps all of them.
const MAX_RESOLVED: usize = 10_000;

/// A message to a receiver, or the decision to tell nobody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// The episode that it tells of.
    pub episode: Digest128,
    /// What it tells, and why.
    pub notice: Notice,
    /// Who is told; none when nobody is.
    pub receiver: Option<ReceiverId>,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Attempts made when it ended; while it waits the notifier counts.
    pub attempts: u32,
    /// What the last attempt met.
    pub error: Option<String>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// Every episode that is open or ended lately, with its messages.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Alerts {
    episodes: BTreeMap<Digest128, Episode>,
    /// Resolved episodes, oldest first.
    resolved: VecDeque<Digest128>,
    deliveries: HashMap<Digest128, Delivery>,
    /// Messages by their episode, in the order decided.
    by_episode: HashMap<Digest128, Vec<Digest128>>,
    /// Messages that wait, in the order decided.
    pending: VecDeque<Digest128>,
}

impl Alerts {
    /// An episode by its id.
    #[must_use]
    pub fn get(&self, id: Digest128) -> Option<&Episode> {
        self.episodes.get(&id)
    }

    /// Every episode in memory, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Episode> {
        self.episodes.values()
    }

    /// Episodes that aren't over.
    pub fn open(&self) -> impl Iterator<Item = &Episode> {
        self.iter().filter(|episode| episode.resolved.is_none())
    }

    /// An episode's messages, in the order decided.
    pub fn deliveries(&self, episode: Digest128) -> impl DoubleEndedIterator<Item = (Digest128, &Delivery)> {
        let ids = self.by_episode.get(&episode);
        ids.into_iter().flatten().filter_map(|id| self.deliveries.get(id).map(|delivery| (*id, delivery)))
    }

    /// A message by its id.
    #[must_use]
    pub fn delivery_of(&self, id: Digest128) -> Option<&Delivery> {
        self.deliveries.get(&id)
    }

    /// Messages that wait, in the order decided.
    pub fn outbox(&self) -> impl ExactSizeIterator<Item = Digest128> {
        self.pending.iter().copied()
    }

    /// Messages that were given up and whose episode is still in memory.
    #[must_use]
    pub fn given_up(&self) -> usize {
        self.deliveries.values().filter(|delivery| delivery.status == DeliveryStatus::GivenUp).count()
    }

    /// Decisions on who is told that a notice amounts to: one a receiver, or one for nobody.
    pub(super) fn episode(
        &mut self,
        id: Digest128,
        event: &EpisodeEvent,
        notice: Option<&Notice>,
        at: Timestamp,
    ) {
        let before = self.episodes.remove(&id);
        let was_open = before.as_ref().is_some_and(|episode| episode.resolved.is_none());
        let Some(episode) = Episode::evolve(before, event.clone()) else { return };
        if was_open && episode.resolved.is_some() {
            self.resolved.push_back(id);
        }
        self.episodes.insert(id, episode);
        if let Some(notice) = notice {
            self.decided(id, notice, at);
        }
        self.forget();
    }

    fn decided(&mut self, episode: Digest128, notice: &Notice, decided_at: Timestamp) {
        let receivers = notice.receivers.iter().map(Some);
        let nobody = notice.receivers.is_empty().then_some(None);
        for receiver in receivers.chain(nobody) {
            let id = delivery_id(episode, notice, receiver);
            let status = if receiver.is_some() { DeliveryStatus::Pending } else { DeliveryStatus::NotSent };
            let delivery = Delivery {
                episode,
                notice: notice.clone(),
                receiver: receiver.cloned(),
                decided_at,
                status,
                attempts: 0,
                error: None,
                ended_at: None,
            };
            if self.deliveries.insert(id, delivery).is_none() {
                self.by_episode.entry(episode).or_default().push(id);
                if receiver.is_some() {
                    self.pending.push_back(id);
                }
            }
        }
    }

    pub(super) fn delivery(&mut self, id: Digest128, event: &DeliveryEvent, at: Timestamp) {
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        delivery.ended_at = Some(at);
        match event {
            DeliveryEvent::Delivered { attempts } => {
                (delivery.status, delivery.attempts) = (DeliveryStatus::Delivered, *attempts);
            }
            DeliveryEvent::GivenUp { attempts, error } => {
                (delivery.status, delivery.attempts) = (DeliveryStatus::GivenUp, *attempts);
                delivery.error = Some(error.clone());
            }
        }
        self.pending.retain(|pending| *pending != id);
    }

    fn forget(&mut self) {
        while self.resolved.len() > MAX_RESOLVED {
            let Some(id) = self.resolved.front().copied() else { return };
            let waits = self.deliveries(id).any(|(_, delivery)| delivery.status == DeliveryStatus::Pending);
            if waits {
                return;
            }
            self.resolved.pop_front();
            self.episodes.remove(&id);
            for delivery in self.by_episode.remove(&id).unwrap_or_default() {
                self.deliveries.remove(&delivery);
            }
        }
    }
}
