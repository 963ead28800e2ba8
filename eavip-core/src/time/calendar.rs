//! Days and clock times as people write them: what a rota or a recurring window is declared in. Without a zone none of
//! them is a moment; [`Zone`](super::zone::Zone) makes it one.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::words;

words! {
    /// A day of the week.
    pub enum Weekday ("weekday") {
        /// Monday.
        Monday = "mon",
        /// Tuesday.
        Tuesday = "tue",
        /// Wednesday.
        Wednesday = "wed",
        /// Thursday.
        Thursday = "thu",
        /// Friday.
        Friday = "fri",
        /// Saturday.
        Saturday = "sat",
        /// Sunday.
        Sunday = "sun",
    }
}

/// A day of the calendar, written `2026-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub(super) civil::Date);

impl Date {
    /// The day some days later, or earlier when it is negative; stays within the years -9999 to 9999.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(SignedDuration::from_secs(days.saturating_mul(86_400))))
    }

    /// How many days after `earlier` this is; negative when it is before.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0.duration_since(earlier.0).as_hours() / 24
    }

    /// The day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        match self.0.weekday() {
            civil::Weekday::Monday => Weekday::Monday,
            civil::Weekday::Tuesday => Weekday::Tuesday,
            civil::Weekday::Wednesday => Weekday::Wednesday,
            civil::Weekday::Thursday => Weekday::Thursday,
            civil::Weekday::Friday => Weekday::Friday,
            civil::Weekday::Saturday => Weekday::Saturday,
            civil::Weekday::Sunday => Weekday::Sunday,
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A text that isn't a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a day; write it like 2026-01-31")]
pub struct InvalidDate {
    /// The text that was found, cut after 80 characters.
    pub found: String,
}

impl crate::document::Declared for Date {
    fn schema() -> serde_json::Value {
        serde_json::json!({ "type": "string", "format": "date" })
    }
}

impl FromStr for Date {
    type Err = InvalidDate;
    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let found = || InvalidDate { found: text.chars().take(80).collect() };
        // A whole moment also has a day, but of which zone isn't said.
        if text.len() > "2026-01-31".len() {
            return Err(found());
        }
        text.parse().map(Self).map_err(|_| found())
    }
}

/// A time on the clock, to the minute, written `09:30`; `00:00` to `23:59`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ClockTime(u16);

impl ClockTime {
    /// Minutes after midnight by the clock.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }

    pub(super) fn on(self, date: Date) -> civil::DateTime {
        let (hour, minute) = (self.0 / 60, self.0 % 60);
        // Both are below 60, and what can't be would be midnight.
        date.0.at(i8::try_from(hour).unwrap_or(0), i8::try_from(minute).unwrap_or(0), 0, 0)
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A text that isn't a time on the clock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a time on the clock; write it like 09:30")]
pub struct InvalidClockTime {
    /// The text that was found, cut after 80 characters.
    pub found: String,
}

impl crate::document::Declared for ClockTime {
    fn schema() -> serde_json::Value {
        serde_json::json!({ "type": "string", "pattern": r"^\d{2}:\d{2}$" })
    }
}

impl FromStr for ClockTime {
    type Err = InvalidClockTime;
    fn from_str(text: &str) -> Result<Self, InvalidClockTime> {
        let two = |part: &str, most: u16| {
            let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten().filter(|number| *number < most)
        };
        let parts = text.split_once(':').and_then(|(hour, minute)| two(hour, 24).zip(two(minute, 60)));
        parts
            .map(|(hour, minute)| Self(hour * 60 + minute))
            .ok_or_else(|| InvalidClockTime { found: text.chars().take(80).collect() })
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::vocabulary::parsed(deserializer)
            }
        }
    };
}
as_text!(Date);
as_text!(ClockTime);

#[cfg(test)]
mod tests;
