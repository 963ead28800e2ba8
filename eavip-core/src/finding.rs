//! A finding: what one rule saw, against which limit, and what would mend it.

use serde::{Deserialize, Serialize};

use crate::id::TeamId;
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

/// What one rule found. Messages never contain secret values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's stable code, such as `EAVIP-A02`.
    pub rule: String,
    /// What it says.
    pub outcome: Outcome,
    /// One sentence that reads alone.
    pub message: String,
    /// What would mend it; empty when nothing has to be done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
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
    pub fn new(rule: &str, outcome: Outcome, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            rule: rule.to_owned(),
            outcome,
            message: message.into(),
            remedy: remedy.into(),
            owner: None,
            clears_at: None,
        }
    }
}
