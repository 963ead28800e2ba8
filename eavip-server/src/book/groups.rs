//! Groups of alerts that are told together, and what stands in the way of telling.

use std::collections::{BTreeMap, HashMap, VecDeque};

use eavip_core::alert::Category;
use eavip_core::alert::episode::{Episode, EpisodeEvent};
use eavip_core::alert::group::{self, Group, GroupingPolicy};
use eavip_core::alert::notice::Reason;
use eavip_core::id::{Digest128, ReceiverId};
use eavip_core::labels::Labels;
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::Joined;

/// Reasons kept of one episode, the last ones.
const MAX_HELD: usize = 50;

/// Alerts that are told together to one receiver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertGroup {
    /// Who is told.
    pub receiver: ReceiverId,
    /// What the alerts have in common.
    pub labels: Labels,
    /// When they are told; as it was declared when the group began.
    pub grouping: GroupingPolicy,
    /// Its members.
    pub members: Group,
}

/// Why a receiver isn't told of an episode, from a moment on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Who.
    pub receiver: ReceiverId,
    /// Why not.
    pub reason: Reason,
    /// Since when.
    pub at: Timestamp,
}

/// Every group with a member.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Groups {
    /// By [`key`].
    groups: BTreeMap<Digest128, AlertGroup>,
    /// The groups that an episode is in.
    of_episode: HashMap<Digest128, Vec<Digest128>>,
    held: HashMap<Digest128, VecDeque<Held>>,
}

/// What identifies a group.
#[must_use]
pub fn key(receiver: &ReceiverId, labels: &Labels) -> Digest128 {
    let pairs = labels.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    Digest128::of(std::iter::once(receiver.as_str().as_bytes()).chain(pairs))
}

impl Groups {
    /// Every group, by its key.
    pub fn iter(&self) -> impl Iterator<Item = (Digest128, &AlertGroup)> {
        self.groups.iter().map(|(key, group)| (*key, group))
    }

    /// The groups that an episode is in.
    pub fn of(&self, episode: Digest128) -> impl Iterator<Item = &AlertGroup> {
        let keys = self.of_episode.get(&episode).into_iter().flatten();
        keys.filter_map(|key| self.groups.get(key))
    }

    /// Whether somebody is still to be told of an episode, or of its end.
    #[must_use]
    pub fn waits_with(&self, episode: Digest128) -> bool {
        self.of(episode).any(|group| group.members.has(episode))
    }

    /// Why receivers aren't told of an episode, oldest first.
    #[must_use]
    pub fn held(&self, episode: Digest128) -> impl DoubleEndedIterator<Item = &Held> {
        self.held.get(&episode).into_iter().flatten()
    }

    /// Why a receiver isn't told of an episode now, as far as that was noted.
    #[must_use]
    pub fn held_from(&self, episode: Digest128, receiver: &ReceiverId) -> Option<Reason> {
        let last = self.held(episode).rev().find(|held| held.receiver == *receiver);
        last.map(|held| held.reason)
    }

    pub(super) fn episode(&mut self, id: Digest128, event: &EpisodeEvent, joined: &[Joined], at: Timestamp) {
        match event {
            EpisodeEvent::Opened(opening) => self.join(id, opening.category, joined, at),
            EpisodeEvent::Resolved { .. } => {
                for key in self.of_episode.get(&id).cloned().unwrap_or_default() {
                    self.change(key, |group| group.resolved(id, at));
                }
            }
            EpisodeEvent::Acknowledged { .. } | EpisodeEvent::Released { .. } => {}
        }
    }

    /// An open episode joins groups.
    pub(super) fn join(&mut self, id: Digest128, category: Category, joined: &[Joined], at: Timestamp) {
        for Joined { receiver, labels, grouping } in joined {
            let key = key(receiver, labels);
            let group = self.groups.entry(key).or_insert_with(|| AlertGroup {
                receiver: receiver.clone(),
                labels: labels.clone(),
                grouping: grouping.clone(),
                members: Group::default(),
            });
            group.members.fired(id, category, at);
            self.of_episode.entry(id).or_default().push(key);
        }
    }

    pub(super) fn hold(&mut self, episode: Digest128, receiver: &ReceiverId, reason: Reason, at: Timestamp) {
        let keys = self.of_episode.get(&episode).cloned().unwrap_or_default();
        for key in keys {
            if self.groups.get(&key).is_some_and(|group| group.receiver == *receiver) {
                self.change(key, |group| group.held(episode));
            }
        }
        let all = self.held.entry(episode).or_default();
        if all.len() >= MAX_HELD {
            all.pop_front();
        }
        all.push_back(Held { receiver: receiver.clone(), reason, at });
    }

    pub(super) fn told(
        &mut self,
        receiver: &ReceiverId,
        labels: &Labels,
        message: &group::Message,
        at: Timestamp,
    ) {
        self.change(key(receiver, labels), |group| group.told(message, at));
    }

    fn change(&mut self, key: Digest128, change: impl FnOnce(&mut Group)) {
        let Some(group) = self.groups.get_mut(&key) else { return };
        change(&mut group.members);
        if group.members.is_empty() {
            self.groups.remove(&key);
        }
    }

    /// Lets go of what is known of episodes that nobody knows any more.
    pub(super) fn forget(&mut self, episodes: &[Digest128]) {
        for episode in episodes {
            self.of_episode.remove(episode);
            self.held.remove(episode);
        }
    }
}

impl AlertGroup {
    /// The members as `episodes` knows them.
    pub fn episodes<'a>(
        &'a self,
        known: impl Fn(Digest128) -> Option<&'a Episode> + 'a,
    ) -> impl Iterator<Item = &'a Episode> {
        self.members.members().filter_map(known)
    }
}
