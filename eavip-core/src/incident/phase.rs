//! The phases of the response and what each must leave (seed: *Incident Response Flow*). What the review must say as a whole
//! is in `review`.

use super::review;
use super::{Incident, Role, is_active};
use crate::finding::Finding;
use crate::roster::Roster;
use crate::rule::Rule;
use crate::words;

words! {
    /// Where the response to an incident stands. Telling those who are affected runs alongside from triage on; the phase of
    /// that name ends it with the all-clear.
    pub enum Phase ("incident phase") {
        /// Somebody or something noticed.
        Detection = "detection",
        /// How bad it is, what it affects and who leads.
        Triage = "triage",
        /// Ending the impact.
        Mitigation = "mitigation",
        /// Telling that the impact is over.
        Communication = "communication",
        /// Finding out why.
        RootCauseAnalysis = "root-cause-analysis",
        /// Planning what keeps it from coming back.
        PreventiveAction = "preventive-action",
        /// Over.
        Closed = "closed",
    }
}

impl Phase {
    /// The next phase; none after the last.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Detection => Some(Self::Triage),
            Self::Triage => Some(Self::Mitigation),
            Self::Mitigation => Some(Self::Communication),
            Self::Communication => Some(Self::RootCauseAnalysis),
            Self::RootCauseAnalysis => Some(Self::PreventiveAction),
            Self::PreventiveAction => Some(Self::Closed),
            Self::Closed => None,
        }
    }
}

crate::rules! {
    /// Phases come in their order, one at a time, and the last one is closing. Advance, close, or reopen.
    ORDER = "EAVIP-I10", "an incident moves one phase at a time", "Failures are handled consistently";
    /// Nobody has said that they have the incident. Acknowledge it; until then it is only detected.
    ACKNOWLEDGED = "EAVIP-I11", "detection leaves somebody who has it", "Detection";
    /// A severity that signals derived is a guess until a person has looked. Declare the impact, the same or another.
    CLASSIFIED = "EAVIP-I12", "triage leaves a severity that a person declared", "Triage";
    /// An incident without a commander is led by everybody and nobody. Assign an active person of the roster.
    COMMANDED = "EAVIP-I13", "triage leaves a commander", "Incident response coordination";
    /// Without the affected services nobody knows whom to tell and where to look for the proof. Add at least one.
    SCOPED = "EAVIP-I14", "triage leaves the affected services", "Triage";
    /// Record what was done, with a signal that is healthy after it. An action without proof is a hope.
    MITIGATED = "EAVIP-I15", "mitigation leaves an action and a signal that proves it", "Mitigation";
    /// Those who are affected learn that it is over: publish an update after the mitigation was proven.
    TOLD = "EAVIP-I16", "communication leaves an all-clear", "Communication";
    /// Draft the review with the cause and its kind, what contributed to it (SEV-1 and SEV-2), and why it wasn't noticed earlier.
    EXPLAINED = "EAVIP-I17", "root cause analysis leaves cause, contributing factors and detection gap",
        "Root cause analysis";
    /// Add at least one action item, with owner, due date and the way in which one will see that it works.
    PREVENTED = "EAVIP-I18", "preventive action leaves items with owner, due date and verification", "Preventive action";
}

/// What a phase must leave: one finding for each thing, in the order of the rules.
#[must_use]
pub fn leaves(incident: &Incident, phase: Phase, roster: &Roster) -> Vec<Finding> {
    match phase {
        Phase::Detection => vec![held(
            &ACKNOWLEDGED,
            incident.acknowledged.is_some(),
            "the acknowledgement",
            "acknowledge the incident",
        )],
        Phase::Triage => triage(incident, roster),
        Phase::Mitigation => vec![mitigation(incident)],
        Phase::Communication => vec![held(
            &TOLD,
            incident.all_clear,
            "an update after the mitigation",
            "publish an update that says that it is over",
        )],
        Phase::RootCauseAnalysis => analysis(incident),
        Phase::PreventiveAction => vec![held(
            &PREVENTED,
            !incident.items.is_empty(),
            "an action item",
            "add one with owner, due date and verification",
        )],
        Phase::Closed => Vec::new(),
    }
}

fn triage(incident: &Incident, roster: &Roster) -> Vec<Finding> {
    let commander = incident.roles.get(&Role::Commander);
    let active = commander.is_some_and(|person| is_active(roster, person));
    let classified = incident.sev_by.person(roster).is_some();
    vec![
        held(&CLASSIFIED, classified, "a severity that a person declared", "declare the impact"),
        held(&COMMANDED, active, "an active commander", "assign an active person of the roster as commander"),
        held(&SCOPED, !incident.services.is_empty(), "an affected service", "add the affected services"),
    ]
}

fn mitigation(incident: &Incident) -> Finding {
    let (done, remedy) =
        (incident.mitigated_at.is_some(), "record what was done, with a healthy signal as proof");
    let what = if incident.actions.is_empty() { "an action" } else { "a signal that proves an action" };
    held(&MITIGATED, done, what, remedy)
}

fn analysis(incident: &Incident) -> Vec<Finding> {
    let text = &incident.review.text;
    let cause = text.cause.is_some() && !text.explanation.is_empty();
    let factors = if incident.sev.is_major() {
        let there = text.factors.iter().any(|factor| !factor.is_empty());
        held(&EXPLAINED, there, "a contributing factor", "add it to the review")
    } else {
        EXPLAINED.not_applicable("the short form of the review needs no contributing factors")
    };
    let gap = !text.detection_gap.is_empty();
    vec![
        held(&EXPLAINED, cause, "the cause with its kind", "add it to the review"),
        factors,
        held(&EXPLAINED, gap, "the detection gap", "say in the review why it wasn't noticed earlier"),
    ]
}

/// A finding for something that is there or isn't.
pub(super) fn held(rule: &Rule, there: bool, what: &str, remedy: &str) -> Finding {
    if there {
        rule.pass(format!("{what} is there"))
    } else {
        rule.fail(format!("{what} is missing"), remedy)
    }
}

/// Everything that an incident must be before it closes: in its last phase, with what each phase and the review must leave.
#[must_use]
pub fn before_closing(incident: &Incident, roster: &Roster) -> Vec<Finding> {
    let (phase, last) = (incident.phase, Phase::PreventiveAction);
    let order = if phase >= last {
        ORDER.pass(format!("it is in {phase}"))
    } else {
        ORDER.fail(format!("it is in {phase}, not in {last}"), "advance one phase after the other")
    };
    let phases = Phase::ALL.iter().flat_map(|phase| leaves(incident, *phase, roster));
    std::iter::once(order).chain(phases).chain(review::closes(incident)).collect()
}

#[cfg(test)]
mod tests;
