//! What a release does to those who have it already: judged from reports, burn, probes, counts and gauges, side by side
//! with those who don't have it yet (seed: *Release Process*, "Staged rollout" and "Post-release verification").
//!
//! A failure is never hidden by what isn't known, and what isn't known never passes. What follows from a judgement is
//! the [rollout's](super::rollout) part; collecting the evidence is the server's.

mod counts;
mod evidence;
mod gauges;
mod kill;
mod policy;
mod reports;

pub use evidence::{
    Burn, Comparison, Counted, Evidence, Gauge, Group, Look, MAX_NODES, MAX_WATCHED, Points, Report,
};
pub use policy::JudgePolicy;

use crate::decision::{Basis, Decision};
use crate::finding::{Finding, Outcome};
use crate::signal::health::Health;

crate::rules! {
    /// Evidence is at most two report intervals old, at least 90 % of the nodes of each group report, and no clock is off
    /// by more than 5 s. Until then nothing is compared and the rollout waits. Look at the nodes that the message names.
    REPORTS = "EAVIP-J01", "what is judged is recent, from nearly all nodes, and of one time", "Staged rollout";
    /// The release burns the error budget at 14.4 times the sustainable rate over 5 minutes, with at least 10 bad events. It
    /// is rolled back at once, whatever else is known.
    BURN = "EAVIP-J02", "a release that burns the error budget is rolled back at once", "Rollback is mandatory for every release";
    /// A critical probe of the nodes with the release failed 3 times in a row. It is rolled back at once.
    PROBES = "EAVIP-J03", "a release that can't be reached is rolled back at once", "Rollback is mandatory for every release";
    /// Failed requests, failed jobs and slow requests are counted with the release and beside it. A one-sided test, valid at
    /// every look, says whether the release has more; all counts together raise a false alarm in at most 5 % of the stages.
    MORE = "EAVIP-J04", "a release has no more failures than what it replaces", "Staged rollout";
    /// To pass, it must be shown that the rate with the release is below 1.25 times the other: by the upper bound of the
    /// ratio, with 95 % confidence over all looks. Too few failures on both sides show nothing: wait for more, or accept the
    /// stage as a person.
    NOT_MORE = "EAVIP-J05", "that a release is no worse is shown, not assumed", "Staged rollout";
    /// Backlog, drain time, CPU and memory are compared by rank, once, at the end of a stage: at least 30 values on each
    /// side, 98 % confidence, an effect that matters in proportion and in itself.
    GAUGES = "EAVIP-J06", "a release needs no more than what it replaces", "Staged rollout";
    /// Where nothing is left to compare with, the release's own objectives must be met, by evidence that is there.
    OBJECTIVES = "EAVIP-J07", "a release keeps its objectives", "Post-release verification";
    /// Before and after, at the same hour of the week, is weak evidence: it can condemn a release, but a person has to look
    /// and say that it is good. Accept the stage with a reason, or roll back.
    LOOKED_AT = "EAVIP-J08", "weak evidence is looked at by a person", "Post-release verification";
}

/// The rules whose doubt a person may take on: the evidence is there and whole, it just doesn't decide.
pub const ACCEPTABLE: [&str; 2] = [NOT_MORE.code, LOOKED_AT.code];

/// Judges a release at the basis' moment. `Deny` means that it does harm, `Hold` that something isn't known, `Allow` that
/// everything this look asks for is shown.
///
/// ```
/// use std::collections::BTreeMap;
/// use eavip_core::decision::{Basis, Verdict};
/// use eavip_core::id::Digest128;
/// use eavip_core::release::judge::{Comparison, Counted, Evidence, JudgePolicy, Look, judge};
/// use eavip_core::signal::health::Health;
/// use eavip_core::stats::sequential::Tally;
/// use eavip_core::time::{Span, Timestamp};
///
/// let at = Timestamp::from_millis(1_700_000_000_000);
/// let failed = Comparison {
///     canary: Tally { events: 30, exposure: 1_000 },
///     baseline: Tally { events: 20, exposure: 19_000 },
/// };
/// let evidence = Evidence {
///     look: Look::Interim,
///     at,
///     interval: Span::from_secs(10),
///     canary: BTreeMap::new(),
///     baseline: None,
///     burns: BTreeMap::new(),
///     probes: BTreeMap::new(),
///     counts: BTreeMap::from([(Counted::FailedRequests, failed)]),
///     gauges: BTreeMap::new(),
///     health: Health::Unknown,
/// };
/// let basis = Basis { policy: Digest128([0; 16]), evidence: Digest128::of_value(&evidence), at };
/// let decision = judge(&evidence, &JudgePolicy::default(), basis);
/// assert_eq!(decision.verdict, Verdict::Hold, "counts without a report from any node are worth nothing");
/// ```
#[must_use]
pub fn judge(evidence: &Evidence, policy: &JudgePolicy, basis: Basis) -> Decision {
    let reports = reports::reports(evidence, policy, basis.at);
    let is_valid = reports.outcome == Outcome::Pass;
    let mut findings = vec![reports, kill::burn(evidence, policy), kill::probes(evidence, policy)];
    findings.extend(counts::findings(evidence, policy, is_valid));
    findings.extend(gauges::findings(evidence, policy, is_valid));
    findings.push(objectives(evidence));
    findings.push(looked_at(evidence));
    Decision::over(findings, basis)
}

fn objectives(evidence: &Evidence) -> Finding {
    if evidence.is_side_by_side() {
        return OBJECTIVES.not_applicable("the release is compared with what runs beside it");
    }
    match evidence.health {
        Health::Healthy => OBJECTIVES.pass("the nodes with the release meet their objectives"),
        Health::Degraded | Health::Failing => {
            let message = format!("the nodes with the release are {}", evidence.health);
            OBJECTIVES.undetermined(message, "mend the cause and wait, or roll back")
        }
        Health::Unknown => {
            let message = "whether the nodes with the release meet their objectives isn't known";
            OBJECTIVES.undetermined(message, "bring back the signals that are missing, or roll back")
        }
    }
}

fn looked_at(evidence: &Evidence) -> Finding {
    if evidence.look == Look::Whole || evidence.baseline.is_some() {
        return LOOKED_AT.not_applicable("the release was compared with what runs beside it");
    }
    LOOKED_AT.undetermined(
        "before and after the release is all that can be compared",
        "look at the signals and accept the stage with a reason, or roll back",
    )
}

#[cfg(test)]
mod tests;
