//! Who there is: teams on the vendor's and the customer's side, and the people in them (seed: *Core Operational
//! Responsibilities*). Owners, approvals and on-call schedules are resolved against it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::{PersonId, TeamId};
use crate::time::Timestamp;
use crate::words;

/// The team that runs the platform: availability, performance, incidents, releases, capacity.
pub const PLATFORM_OPERATIONS: &str = "platform-operations";
/// The team of security posture, audit readiness, access reviews and security escalation.
pub const SECURITY_COMPLIANCE: &str = "security-compliance";
/// The team of change approval, feature flags, architecture decisions and phase boundaries.
pub const PRODUCT_ARCHITECTURE: &str = "product-architecture";

words! {
    /// A side of the contract that runs an installation.
    pub enum Party ("party") {
        /// Who makes the platform.
        Vendor = "vendor",
        /// Who uses it, and on their own machines also runs it.
        Customer = "customer",
    }
}

/// A declared team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// What people call it.
    pub name: String,
    /// Whose it is.
    pub party: Party,
    /// When somebody last confirmed that its members are right.
    pub confirmed_at: Option<Timestamp>,
}

/// A declared person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// What people call them.
    pub name: String,
    /// The teams they are in.
    pub teams: BTreeSet<TeamId>,
    /// Whether they can be counted on; who left or is away for long can't.
    pub active: bool,
}

/// Teams and people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// Teams by id.
    pub teams: BTreeMap<TeamId, Team>,
    /// People by id.
    pub people: BTreeMap<PersonId, Person>,
}

impl Roster {
    /// The active members of a team.
    pub fn members<'r>(&'r self, team: &TeamId) -> impl Iterator<Item = &'r PersonId> {
        let of_team = move |(id, person): (&'r PersonId, &'r Person)| {
            (person.active && person.teams.contains(team)).then_some(id)
        };
        self.people.iter().filter_map(of_team)
    }

    /// Whether somebody is an active member of a team.
    #[must_use]
    pub fn is_member(&self, person: &PersonId, team: &str) -> bool {
        self.people.get(person).is_some_and(|person| person.active && person.teams.contains(team))
    }

    /// The sides that somebody acts for; empty for who isn't known or isn't active.
    #[must_use]
    pub fn parties(&self, person: &PersonId) -> BTreeSet<Party> {
        let teams = self.people.get(person).filter(|person| person.active).map(|person| &person.teams);
        teams.into_iter().flatten().filter_map(|team| self.teams.get(team)).map(|team| team.party).collect()
    }
}

#[cfg(test)]
mod tests;
