//! Undocumented recoveries: what was done isn't what is written, or nothing is written, rehearsed or kept up.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{AntiPatternPolicy, or_pass};
use crate::finding::Finding;
use crate::freshness::age;
use crate::incident::sev::Sev;
use crate::time::Timestamp;

crate::rules! {
    /// A recovery took a step that isn't in the runbook revision it cites, or cites none; or the runbook wasn't revised within
    /// 7 days after a SEV-1 or SEV-2, or not rehearsed for 90 days. Write it down, and rehearse it. A step that was marked
    /// as improvised in the open incident is fine once it is added before the review completes.
    DOCUMENTED = "EAVIP-AP5", "a recovery follows a rehearsed runbook", "Undocumented recovery steps";
}

/// A step that somebody took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it is called, as the runbook calls it.
    pub name: String,
    /// Whether it was marked as improvised while the incident was open.
    pub improvised: bool,
    /// When it was added to the runbook afterwards.
    pub added_at: Option<Timestamp>,
}

/// The runbook revision that a recovery cites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// What it is called.
    pub id: String,
    /// The steps that it has.
    pub steps: BTreeSet<String>,
    /// When the runbook was last revised, in this revision or a later one.
    pub revised_at: Timestamp,
    /// When it was last rehearsed.
    pub rehearsed_at: Option<Timestamp>,
}

/// What is known of a recovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// The incident.
    pub incident: String,
    /// How severe it was.
    pub sev: Sev,
    /// The revision that it cites.
    pub cites: Option<Revision>,
    /// What was done.
    pub steps: Vec<Step>,
    /// When the incident was over; `None` while it is open.
    pub ended_at: Option<Timestamp>,
    /// When its review was completed.
    pub reviewed_at: Option<Timestamp>,
}

/// Looks at a recovery: citation, steps, revision, rehearsal; what is wrong, or one pass.
///
/// ```
/// use eavip_core::anti_pattern::AntiPatternPolicy;
/// use eavip_core::anti_pattern::undocumented_recovery::{Recovery, detect};
/// use eavip_core::incident::sev::Sev;
/// use eavip_core::time::Timestamp;
///
/// let recovery = Recovery {
///     incident: "inc-42".into(),
///     sev: Sev::Sev2,
///     cites: None,
///     steps: Vec::new(),
///     ended_at: None,
///     reviewed_at: None,
/// };
/// let findings = detect(&recovery, &AntiPatternPolicy::default(), Timestamp::default());
/// assert_eq!(findings[0].message, "the recovery of inc-42 cites no runbook");
/// ```
#[must_use]
pub fn detect(recovery: &Recovery, policy: &AntiPatternPolicy, now: Timestamp) -> Vec<Finding> {
    let incident = &recovery.incident;
    let mut found = Vec::new();
    let written = recovery.cites.as_ref().map(|revision| &revision.steps);
    let unwritten = recovery.steps.iter().filter(|step| !written.is_some_and(|all| all.contains(&step.name)));
    let steps: Vec<Finding> = unwritten.filter_map(|step| improvised(step, recovery)).collect();
    match &recovery.cites {
        None => found.push(DOCUMENTED.fail(
            format!("the recovery of {incident} cites no runbook"),
            "name the runbook revision that it followed, or write one",
        )),
        Some(revision) => {
            if recovery.steps.is_empty() {
                let message = format!("what was done in the recovery of {incident} isn't known");
                found.push(DOCUMENTED.undetermined(message, "record the steps that were taken"));
            }
            found.extend(steps);
            found.extend(unrevised(recovery, revision, policy, now));
            found.extend(unrehearsed(incident, revision, policy, now));
        }
    }
    or_pass(DOCUMENTED, found, || format!("the recovery of {incident} followed its runbook"))
}

/// An improvised step may be added until the review completes.
fn improvised(step: &Step, recovery: &Recovery) -> Option<Finding> {
    let what = format!("`{}` in the recovery of {}", step.name, recovery.incident);
    match (step.improvised, step.added_at, recovery.reviewed_at) {
        (true, Some(_), None) => None,
        (true, Some(added), Some(reviewed)) if added <= reviewed => None,
        (true, None, None) => Some(
            DOCUMENTED
                .warn(format!("{what} was improvised"), "add it to the runbook before the review completes"),
        ),
        _ => Some(DOCUMENTED.fail(
            format!("{what} isn't in the runbook that it cites"),
            "add it to the runbook, or say in the next review why not",
        )),
    }
}

fn unrevised(
    recovery: &Recovery,
    revision: &Revision,
    policy: &AntiPatternPolicy,
    now: Timestamp,
) -> Option<Finding> {
    let ended = recovery.ended_at.filter(|_| recovery.sev <= Sev::Sev2)?;
    if revision.revised_at >= ended {
        return None;
    }
    let due = ended + policy.revised_within;
    let message = format!("the runbook `{}` wasn't revised after {}", revision.id, recovery.incident);
    Some(if now > due {
        DOCUMENTED.fail(message, "revise it, if only to say that it was right")
    } else {
        DOCUMENTED.warn(message, format!("revise it until {due}"))
    })
}

fn unrehearsed(
    incident: &str,
    revision: &Revision,
    policy: &AntiPatternPolicy,
    now: Timestamp,
) -> Option<Finding> {
    let what = format!("the runbook `{}`, which {incident} followed,", revision.id);
    let Some(at) = revision.rehearsed_at else {
        return Some(DOCUMENTED.fail(format!("{what} was never rehearsed"), "rehearse it"));
    };
    match age(at, now) {
        None => Some(DOCUMENTED.undetermined(
            format!("{what} was rehearsed in the future, at {at}"),
            "correct the clock that said so",
        )),
        Some(age) if age > policy.rehearsed_within => {
            Some(DOCUMENTED.fail(format!("{what} was last rehearsed at {at}"), "rehearse it"))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests;
