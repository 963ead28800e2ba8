//! Where an update begins: a draft of what to tell whom, by severity and by what is known. People change it; nothing is
//! sent by itself.

use eavip_core::incident::change::Role;
use eavip_core::incident::sev::{Integrity, Scope};
use eavip_core::incident::{Incident, comms};
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;
use eavip_core::words;

words! {
    /// Who an update is written for.
    pub enum Audience ("audience of an update") {
        /// Those who are affected: what it means for them, and when they hear again.
        Customers = "customers",
        /// Those who work on it or answer for it: where the response stands.
        Internal = "internal",
    }
}

/// A draft of the next update.
#[must_use]
pub fn draft(incident: &Incident, audience: Audience, policy: &Policy, now: Timestamp) -> String {
    let next = match comms::due(incident, &policy.incident) {
        // What is said now counts from now.
        Some(_) if !incident.all_clear || incident.mitigated_at.is_none() => {
            let next = now + policy.incident.deadlines(incident.sev).update;
            format!(" We report again by {}.", minute(next))
        }
        _ => String::new(),
    };
    let text = match audience {
        Audience::Customers => customers(incident),
        Audience::Internal => internal(incident),
    };
    format!("{text}{next}")
}

fn customers(incident: &Incident) -> String {
    let what = affected(incident);
    let began = minute(incident.began_at);
    if let Some(ended) = incident.mitigated_at {
        let ended = minute(ended);
        return format!(
            "The impact on {what}, which began at {began}, has ended at {ended}. We keep watching."
        );
    }
    let state = match incident.impact.scope {
        Scope::PlatformUnavailable => "The platform can't be used at present".to_owned(),
        Scope::MajorFunction => format!("A major function doesn't work at present: {what}"),
        Scope::Partial => format!("Part of the platform works worse than it should: {what}"),
        _ => format!("A minor issue affects {what}"),
    };
    let data = match incident.impact.integrity {
        Integrity::Intact => "",
        Integrity::Unknown => " Whether data is affected isn't known yet; we are checking.",
        _ => " Data may be affected; we are working on that first.",
    };
    format!("{state}, since {began}.{data} We are working on it.")
}

fn internal(incident: &Incident) -> String {
    let Incident { declaration, sev, phase, .. } = incident;
    let commander = incident
        .roles
        .get(&Role::Commander)
        .map_or_else(|| "nobody yet".to_owned(), |person| person.to_string());
    let last = match incident.actions.last() {
        Some(action) => format!(" Done last: {}.", action.what.trim_end_matches('.')),
        None => " Nothing was done yet.".to_owned(),
    };
    format!(
        "{} ({sev}, {phase}): {}. Affected: {}, since {}. Commander: {commander}.{last}",
        declaration.id,
        declaration.title.trim_end_matches('.'),
        affected(incident),
        minute(incident.began_at),
    )
}

fn affected(incident: &Incident) -> String {
    let names: Vec<&str> = incident.services.iter().map(|service| service.as_str()).collect();
    if names.is_empty() { "the platform".to_owned() } else { names.join(", ") }
}

/// A moment to the minute, as people read it.
fn minute(at: Timestamp) -> String {
    let iso = at.to_string();
    match (iso.get(..10), iso.get(11..16)) {
        (Some(date), Some(clock)) => format!("{date} {clock} UTC"),
        _ => iso,
    }
}

#[cfg(test)]
mod tests;
