//! What an alert rule can look at: a metric's latest value, or one worked out over a service's window.

use std::fmt;
use std::str::FromStr;

use super::Signal;
use super::metric::{Metric, Unit};
use crate::{UnknownWord, words};

words! {
    /// A value worked out over the last [`super::service::WINDOW`] of a service on one node.
    pub enum Derived ("derived indicator") {
        /// Share of probes that got the expected answer.
        Availability = "availability_ratio",
        /// Share of requests that failed.
        ErrorRatio = "error_ratio",
        /// Half of the requests took at most this long.
        LatencyP50 = "latency_p50_seconds",
        /// 90 % of the requests took at most this long.
        LatencyP90 = "latency_p90_seconds",
        /// 95 % of the requests took at most this long.
        LatencyP95 = "latency_p95_seconds",
        /// 99 % of the requests took at most this long.
        LatencyP99 = "latency_p99_seconds",
        /// 99.9 % of the requests took at most this long.
        LatencyP999 = "latency_p999_seconds",
    }
}

impl Derived {
    /// The quantile that a latency indicator reads, 0 to 1.
    #[must_use]
    pub const fn quantile(self) -> Option<f64> {
        match self {
            Self::Availability | Self::ErrorRatio => None,
            Self::LatencyP50 => Some(0.5),
            Self::LatencyP90 => Some(0.9),
            Self::LatencyP95 => Some(0.95),
            Self::LatencyP99 => Some(0.99),
            Self::LatencyP999 => Some(0.999),
        }
    }
}

/// What a rule's condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Indicator {
    /// The latest value of a metric.
    Metric(Metric),
    /// A value over a service's window.
    Derived(Derived),
}

impl Indicator {
    /// The signal it speaks for.
    #[must_use]
    pub const fn signal(self) -> Signal {
        match self {
            Self::Metric(metric) => metric.signal(),
            Self::Derived(Derived::Availability) => Signal::Availability,
            Self::Derived(Derived::ErrorRatio) => Signal::Errors,
            Self::Derived(_) => Signal::Latency,
        }
    }

    /// The unit of its values.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Metric(metric) => metric.unit(),
            Self::Derived(Derived::Availability | Derived::ErrorRatio) => Unit::Ratio,
            Self::Derived(_) => Unit::Seconds,
        }
    }

    /// Every name that an indicator can have.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let metrics = Metric::ALL.iter().map(|metric| metric.as_str());
        metrics.chain(Derived::ALL.iter().map(|derived| derived.as_str()))
    }
}

impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metric(metric) => metric.fmt(f),
            Self::Derived(derived) => derived.fmt(f),
        }
    }
}

impl FromStr for Indicator {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let found = Metric::find(text).map(Self::Metric).or_else(|| Derived::find(text).map(Self::Derived));
        found.ok_or_else(|| UnknownWord {
            what: "indicator",
            found: text.chars().take(80).collect(),
            known: Self::names().collect::<Vec<_>>().join(", "),
        })
    }
}

impl serde::Serialize for Indicator {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Indicator {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
