//! A decision: the verdict over all findings, with every one of them kept.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Outcome};
use crate::id::{Digest128, PersonId};
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

/// What was judged, and when: two decisions with the same basis are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Identifies the policy.
    pub policy: Digest128,
    /// Identifies the evidence.
    pub evidence: Digest128,
    /// The moment the evidence was judged at.
    pub at: Timestamp,
}

/// A rule that somebody set aside for this case. Its finding stays in the decision as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Override {
    /// The rule's code.
    pub rule: Cow<'static, str>,
    /// Who set it aside.
    pub by: Vec<PersonId>,
    /// Why.
    pub reason: String,
    /// Until when it holds.
    pub until: Timestamp,
}

/// A verdict with all its reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Decision {
    /// The answer.
    pub verdict: Verdict,
    /// What every rule found, in the order of the rules.
    pub findings: Vec<Finding>,
    /// What was judged, and when.
    pub basis: Basis,
    /// When asking again may give another answer: the last moment at which a finding in the way clears by itself;
    /// `None` when one of them never does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Timestamp>,
    /// The rules that were set aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
}

impl Decision {
    /// Decides over findings: any `Fail` denies, else any `Undetermined` holds, and no findings at all hold.
    #[must_use]
    pub fn over(findings: Vec<Finding>, basis: Basis) -> Self {
        Self::with_overrides(findings, Vec::new(), basis)
    }

    /// As [`Decision::over`], with rules that were set aside: while an override holds, its rule's findings are kept and
    /// decide nothing.
    #[must_use]
    pub fn with_overrides(findings: Vec<Finding>, mut overrides: Vec<Override>, basis: Basis) -> Self {
        overrides.retain(|one| basis.at < one.until);
        let counts = |finding: &&Finding| !overrides.iter().any(|one| one.rule == finding.rule);
        let worst = findings.iter().filter(counts).map(|finding| finding.outcome).max();
        let verdict = match worst {
            Some(Outcome::Fail) => Verdict::Deny,
            Some(Outcome::Undetermined) => Verdict::Hold,
            None if findings.is_empty() => Verdict::Hold,
            Some(Outcome::Warn | Outcome::Pass | Outcome::NotApplicable) | None => Verdict::Allow,
        };
        let in_the_way = findings.iter().filter(counts).filter(|one| one.outcome >= Outcome::Undetermined);
        let clears: Option<Vec<Timestamp>> = in_the_way.map(|finding| finding.clears_at).collect();
        let retry_after = clears.and_then(|moments| moments.into_iter().max());
        Self { verdict, findings, basis, retry_after, overrides }
    }

    /// What stands in the way: the findings that deny or hold.
    pub fn blocking(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| {
            finding.outcome >= Outcome::Undetermined
                && !self.overrides.iter().any(|one| one.rule == finding.rule)
        })
    }
}

/// A command that a state machine didn't take: every reason at once; the state is untouched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("refused: {}", findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; "))]
#[non_exhaustive]
pub struct Refused {
    /// Why, in the order of the rules; never empty.
    pub findings: Vec<Finding>,
}

impl Refused {
    /// A refusal for one reason.
    #[must_use]
    pub fn because(
        rule: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::from(Finding::new(rule, Outcome::Fail, message, remedy))
    }

    /// Refuses when there is any reason to.
    ///
    /// # Errors
    /// With the findings that were given.
    pub fn when_any(findings: Vec<Finding>) -> Result<(), Self> {
        if findings.is_empty() { Ok(()) } else { Err(Self { findings }) }
    }
}

impl From<Finding> for Refused {
    fn from(finding: Finding) -> Self {
        Self { findings: vec![finding] }
    }
}

#[cfg(test)]
mod tests;
