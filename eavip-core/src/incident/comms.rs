//! The clock of updates: while people are affected they are told at intervals, whether there is news or not (seed:
//! *Incident Response Flow*, *Communication*). How they are told is the caller's part.

use super::{Incident, IncidentPolicy, Phase};
use crate::finding::Finding;
use crate::signal::metric::Unit;
use crate::time::Timestamp;

crate::rules! {
    /// Those who are affected haven't heard for longer than the severity allows. Publish an update, even when the news is that
    /// there is none.
    UPDATED = "EAVIP-I30", "those who are affected are told at intervals", "Communication";
}

/// When the next update is due: counted from the last one or from the beginning of triage, by the severity as it is now.
/// `None` outside of triage, mitigation and communication.
#[must_use]
pub fn due(incident: &Incident, policy: &IncidentPolicy) -> Option<Timestamp> {
    heard(incident).map(|heard| heard + policy.deadlines(incident.sev).update)
}

fn heard(incident: &Incident) -> Option<Timestamp> {
    let running = (Phase::Triage..=Phase::Communication).contains(&incident.phase);
    let last = incident.told_at.or(incident.triage_at);
    last.filter(|_| running && incident.duplicate_of.is_none())
}

/// Whether those who are affected are told often enough.
#[must_use]
pub fn check(incident: &Incident, policy: &IncidentPolicy, now: Timestamp) -> Finding {
    let id = &incident.declaration.id;
    let Some((heard, due)) = heard(incident).zip(due(incident, policy)) else {
        return UPDATED.not_applicable(format!("nobody waits for an update of {id}"));
    };
    let silent = now.since(heard);
    let finding = if now > due {
        UPDATED.fail(format!("{id} ({}) has had no update for {silent}", incident.sev), "publish an update")
    } else {
        UPDATED.pass(format!("the next update of {id} is due at {due}"))
    };
    let limit = policy.deadlines(incident.sev).update.as_secs_f64();
    let finding = finding.measured(silent.as_secs_f64(), limit, Unit::Seconds);
    finding.evidence([id]).owned_by(&incident.declaration.owner)
}

#[cfg(test)]
mod tests;
