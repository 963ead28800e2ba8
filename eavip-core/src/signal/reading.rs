//! One measured value, and how good it is. Unknown never counts as healthy.

use std::cmp::Ordering;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::metric::Metric;
use crate::id::ServiceId;
use crate::labels::Labels;
use crate::words;

words! {
    /// How much a value can be relied on; from best to worst.
    pub enum Quality ("reading quality") {
        /// Counted or read as it is.
        Exact = "exact",
        /// Within a stated error.
        Approximate = "approximate",
        /// Worked out from something else.
        Estimated = "estimated",
        /// Not known; the value isn't to be used.
        Unknown = "unknown",
    }
}

/// A measured value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A finite number in the metric's unit.
    Number(f64),
    /// A distribution, in the metric's unit.
    Histogram(Box<Histogram>),
    /// Nothing could be measured; why, in a few plain words.
    Unknown(Box<str>),
}

/// What one agent measured of one thing; the moment is the report's.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What was measured.
    pub metric: Metric,
    /// The service it is about; none for the host.
    pub service: Option<ServiceId>,
    /// Which one, where there are several: `mount`, `probe`, `queue`, `job`.
    pub labels: Labels,
    /// The value.
    pub value: Value,
    /// How good the value is.
    pub quality: Quality,
}

impl Reading {
    /// A number that was read as it is.
    #[must_use]
    pub fn exact(metric: Metric, value: f64) -> Self {
        Self {
            metric,
            service: None,
            labels: Labels::default(),
            value: number(value),
            quality: quality(value),
        }
    }

    /// A distribution, within the histogram's error.
    #[must_use]
    pub fn distribution(metric: Metric, histogram: Histogram) -> Self {
        Self {
            metric,
            service: None,
            labels: Labels::default(),
            value: Value::Histogram(Box::new(histogram)),
            quality: Quality::Approximate,
        }
    }

    /// Nothing could be measured, and why.
    #[must_use]
    pub fn unknown(metric: Metric, reason: &str) -> Self {
        Self {
            metric,
            service: None,
            labels: Labels::default(),
            value: Value::Unknown(reason.chars().take(MAX_REASON).collect()),
            quality: Quality::Unknown,
        }
    }

    /// The same reading, about a service.
    #[must_use]
    pub fn of(mut self, service: Option<&ServiceId>) -> Self {
        self.service = service.cloned();
        self
    }

    /// The same reading, with labels.
    #[must_use]
    pub fn labelled(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    /// The series that it belongs to.
    #[must_use]
    pub fn key(&self) -> SeriesKey {
        SeriesKey { metric: self.metric, service: self.service.clone(), labels: self.labels.clone() }
    }

    /// How its series is sorted against another one.
    pub(crate) fn compare_series(&self, key: &SeriesKey) -> Ordering {
        self.parts().cmp(&key.parts())
    }

    /// What a map holds for its series; nothing is cloned to look.
    pub fn find_among<'m, V>(&self, map: &'m mut HashMap<SeriesKey, V>) -> Option<&'m mut V> {
        map.get_mut(self as &dyn KeyParts)
    }

    /// The same reading, marked as worked out from something else.
    #[must_use]
    pub fn estimated(mut self) -> Self {
        self.quality = self.quality.max(Quality::Estimated);
        self
    }
}

/// Longest reason of an unknown reading in characters: a line of text.
pub const MAX_REASON: usize = 200;

fn number(value: f64) -> Value {
    if value.is_finite() { Value::Number(value) } else { Value::Unknown("not a finite number".into()) }
}

fn quality(value: f64) -> Quality {
    if value.is_finite() { Quality::Exact } else { Quality::Unknown }
}

/// The parts of a [`SeriesKey`], owned or borrowed: a map of series is asked with a reading's parts, and nothing is
/// cloned for a series that is already there.
trait KeyParts {
    /// Metric, service and labels, in the order that keys are sorted by.
    fn parts(&self) -> (Metric, Option<&ServiceId>, &Labels);
}

impl KeyParts for SeriesKey {
    fn parts(&self) -> (Metric, Option<&ServiceId>, &Labels) {
        (self.metric, self.service.as_ref(), &self.labels)
    }
}

impl KeyParts for Reading {
    fn parts(&self) -> (Metric, Option<&ServiceId>, &Labels) {
        (self.metric, self.service.as_ref(), &self.labels)
    }
}

impl<'a> std::borrow::Borrow<dyn KeyParts + 'a> for SeriesKey {
    fn borrow(&self) -> &(dyn KeyParts + 'a) {
        self
    }
}

impl PartialEq for dyn KeyParts + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn KeyParts + '_ {}

/// As the derived one of [`SeriesKey`]: field by field, in their order.
impl std::hash::Hash for dyn KeyParts + '_ {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

/// Which time series a reading belongs to, on its node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesKey {
    /// What is measured.
    pub metric: Metric,
    /// The service it is about; none for the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
    /// Which one, where there are several.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

#[cfg(test)]
mod tests;
