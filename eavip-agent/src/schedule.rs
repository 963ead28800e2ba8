//! When something happens again: every so often, or by crontab text in a time zone.
//!
//! What a wall clock does twice a year is decided here: a moment that the clock skips happens once, at the first
//! instant after the gap; a moment that it shows twice happens once, the first time.

mod crontab;
mod zone;

use std::fmt;
use std::str::FromStr;

use eavip_core::id::Digest128;
use eavip_core::time::{Span, Timestamp};

use self::crontab::Crontab;
pub use self::crontab::InvalidCrontab;
pub use self::zone::{UnknownZone, Zone};

/// When something happens again.
#[derive(Debug, Clone)]
pub struct Schedule(Form);

#[derive(Debug, Clone)]
enum Form {
    /// Every `interval`, `phase` after its multiples since 1970.
    Every { interval: Span, phase: Span },
    /// By the wall clock of a zone.
    Crontab { crontab: Box<Crontab>, zone: Zone },
}

impl Schedule {
    /// Every so often; at least a millisecond.
    #[must_use]
    pub fn every(interval: Span) -> Self {
        Self(Form::Every { interval: interval.max(Span::from_millis(1)), phase: Span::ZERO })
    }

    /// The same crontab, read in a time zone; an interval knows no zone.
    #[must_use]
    pub fn in_zone(self, zone: Zone) -> Self {
        match self.0 {
            Form::Crontab { crontab, .. } => Self(Form::Crontab { crontab, zone }),
            every @ Form::Every { .. } => Self(every),
        }
    }

    /// The same interval at a phase of its own, the same for the same `parts` each time: many nodes don't act at
    /// once, and one node doesn't do everything at once.
    #[must_use]
    pub fn jittered<'a>(self, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        match self.0 {
            Form::Every { interval, .. } => {
                let [a, b, c, d, e, f, g, h, ..] = Digest128::of(parts).0;
                let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
                let phase = Span::from_millis(number % interval.as_millis());
                Self(Form::Every { interval, phase })
            }
            crontab @ Form::Crontab { .. } => Self(crontab),
        }
    }

    /// The first moment after `now` at which it happens; `None` when it never does again.
    #[must_use]
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            Form::Every { interval, phase } => {
                let (interval, phase) = (as_i64(*interval), as_i64(*phase));
                let into = now.as_millis().saturating_sub(phase).rem_euclid(interval);
                let next = now.as_millis().saturating_add(interval - into);
                Some(Timestamp::from_millis(next)).filter(|next| *next > now)
            }
            Form::Crontab { crontab, zone } => zone.first_after(now, |from| crontab.after(from)),
        }
    }

    /// By when something that last succeeded at `last` should succeed again: an interval counts from there, a crontab
    /// names the moment.
    #[must_use]
    pub fn due_after(&self, last: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            Form::Every { interval, .. } => Some(last + *interval),
            Form::Crontab { .. } => self.next_after(last),
        }
    }
}

fn as_i64(span: Span) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Reads five-field crontab text, in UTC until [`Schedule::in_zone`] says otherwise.
impl eavip_core::document::Declared for Schedule {}

impl FromStr for Schedule {
    type Err = InvalidCrontab;
    fn from_str(text: &str) -> Result<Self, InvalidCrontab> {
        let crontab = Box::new(text.parse()?);
        Ok(Self(Form::Crontab { crontab, zone: Zone::UTC }))
    }
}

/// As it is written, with the zone behind it.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Every { interval, .. } => write!(f, "every {interval}"),
            Form::Crontab { crontab, zone } => write!(f, "{crontab} ({zone})"),
        }
    }
}

#[cfg(test)]
mod tests;
