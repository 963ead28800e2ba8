//! A time zone, and how wall-clock moments become instants in it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use eavip_core::time::Timestamp;

/// Most moments that are passed over because the clock showed them before: a day of minutes, since a zone that moved
/// over the date line repeated a whole day.
const MAX_REPEATED: usize = 1_500;

/// A zone of the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

/// A name that isn't in the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a known time zone; write it like Europe/Berlin or UTC")]
pub struct UnknownZone {
    /// The name, cut after 80 characters.
    pub found: String,
}

impl eavip_core::document::Declared for Zone {}

impl FromStr for Zone {
    type Err = UnknownZone;
    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        text.parse().map(Self).map_err(|_| UnknownZone { found: text.chars().take(80).collect() })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// The zone that `/etc/localtime` links to; UTC when it doesn't say.
    #[must_use]
    pub fn of_host() -> Self {
        let link = std::fs::read_link("/etc/localtime").unwrap_or_default();
        let name = link.to_str().and_then(|path| path.split_once("zoneinfo/")).map(|(_, name)| name);
        name.and_then(|name| name.parse().ok()).unwrap_or(Self::UTC)
    }

    /// The first instant after `now` at which one of the wall-clock moments happens, that `next` lists by naming the
    /// first one after another.
    ///
    /// The order of wall-clock moments is that of their instants: those skipped by the clock share the end of the
    /// gap, those shown twice count the first time. So moments are passed over only while `now` lies in the second
    /// showing of what has already been.
    pub(super) fn first_after(
        self,
        now: Timestamp,
        next: impl Fn(DateTime<Utc>) -> Option<DateTime<Utc>>,
    ) -> Option<Timestamp> {
        let now = DateTime::from_timestamp_millis(now.as_millis())?;
        let mut wall = now.with_timezone(&self.0).naive_local().and_utc();
        for _ in 0..MAX_REPEATED {
            wall = next(wall)?;
            let instant = self.instant(wall.naive_utc())?;
            if instant > now {
                return Some(Timestamp::from_millis(instant.timestamp_millis()));
            }
        }
        None
    }

    fn instant(self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self.0.from_local_datetime(&wall) {
            LocalResult::Single(instant) => Some(instant.to_utc()),
            LocalResult::Ambiguous(first, second) => Some(first.min(second).to_utc()),
            LocalResult::None => self.end_of_gap(wall),
        }
    }

    /// The first instant with another offset than the day before a moment that the clock skipped.
    fn end_of_gap(self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        let offset = |instant: DateTime<Utc>| self.0.offset_from_utc_datetime(&instant.naive_utc()).fix();
        let mut before = wall.and_utc().checked_sub_signed(TimeDelta::days(2))?;
        let mut after = wall.and_utc().checked_add_signed(TimeDelta::days(2))?;
        let old = offset(before);
        while after - before > TimeDelta::seconds(1) {
            let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
            if offset(middle) == old { before = middle } else { after = middle }
        }
        Some(after)
    }
}
