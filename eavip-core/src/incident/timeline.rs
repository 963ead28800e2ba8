//! What happened in an incident, line by line: entries made from events, and their export. Append-only: there is no event
//! that takes an entry away or changes one.

use serde::{Deserialize, Serialize};

use super::change::{Change, Happening, IncidentEvent, Plan, Proof};
use super::{Actor, Incident};
use crate::markdown::escape;
use crate::time::Timestamp;
use crate::words;

words! {
    /// What an entry is about.
    #[non_exhaustive]
    pub enum Topic ("timeline topic") {
        /// The incident itself: declared, reopened, closed, merged.
        Incident = "incident",
        /// Severity, impact and what is affected.
        Severity = "severity",
        /// Who has which part.
        People = "people",
        /// The phases of the response.
        Phase = "phase",
        /// What was done to end it.
        Action = "action",
        /// What those who are affected were told.
        Update = "update",
        /// A note.
        Note = "note",
        /// A step of the runbook.
        Step = "runbook-step",
        /// Alerts that belong to it.
        Alert = "alert",
        /// Releases and configuration changes.
        Change = "change",
        /// The review and its action items.
        Review = "review",
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the history, from 0.
    pub number: u32,
    /// When it happened.
    pub at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Who did it or recorded it.
    pub by: Actor,
    /// What it is about.
    pub topic: Topic,
    /// What happened; people's own words stand in it as they wrote them.
    pub text: String,
}

impl From<&IncidentEvent> for Entry {
    fn from(event: &IncidentEvent) -> Self {
        let at = match &event.change {
            Change::Witnessed { happened_at, .. } => *happened_at,
            _ => event.at,
        };
        let (topic, text) = tell(&event.change);
        Self { number: event.number, at, recorded_at: event.at, by: event.by.clone(), topic, text }
    }
}

fn tell(change: &Change) -> (Topic, String) {
    match change {
        Change::Declared { declaration, sev } => {
            (Topic::Incident, format!("declared as {sev}: {}", declaration.title))
        }
        Change::OtherAbsorbed { other, sev } => {
            (Topic::Incident, format!("absorbed {}, now {sev}", other.id))
        }
        Change::DuplicateMarked { of } => (Topic::Incident, format!("is part of {of}")),
        Change::Reopened { reason } => (Topic::Incident, format!("reopened: {reason}")),
        Change::Closed => (Topic::Incident, "closed".into()),
        Change::Reclassified { impact, sev, reason } => {
            let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            (
                Topic::Severity,
                format!("{sev}, scope {}, integrity {}{because}", impact.scope, impact.integrity),
            )
        }
        Change::SecurityFlagged { sev, reason } => {
            (Topic::Severity, format!("a security event, {sev}: {reason}"))
        }
        Change::ServicesAdded { services } => {
            let names: Vec<&str> = services.iter().map(|service| service.as_str()).collect();
            (Topic::Severity, format!("also affects {}", names.join(", ")))
        }
        Change::Assigned { role, person } => (Topic::People, format!("{role} is {person}")),
        Change::Acknowledged => (Topic::People, "acknowledged".into()),
        Change::Advanced { to } => (Topic::Phase, to.to_string()),
        Change::ActionTaken { what, proof } => {
            let proof = proof.as_ref().map_or_else(|| " (not proven yet)".into(), prove);
            (Topic::Action, format!("{what}{proof}"))
        }
        Change::UpdatePublished { text } => (Topic::Update, text.clone()),
        Change::NoteAdded { text } => (Topic::Note, text.clone()),
        Change::StepTicked { runbook, step, improvised } => {
            let mark = if *improvised { ", improvised" } else { "" };
            (Topic::Step, format!("{runbook}: {step}{mark}"))
        }
        Change::Witnessed { happening, .. } => (topic(happening), happening.to_string()),
        Change::ReviewDrafted { .. } => (Topic::Review, "review drafted".into()),
        Change::ReviewCompleted => (Topic::Review, "review completed".into()),
        Change::ReviewSigned => (Topic::Review, "review signed".into()),
        Change::ItemAdded { item, plan: Plan { what, owner, due, verification } } => (
            Topic::Review,
            format!("item {item} for {owner} until {due}: {what} (verified by: {verification})"),
        ),
        Change::ItemCompleted { item, proof } => (Topic::Review, format!("item {item} is done: {proof}")),
    }
}

fn prove(proof: &Proof) -> String {
    let of = proof.service.as_ref().map(|service| format!(" of {service}")).unwrap_or_default();
    format!(" (proven by {}{of}: {} at {})", proof.signal, proof.health, proof.at)
}

const fn topic(happening: &Happening) -> Topic {
    match happening {
        Happening::Released { .. } | Happening::ConfigChanged { .. } => Topic::Change,
        Happening::AlertOpened(_) | Happening::AlertAcknowledged { .. } | Happening::AlertResolved { .. } => {
            Topic::Alert
        }
    }
}

/// The timeline as Markdown, in the order in which things happened; what people wrote is escaped and stays on its line.
#[must_use]
pub fn markdown(incident: &Incident) -> String {
    let Incident { declaration, sev, phase, .. } = incident;
    let mut page =
        format!("# {}: {}\n\n{sev}, {phase}", escape(declaration.id.as_str()), escape(&declaration.title));
    let mut entries: Vec<&Entry> = incident.timeline.iter().collect();
    entries.sort_by_key(|entry| entry.at);
    page += "\n\n| when | who | about | what |\n|---|---|---|---|\n";
    for Entry { at, by, topic, text, .. } in entries {
        page += &format!("| {at} | {} | {topic} | {} |\n", escape(&by.to_string()), escape(text));
    }
    page
}

#[cfg(test)]
mod tests;
