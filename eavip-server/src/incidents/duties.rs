//! What is late in incidents: updates to those who are affected, reviews, action items. A pure function of the book;
//! the evaluation makes alerts of it.

use std::collections::BTreeMap;

use eavip_core::alert::concern::Concern;
use eavip_core::evaluate::Stated;
use eavip_core::finding::{Finding, Outcome};
use eavip_core::id::{IncidentId, TeamId};
use eavip_core::incident::{comms, review};
use eavip_core::labels::Labels;
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;

use crate::book::Book;

/// A duty whose time is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Overdue {
    /// Of which incident.
    pub incident: IncidentId,
    /// What is late, since when, and what to do.
    pub finding: Finding,
    /// Who has to act.
    pub owner: TeamId,
}

/// Every duty that is late, by incident. Action items stay due when their incident is closed.
#[must_use]
pub fn overdue(book: &Book, policy: &Policy, now: Timestamp) -> Vec<Overdue> {
    let mut late = Vec::new();
    for incident in book.incidents.iter() {
        let declaration = &incident.declaration;
        for finding in incident.duties(&policy.incident, now) {
            if finding.outcome >= Outcome::Undetermined {
                let owner = finding.owner.clone().unwrap_or_else(|| declaration.owner.clone());
                late.push(Overdue { incident: declaration.id.clone(), finding, owner });
            }
        }
    }
    late
}

/// The same as alerts of who has to act: one for each incident, kind of duty and team, however many items are late.
pub(crate) fn stated(book: &Book, policy: &Policy, now: Timestamp) -> Vec<Stated> {
    let mut alerts: BTreeMap<(IncidentId, &'static str, TeamId), (Concern, Vec<String>)> = BTreeMap::new();
    for Overdue { incident, finding, owner } in overdue(book, policy, now) {
        let (concern, anchor) = match &*finding.rule {
            rule if rule == comms::UPDATED.code => (Concern::IncidentUpdateOverdue, "updates"),
            rule if rule == review::REVIEW_DUE.code => (Concern::IncidentReviewOverdue, "review"),
            _ => (Concern::IncidentItemOverdue, "items"),
        };
        let known = alerts.entry((incident, anchor, owner)).or_insert((concern, Vec::new()));
        known.1.push(finding.message);
    }
    let stated = |((incident, anchor, owner), (concern, messages)): (_, (Concern, Vec<String>))| {
        let incident: IncidentId = incident;
        let more = Labels::new([("incident", incident.as_str())]).unwrap_or_default();
        // The same alert while the same team has something to do; which items they are can change.
        let path = format!("/incidents/{incident}#{anchor}");
        let summary = match &messages[..] {
            [one] => one.clone(),
            many => format!("{} action items of {incident} are late", many.len()),
        };
        concern.about(&path, owner, &more, summary, now)
    };
    alerts.into_iter().filter_map(stated).collect()
}

#[cfg(test)]
mod tests;
