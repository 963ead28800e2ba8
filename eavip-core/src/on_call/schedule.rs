//! Schedules: who has duty at a moment, by the clock of the schedule's zone. A day on which clocks are set has a duty of 23
//! or 25 hours, never one too few or too many.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::PersonId;
use crate::time::calendar::{ClockTime, Date, Weekday};
use crate::time::zone::Zone;
use crate::time::{Span, Timestamp};

/// Most schedules of one policy.
pub const MAX_SCHEDULES: usize = 500;
/// Most rotations of one schedule: each is asked at each moment.
pub const MAX_ROTATIONS: usize = 20;
/// Most people of one rotation; with weekly turns that is nearly two years.
pub const MAX_PEOPLE: usize = 100;

/// Furthest that is looked ahead; nobody plans duties for longer, and each day of it is looked at.
pub const LONGEST_LOOK: Span = Span::from_secs(366 * 24 * 3_600);

/// How long one person has duty before the next: whole days by the calendar, so a week is 7 of them whatever the clocks
/// do; written `daily`, `weekly` or `3d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn(u16);

impl Turn {
    /// A day.
    pub const DAILY: Self = Self(1);
    /// A week.
    pub const WEEKLY: Self = Self(7);

    /// How many days.
    #[must_use]
    pub const fn days(self) -> u16 {
        self.0
    }
}

/// A text that isn't a turn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a turn; write `daily`, `weekly` or whole days such as `3d`, at most 366d")]
pub struct InvalidTurn {
    /// The text that was found, cut after 80 characters.
    pub found: String,
}

impl crate::document::Declared for Turn {}

impl FromStr for Turn {
    type Err = InvalidTurn;
    fn from_str(text: &str) -> Result<Self, InvalidTurn> {
        let days = || text.strip_suffix('d')?.parse().ok().filter(|days| (1..=366).contains(days)).map(Self);
        match text {
            "daily" => Some(Self::DAILY),
            "weekly" => Some(Self::WEEKLY),
            _ => days(),
        }
        .ok_or_else(|| InvalidTurn { found: text.chars().take(80).collect() })
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.0)
    }
}

impl Serialize for Turn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Turn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

/// The hours to which a rotation is limited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The days on which they begin; empty for every day.
    pub days: BTreeSet<Weekday>,
    /// When they begin.
    pub from: ClockTime,
    /// When they end: on the next day, when it isn't after `from`.
    pub until: ClockTime,
}

/// People who have duty in turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// In the order of their turns.
    pub people: Vec<PersonId>,
    /// How long a turn is.
    pub turn: Turn,
    /// The first day of the first turn; before it nobody has duty. A weekly turn changes on its weekday.
    pub since: Date,
    /// When turns change.
    pub at: ClockTime,
    /// The hours in which there is duty; empty for all. What began belongs to the turn in which it began.
    pub hours: Vec<Hours>,
}

/// Somebody who has duty instead of whoever would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Who.
    pub person: PersonId,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// A declared `[schedule.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Whose clock counts.
    pub zone: Zone,
    /// The first one that has somebody at a moment decides.
    pub rotations: Vec<Rotation>,
    /// Where several hold at a moment, the one that began last decides.
    pub overrides: Vec<Override>,
}

/// A stretch during which the same person has duty, or nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// Who; `None` is a gap.
    pub person: Option<PersonId>,
    /// Its begin.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
}

impl Hours {
    /// The hours that begin on a day.
    fn on(&self, date: Date, zone: &Zone) -> Option<(Timestamp, Timestamp)> {
        let begins = self.days.is_empty() || self.days.contains(&date.weekday());
        let last = if self.until > self.from { date } else { date.plus(1) };
        begins.then(|| (zone.moment(date, self.from), zone.moment(last, self.until)))
    }

    /// When the hours began that hold at a moment.
    fn begun(&self, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let today = zone.date(now);
        let near = [today, today.plus(-1)].into_iter().filter_map(|date| self.on(date, zone));
        near.filter(|(from, until)| *from <= now && now < *until).map(|(from, _)| from).max()
    }
}

impl Rotation {
    fn on_call(&self, now: Timestamp, zone: &Zone) -> Option<&PersonId> {
        let moment = if self.hours.is_empty() {
            now
        } else {
            self.hours.iter().filter_map(|hours| hours.begun(now, zone)).max()?
        };
        let today = zone.date(moment);
        // Compared as moments: on a day with two 02:30 a turn that changes at 02:30 changes once.
        let day = if moment < zone.moment(today, self.at) { today.plus(-1) } else { today };
        let turns = day.days_since(self.since).div_euclid(i64::from(self.turn.days()));
        let count = i64::try_from(self.people.len()).ok().filter(|count| *count > 0)?;
        let place = usize::try_from(turns).ok().and_then(|_| usize::try_from(turns % count).ok())?;
        self.people.get(place)
    }

    /// The moments on a day at which it may change who has duty.
    fn edges(&self, date: Date, zone: &Zone) -> Vec<Timestamp> {
        let hours = self.hours.iter().filter_map(|hours| hours.on(date, zone));
        hours.flat_map(|(from, until)| [from, until]).chain([zone.moment(date, self.at)]).collect()
    }
}

impl Schedule {
    /// Who has duty at a moment; `more` are overrides beside the declared ones.
    ///
    /// ```
    /// use eavip_core::policy::{Policy, Source};
    ///
    /// let text = r#"
    /// [person.ana]
    /// teams = ["platform-operations"]
    /// [person.ben]
    /// teams = ["platform-operations"]
    ///
    /// [schedule.primary]
    /// zone = "Europe/Berlin"
    /// [[schedule.primary.rotation]]
    /// people = ["ana", "ben"]
    /// turn = "weekly"
    /// since = 2026-03-23
    /// at = "09:00"
    /// "#;
    /// let policy = Policy::load(&[Source::new("runbook.toml", text)]).unwrap();
    /// let on_call = |now: &str| policy.on_call.schedules["primary"].on_call(&[], now.parse().unwrap());
    /// // Clocks were set forward on the 29th, so nine o'clock is at seven in UTC.
    /// assert_eq!(on_call("2026-03-30T06:59:59Z").unwrap().as_str(), "ana");
    /// assert_eq!(on_call("2026-03-30T07:00:00Z").unwrap().as_str(), "ben");
    /// ```
    #[must_use]
    pub fn on_call<'s>(&'s self, more: &'s [Override], now: Timestamp) -> Option<&'s PersonId> {
        let holding = self.overrides.iter().chain(more).filter(|one| one.from <= now && now < one.until);
        let instead = holding.max_by_key(|one| one.from).map(|one| &one.person);
        instead.or_else(|| self.rotations.iter().find_map(|rotation| rotation.on_call(now, &self.zone)))
    }

    /// The moments within a stretch at which it may change who has duty, sorted; the stretch's begin is the first. At most
    /// [`LONGEST_LOOK`] is looked at.
    #[must_use]
    pub fn edges(&self, more: &[Override], from: Timestamp, length: Span) -> BTreeSet<Timestamp> {
        let until = from + length.min(LONGEST_LOOK);
        let (first, last) = (self.zone.date(from).plus(-1), self.zone.date(until).plus(1));
        let dates = (0..=last.days_since(first)).map(|days| first.plus(days));
        let rotations = dates.flat_map(|date| {
            self.rotations.iter().flat_map(move |rotation| rotation.edges(date, &self.zone))
        });
        let overrides = self.overrides.iter().chain(more).flat_map(|one| [one.from, one.until]);
        let within = rotations.chain(overrides).filter(|at| from < *at && *at < until);
        std::iter::once(from).chain(within).collect()
    }

    /// Who has duty over a stretch of at most [`LONGEST_LOOK`], without holes: gaps are shifts of nobody.
    #[must_use]
    pub fn shifts(&self, more: &[Override], from: Timestamp, length: Span) -> Vec<Shift> {
        let until = from + length.min(LONGEST_LOOK);
        let mut shifts: Vec<Shift> = Vec::new();
        for at in self.edges(more, from, length) {
            let person = self.on_call(more, at);
            match shifts.last_mut() {
                Some(last) if last.person.as_ref() == person => {}
                last => {
                    last.into_iter().for_each(|last| last.until = at);
                    shifts.push(Shift { person: person.cloned(), from: at, until });
                }
            }
        }
        shifts
    }
}

#[cfg(test)]
mod tests;
