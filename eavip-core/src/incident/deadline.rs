//! How long somebody has: a span, or business days from Monday to Friday in UTC. Public holidays aren't known here: they
//! differ between the teams of one incident.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::{Span, Timestamp};

/// Most business days of one deadline: a year; what is further off isn't one.
pub const MAX_BUSINESS_DAYS: u16 = 260;

const DAY: Span = Span::from_secs(86_400);

/// A length of time until something is due; text and JSON like `30m`, `3d`, `5 business days`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deadline {
    /// Within a span.
    Within(Span),
    /// Within so many business days, to the same time of day.
    BusinessDays(u16),
}

impl Deadline {
    /// When it is due, counted from a moment. Business days that are counted from a weekend begin on Monday.
    #[must_use]
    pub fn after(self, from: Timestamp) -> Timestamp {
        match self {
            Self::Within(span) => from + span,
            Self::BusinessDays(days) => from + DAY.times(calendar_days(from, days)),
        }
    }
}

/// How many days it takes until so many business days have passed. A moment always has a date: it is clamped to them.
fn calendar_days(from: Timestamp, business: u16) -> u64 {
    let moment = jiff::Timestamp::from_millisecond(from.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let mut weekday = moment.to_zoned(TimeZone::UTC).date().weekday();
    let (mut left, mut days) = (business, 0);
    while left > 0 {
        weekday = weekday.next();
        days += 1;
        if !matches!(weekday, Weekday::Saturday | Weekday::Sunday) {
            left -= 1;
        }
    }
    days
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(span) => span.fmt(f),
            Self::BusinessDays(1) => f.write_str("1 business day"),
            Self::BusinessDays(days) => write!(f, "{days} business days"),
        }
    }
}

/// A text that isn't a deadline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a deadline; write it like 4h, 3d or 5 business days, of which 1 to 260")]
pub struct InvalidDeadline {
    /// The text that was found, cut after 80 characters.
    pub found: String,
}

impl crate::document::Declared for Deadline {}

impl FromStr for Deadline {
    type Err = InvalidDeadline;
    fn from_str(text: &str) -> Result<Self, InvalidDeadline> {
        let business = text.strip_suffix(" business days").or_else(|| text.strip_suffix(" business day"));
        let deadline = match business {
            Some(days) => {
                let days = days.parse().ok().filter(|days| (1..=MAX_BUSINESS_DAYS).contains(days));
                days.map(Self::BusinessDays)
            }
            None => text.parse().ok().filter(|span| *span > Span::ZERO).map(Self::Within),
        };
        deadline.ok_or_else(|| InvalidDeadline { found: text.chars().take(80).collect() })
    }
}

impl Serialize for Deadline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Deadline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

#[cfg(test)]
mod tests;
