//! A violation as a record: first seen, over, seen again, and judged by a person.
//!
//! There is one case for each anti-pattern and subject. What stays is one violation, however often it is looked at; what
//! comes back within 30 days is a repeat, and more urgent.

use serde::{Deserialize, Serialize};

use super::{AntiPattern, AntiPatternPolicy};
use crate::aggregate::Aggregate;
use crate::alert::Category;
use crate::alert::episode::MAX_REASON;
use crate::decision::Refused;
use crate::finding::{Finding, Outcome};
use crate::freshness::is_within;
use crate::id::PersonId;
use crate::time::Timestamp;

crate::rules! {
    /// Nothing of this kind was seen, or what was seen is judged already. A new violation can be judged again.
    JUDGEABLE = "EAVIP-AP7", "a violation is judged once", "Audit readiness";
    /// A judgement says why, in 1 to 1000 characters.
    SAYS_WHY = "EAVIP-AP8", "a judgement has a reason", "Audit readiness";
}

/// Most findings kept with a violation: enough to see what it was.
pub const MAX_FINDINGS: usize = 20;
/// Longest subject, in characters; the rest is cut: a key's name with its place.
pub const MAX_SUBJECT: usize = 400;

/// What happened to a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CaseEvent {
    /// A violation was seen.
    Violated {
        /// Of what.
        pattern: AntiPattern,
        /// On what: a service, a key, a credential, a rule, a recovery.
        subject: String,
        /// How urgent it is.
        category: Category,
        /// What the detector said.
        findings: Vec<Finding>,
        /// When.
        at: Timestamp,
    },
    /// It is no longer seen.
    Ended {
        /// When.
        at: Timestamp,
    },
    /// A person judged it.
    Judged {
        /// Whether it was a violation.
        confirmed: bool,
        /// Who says so.
        by: PersonId,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

/// What somebody asks of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum CaseCommand {
    /// The detector looked, and found what it found.
    Look {
        /// For what.
        pattern: AntiPattern,
        /// On what.
        subject: String,
        /// What it says; a violation when one of them fails.
        findings: Vec<Finding>,
    },
    /// A person judges it.
    Judge {
        /// Whether it was a violation.
        confirmed: bool,
        /// Who says so.
        by: PersonId,
        /// Why.
        reason: String,
    },
}

/// A case as its events made it.
///
/// ```
/// use eavip_core::aggregate::Aggregate;
/// use eavip_core::alert::Category;
/// use eavip_core::anti_pattern::case::{Case, CaseCommand};
/// use eavip_core::anti_pattern::{AntiPattern, AntiPatternPolicy};
/// use eavip_core::time::Timestamp;
///
/// let pattern = AntiPattern::ManualHotfix;
/// let findings = vec![pattern.rule().fail("checkout runs what no rollout put there", "release it, or roll back")];
/// let look = CaseCommand::Look { pattern, subject: "checkout on n1".into(), findings };
/// let events = Case::decide(None, look, &AntiPatternPolicy::default(), Timestamp::default()).unwrap();
/// let case = Case::replay(events).unwrap();
/// assert_eq!((case.count, case.category), (1, Category::Warning));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Case {
    /// Of what.
    pub pattern: AntiPattern,
    /// On what.
    pub subject: String,
    /// How urgent the latest violation is.
    pub category: Category,
    /// When the latest violation began.
    pub since: Timestamp,
    /// When it was over; `None` while it is seen.
    pub ended_at: Option<Timestamp>,
    /// How many violations there were.
    pub count: u64,
    /// Whether a person found the latest violation to be one; `None` until somebody says.
    pub confirmed: Option<bool>,
}

impl Aggregate for Case {
    type Command = CaseCommand;
    type Event = CaseEvent;
    type Policy = AntiPatternPolicy;

    fn decide(
        state: Option<&Self>,
        command: CaseCommand,
        policy: &AntiPatternPolicy,
        now: Timestamp,
    ) -> Result<Vec<CaseEvent>, Refused> {
        match command {
            CaseCommand::Look { pattern, subject, findings } => {
                Ok(look(state, pattern, &subject, findings, policy, now).into_iter().collect())
            }
            CaseCommand::Judge { confirmed, by, reason } => {
                let mut problems = Vec::new();
                if state.is_none_or(|case| case.confirmed.is_some()) {
                    let message = "there is no violation left to judge";
                    problems.push(JUDGEABLE.fail(message, "nothing has to be done"));
                }
                let length = reason.trim().chars().count();
                if !(1..=MAX_REASON).contains(&length) {
                    let message = format!("the reason has {length} characters");
                    problems.push(SAYS_WHY.fail(message, format!("say why in 1 to {MAX_REASON} characters")));
                }
                Refused::when_any(problems)?;
                Ok(vec![CaseEvent::Judged { confirmed, by, reason, at: now }])
            }
        }
    }

    fn evolve(state: Option<Self>, event: CaseEvent) -> Option<Self> {
        match (state, event) {
            (None, CaseEvent::Violated { pattern, subject, category, at, .. }) => Some(Self {
                pattern,
                subject,
                category,
                since: at,
                ended_at: None,
                count: 1,
                confirmed: None,
            }),
            (Some(case), CaseEvent::Violated { category, at, .. }) if case.ended_at.is_some() => Some(Self {
                category,
                since: at,
                ended_at: None,
                count: case.count.saturating_add(1),
                confirmed: None,
                ..case
            }),
            (Some(case), CaseEvent::Ended { at }) if case.ended_at.is_none() => {
                Some(Self { ended_at: Some(at), ..case })
            }
            (Some(case), CaseEvent::Judged { confirmed, .. }) if case.confirmed.is_none() => {
                Some(Self { confirmed: Some(confirmed), ..case })
            }
            (state, _) => state,
        }
    }
}

/// What a look changes. What can't be told neither begins a violation nor ends one.
fn look(
    state: Option<&Case>,
    pattern: AntiPattern,
    subject: &str,
    mut findings: Vec<Finding>,
    policy: &AntiPatternPolicy,
    now: Timestamp,
) -> Option<CaseEvent> {
    let worst = findings.iter().map(|finding| finding.outcome).max()?;
    let open = state.is_some_and(|case| case.ended_at.is_none());
    match (worst, open) {
        (Outcome::Fail, false) => {
            let category = category(state, policy, now);
            findings.truncate(MAX_FINDINGS);
            let subject = subject.chars().take(MAX_SUBJECT).collect();
            Some(CaseEvent::Violated { pattern, subject, category, findings, at: now })
        }
        (Outcome::NotApplicable | Outcome::Pass | Outcome::Warn, true) => Some(CaseEvent::Ended { at: now }),
        (Outcome::Fail | Outcome::Undetermined, _) | (_, false) => None,
    }
}

/// A violation is a warning, and critical when one that nobody refuted was over less than 30 days ago.
fn category(state: Option<&Case>, policy: &AntiPatternPolicy, now: Timestamp) -> Category {
    let repeats = |case: &&Case| {
        case.confirmed != Some(false)
            && case.ended_at.is_some_and(|at| at > now || is_within(at, now, policy.repeat_within))
    };
    if state.filter(repeats).is_some() { Category::Critical } else { Category::Warning }
}

#[cfg(test)]
mod tests;
