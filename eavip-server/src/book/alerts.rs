//! Alert episodes: all that are open, and those that ended lately.

use std::collections::{BTreeMap, VecDeque};

use eavip_core::aggregate::Aggregate;
use eavip_core::alert::episode::{Episode, EpisodeEvent};
use eavip_core::id::Digest128;
use serde::{Deserialize, Serialize};

/// Resolved episodes that stay in memory; the ledger keeps all of them.
const MAX_RESOLVED: usize = 10_000;

/// Every episode that is open or ended lately.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Alerts {
    episodes: BTreeMap<Digest128, Episode>,
    /// Resolved episodes, oldest first.
    resolved: VecDeque<Digest128>,
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

    /// The episodes that are wanted, to be looked at elsewhere.
    pub(super) fn copy(&self, wanted: impl Fn(&Episode) -> bool) -> Self {
        let wanted = self.episodes.iter().filter(|(_, episode)| wanted(episode));
        let episodes = wanted.map(|(id, episode)| (*id, episode.clone())).collect();
        Self { episodes, resolved: VecDeque::new() }
    }

    pub(super) fn apply(&mut self, id: Digest128, event: &EpisodeEvent) {
        let before = self.episodes.remove(&id);
        let was_open = before.as_ref().is_some_and(|episode| episode.resolved.is_none());
        let Some(episode) = Episode::evolve(before, event.clone()) else { return };
        if was_open && episode.resolved.is_some() {
            self.resolved.push_back(id);
        }
        self.episodes.insert(id, episode);
    }

    /// Lets go of the oldest resolved episodes beyond the bound; one of which somebody still has to be told stays, and with it
    /// those after it.
    pub(super) fn forget(&mut self, is_wanted: impl Fn(Digest128) -> bool) -> Vec<Digest128> {
        let mut forgotten = Vec::new();
        while self.resolved.len() > MAX_RESOLVED {
            let Some(id) = self.resolved.front().copied().filter(|id| !is_wanted(*id)) else { break };
            self.resolved.pop_front();
            self.episodes.remove(&id);
            forgotten.push(id);
        }
        forgotten
    }
}
