//! The review of an incident: what it must say, when it is due, and that nothing closes without it (seed: *Every incident
//! results in a documented review*); and the due dates of what was planned in it.

use serde::{Deserialize, Serialize};

use super::phase::held;
use super::{Incident, IncidentPolicy, Item, Mark};
use crate::finding::Finding;
use crate::id::RevisionId;
use crate::time::Timestamp;
use crate::words;

crate::rules! {
    /// A review says what happened; of a SEV-1 or SEV-2 also what it meant for those affected and what was learnt. Add the
    /// parts to the draft.
    WRITTEN = "EAVIP-I40", "a review says what its form asks for", "Every incident results in a documented review.";
    /// No incident closes without it, whatever its severity. Complete the review; a later draft has to be completed again.
    COMPLETED = "EAVIP-I41", "no incident closes without a completed review",
        "Every incident results in a documented review.";
    /// Somebody who didn't complete the review reads it and signs it.
    SIGNED = "EAVIP-I42", "a second person signs the review", "Every incident results in a documented review.";
    /// After a SEV-1 or SEV-2, or when a step was improvised, the runbook changes: revise it and name the revision in the review.
    REVISED = "EAVIP-I43", "the runbook is revised after a major incident", "Runbook updated after major events";
    /// The review isn't signed and its time is over. Draft, complete and sign it.
    REVIEW_DUE = "EAVIP-I44", "a review is signed in time", "Every incident results in a documented review.";
    /// What was planned against the incident's return isn't done and its time is over. Do it and complete it with what the
    /// verification showed.
    ITEM_DUE = "EAVIP-I45", "an action item is done in time", "Preventive action";
}

/// Most contributing factors of a review: more are a list, not an analysis.
pub const MAX_FACTORS: usize = 20;

words! {
    /// What kind of cause an incident had, by which repeats are found.
    #[non_exhaustive]
    pub enum Cause ("cause of an incident") {
        /// A defect in the software.
        Defect = "defect",
        /// A release or another change that was made.
        Change = "change",
        /// A wrong or missing configuration value.
        Configuration = "configuration",
        /// Too little of something.
        Capacity = "capacity",
        /// Something outside that the platform needs.
        Dependency = "dependency",
        /// A machine, a disk, a network.
        Infrastructure = "infrastructure",
        /// A step of a procedure that was wrong, missing or not followed.
        Procedure = "procedure",
        /// Somebody who meant harm.
        Attack = "attack",
    }
}

/// What a review says. The short form, of a SEV-3 or SEV-4, needs summary, cause and detection gap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReviewText {
    /// What happened.
    pub summary: String,
    /// What it meant for those who were affected.
    pub consequences: String,
    /// The kind of cause.
    pub cause: Option<Cause>,
    /// The cause, explained.
    pub explanation: String,
    /// What contributed to it, at most [`MAX_FACTORS`].
    pub factors: Vec<String>,
    /// Why it wasn't noticed earlier.
    pub detection_gap: String,
    /// What was learnt.
    pub lessons: String,
    /// The revision of the runbook that took it in.
    pub runbook_revision: Option<RevisionId>,
}

/// The review as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// What it says.
    pub text: ReviewText,
    /// Who completed it, and when.
    pub completed: Option<Mark>,
    /// Who signed it, and when.
    pub signed: Option<Mark>,
}

/// What the review's text must say beyond what root cause analysis leaves, by the severity as it is now.
#[must_use]
pub fn form(incident: &Incident) -> Vec<Finding> {
    let text = &incident.review.text;
    let major = incident.sev.is_major();
    let full = |there: bool, what: &str| {
        if major {
            held(&WRITTEN, there, what, "add it to the review")
        } else {
            WRITTEN.not_applicable(format!("the short form of the review goes without {what}"))
        }
    };
    let revised = if major || incident.improvised {
        let remedy = "revise the runbook and name the revision in the review";
        held(&REVISED, text.runbook_revision.is_some(), "the revision of the runbook", remedy)
    } else {
        REVISED.not_applicable(format!("{} asks for no revision of the runbook", incident.sev))
    };
    vec![
        held(&WRITTEN, !text.summary.is_empty(), "the summary", "say in the review what happened"),
        full(!text.consequences.is_empty(), "what it meant for those affected"),
        full(!text.lessons.is_empty(), "what was learnt"),
        revised,
    ]
}

/// What the review must be before the incident closes.
pub(super) fn closes(incident: &Incident) -> Vec<Finding> {
    let Review { completed, signed, .. } = &incident.review;
    let mut findings = form(incident);
    findings.push(held(&COMPLETED, completed.is_some(), "the completed review", "complete the review"));
    findings.push(held(
        &SIGNED,
        signed.is_some(),
        "the signature under the review",
        "have somebody else sign it",
    ));
    findings
}

/// When the review is due: counted from when the incident was declared or reopened, by the severity as it is now. A clock
/// that began with the mitigation would never run where nobody records one.
#[must_use]
pub fn due(incident: &Incident, policy: &IncidentPolicy) -> Timestamp {
    policy.deadlines(incident.sev).review.after(incident.opened_at)
}

/// Whether the review is in time.
#[must_use]
pub fn check(incident: &Incident, policy: &IncidentPolicy, now: Timestamp) -> Finding {
    let (id, due) = (&incident.declaration.id, due(incident, policy));
    let finding = match (&incident.duplicate_of, &incident.review.signed) {
        (Some(of), _) => REVIEW_DUE.not_applicable(format!("{id} is reviewed with {of}")),
        (None, Some(signed)) => REVIEW_DUE.pass(format!("{} signed the review of {id}", signed.by)),
        (None, None) if now > due => {
            let message = format!("the review of {id} ({}) was due at {due}", incident.sev);
            REVIEW_DUE.fail(message, "draft, complete and sign the review")
        }
        (None, None) => REVIEW_DUE.pass(format!("the review of {id} is due at {due}")),
    };
    finding.evidence([id]).owned_by(&incident.declaration.owner)
}

/// Whether each action item that isn't done is in time. Items stay due when the incident is closed.
#[must_use]
pub fn items(incident: &Incident, now: Timestamp) -> Vec<Finding> {
    let id = &incident.declaration.id;
    let open = incident.items.iter().zip(1..).filter(|(item, _)| item.done.is_none());
    let judge = |(item, number): (&Item, u16)| {
        let due = item.plan.due;
        let finding = if now > due {
            ITEM_DUE.fail(
                format!("item {number} of {id} was due at {due}"),
                "do it, and complete it with its proof",
            )
        } else {
            ITEM_DUE.pass(format!("item {number} of {id} is due at {due}"))
        };
        finding.evidence([id]).owned_by(&item.plan.owner)
    };
    open.map(judge).collect()
}

#[cfg(test)]
mod tests;
