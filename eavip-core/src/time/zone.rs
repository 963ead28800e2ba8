//! Time zones, without a file: a zone is the rule by which its clocks are set now, so core needs no database and gives
//! the same answer everywhere. Rotas and recurring windows look ahead, where the present rule is all that is known.
//!
//! Not here: what clocks showed before a country changed its rule. Names are those of the time zone database (release
//! 2025b, `zone/rules.txt`); where a country has changed its rule since, write the rule itself in the form of POSIX
//! `TZ`.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Timestamp;
use super::calendar::{ClockTime, Date};
use crate::vocabulary::nearest;

/// Each line is a rule in the form of POSIX `TZ` and the zones that follow it: the last line of each zone's file.
const RULES: &str = include_str!("zone/rules.txt");
/// Longest rule: the form has no longer one that means anything.
const MAX_RULE: usize = 64;

/// A zone, declared by name (`Europe/Berlin`) or by rule (`CET-1CEST,M3.5.0,M10.5.0/3`).
#[derive(Clone)]
pub struct Zone {
    name: Box<str>,
    rule: TimeZone,
}

impl Zone {
    /// Universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".into(), rule: TimeZone::UTC }
    }

    /// As it was declared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The day that the zone's calendar shows at a moment.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> Date {
        let moment = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
        Date(self.rule.to_datetime(moment).date())
    }

    /// The moment at which the zone's clocks show a time on a day: the first one where they show it twice, and where it
    /// is skipped, as long after the skip as it would have been.
    #[must_use]
    pub fn moment(&self, date: Date, time: ClockTime) -> Timestamp {
        let shown = time.on(date);
        let found = self.rule.to_ambiguous_timestamp(shown).compatible();
        // Only at the calendar's two ends is there no such moment.
        let at = found.or_else(|_| TimeZone::UTC.to_timestamp(shown)).unwrap_or_default();
        Timestamp::from_millis(at.as_millisecond())
    }
}

/// A text that names no zone and is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a time zone; {}", match meant {
    Some(name) => format!("did you mean `{name}`?"),
    None => "write a name such as `Europe/Berlin`, or a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`".to_owned(),
})]
pub struct InvalidZone {
    /// The text that was found, cut after 80 characters.
    pub found: String,
    /// The zone that may have been meant.
    pub meant: Option<&'static str>,
}

fn named() -> impl Iterator<Item = (&'static str, &'static str)> {
    RULES
        .lines()
        .filter_map(|line| line.split_once(' '))
        .flat_map(|(rule, names)| names.split(' ').map(move |name| (name, rule)))
}

impl crate::document::Declared for Zone {}

impl FromStr for Zone {
    type Err = InvalidZone;
    fn from_str(text: &str) -> Result<Self, InvalidZone> {
        let known = named().find(|(name, _)| *name == text).map(|(_, rule)| rule);
        let rule = known.unwrap_or(text);
        let parsed = (rule.len() <= MAX_RULE).then(|| TimeZone::posix(rule).ok()).flatten();
        parsed.map(|rule| Self { name: text.into(), rule }).ok_or_else(|| InvalidZone {
            found: text.chars().take(80).collect(),
            meant: nearest(named().map(|(name, _)| name), text),
        })
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

#[cfg(test)]
mod tests;
