//! Sends what the outbox holds. The outbox is a view of the ledger, so a message that must be sent survives every
//! crash; it is sent at least once, and always with the same id, by which a receiver recognises a repeat.
//!
//! Each receiver has its own lane: one that is down or slow holds up nobody else. What doesn't arrive at one that has a
//! fallback is told there, once.

mod alertmanager;
pub mod attempts;
mod cloudevents;
pub mod email;
pub mod http;
mod mattermost;
pub mod message;
mod pagerduty;
mod payload;
pub mod receiver;
mod slack;
#[cfg(test)]
mod testing;
mod webhook;
pub mod wording;

/// Agents sign their own messages the same way.
pub use eavip_agent::signature;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use eavip_core::alert::Category;
use eavip_core::id::{Digest128, ReceiverId};
use eavip_core::time::{Span, Timestamp};
use tokio::sync::Notify;

use crate::book::{Book, Delivery};
use crate::commit::{Committer, MutateError};
use crate::record::{Actor, Content, DeliveryEvent, Event, LedgerRecord, Recipient, VERSION, fallback_id};
use crate::shared::{Shared, now};
use message::Message;
use receiver::{Receiver, SendError};

/// Attempts before a message is given up: with the waits below about ten hours, at most nineteen.
const MAX_ATTEMPTS: u32 = 30;
/// The wait after the first failed attempt; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait between attempts.
const MAX_WAIT: Duration = Duration::from_secs(3_600);
/// The least wait between attempts, whatever the jitter says.
const LEAST_WAIT: Duration = Duration::from_millis(100);
/// How long a message that tells of a Critical alert may take before the receiver's fallback is told too: a few attempts, and no longer
/// than somebody may be left asleep.
const PATIENCE: Span = Span::from_secs(300);
/// The outbox is looked at this often even when nothing woke the lane.
const PERIOD: Duration = Duration::from_secs(5);

/// The receivers and what is under way to them.
#[derive(Debug)]
pub struct Notifier {
    shared: Arc<Shared>,
    committer: Committer,
    receivers: BTreeMap<ReceiverId, Receiver>,
    /// How people reach this server, for links.
    server: String,
    wake: HashMap<ReceiverId, Notify>,
}

impl Notifier {
    /// A notifier for the receivers of the configuration.
    #[must_use]
    pub fn new(
        shared: Arc<Shared>,
        committer: Committer,
        receivers: BTreeMap<ReceiverId, Receiver>,
        server: String,
    ) -> Arc<Self> {
        let wake = receivers.keys().map(|id| (id.clone(), Notify::new())).collect();
        Arc::new(Self { shared, committer, receivers, server, wake })
    }

    /// Sends until nothing can be written any more.
    pub async fn run(self: Arc<Self>) {
        let mut lanes = tokio::task::JoinSet::new();
        for id in self.receivers.keys() {
            lanes.spawn(Arc::clone(&self).lane(id.clone()));
        }
        lanes.spawn(Arc::clone(&self).wake_lanes());
        // Lanes end together: when the commit thread is gone.
        while lanes.join_next().await.is_some() {}
    }

    async fn wake_lanes(self: Arc<Self>) {
        loop {
            let _ = tokio::time::timeout(PERIOD, self.shared.send.notified()).await;
            self.wake.values().for_each(Notify::notify_one);
            for done in [self.give_up_orphans().await, self.fall_back(now()).await] {
                match done {
                    Err(MutateError::Stopped(_)) => return,
                    Err(error) => {
                        tracing::warn!(%error, "what became of messages was not committed; it is done again")
                    }
                    Ok(()) => {}
                }
            }
        }
    }

    /// Messages to receivers that the configuration no longer has.
    async fn give_up_orphans(&self) -> Result<(), MutateError> {
        let orphans: Vec<Digest128> = {
            let book = self.shared.book();
            let gone = book.outbox.receivers().filter(|receiver| !self.receivers.contains_key(*receiver));
            gone.flat_map(|receiver| book.outbox.waiting_for(receiver).map(|(id, _)| id)).collect()
        };
        for id in orphans {
            let error = "the receiver is no longer configured".to_owned();
            self.ended(id, DeliveryEvent::GivenUp { attempts: 0, error }).await?;
        }
        Ok(())
    }

    /// Critical messages that have been on their way for too long.
    async fn fall_back(&self, now: Timestamp) -> Result<(), MutateError> {
        let long_ago = now - PATIENCE;
        let late: Vec<(Digest128, ReceiverId)> = {
            let book = self.shared.book();
            let with_fallback =
                self.receivers.iter().filter_map(|(id, one)| Some((id, one.about.fallback.as_ref()?)));
            let late = with_fallback.flat_map(|(receiver, other)| {
                let waiting =
                    book.outbox.waiting_for(receiver).filter(|(_, delivery)| delivery.decided_at <= long_ago);
                waiting.map(move |(id, delivery)| (id, delivery, other))
            });
            let late = late.filter(|(id, delivery, other)| {
                book.outbox.get(fallback_id(*id, other)).is_none() && is_critical(&book, delivery)
            });
            late.map(|(id, _, other)| (id, other.clone())).collect()
        };
        for (id, other) in late {
            tracing::warn!(delivery = %id, fallback = %other, "a Critical notification doesn't arrive; another receiver is told");
            self.write(move |book| fell_back(book, id, &other).into_iter().collect()).await?;
        }
        Ok(())
    }

    /// One receiver's messages, one at a time; one that has to wait lets later ones pass.
    async fn lane(self: Arc<Self>, receiver: ReceiverId) {
        let (Some(target), Some(wake)) = (self.receivers.get(&receiver), self.wake.get(&receiver)) else {
            return;
        };
        loop {
            // Asked anew after each attempt: what was decided meanwhile may be more urgent than what is left.
            let Some((id, delivery)) = self.next(&receiver) else {
                let _ = tokio::time::timeout(self.shared.attempts.next_due(PERIOD), wake.notified()).await;
                continue;
            };
            let made = self.shared.attempts.of(id).made + 1;
            let kept = match self.attempt(target, id, &delivery).await {
                Ok(sent) => {
                    let attempts = if sent { made } else { 0 };
                    self.ended(id, DeliveryEvent::Delivered { attempts }).await
                }
                Err(error) if made >= MAX_ATTEMPTS || error.is_final() || delivery.is_test() => {
                    let error = error.to_string();
                    tracing::warn!(receiver = %receiver, delivery = %id, %error, "a notification was given up");
                    self.ended(id, DeliveryEvent::GivenUp { attempts: made, error }).await
                }
                Err(error) => {
                    self.wait(id, made, &error);
                    Ok(())
                }
            };
            if let Err(MutateError::Stopped(_)) = kept {
                return;
            }
        }
    }

    /// Whether there was anything to send.
    async fn attempt(
        &self,
        target: &Receiver,
        id: Digest128,
        delivery: &Delivery,
    ) -> Result<bool, SendError> {
        let mut message = Message::of(id, delivery, &self.shared, &self.server);
        if !target.about.send_resolved && !message.without_resolved() {
            return Ok(false);
        }
        let result = target.send(&message).await.map(|()| true);
        let outcome = if result.is_ok() { "delivered" } else { "failed" };
        metrics::counter!("eavip_notification_attempts_total", "outcome" => outcome).increment(1);
        result
    }

    /// The message to send next: of those that needn't wait the first that tells of a Critical alert, else the first.
    fn next(&self, receiver: &ReceiverId) -> Option<(Digest128, Delivery)> {
        let book = self.shared.book();
        let (mut under_way, mut groups, mut first) = (HashSet::new(), HashSet::new(), None);
        for (id, delivery) in book.outbox.waiting_for(receiver) {
            // The end of an episode isn't told before its beginning; one message may tell both. Nobody waits for what is told to
            // somebody else: their address may be broken.
            let to = (&delivery.to.person, &delivery.to.address);
            let episodes: HashSet<_> = delivery.episodes().map(|episode| (episode, to)).collect();
            let follows = !episodes.is_disjoint(&under_way);
            under_way.extend(episodes);
            if follows || self.shared.attempts.waits(id) {
                continue;
            }
            // Nor does anything pass what is told of the same group: a receiver that knows it as one incident would end up with what was
            // true before.
            let group = match &delivery.content {
                Content::Alerts { group, .. } => Some((group, to)),
                Content::Notice(_) => None,
            };
            let passes = group.is_none_or(|group| groups.insert(group));
            if passes && is_critical(&book, delivery) {
                return Some((id, delivery.clone()));
            }
            first = first.or(Some((id, delivery)));
        }
        first.map(|(id, delivery)| (id, delivery.clone()))
    }

    /// Full jitter after the cap, or what the receiver asked for.
    fn wait(&self, id: Digest128, made: u32, error: &SendError) {
        let cap = FIRST_WAIT.saturating_mul(1 << made.saturating_sub(1).min(16)).min(MAX_WAIT);
        let share = getrandom::u32().map_or(1.0, |random| f64::from(random) / f64::from(u32::MAX));
        let jittered = cap.mul_f64(share).max(LEAST_WAIT);
        let wait = error.retry_after().map_or(jittered, |asked| asked.clamp(jittered, MAX_WAIT));
        self.shared.attempts.failed(id, made, error.to_string(), wait);
    }

    async fn ended(&self, id: Digest128, event: DeliveryEvent) -> Result<(), MutateError> {
        let given_up = matches!(event, DeliveryEvent::GivenUp { .. });
        let fallbacks: BTreeMap<ReceiverId, ReceiverId> =
            if given_up { self.fallbacks() } else { BTreeMap::new() };
        let written = self
            .write(move |book| {
                let receiver = book
                    .outbox
                    .get(id)
                    .filter(|delivery| !delivery.is_test())
                    .map(|delivery| &delivery.to.receiver);
                let other = receiver.and_then(|receiver| fallbacks.get(receiver));
                let told = other.and_then(|other| fell_back(book, id, other));
                std::iter::once(Event::Delivery { id, event }).chain(told).collect()
            })
            .await;
        if written.is_ok() {
            self.shared.attempts.ended(id);
            metrics::gauge!("eavip_job_last_success_timestamp_seconds", "job" => "notify")
                .set(now().as_millis() as f64 / 1e3);
        } else {
            // Sent, but not noted: with a full disk it would be sent again at once and for ever without this wait.
            self.wait(id, 1, &SendError::Passing("the delivery could not be noted".to_owned(), None));
        }
        written
    }

    fn fallbacks(&self) -> BTreeMap<ReceiverId, ReceiverId> {
        let pairs =
            self.receivers.iter().filter_map(|(id, one)| Some((id.clone(), one.about.fallback.clone()?)));
        pairs.collect()
    }

    async fn write(
        &self,
        decide: impl FnOnce(&Book) -> Vec<Event> + Send + 'static,
    ) -> Result<(), MutateError> {
        let actor = Actor::Server("notify".to_owned());
        let write = move |book: &Book, at| {
            Ok(LedgerRecord { v: VERSION, at, actor, reason: None, events: decide(book) })
        };
        self.committer.mutate(write).await
    }
}

/// That another receiver gets a message in place of one that doesn't arrive, unless it got it already.
fn fell_back(book: &Book, of: Digest128, other: &ReceiverId) -> Option<Event> {
    let id = fallback_id(of, other);
    let event = DeliveryEvent::FellBack { of, to: Recipient::from(other.clone()) };
    book.outbox.get(id).is_none().then_some(Event::Delivery { id, event })
}

/// Whether a message tells of a Critical alert that isn't over.
fn is_critical(book: &Book, delivery: &Delivery) -> bool {
    let Content::Alerts { message, .. } = &delivery.content else { return false };
    let told = message.new.iter().chain(&message.firing).filter_map(|id| book.alerts.get(*id));
    told.into_iter()
        .any(|episode| episode.opening.category == Category::Critical && episode.resolved.is_none())
}

#[cfg(test)]
mod tests;
