//! Whether a detector is right often enough. One that isn't is noise, and noise is a defect.

use serde::{Deserialize, Serialize};

use super::{AntiPattern, AntiPatternPolicy};
use crate::finding::Finding;
use crate::signal::metric::Unit;

crate::rules! {
    /// Of at least 10 cases that people judged, less than half were violations. Correct the detector's evidence or its
    /// numbers; until then people stop listening to it.
    PRECISE = "EAVIP-AP6", "a detector is right in at least half of its cases", "Alert noise is treated as a defect";
}

/// How people judged a detector's cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Cases that were violations.
    pub confirmed: u64,
    /// Cases that weren't.
    pub refuted: u64,
}

/// Judges a detector; with fewer cases than the policy asks for it says nothing.
///
/// ```
/// use eavip_core::anti_pattern::precision::{Tally, judge};
/// use eavip_core::anti_pattern::{AntiPattern, AntiPatternPolicy};
/// use eavip_core::finding::Outcome;
///
/// let judged = |confirmed, refuted| {
///     let tally = Tally { confirmed, refuted };
///     judge(AntiPattern::SilentChange, tally, &AntiPatternPolicy::default()).outcome
/// };
/// assert_eq!(judged(3, 9), Outcome::Fail);
/// assert_eq!(judged(0, 5), Outcome::NotApplicable, "too few cases to say anything");
/// ```
#[must_use]
pub fn judge(detector: AntiPattern, tally: Tally, policy: &AntiPatternPolicy) -> Finding {
    let cases = tally.confirmed.saturating_add(tally.refuted);
    if cases < policy.least_cases.max(1) {
        let message = format!("`{detector}` has {cases} judged cases, too few to say anything");
        return PRECISE.not_applicable(message);
    }
    let precision = tally.confirmed as f64 / (tally.confirmed as f64 + tally.refuted as f64);
    let limit = policy.least_precision;
    let finding = if precision >= limit {
        PRECISE.pass(format!("`{detector}` was right in {} of {cases} cases", tally.confirmed))
    } else {
        PRECISE.fail(
            format!("`{detector}` was right in only {} of {cases} cases", tally.confirmed),
            "correct its evidence or the numbers of [anti_pattern]",
        )
    };
    finding.measured(precision, limit, Unit::Ratio)
}

#[cfg(test)]
mod tests;
