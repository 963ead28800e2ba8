//! How long what fills up still lasts (seed: *Platform Operations Team*, "Capacity planning"): a line through what was
//! measured, and the time until it reaches the limit, with its bounds.
//!
//! What is measured and how long it is kept is the server's part.

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::signal::metric::Unit;
use crate::stats::LARGEST_VALUE;
use crate::stats::slope::{MAX_POINTS, theil_sen};
use crate::time::{Span, Timestamp};
use crate::words;

crate::rules! {
    /// At the rate it grows, it is full within 30 days, or it is full already. Add capacity, or make it grow slower. With fewer
    /// than 14 points, none of the last 3 days, or points that are no numbers, nobody knows: keep measuring.
    LASTS = "EAVIP-K01", "what fills up lasts until more can be added", "Capacity planning";
}

/// The numbers of a forecast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CapacityPolicy {
    /// Least number of points: two weeks of a value a day, so that each day of the week counts twice. Ours.
    pub least_points: u64,
    /// Confidence of the bounds, above 0 and below 1. Ours.
    pub confidence: f64,
    /// How long adding capacity takes. Ours.
    pub lead_time: Span,
    /// How old the newest point may be: two values of a day may be missed. Ours.
    pub stale_after: Span,
}

impl Default for CapacityPolicy {
    fn default() -> Self {
        let day = Span::from_secs(86_400);
        Self { least_points: 14, confidence: 0.95, lead_time: day.times(30), stale_after: day.times(3) }
    }
}

words! {
    /// Why there is no forecast.
    #[non_exhaustive]
    pub enum Undefined ("reason for no forecast") {
        /// Fewer points than the policy or the bounds need.
        TooFewPoints = "too-few-points",
        /// More points than are looked at.
        TooManyPoints = "too-many-points",
        /// Nothing was measured lately.
        Stale = "stale",
        /// A value or the capacity isn't a number, or can't be calculated with.
        NotANumber = "not-a-number",
    }
}

/// A straight line through what was measured, in the values' unit a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trend {
    /// How much it grows a day.
    pub per_day: f64,
    /// The lower bound of that.
    pub per_day_low: f64,
    /// The upper bound of that.
    pub per_day_high: f64,
    /// Where the line is now.
    pub level: f64,
}

/// When something is full.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Forecast {
    /// It doesn't grow, and so is never full.
    NotFilling {
        /// How it goes.
        trend: Trend,
    },
    /// It is full after some time, or already.
    Filling {
        /// How it goes.
        trend: Trend,
        /// After what time, at the rate it grows; zero when the line is at the limit now.
        full_in: Span,
        /// The earliest, at the upper bound of the rate.
        earliest: Span,
        /// The latest, at the lower bound; `None` when at that rate it never is.
        latest: Option<Span>,
    },
}

const DAY_S: f64 = 86_400.0;
/// Longest time that a forecast names: a straight line says nothing about the next generation's machines.
const MAX_FORECAST_S: f64 = 36_500.0 * DAY_S;

/// Forecasts from points in any order when they reach the capacity. Neither points nor capacity have to be positive, and
/// moving all moments by the same time changes nothing.
///
/// # Errors
/// Why there is no forecast.
///
/// ```
/// use eavip_core::capacity::{CapacityPolicy, Forecast, forecast};
/// use eavip_core::time::{Span, Timestamp};
///
/// let day = |n: u64| Timestamp::from_millis(0) + Span::from_secs(86_400).times(n);
/// let used: Vec<_> = (0..30).map(|n| (day(n), 100.0 + 2.0 * n as f64)).collect();
/// let found = forecast(&used, 200.0, &CapacityPolicy::default(), day(30)).unwrap();
/// assert!(matches!(found, Forecast::Filling { full_in, .. } if full_in == Span::from_secs(20 * 86_400)));
/// ```
pub fn forecast(
    points: &[(Timestamp, f64)],
    capacity: f64,
    policy: &CapacityPolicy,
    now: Timestamp,
) -> Result<Forecast, Undefined> {
    if (points.len() as u64) < policy.least_points {
        return Err(Undefined::TooFewPoints);
    }
    if points.len() > MAX_POINTS {
        return Err(Undefined::TooManyPoints);
    }
    if !points.iter().map(|(_, value)| *value).chain([capacity]).all(|value| value.abs() <= LARGEST_VALUE) {
        return Err(Undefined::NotANumber);
    }
    let newest = points.iter().map(|(at, _)| *at).max().ok_or(Undefined::TooFewPoints)?;
    // A clock that was set back doesn't unmeasure what was measured.
    let now = now.max(newest);
    if now.since(newest) > policy.stale_after {
        return Err(Undefined::Stale);
    }
    let days: Vec<_> =
        points.iter().map(|(at, value)| (-now.since(*at).as_secs_f64() / DAY_S, *value)).collect();
    let line = theil_sen(&days, policy.confidence).ok_or(Undefined::TooFewPoints)?;
    let trend =
        Trend { per_day: line.slope, per_day_low: line.low, per_day_high: line.high, level: line.height };
    let left = (capacity - trend.level).max(0.0);
    let Some(full_in) = time_to(left, trend.per_day) else {
        return Ok(Forecast::NotFilling { trend });
    };
    let earliest = time_to(left, trend.per_day_high).unwrap_or(full_in);
    Ok(Forecast::Filling { trend, full_in, earliest, latest: time_to(left, trend.per_day_low) })
}

/// After what time so much is used up: at once when nothing is left, and `None` when it isn't used at all.
fn time_to(left: f64, per_day: f64) -> Option<Span> {
    if left <= 0.0 {
        return Some(Span::ZERO);
    }
    if per_day <= 0.0 {
        return None;
    }
    let millis = (left / per_day * DAY_S).min(MAX_FORECAST_S) * 1_000.0;
    Some(Span::from_millis(millis.round() as u64))
}

/// Judges a forecast of something that people know by a name.
#[must_use]
pub fn judge(what: &str, forecast: Result<Forecast, Undefined>, policy: &CapacityPolicy) -> Finding {
    const REMEDY: &str = "add capacity, or make it grow slower";
    let days = |span: Span| (span.as_secs_f64() / DAY_S).floor();
    let (full_in, earliest) = match forecast {
        Err(why) => {
            let message = format!("when {what} is full isn't known: {why}");
            return LASTS.undetermined(message, "keep measuring, or mend what measures it");
        }
        Ok(Forecast::NotFilling { .. }) => return LASTS.pass(format!("{what} isn't filling up")),
        Ok(Forecast::Filling { full_in, earliest, .. }) => (full_in, earliest),
    };
    let message = format!("{what} is full in {} days, at the earliest in {}", days(full_in), days(earliest));
    let finding = if full_in <= policy.lead_time {
        LASTS.fail(message, REMEDY)
    } else if earliest <= policy.lead_time {
        LASTS.warn(message, REMEDY)
    } else {
        LASTS.pass(message)
    };
    finding.measured(full_in.as_secs_f64(), policy.lead_time.as_secs_f64(), Unit::Seconds)
}

#[cfg(test)]
mod tests;
