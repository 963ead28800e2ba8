//! What is late in incidents: updates to those who are affected, reviews, action items. A pure function of the book;
//! telling the owner is somebody else's part.

use eavip_core::finding::{Finding, Outcome};
use eavip_core::id::{IncidentId, TeamId};
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

#[cfg(test)]
mod tests;
