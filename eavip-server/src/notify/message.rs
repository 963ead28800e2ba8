//! A message as senders see it: everything that it tells, the same over all its attempts. How it is written for a
//! receiver is each sender's part.

use std::collections::BTreeSet;

use eavip_core::alert::Category;
use eavip_core::alert::episode::Episode;
use eavip_core::alert::group;
use eavip_core::alert::notice::Occasion;
use eavip_core::id::{Digest128, ReceiverId};
use eavip_core::labels::Labels;
use eavip_core::time::Timestamp;

use crate::api::{build, view};
use crate::book::{Delivery, groups};
use crate::record::{Content, Notice, Recipient, Topic};
use crate::shared::Shared;

/// Alerts that one message spells out: every one that it tells of for the first time or that is over. Of further ones that fire
/// still it says how many.
const MAX_ALERTS: usize = 2 * group::MAX_TOLD;

/// A message to one receiver.
#[derive(Debug, Clone)]
pub struct Message {
    /// Identifies it over all its attempts.
    pub id: Digest128,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// Where it goes.
    pub to: Recipient,
    /// The receiver whose messages don't arrive, where this one gets them in its place.
    pub instead_of: Option<ReceiverId>,
    /// What it tells.
    pub body: Body,
    /// How people reach this server, without a slash at the end.
    pub server: String,
}

/// What a message tells.
#[derive(Debug, Clone)]
pub enum Body {
    /// Alerts of a group.
    Alerts(Alerts),
    /// Something else.
    Notice(Notice),
}

/// Alerts of a group.
#[derive(Debug, Clone)]
pub struct Alerts {
    /// Why it is sent now.
    pub occasion: Occasion,
    /// What they have in common.
    pub group: Labels,
    /// The alerts: those that fire, then those that are over.
    pub alerts: Vec<Told>,
    /// How many more there are.
    pub left_out: usize,
}

/// An alert of a message.
#[derive(Debug, Clone)]
pub struct Told {
    /// The alert as the API shows it, as it stood when the message was decided: one that is told as firing has no end.
    pub alert: view::Alert,
    /// The same as it is known inside.
    pub episode: Episode,
    /// Whether it is told for the first time.
    pub new: bool,
}

impl Told {
    /// Whether it is told as firing.
    #[must_use]
    pub fn fires(&self) -> bool {
        self.episode.resolved.is_none()
    }
}

impl Alerts {
    /// Whether one of them fires.
    #[must_use]
    pub fn fires(&self) -> bool {
        self.alerts.iter().any(Told::fires)
    }

    /// The most urgent category of what fires.
    #[must_use]
    pub fn category(&self) -> Option<Category> {
        let firing = self.alerts.iter().filter(|told| told.fires()).map(|told| told.alert.category);
        firing.max()
    }

    fn of(group: &Labels, message: &group::Message, shared: &Shared, server: &str) -> Self {
        let over: BTreeSet<Digest128> = message.resolved.iter().copied().collect();
        let new: BTreeSet<Digest128> = message.new.iter().copied().collect();
        let room = MAX_ALERTS.saturating_sub(message.new.len() + message.resolved.len());
        let begun = message.new.iter().filter(|id| !over.contains(id));
        let all = begun.chain(message.firing.iter().take(room)).chain(&message.resolved);
        let (book, policy) = (shared.book(), shared.policy.load());
        let told = |id: Digest128| {
            let mut episode = book.alerts.get(id)?.clone();
            let new = new.contains(&id);
            if !over.contains(&id) {
                // A repeat of the message says the same as the first, whatever happened since.
                episode.resolved = None;
                episode.acknowledged = episode.acknowledged.filter(|_| !new);
            }
            let mut alert = build::alert(shared, &policy, &episode);
            if alert.runbook_url.starts_with('/') {
                alert.runbook_url.insert_str(0, server);
            }
            Some(Told { alert, episode, new })
        };
        let alerts: Vec<Told> = all.copied().filter_map(told).collect();
        let left_out = message.firing.len().saturating_sub(room);
        Self { occasion: message.occasion, group: group.clone(), alerts, left_out }
    }
}

impl Message {
    /// The message of a delivery. `server` is how people reach this server.
    #[must_use]
    pub fn of(id: Digest128, delivery: &Delivery, shared: &Shared, server: &str) -> Self {
        let body = match &delivery.content {
            Content::Alerts { group, message } => Body::Alerts(Alerts::of(group, message, shared, server)),
            Content::Notice(notice) if notice.topic == Topic::Verification => {
                let text = format!("{}\n\n{}", shared.codes.text(id), notice.text);
                Body::Notice(Notice { text, ..notice.clone() })
            }
            Content::Notice(notice) => Body::Notice(notice.clone()),
        };
        Self {
            id,
            decided_at: delivery.decided_at,
            to: delivery.to.clone(),
            instead_of: delivery.instead_of.clone(),
            body,
            server: server.to_owned(),
        }
    }

    /// What the messages about the same have in common: the key of the group, for each person another; or the message's own id.
    #[must_use]
    pub fn key(&self) -> Digest128 {
        let Body::Alerts(alerts) = &self.body else { return self.id };
        let key = groups::key(&self.to.receiver, &alerts.group);
        self.to.person.as_ref().map_or(key, |person| Digest128::of([&key.0, person.as_str().as_bytes()]))
    }

    /// Leaves out what is over; whether anything is left to tell.
    pub(super) fn without_resolved(&mut self) -> bool {
        let Body::Alerts(alerts) = &mut self.body else { return true };
        alerts.alerts.retain(Told::fires);
        !alerts.alerts.is_empty()
    }
}
