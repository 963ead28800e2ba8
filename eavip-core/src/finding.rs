//! A finding: what one rule saw, against which limit, and what would mend it.

use std::borrow::Cow;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use crate::id::TeamId;
use crate::rule::Rule;
use crate::signal::metric::Unit;
use crate::time::Timestamp;
use crate::words;

words! {
    /// What a rule says of the evidence it saw; from harmless to decisive.
    pub enum Outcome ("finding outcome") {
        /// The rule doesn't speak of this case.
        NotApplicable = "not-applicable",
        /// The evidence is there and within the limit.
        Pass = "pass",
        /// Worth knowing, decides nothing.
        Warn = "warn",
        /// Evidence is missing, stale or in error.
        Undetermined = "undetermined",
        /// The evidence is beyond the limit.
        Fail = "fail",
    }
}

/// A value beside the limit it was held against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What was measured.
    pub value: f64,
    /// What the policy allows.
    pub limit: f64,
    /// The unit of both.
    pub unit: Unit,
}

/// What one rule found. Messages never contain secret values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// The rule's stable code, such as `EAVIP-A02`.
    pub rule: Cow<'static, str>,
    /// What it says.
    pub outcome: Outcome,
    /// One sentence that reads alone.
    pub message: String,
    /// What would mend it; empty when nothing has to be done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
    /// What was measured against which limit, where it is a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// What it looked at: ids of alerts, incidents, backups, changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// The team that has to act, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TeamId>,
    /// When it clears by itself, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clears_at: Option<Timestamp>,
}

impl Finding {
    /// A finding with the parts that every finding has.
    #[must_use]
    pub fn new(
        rule: impl Into<Cow<'static, str>>,
        outcome: Outcome,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            rule: rule.into(),
            outcome,
            message: message.into(),
            remedy: remedy.into(),
            measured: None,
            evidence: Vec::new(),
            owner: None,
            clears_at: None,
        }
    }

    /// Adds the number that decided.
    #[must_use]
    pub fn measured(mut self, value: f64, limit: f64, unit: Unit) -> Self {
        self.measured = Some(Measured { value, limit, unit });
        self
    }

    /// Adds what it looked at.
    #[must_use]
    pub fn evidence(mut self, ids: impl IntoIterator<Item: ToString>) -> Self {
        self.evidence.extend(ids.into_iter().map(|id| id.to_string()));
        self
    }

    /// Adds who has to act.
    #[must_use]
    pub fn owned_by(mut self, team: &TeamId) -> Self {
        self.owner = Some(team.clone());
        self
    }

    /// Adds when it clears by itself.
    #[must_use]
    pub fn clears_at(mut self, moment: Timestamp) -> Self {
        self.clears_at = Some(moment);
        self
    }
}

/// Names in a sentence: the first `most` of them, the rest counted.
pub(crate) fn listed(names: impl ExactSizeIterator<Item: Display>, most: usize) -> String {
    let more = names.len().saturating_sub(most);
    let named: Vec<String> = names.take(most).map(|name| name.to_string()).collect();
    let named = named.join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}

impl Rule {
    /// The rule doesn't speak of this case.
    #[must_use]
    pub fn not_applicable(&self, message: impl Into<String>) -> Finding {
        Finding::new(self.code, Outcome::NotApplicable, message, "")
    }

    /// The evidence is within the limit.
    #[must_use]
    pub fn pass(&self, message: impl Into<String>) -> Finding {
        Finding::new(self.code, Outcome::Pass, message, "")
    }

    /// Worth knowing, decides nothing.
    #[must_use]
    pub fn warn(&self, message: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding::new(self.code, Outcome::Warn, message, remedy)
    }

    /// Evidence is missing, stale or in error.
    #[must_use]
    pub fn undetermined(&self, message: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding::new(self.code, Outcome::Undetermined, message, remedy)
    }

    /// The evidence is beyond the limit.
    #[must_use]
    pub fn fail(&self, message: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding::new(self.code, Outcome::Fail, message, remedy)
    }
}
