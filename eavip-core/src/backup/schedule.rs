//! When backups are taken: at an interval, or at times of the day or week in UTC. No cron: what a person reads is what
//! happens, and no clock change skips or repeats it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::calendar::Weekday;
use crate::time::{Span, Timestamp};

/// Most times of one schedule: each half hour of a day.
pub const MAX_TIMES: usize = 48;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
const WEEK: i64 = 7 * DAY;
/// From a Monday, 00:00 to the epoch, which was a Thursday.
const MONDAY_TO_EPOCH: i64 = 3 * DAY;

/// A time of each day, or of one day of the week, in UTC: `02:30`, `sun 02:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    day: Option<Weekday>,
    minute: u16,
}

/// A text that is no time of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is no time in UTC; write it like 02:30 for each day, or `sun 02:30` for one day of the week"
)]
pub struct InvalidSlot {
    /// The text that was found, cut after 80 characters.
    pub found: String,
}

impl crate::document::Declared for Slot {}

impl FromStr for Slot {
    type Err = InvalidSlot;
    fn from_str(text: &str) -> Result<Self, InvalidSlot> {
        parse_slot(text).ok_or_else(|| InvalidSlot { found: text.chars().take(80).collect() })
    }
}

fn parse_slot(text: &str) -> Option<Slot> {
    let (day, time) = match text.split_once(' ') {
        Some((day, time)) => (Some(Weekday::find(day)?), time),
        None => (None, text),
    };
    let (hour, minute) = time.split_once(':')?;
    let below = |text: &str, limit: u16| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { text.parse::<u16>().ok().filter(|number| *number < limit) } else { None }
    };
    Some(Slot { day, minute: below(hour, 24)? * 60 + below(minute, 60)? })
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(day) = self.day {
            write!(f, "{day} ")?;
        }
        write!(f, "{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

impl Serialize for Slot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

impl Slot {
    /// Its moments in a week that begins on Monday, 00:00, in milliseconds.
    fn in_week(self) -> impl Iterator<Item = i64> {
        let days = Weekday::ALL.iter().filter(move |day| self.day.is_none_or(|own| own == **day));
        days.map(move |day| *day as i64 * DAY + i64::from(self.minute) * MINUTE)
    }
}

/// Times of the week; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Slot>", into = "Vec<Slot>")]
pub struct Times(BTreeSet<Slot>);

/// A list of times that is no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a schedule has {found} times; write 1 to 48")]
pub struct InvalidTimes {
    /// How many there are.
    pub found: usize,
}

impl TryFrom<Vec<Slot>> for Times {
    type Error = InvalidTimes;
    fn try_from(slots: Vec<Slot>) -> Result<Self, InvalidTimes> {
        let times: BTreeSet<Slot> = slots.into_iter().collect();
        if (1..=MAX_TIMES).contains(&times.len()) {
            Ok(Self(times))
        } else {
            Err(InvalidTimes { found: times.len() })
        }
    }
}

impl From<Times> for Vec<Slot> {
    fn from(times: Times) -> Self {
        times.0.into_iter().collect()
    }
}

impl Times {
    fn in_week(&self) -> BTreeSet<i64> {
        self.0.iter().flat_map(|slot| slot.in_week()).collect()
    }
}

/// When backups of a data set are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Schedule {
    /// So long after the previous one began.
    Every(Span),
    /// At times in UTC.
    At(Times),
}

impl Schedule {
    /// The first scheduled moment after one.
    #[must_use]
    pub fn next_after(&self, moment: Timestamp) -> Timestamp {
        match self {
            Self::Every(span) => moment + *span,
            Self::At(times) => {
                let of_week = (moment.as_millis() + MONDAY_TO_EPOCH).rem_euclid(WEEK);
                let monday = moment.as_millis() - of_week;
                let times = times.in_week();
                let later = times.range(of_week + 1..).next().copied();
                let next = later.or_else(|| times.first().map(|first| first + WEEK));
                Timestamp::from_millis(monday + next.unwrap_or(WEEK))
            }
        }
    }

    /// The longest time between two backups.
    #[must_use]
    pub fn longest_gap(&self) -> Span {
        match self {
            Self::Every(span) => *span,
            Self::At(times) => {
                let times = times.in_week();
                let next = times.iter().skip(1).copied().chain(times.first().map(|first| first + WEEK));
                let gaps = times.iter().zip(next).map(|(this, next)| next.abs_diff(*this));
                Span::from_millis(gaps.max().unwrap_or_default())
            }
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(span) => write!(f, "every {span}"),
            Self::At(times) => {
                let times: Vec<String> = times.0.iter().map(Slot::to_string).collect();
                write!(f, "at {} UTC", times.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
