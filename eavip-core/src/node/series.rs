//! The latest of each series of a node, in one piece of memory: an evaluation goes through all series of all nodes every
//! second, which don't fit into a cache, and what lies side by side is read several times as fast as the leaves of a tree.

use crate::signal::metric::Metric;
use crate::signal::reading::{Quality, Reading, SeriesKey, Value};
use crate::time::Timestamp;

/// Most series of one node; what comes beyond is refused at the door.
pub const MAX_SERIES: usize = 2_000;

/// The latest of one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its value.
    pub value: Value,
    /// How good the value is.
    pub quality: Quality,
    /// When it was measured, by the node's clock.
    pub at: Timestamp,
}

/// Series sorted by metric, service and labels; at most [`MAX_SERIES`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeriesMap(Vec<(SeriesKey, Series)>);

impl SeriesMap {
    /// The latest of a series.
    #[must_use]
    pub fn get(&self, key: &SeriesKey) -> Option<&Series> {
        let at = self.0.binary_search_by(|(known, _)| known.cmp(key)).ok();
        at.and_then(|at| self.0.get(at)).map(|(_, series)| series)
    }

    /// Whether a series is known.
    #[must_use]
    pub fn contains_key(&self, key: &SeriesKey) -> bool {
        self.get(key).is_some()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every series, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&SeriesKey, &Series)> {
        self.0.iter().map(|(key, series)| (key, series))
    }

    /// The series of one metric.
    pub(super) fn of(&self, metric: Metric) -> impl Iterator<Item = (&SeriesKey, &Series)> {
        let first = self.0.partition_point(|(key, _)| key.metric < metric);
        let from = self.0.get(first..).unwrap_or_default();
        from.iter().take_while(move |(key, _)| key.metric == metric).map(|(key, series)| (key, series))
    }

    /// Takes a reading; one of a new series is left out when there are [`MAX_SERIES`].
    pub(super) fn note(&mut self, reading: &Reading, at: Timestamp) {
        match self.0.binary_search_by(|(key, _)| reading.compare_series(key).reverse()) {
            Ok(place) => {
                if let Some((_, series)) = self.0.get_mut(place) {
                    series.value.clone_from(&reading.value);
                    (series.quality, series.at) = (reading.quality, at);
                }
            }
            Err(place) if self.0.len() < MAX_SERIES => {
                let series = Series { value: reading.value.clone(), quality: reading.quality, at };
                self.0.insert(place, (reading.key(), series));
            }
            Err(_) => {}
        }
    }

    /// Dates what was measured later back to a moment.
    pub(crate) fn set_back(&mut self, at: Timestamp) {
        self.0.iter_mut().for_each(|(_, series)| series.at = series.at.min(at));
    }

    /// Forgets what wasn't measured after a moment.
    pub(super) fn forget(&mut self, since: Timestamp) {
        self.0.retain(|(_, series)| series.at > since);
    }
}
