//! Noise: what became of each alert, and how much of it a person can bear (seed: *Alert noise is treated as a defect*).
//!
//! [`measure`] counts, [`budget`] judges what was counted, and a breach opens a [`defect`] that has an owner and a due date
//! like any other. Counting is over a period that is given: what is kept, and for how long, is the caller's part.

pub mod budget;
pub mod defect;
pub mod measure;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Category;
use crate::id::{AlertRuleId, Digest128, PersonId, TeamId};
use crate::time::{Span, Timestamp};
use crate::words;

/// How much noise there may be. The numbers are those of ISA-18.2 and EEMUA 191 for what one operator can follow, and
/// of the Site Reliability Workbook for pages per shift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoisePolicy {
    /// The length of a shift; 12 h.
    pub shift: Span,
    /// Paging incidents of one shift at most; 2.
    pub pages_per_shift: u64,
    /// Alerts of one responder in a day at most; 144.
    pub alerts_per_day: u64,
    /// The period in which alerts are counted to tell a flood; 10 min.
    pub flood_period: Span,
    /// More alerts than this in a period are a flood; 10.
    pub flood_over: u64,
    /// Below which share of periods floods stay; 0.01.
    pub flood_share: f64,
    /// Which share of alerts must have been worth it; 0.5.
    pub precision: f64,
    /// Over fewer episodes than this precision says nothing; 10.
    pub least_episodes: u64,
    /// How often within [`NoisePolicy::chatter_within`] an alert begins that chatters; 3.
    pub chatter_times: u64,
    /// The time in which a chattering alert begins again and again; 1 min.
    pub chatter_within: Span,
    /// Chattering alerts at most; 0.
    pub chatter: u64,
    /// From which age on an alert is stale; 24 h.
    pub stale_after: Span,
    /// Below which number stale alerts stay; 5.
    pub stale: u64,
    /// How long the owner has to mend a defect; 14 days.
    pub due: Span,
}

impl Default for NoisePolicy {
    fn default() -> Self {
        Self {
            shift: Span::from_secs(12 * 3_600),
            pages_per_shift: 2,
            alerts_per_day: 144,
            flood_period: Span::from_secs(600),
            flood_over: 10,
            flood_share: 0.01,
            precision: 0.5,
            least_episodes: 10,
            chatter_times: 3,
            chatter_within: Span::from_secs(60),
            chatter: 0,
            stale_after: Span::from_secs(24 * 3_600),
            stale: 5,
            due: Span::from_secs(14 * 24 * 3_600),
        }
    }
}

words! {
    /// What became of an alert.
    #[non_exhaustive]
    pub enum AlertOutcome ("alert outcome") {
        /// A person took it.
        Acted = "acted",
        /// It was over before anybody took it.
        AutoResolved = "auto-resolved",
        /// A person said that it was noise.
        MarkedNoise = "marked-noise",
        /// It came and went.
        Flap = "flap",
        /// An incident had another alert already.
        Duplicate = "duplicate",
        /// There was an incident and no alert.
        Missed = "missed",
    }
}

/// An episode, as far as noise is concerned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The same for every episode of the same thing.
    pub fingerprint: Digest128,
    /// The rule.
    pub rule: AlertRuleId,
    /// The owning team.
    pub owner: TeamId,
    /// How urgent it was.
    pub category: Category,
    /// When it counted.
    pub began: Timestamp,
    /// When it was over; `None` while it fires.
    pub ended: Option<Timestamp>,
    /// Whether a person took it.
    pub acknowledged: bool,
    /// Whether a person said that it was noise.
    pub marked_noise: bool,
    /// Whether it was told, or held back, as flapping.
    pub flapped: bool,
    /// Whether it belonged to an incident that another alert had opened.
    pub duplicate: bool,
    /// The message by which somebody was paged; alerts of one message are one paging incident.
    pub page: Option<Digest128>,
    /// Who was told.
    pub responders: BTreeSet<PersonId>,
}

impl Record {
    /// What became of it, what people said before what the clock says; `None` while it fires and nobody took it.
    #[must_use]
    pub fn outcome(&self) -> Option<AlertOutcome> {
        if self.marked_noise {
            Some(AlertOutcome::MarkedNoise)
        } else if self.duplicate {
            Some(AlertOutcome::Duplicate)
        } else if self.flapped {
            Some(AlertOutcome::Flap)
        } else if self.acknowledged {
            Some(AlertOutcome::Acted)
        } else {
            self.ended.map(|_| AlertOutcome::AutoResolved)
        }
    }
}

/// An incident that no alert told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Miss {
    /// The rule that should have, where its review names one.
    pub rule: Option<AlertRuleId>,
    /// The team that it was about.
    pub owner: TeamId,
    /// When it began.
    pub at: Timestamp,
}

/// A time during which a rule was silenced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silenced {
    /// The rule.
    pub rule: AlertRuleId,
    /// Its owner.
    pub owner: TeamId,
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub until: Timestamp,
}

/// Whose noise is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Scope {
    /// One rule's.
    Rule(AlertRuleId),
    /// That of the rules a team owns.
    Team(TeamId),
    /// What one person was told.
    Responder(PersonId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => write!(f, "rule `{rule}`"),
            Self::Team(team) => write!(f, "team `{team}`"),
            Self::Responder(person) => write!(f, "responder `{person}`"),
        }
    }
}

#[cfg(test)]
mod tests;
