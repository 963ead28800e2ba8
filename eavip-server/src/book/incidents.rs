//! Incidents: those that somebody has to do something about, and the latest of the others. What may happen to one is
//! decided in core.

use std::collections::{BTreeMap, VecDeque};

use eavip_core::aggregate::Aggregate as _;
use eavip_core::id::{Digest128, IncidentId};
use eavip_core::incident::Incident;
use eavip_core::incident::change::IncidentEvent;
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Incidents that are open or have an action item to do; another can't be declared beyond. Nobody works through more, and
/// each may hold a few hundred KiB.
pub const MAX_KEPT: usize = 1_000;
/// Settled incidents that stay in memory; the ledger keeps all of them.
const MAX_SETTLED: usize = 1_000;
/// Most timeline entries of all settled incidents together: some tens of MiB, whatever single ones hold.
const MAX_ENTRIES: usize = 100_000;

/// Incidents by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Incidents {
    known: BTreeMap<IncidentId, Incident>,
    /// Those that are over and have nothing left to do, in the order in which they came to it.
    settled: VecDeque<IncidentId>,
    /// How many were declared since the ledger began: the next one's number follows from it.
    declared: u64,
}

impl Incidents {
    /// An incident by its name.
    #[must_use]
    pub fn get(&self, id: &IncidentId) -> Option<&Incident> {
        self.known.get(id)
    }

    /// Every incident in memory, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Incident> {
        self.known.values()
    }

    /// Incidents that people work on.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.iter().filter(|incident| incident.is_open())
    }

    /// Incidents that are open or have an action item to do.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.known.len().saturating_sub(self.settled.len())
    }

    /// The incident that an alert belongs to: the one that is open, else the latest.
    #[must_use]
    pub fn of_alert(&self, episode: Digest128) -> Option<&Incident> {
        let with = self.iter().filter(|incident| incident.episodes.contains_key(&episode));
        with.max_by_key(|incident| (incident.is_open(), incident.declared_at))
    }

    /// The name of the next one, such as `inc-2026-0042`. The number runs on over the years, so that people can say it
    /// alone and no clock can give it twice.
    #[must_use]
    pub fn next_id(&self, at: Timestamp) -> Option<IncidentId> {
        let moment = at.to_string();
        let year = moment.get(..4)?;
        format!("inc-{year}-{:04}", self.declared.saturating_add(1)).parse().ok()
    }

    pub(super) fn apply(&mut self, id: &IncidentId, event: &IncidentEvent) {
        let before = self.known.remove(id);
        let is_new = before.is_none();
        let Some(incident) = Incident::evolve(before, event.clone()) else { return };
        self.declared = self.declared.saturating_add(u64::from(is_new));
        self.settled.retain(|settled| settled != id);
        if !incident.is_open() && incident.items.iter().all(|item| item.done.is_some()) {
            self.settled.push_back(id.clone());
        }
        self.known.insert(id.clone(), incident);
        self.forget();
    }

    fn forget(&mut self) {
        let entries = |id: &IncidentId| self.known.get(id).map_or(0, |incident| incident.timeline.len());
        let mut held: usize = self.settled.iter().map(entries).sum();
        while self.settled.len() > MAX_SETTLED || held > MAX_ENTRIES {
            let Some(id) = self.settled.pop_front() else { return };
            held = held.saturating_sub(self.known.remove(&id).map_or(0, |gone| gone.timeline.len()));
        }
    }
}

#[cfg(test)]
mod tests;
