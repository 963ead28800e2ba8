//! Maintenance windows: declared, recurring by the clock of a zone, each tied to a change record and with an end after which
//! it doesn't recur any more.
//!
//! What happens once is a silence; a window is for what happens each week.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Ticket;
use super::matcher::Matchers;
use crate::id::TeamId;
use crate::labels::Labels;
use crate::time::calendar::{ClockTime, Weekday};
use crate::time::zone::Zone;
use crate::time::{Span, Timestamp};

/// Longest window; what is under maintenance for longer isn't in production.
pub const LONGEST_WINDOW: Span = Span::from_secs(24 * 3_600);
/// Most windows of one policy: each alert is held against all of them.
pub const MAX_WINDOWS: usize = 500;

/// A declared `[maintenance.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Whose clock counts.
    pub zone: Zone,
    /// The days on which it begins; empty for every day.
    pub days: BTreeSet<Weekday>,
    /// When it begins.
    pub at: ClockTime,
    /// How long it lasts: at most [`LONGEST_WINDOW`], in time that passes and not by the clock.
    pub lasts: Span,
    /// Which alerts it means.
    pub matchers: Matchers,
    /// The change under which the work is done.
    pub change: Ticket,
    /// Who answers for it.
    pub owner: TeamId,
    /// From when on it doesn't begin any more.
    pub expires: Timestamp,
}

impl Window {
    /// When the window that is open at `now` ends; `None` when none is open.
    #[must_use]
    pub fn open_until(&self, now: Timestamp) -> Option<Timestamp> {
        let today = self.zone.date(now);
        let begins = [-1, 0]
            .map(|days| today.plus(days))
            .into_iter()
            .filter(|date| self.days.is_empty() || self.days.contains(&date.weekday()));
        let spans = begins.map(|date| self.zone.moment(date, self.at)).map(|from| (from, from + self.lasts));
        let open = spans.filter(|(from, until)| *from <= now && now < *until && *from < self.expires);
        open.map(|(_, until)| until).max()
    }

    /// When it opens next after `now`; `None` when it doesn't any more. Each of its days comes within a week.
    #[must_use]
    pub fn next_opening(&self, now: Timestamp) -> Option<Timestamp> {
        let today = self.zone.date(now);
        let dates = (0..=7).map(|days| today.plus(days));
        let dates = dates.filter(|date| self.days.is_empty() || self.days.contains(&date.weekday()));
        let mut moments = dates.map(|date| self.zone.moment(date, self.at));
        moments.find(|from| *from > now && *from < self.expires)
    }

    /// When the window that holds for an alert with these labels ends.
    #[must_use]
    pub fn holds_for(&self, labels: &Labels, now: Timestamp) -> Option<Timestamp> {
        if self.matchers.matches(labels) { self.open_until(now) } else { None }
    }
}

#[cfg(test)]
mod tests;
