//! Messages: those that wait to be sent, and what became of the last ones.

use std::collections::{BTreeMap, HashMap, VecDeque};

use eavip_core::id::{Digest128, ReceiverId};
use eavip_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::record::{Content, DeliveryEvent, DeliveryStatus, Recipient, Topic};

/// Messages that ended and stay in memory; the ledger keeps all of them.
const MAX_ENDED: usize = 20_000;
/// How far back decisions are counted by receiver, and how many of them; no flood period is longer.
const COUNTED: Span = Span::from_secs(3_600);
const MAX_COUNTED: usize = 20_000;

/// A message on its way, or at its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Where it goes.
    pub to: Recipient,
    /// What it tells.
    pub content: Content,
    /// The receiver whose messages don't arrive, where this one is sent in place of one to it.
    #[serde(default)]
    pub instead_of: Option<ReceiverId>,
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
    /// Its place in the order decided.
    number: u64,
}

impl Delivery {
    /// The episodes that it tells something new of.
    pub fn episodes(&self) -> impl Iterator<Item = Digest128> {
        let message = match &self.content {
            Content::Alerts { message, .. } => Some(message),
            Content::Notice(_) => None,
        };
        message.into_iter().flat_map(|message| message.new.iter().chain(&message.resolved).copied())
    }

    /// Whether it is a test, whose answer somebody waits for: neither tried again nor told to anybody else.
    #[must_use]
    pub fn is_test(&self) -> bool {
        matches!(&self.content, Content::Notice(notice) if notice.topic == Topic::Test)
    }
}

/// Every message that waits or ended lately.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outbox {
    deliveries: HashMap<Digest128, Delivery>,
    of_episode: HashMap<Digest128, Vec<Digest128>>,
    /// Those that wait, by receiver and in the order decided.
    waiting: BTreeMap<ReceiverId, BTreeMap<u64, Digest128>>,
    /// Those that ended, oldest first.
    ended: VecDeque<Digest128>,
    /// When the last messages were decided, and for whom; oldest first.
    decided: VecDeque<(Timestamp, ReceiverId)>,
    /// When a receiver last took a message; no more entries than receivers were ever configured.
    #[serde(default)]
    delivered: BTreeMap<ReceiverId, Timestamp>,
    next: u64,
}

impl Outbox {
    /// A message by its id.
    #[must_use]
    pub fn get(&self, id: Digest128) -> Option<&Delivery> {
        self.deliveries.get(&id)
    }

    /// Every message that is in memory, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (Digest128, &Delivery)> {
        self.deliveries.iter().map(|(id, delivery)| (*id, delivery))
    }

    /// When a receiver last took a message.
    #[must_use]
    pub fn delivered_at(&self, receiver: &ReceiverId) -> Option<Timestamp> {
        self.delivered.get(receiver).copied()
    }

    /// An episode's messages, in the order decided.
    pub fn of(&self, episode: Digest128) -> impl DoubleEndedIterator<Item = (Digest128, &Delivery)> {
        let ids = self.of_episode.get(&episode);
        ids.into_iter().flatten().filter_map(|id| self.deliveries.get(id).map(|delivery| (*id, delivery)))
    }

    /// Messages that wait for a receiver, in the order decided.
    pub fn waiting_for(&self, receiver: &ReceiverId) -> impl Iterator<Item = (Digest128, &Delivery)> {
        let ids = self.waiting.get(receiver).into_iter().flat_map(BTreeMap::values);
        ids.filter_map(|id| self.deliveries.get(id).map(|delivery| (*id, delivery)))
    }

    /// Receivers that messages wait for.
    pub fn receivers(&self) -> impl Iterator<Item = &ReceiverId> {
        self.waiting.keys()
    }

    /// How many messages wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.values().map(BTreeMap::len).sum()
    }

    /// When the message that waits for longest was decided.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        let first = self.waiting.values().filter_map(|lane| lane.values().next());
        first.filter_map(|id| self.deliveries.get(id).map(|delivery| delivery.decided_at)).min()
    }

    /// Messages that were given up and are still in memory, oldest first; tests aren't among them.
    pub fn given_up(&self) -> impl Iterator<Item = (Digest128, &Delivery)> {
        let ended = self.ended.iter().filter_map(|id| self.deliveries.get(id).map(|found| (*id, found)));
        ended.filter(|(_, delivery)| delivery.status == DeliveryStatus::GivenUp && !delivery.is_test())
    }

    /// How many messages on groups of alerts each receiver was decided to get since a moment.
    #[must_use]
    pub fn decided_since(&self, since: Timestamp) -> BTreeMap<ReceiverId, u64> {
        let mut counts = BTreeMap::new();
        for (_, receiver) in self.decided.iter().rev().take_while(|(at, _)| *at >= since) {
            *counts.entry(receiver.clone()).or_default() += 1;
        }
        counts
    }

    pub(super) fn apply(&mut self, id: Digest128, event: &DeliveryEvent, at: Timestamp) {
        match event {
            DeliveryEvent::Decided { to, content } => self.decide(id, to, content, None, at),
            DeliveryEvent::FellBack { of, to } => {
                let Some(Delivery { content, to: other, .. }) = self.deliveries.get(of).cloned() else {
                    return;
                };
                self.decide(id, to, &content, Some(other.receiver), at);
            }
            DeliveryEvent::Delivered { attempts } => {
                self.end(id, DeliveryStatus::Delivered, *attempts, None, at);
            }
            DeliveryEvent::GivenUp { attempts, error } => {
                self.end(id, DeliveryStatus::GivenUp, *attempts, Some(error.clone()), at);
            }
            DeliveryEvent::Resent => self.resend(id),
        }
    }

    fn decide(
        &mut self,
        id: Digest128,
        to: &Recipient,
        content: &Content,
        instead_of: Option<ReceiverId>,
        decided_at: Timestamp,
    ) {
        if self.deliveries.contains_key(&id) {
            return;
        }
        let delivery = Delivery {
            to: to.clone(),
            content: content.clone(),
            instead_of,
            decided_at,
            status: DeliveryStatus::Pending,
            attempts: 0,
            error: None,
            ended_at: None,
            number: self.next,
        };
        for episode in delivery.episodes() {
            let ids = self.of_episode.entry(episode).or_default();
            if ids.last() != Some(&id) {
                ids.push(id);
            }
        }
        self.waiting.entry(to.receiver.clone()).or_default().insert(self.next, id);
        self.deliveries.insert(id, delivery);
        self.next += 1;
        // What floods is what is told of groups: pages go to people, and notices are few.
        if to.person.is_none() && matches!(content, Content::Alerts { .. }) {
            self.decided.push_back((decided_at, to.receiver.clone()));
        }
        let old = |(at, _): &(Timestamp, ReceiverId)| *at + COUNTED < decided_at;
        while self.decided.len() > MAX_COUNTED || self.decided.front().is_some_and(old) {
            self.decided.pop_front();
        }
    }

    fn resend(&mut self, id: Digest128) {
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        if delivery.status != DeliveryStatus::GivenUp {
            return;
        }
        (delivery.status, delivery.attempts, delivery.error) = (DeliveryStatus::Pending, 0, None);
        (delivery.ended_at, delivery.number) = (None, self.next);
        self.waiting.entry(delivery.to.receiver.clone()).or_default().insert(self.next, id);
        self.next += 1;
        self.ended.retain(|ended| *ended != id);
    }

    fn end(
        &mut self,
        id: Digest128,
        status: DeliveryStatus,
        attempts: u32,
        error: Option<String>,
        at: Timestamp,
    ) {
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        if delivery.status != DeliveryStatus::Pending {
            return;
        }
        (delivery.status, delivery.attempts, delivery.error) = (status, attempts, error);
        delivery.ended_at = Some(at);
        if status == DeliveryStatus::Delivered && attempts > 0 {
            self.delivered.insert(delivery.to.receiver.clone(), at);
        }
        if let Some(lane) = self.waiting.get_mut(&delivery.to.receiver) {
            lane.remove(&delivery.number);
            if lane.is_empty() {
                self.waiting.remove(&delivery.to.receiver);
            }
        }
        self.ended.push_back(id);
        if self.ended.len() > MAX_ENDED
            && let Some(oldest) = self.ended.pop_front()
        {
            self.deliveries.remove(&oldest);
        }
    }

    /// Whether a message that waits tells of an episode.
    #[must_use]
    pub fn waits_with(&self, episode: Digest128) -> bool {
        self.of(episode).any(|(_, delivery)| delivery.status == DeliveryStatus::Pending)
    }

    /// Lets go of what is known of episodes that nobody knows any more.
    pub(super) fn forget(&mut self, episodes: &[Digest128]) {
        for episode in episodes {
            self.of_episode.remove(episode);
        }
    }
}
