//! What is explicitly forbidden, and how it is noticed (seed: *Operational Anti-Patterns*): one detector for each
//! anti-pattern, a pure function from plain evidence to findings.
//!
//! A finding that fails is a violation. What happens to it over time, from the first sight to a person's word on it, is
//! [`case`]; whether a detector is right often enough is [`precision`].

pub mod case;
pub mod manual_hotfix;
pub mod precision;
pub mod shared_credential;
pub mod silent_change;
pub mod undocumented_recovery;
pub mod unowned_alert;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::rule::Rule;
use crate::time::Span;
use crate::words;

words! {
    /// What nobody may do.
    pub enum AntiPattern ("anti-pattern") {
        /// Something runs that no release put there.
        ManualHotfix = "manual-hotfix",
        /// Configuration changed and nobody said so.
        SilentChange = "silent-change",
        /// Several people use one credential.
        SharedCredential = "shared-credential",
        /// An alert that nobody owns.
        UnownedAlert = "unowned-alert",
        /// A recovery that follows no written procedure.
        UndocumentedRecovery = "undocumented-recovery",
    }
}

impl AntiPattern {
    /// The rule that its detector cites.
    #[must_use]
    pub const fn rule(self) -> Rule {
        match self {
            Self::ManualHotfix => manual_hotfix::RELEASED,
            Self::SilentChange => silent_change::RECORDED,
            Self::SharedCredential => shared_credential::PERSONAL,
            Self::UnownedAlert => unowned_alert::OWNED,
            Self::UndocumentedRecovery => undocumented_recovery::DOCUMENTED,
        }
    }
}

/// When the detectors speak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AntiPatternPolicy {
    /// Consecutive reports that must show a foreign artifact; 2.
    pub hotfix_reports: usize,
    /// How old the last of them may be; 10 minutes.
    pub reports_stale_after: Span,
    /// How soon what break-glass put there must become a release; 72 hours.
    pub hotfix_release_within: Span,
    /// How far back the uses of a credential count; 30 days.
    pub credential_window: Span,
    /// Words in a credential's name that say that it is nobody's own.
    pub shared_names: BTreeSet<String>,
    /// Least active members of a team that owns alerts; 2.
    pub least_members: usize,
    /// How long a team's confirmation holds; 90 days.
    pub confirmed_within: Span,
    /// Longest life of an informational alert without an owner, below Staging; 30 days.
    pub experiment_within: Span,
    /// How soon after a SEV-1 or SEV-2 its runbook must be revised; 7 days.
    pub revised_within: Span,
    /// How long a rehearsal holds; 90 days.
    pub rehearsed_within: Span,
    /// Within which time a violation that comes again is a repeat; 30 days.
    pub repeat_within: Span,
    /// Least judged cases that say something of a detector; 10.
    pub least_cases: u64,
    /// Least share of them that were right, 0 to 1; 0.5.
    pub least_precision: f64,
}

impl Default for AntiPatternPolicy {
    fn default() -> Self {
        const HOUR: Span = Span::from_secs(3_600);
        const DAY: Span = HOUR.times(24);
        Self {
            hotfix_reports: 2,
            reports_stale_after: Span::from_secs(600),
            hotfix_release_within: HOUR.times(72),
            credential_window: DAY.times(30),
            shared_names: ["admin", "root", "shared", "test"].map(str::to_owned).into(),
            least_members: 2,
            confirmed_within: DAY.times(90),
            experiment_within: DAY.times(30),
            revised_within: DAY.times(7),
            rehearsed_within: DAY.times(90),
            repeat_within: DAY.times(30),
            least_cases: 10,
            least_precision: 0.5,
        }
    }
}

/// What a detector found, or one pass.
fn or_pass(rule: Rule, found: Vec<Finding>, message: impl FnOnce() -> String) -> Vec<Finding> {
    if found.is_empty() { vec![rule.pass(message())] } else { found }
}

#[cfg(test)]
mod tests;
