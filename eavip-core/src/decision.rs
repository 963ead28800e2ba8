//! A decision: the verdict over all findings, with every one of them kept.

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Outcome};
use crate::time::Timestamp;
use crate::words;

words! {
    /// The answer to "may this be done?".
    pub enum Verdict ("verdict") {
        /// Yes.
        Allow = "allow",
        /// Not yet: something needed isn't known.
        Hold = "hold",
        /// No.
        Deny = "deny",
    }
}

/// A verdict with all its reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The answer.
    pub verdict: Verdict,
    /// What every rule found, in the order of the rules.
    pub findings: Vec<Finding>,
    /// The moment the evidence was judged at.
    pub evaluated_at: Timestamp,
}

impl Decision {
    /// Decides over findings: any `Fail` denies, else any `Undetermined` holds, and no findings at all hold.
    #[must_use]
    pub fn over(findings: Vec<Finding>, evaluated_at: Timestamp) -> Self {
        let worst = findings.iter().map(|finding| finding.outcome).max();
        let verdict = match worst {
            Some(Outcome::Fail) => Verdict::Deny,
            Some(Outcome::Undetermined) | None => Verdict::Hold,
            Some(Outcome::Warn | Outcome::Pass | Outcome::NotApplicable) => Verdict::Allow,
        };
        Self { verdict, findings, evaluated_at }
    }
}

/// A command that a state machine didn't take: every reason at once; the state is untouched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("refused: {}", findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; "))]
pub struct Refused {
    /// Why, in the order of the rules; never empty.
    pub findings: Vec<Finding>,
}

impl Refused {
    /// A refusal for one reason.
    #[must_use]
    pub fn because(rule: &str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { findings: vec![Finding::new(rule, Outcome::Fail, message, remedy)] }
    }
}
