//! The latest of every node, in shards so that one writer and many readers don't wait for each other.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use eavip_core::id::NodeId;
use eavip_core::node::{MAX_SERIES, Node};
use eavip_core::signal::reading::{Quality, Reading, SeriesKey, Value};
use eavip_core::time::Timestamp;
use eavip_core::wire::v1::Body;

use crate::history::{History, RollUp};

/// Enough that a reader holds up a sixteenth of the nodes at the most.
const SHARDS: usize = 16;

/// A node with the histories of its series.
#[derive(Debug)]
pub struct Known {
    /// The latest.
    pub node: Node,
    /// The past, by series. Hashed, because each reading of each report looks its own up and nothing asks for their order.
    pub histories: HashMap<SeriesKey, History>,
}

impl Known {
    /// A node that hasn't reported yet.
    #[must_use]
    pub fn new(node: Node) -> Self {
        Self { node, histories: HashMap::new() }
    }

    /// Takes a report. Roll-ups before `rolled_before` are whole already.
    pub fn observe(&mut self, body: &Body, seen_at: Timestamp, rolled_before: u32) {
        self.node.observe(body, seen_at);
        for reading in &body.readings {
            let Some(value) = plotted(reading) else { continue };
            if let Some(history) = reading.find_among(&mut self.histories) {
                history.push(body.at, value, rolled_before);
            } else if let Some(history) = self.history(reading.key()) {
                history.push(body.at, value, rolled_before);
            }
        }
        if self.histories.len() > self.node.series.len() {
            let series = &self.node.series;
            self.histories.retain(|key, _| series.contains_key(key));
        }
    }

    /// Takes a roll-up that was kept on disk.
    pub fn restore(&mut self, key: SeriesKey, roll_up: RollUp) {
        if let Some(history) = self.history(key) {
            history.roll_up(roll_up);
        }
    }

    fn history(&mut self, key: SeriesKey) -> Option<&mut History> {
        if self.histories.len() >= MAX_SERIES && !self.histories.contains_key(&key) {
            return None;
        }
        Some(self.histories.entry(key).or_default())
    }
}

/// The number that a chart shows of a reading; for a distribution its 99th percentile.
#[must_use]
pub fn plotted(reading: &Reading) -> Option<f64> {
    match &reading.value {
        Value::Number(value) if reading.quality != Quality::Unknown => Some(*value),
        Value::Histogram(histogram) => histogram.quantile(0.99),
        Value::Number(_) | Value::Unknown(_) => None,
    }
}

type Shard = HashMap<NodeId, Known>;

/// Every enrolled node.
#[derive(Debug)]
pub struct Nodes {
    shards: Vec<RwLock<Shard>>,
}

impl Default for Nodes {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| RwLock::default()).collect() }
    }
}

impl Nodes {
    fn shard(&self, id: NodeId) -> Option<&RwLock<Shard>> {
        let place =
            id.0.as_bytes().iter().fold(0usize, |sum, byte| sum.wrapping_mul(31) + usize::from(*byte));
        self.shards.get(place % SHARDS)
    }

    /// Looks at one node.
    pub fn with<T>(&self, id: NodeId, look: impl FnOnce(&Known) -> T) -> Option<T> {
        read(self.shard(id)?).get(&id).map(look)
    }

    /// Changes one node; it is made by `new` when it isn't there.
    pub fn change<T>(
        &self,
        id: NodeId,
        new: impl FnOnce() -> Node,
        change: impl FnOnce(&mut Known) -> T,
    ) -> Option<T> {
        let mut shard = write(self.shard(id)?);
        Some(change(shard.entry(id).or_insert_with(|| Known::new(new()))))
    }

    /// Changes one node that is there.
    pub fn change_known<T>(&self, id: NodeId, change: impl FnOnce(&mut Known) -> T) -> Option<T> {
        write(self.shard(id)?).get_mut(&id).map(change)
    }

    /// Removes a node.
    pub fn remove(&self, id: NodeId) {
        if let Some(shard) = self.shard(id) {
            write(shard).remove(&id);
        }
    }

    /// Shows every node, shard by shard; within a shard all are of one moment.
    pub fn each(&self, mut show: impl FnMut(&Known)) {
        for shard in &self.shards {
            read(shard).values().for_each(&mut show);
        }
    }

    /// The roll-ups of a range of slots, of every series.
    #[must_use]
    pub fn rolled(&self, slots: Range<u32>) -> Vec<crate::store::SeriesRollUp> {
        let mut found = Vec::new();
        self.each(|known| {
            for (key, history) in &known.histories {
                let rolled = history.rolled(slots.clone());
                found.extend(rolled.map(|roll_up| (known.node.id, key.clone(), roll_up)));
            }
        });
        found
    }
}

// A panic while a shard is locked leaves a node with part of a report; the next report mends it.
fn read(shard: &RwLock<Shard>) -> RwLockReadGuard<'_, Shard> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &RwLock<Shard>) -> RwLockWriteGuard<'_, Shard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}
