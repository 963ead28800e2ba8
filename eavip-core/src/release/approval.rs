//! Approvals: how many people of which teams have to agree to a release, who of them counts, and whether the roster
//! could agree at all (seed: Product & Architecture, "Change approval").
//!
//! Three duties are kept apart: who wrote a release, who asks for it and who approves it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::gate::GateRequest;
use super::version::{ByKind, Kind};
use crate::id::{Digest128, PersonId, TeamId};
use crate::roster::{PLATFORM_OPERATIONS, PRODUCT_ARCHITECTURE, Roster, SECURITY_COMPLIANCE};
use crate::time::{Span, Timestamp};
use crate::words;

/// Most approvals that a policy may ask for; more people never agree within their approvals' life.
pub const MAX_APPROVALS: usize = 9;

/// Who has to approve, and for how long it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalPolicy {
    /// The team of each approval; a team that stands twice approves by two people.
    pub teams: ByKind<Vec<TeamId>>,
    /// How long an approval counts: 72 h (RULES G04).
    pub lasts: Span,
}

impl Default for ApprovalPolicy {
    fn default() -> Self {
        let teams = |names: &[&str]| names.iter().filter_map(|name| name.parse().ok()).collect();
        Self {
            teams: ByKind {
                patch: teams(&[PLATFORM_OPERATIONS]),
                minor: teams(&[PLATFORM_OPERATIONS, PRODUCT_ARCHITECTURE]),
                major: teams(&[PLATFORM_OPERATIONS, PRODUCT_ARCHITECTURE, SECURITY_COMPLIANCE]),
            },
            lasts: Span::from_secs(72 * 3_600),
        }
    }
}

/// A person's yes to one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: PersonId,
    /// The digest of the request that they saw.
    pub request: Digest128,
    /// When.
    pub at: Timestamp,
}

words! {
    /// Why an approval doesn't count.
    #[non_exhaustive]
    pub enum Void ("reason why an approval is void") {
        /// Its person wrote the release.
        Author = "author",
        /// Its person asks for the release.
        Requester = "requester",
        /// Its person isn't an active person of the roster.
        Unknown = "not-active",
        /// It was given to another request, or the request has changed since.
        OtherRequest = "other-request",
        /// It is too old.
        Expired = "expired",
        /// It comes from a moment that hasn't come.
        Future = "future",
    }
}

/// What approvals amount to at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Whose approval counts; each once.
    pub counted: Vec<&'a PersonId>,
    /// Whose doesn't, and why.
    pub void: Vec<(&'a PersonId, Void)>,
    /// The teams whose approval is missing.
    pub missing: Vec<&'a TeamId>,
}

/// Holds approvals against what a release type needs. One person fills one team's place, whatever teams they are in.
#[must_use]
pub fn standing<'a>(
    approvals: &'a [Approval],
    request: &GateRequest,
    digest: Digest128,
    teams: &'a [TeamId],
    terms: Terms<'_>,
) -> Standing<'a> {
    let mut counted = BTreeSet::new();
    let mut void = Vec::new();
    for approval in approvals {
        match terms.void(approval, request, digest) {
            Some(why) => void.push((&approval.by, why)),
            None => drop(counted.insert(&approval.by)),
        }
    }
    let counted: Vec<&PersonId> = counted.into_iter().collect();
    let missing = unfilled(teams, &counted, terms.roster);
    Standing { counted, void, missing }
}

/// Against what an approval is judged besides its request.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'r> {
    /// Who there is.
    pub roster: &'r Roster,
    /// How long an approval counts.
    pub lasts: Span,
    /// How far clocks may be apart.
    pub skew: Span,
    /// The moment of judgement.
    pub now: Timestamp,
}

impl Terms<'_> {
    fn void(&self, approval: &Approval, request: &GateRequest, digest: Digest128) -> Option<Void> {
        let active = self.roster.people.get(&approval.by).is_some_and(|person| person.active);
        let table = [
            (request.candidate.authors.contains(&approval.by), Void::Author),
            (request.requester == approval.by, Void::Requester),
            (!active, Void::Unknown),
            (approval.request != digest, Void::OtherRequest),
            (approval.at > self.now + self.skew, Void::Future),
            (self.now.since(approval.at) >= self.lasts, Void::Expired),
        ];
        table.into_iter().find(|(holds, _)| *holds).map(|(_, why)| why)
    }
}

/// Enough ways to fill a policy's places; with one, any absence among its people stops every release.
pub const ENOUGH: usize = 2;

/// In how many ways, counted up to [`ENOUGH`], people of the roster could approve a release of a type when `excluded`
/// (authors and requester) may not. Two ways differ by at least one person.
#[must_use]
pub fn satisfiable(
    roster: &Roster,
    kind: Kind,
    policy: &ApprovalPolicy,
    excluded: &BTreeSet<PersonId>,
) -> usize {
    let teams = policy.teams.of(kind);
    let without = |left_out: Option<&PersonId>| {
        let allowed = |id: &&PersonId| !excluded.contains(*id) && Some(*id) != left_out;
        let people: Vec<&PersonId> = roster.people.keys().filter(allowed).collect();
        seat_all(teams, &people, roster)
    };
    match without(None) {
        seats if seats.len() < teams.len() || teams.is_empty() => 0,
        seats if seats.keys().any(|person| without(Some(*person)).len() == teams.len()) => ENOUGH,
        _ => 1,
    }
}

/// Whether a roster can approve releases of a type day by day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Staffing<'r> {
    /// Its people can't fill the places.
    TooFew,
    /// While this person is away, or asks for the release, nobody can.
    HangsOn(&'r PersonId),
    /// Any one of them may be away.
    Enough,
}

/// Looks whether anybody is needed for every release of a type.
#[must_use]
pub fn staffing<'r>(roster: &'r Roster, kind: Kind, policy: &ApprovalPolicy) -> Staffing<'r> {
    let teams = policy.teams.of(kind);
    let people: Vec<&PersonId> = roster.people.keys().collect();
    let seats = seat_all(teams, &people, roster);
    if seats.len() < teams.len() {
        return Staffing::TooFew;
    }
    // Who has no seat in one way to fill the places isn't needed for it.
    let needed = seats.into_keys().find(|person| {
        let others: Vec<&PersonId> = people.iter().copied().filter(|other| other != person).collect();
        seat_all(teams, &others, roster).len() < teams.len()
    });
    needed.map_or(Staffing::Enough, Staffing::HangsOn)
}

fn unfilled<'t>(teams: &'t [TeamId], people: &[&PersonId], roster: &Roster) -> Vec<&'t TeamId> {
    let seats = seat_all(teams, people, roster);
    let filled: BTreeSet<usize> = seats.into_values().collect();
    teams.iter().enumerate().filter(|(place, _)| !filled.contains(place)).map(|(_, team)| team).collect()
}

/// People by the place they fill: a largest matching by augmenting paths (Kuhn's algorithm).
fn seat_all<'p>(teams: &[TeamId], people: &[&'p PersonId], roster: &Roster) -> BTreeMap<&'p PersonId, usize> {
    let mut seats = BTreeMap::new();
    for place in 0..teams.len() {
        let mut tried = BTreeSet::new();
        seat(place, teams, people, roster, &mut seats, &mut tried);
    }
    seats
}

/// Fills a place, moving others to another one where that helps. As deep as there are places.
fn seat<'p>(
    place: usize,
    teams: &[TeamId],
    people: &[&'p PersonId],
    roster: &Roster,
    seats: &mut BTreeMap<&'p PersonId, usize>,
    tried: &mut BTreeSet<&'p PersonId>,
) -> bool {
    let Some(team) = teams.get(place) else { return false };
    for person in people.iter().copied().filter(|person| roster.is_member(person, team.as_str())) {
        if !tried.insert(person) {
            continue;
        }
        let held = seats.get(person).copied();
        if held.is_none_or(|other| seat(other, teams, people, roster, seats, tried)) {
            seats.insert(person, place);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
