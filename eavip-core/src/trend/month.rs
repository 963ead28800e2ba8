//! Calendar months in UTC: what an operations review is about.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Period;
use crate::time::Timestamp;

/// A calendar month from 0000-01 to 9999-12; text and JSON like `2026-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// 0 to 9999.
    year: i16,
    /// 1 to 12.
    month: i8,
}

impl Month {
    /// The month that a moment lies in.
    #[must_use]
    pub fn of(moment: Timestamp) -> Self {
        let moment =
            jiff::Timestamp::from_millisecond(moment.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let date = moment.to_zoned(TimeZone::UTC).date();
        Self { year: date.year(), month: date.month() }
    }

    /// The month before; the first one has none and gives itself.
    #[must_use]
    pub const fn previous(self) -> Self {
        match self {
            Self { year: 0, month: 1 } => self,
            Self { year, month: 1 } => Self { year: year - 1, month: 12 },
            Self { year, month } => Self { year, month: month - 1 },
        }
    }

    const fn next(self) -> Self {
        match self {
            Self { year, month: 12 } => Self { year: year + 1, month: 1 },
            Self { year, month } => Self { year, month: month + 1 },
        }
    }

    /// All of it.
    #[must_use]
    pub fn period(self) -> Period {
        Period { from: self.start(), to: self.next().start() }
    }

    /// The month after the last one begins when time ends.
    fn start(self) -> Timestamp {
        let moment = Date::new(self.year, self.month, 1).and_then(|date| date.to_zoned(TimeZone::UTC));
        Timestamp::from_millis(moment.map_or(i64::MAX, |moment| moment.timestamp().as_millisecond()))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// A text that isn't a month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a month; write it like 2026-03")]
pub struct InvalidMonth {
    /// The text that was found, cut after 80 characters.
    pub found: String,
}

impl FromStr for Month {
    type Err = InvalidMonth;
    fn from_str(text: &str) -> Result<Self, InvalidMonth> {
        let digits =
            |text: &str, most: usize| text.len() == most && text.bytes().all(|byte| byte.is_ascii_digit());
        let parts = text.split_once('-').filter(|(year, month)| digits(year, 4) && digits(month, 2));
        let read = parts.and_then(|(year, month)| year.parse().ok().zip(month.parse().ok()));
        let month =
            read.filter(|(_, month)| (1..=12).contains(month)).map(|(year, month)| Self { year, month });
        month.ok_or_else(|| InvalidMonth { found: text.chars().take(80).collect() })
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

#[cfg(test)]
mod tests;
