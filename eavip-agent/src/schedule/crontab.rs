//! Five-field crontab text as people write it, on the calendar walk of the `cron` crate.
//!
//! The crate wants seconds first, counts days of the week from 1 = Sunday, and requires day of month *and* day of
//! week. Here the text is read by crontab(5): 0 and 7 are Sunday, and when both day fields are restricted, either
//! suffices. Each field is expanded and handed on as a plain list of numbers, so no notation is read twice.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

/// Longest text that is read.
const MAX_TEXT: usize = 200;

/// A text that isn't five-field crontab.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCrontab {
    /// Too few or too many fields.
    #[error(
        "`{found}` has {count} fields; write minute, hour, day of month, month and day of week, like 30 2 * * 1-5"
    )]
    Fields {
        /// The text, cut after 80 characters.
        found: String,
        /// How many fields it has.
        count: usize,
    },
    /// A field that can't be read.
    #[error("`{found}` can't be a {field}; write {expected}, with `,` `-` and `/` where needed")]
    Field {
        /// The part that can't be read, cut after 80 characters.
        found: String,
        /// Which field.
        field: &'static str,
        /// What would be right.
        expected: &'static str,
    },
    /// A day that no month has.
    #[error("`{found}` never happens; name a day that one of its months has")]
    Never {
        /// The text, cut after 80 characters.
        found: String,
    },
}

/// Crontab text that was read.
#[derive(Debug, Clone)]
pub(super) struct Crontab {
    text: Box<str>,
    /// One, or two of which either may match.
    either: Vec<cron::Schedule>,
}

struct Field {
    name: &'static str,
    expected: &'static str,
    least: u8,
    most: u8,
    /// Names of the values from `least` on.
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const MINUTE: Field = Field { name: "minute", expected: "0 to 59 or `*`", least: 0, most: 59, names: &[] };
const HOUR: Field = Field { name: "hour", expected: "0 to 23 or `*`", least: 0, most: 23, names: &[] };
const DAY_OF_MONTH: Field =
    Field { name: "day of month", expected: "1 to 31 or `*`", least: 1, most: 31, names: &[] };
const MONTH: Field =
    Field { name: "month", expected: "1 to 12, jan to dec or `*`", least: 1, most: 12, names: &MONTHS };
const DAY_OF_WEEK: Field = Field {
    name: "day of week",
    expected: "0 to 7 (0 and 7 are Sunday), sun to sat or `*`",
    least: 0,
    most: 7,
    names: &DAYS,
};

impl FromStr for Crontab {
    type Err = InvalidCrontab;
    fn from_str(text: &str) -> Result<Self, InvalidCrontab> {
        let cut = || text.chars().take(80).collect::<String>();
        let parts: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = parts.as_slice() else {
            return Err(InvalidCrontab::Fields { found: cut(), count: parts.len() });
        };
        if text.len() > MAX_TEXT {
            return Err(InvalidCrontab::Never { found: cut() });
        }
        // As in cron: a field that begins with a star doesn't restrict, even with a step.
        let both = !day.starts_with('*') && !weekday.starts_with('*');
        let (minute, hour) = (MINUTE.read(minute)?, HOUR.read(hour)?);
        let (day, month) = (DAY_OF_MONTH.read(day)?, MONTH.read(month)?);
        // The crate counts from 1 = Sunday.
        let weekday: BTreeSet<u8> = DAY_OF_WEEK.read(weekday)?.iter().map(|day| day % 7 + 1).collect();
        let schedule = |day: &str, weekday: &str| {
            let month = listed(&month);
            let text = format!("0 {} {} {day} {month} {weekday}", listed(&minute), listed(&hour));
            text.parse::<cron::Schedule>().map_err(|_| InvalidCrontab::Never { found: cut() })
        };
        let either = if both {
            vec![schedule(&listed(&day), "*")?, schedule("*", &listed(&weekday))?]
        } else {
            vec![schedule(&listed(&day), &listed(&weekday))?]
        };
        let crontab = Self { text: parts.join(" ").into(), either };
        match crontab.after(DateTime::UNIX_EPOCH) {
            Some(_) => Ok(crontab),
            None => Err(InvalidCrontab::Never { found: cut() }),
        }
    }
}

impl Crontab {
    /// The first wall-clock moment after `from`, both written as if the wall clock were in UTC.
    pub(super) fn after(&self, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.either.iter().filter_map(|schedule| schedule.after(&from).next()).min()
    }
}

impl fmt::Display for Crontab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn listed(values: &BTreeSet<u8>) -> String {
    values.iter().map(u8::to_string).collect::<Vec<_>>().join(",")
}

impl Field {
    /// Expands `*`, `5`, `1-5`, `*/10`, `10-30/5`, names, and lists of them.
    fn read(&self, text: &str) -> Result<BTreeSet<u8>, InvalidCrontab> {
        let mut values = BTreeSet::new();
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(step)),
                None => (part, None),
            };
            let step_by = match step.map(str::parse::<u8>) {
                None => 1,
                Some(Ok(step)) if step > 0 => step,
                _ => return Err(self.wrong(part)),
            };
            let (from, to) = match range.split_once('-') {
                _ if range == "*" => (self.least, self.most),
                Some((from, to)) => (self.value(from, part)?, self.value(to, part)?),
                // `5/10` means from 5 on, as in Vixie's cron.
                None if step.is_some() => (self.value(range, part)?, self.most),
                None => (self.value(range, part)?, self.value(range, part)?),
            };
            if from > to {
                return Err(self.wrong(part));
            }
            values.extend((from..=to).step_by(usize::from(step_by)));
        }
        Ok(values)
    }

    fn value(&self, text: &str, part: &str) -> Result<u8, InvalidCrontab> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = match named {
            Some(at) => u8::try_from(at).ok().map(|at| at + self.least),
            None => text.parse::<u8>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())),
        };
        value.filter(|value| (self.least..=self.most).contains(value)).ok_or_else(|| self.wrong(part))
    }

    fn wrong(&self, part: &str) -> InvalidCrontab {
        let found = part.chars().take(80).collect();
        InvalidCrontab::Field { found, field: self.name, expected: self.expected }
    }
}
