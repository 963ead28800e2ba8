//! An incident as Markdown, to be kept or sent: the timeline as core writes it, then who and how long, what was done, the
//! review and its action items. What people wrote is escaped and stays on its line.

use eavip_core::incident::change::Role;
use eavip_core::incident::clocks::Clocks;
use eavip_core::incident::review::{Review, ReviewText};
use eavip_core::incident::{Incident, Mark, timeline};
use eavip_core::markdown::escape;
use eavip_core::time::Span;

/// The whole incident.
#[must_use]
pub fn markdown(incident: &Incident) -> String {
    let mut page = timeline::markdown(incident);
    page += "\n## Response\n\n";
    facts(incident).into_iter().for_each(|(name, text)| page += &format!("- {name}: {}\n", escape(&text)));
    page += "\n## Actions\n\n";
    for action in &incident.actions {
        let proof = action.proof.as_ref().map_or_else(
            || "not proven".to_owned(),
            |proof| {
                let of = proof.service.as_ref().map(|service| format!(" of {service}")).unwrap_or_default();
                format!("proven by {}{of}, {} at {}", proof.signal, proof.health, proof.at)
            },
        );
        page += &format!("- {} {} ({})\n", action.at, escape(&action.what), escape(&proof));
    }
    page += &review(&incident.review);
    page += "\n## Action items\n\n";
    for (item, number) in incident.items.iter().zip(1_u16..) {
        let plan = &item.plan;
        let done = item.done.as_ref().map_or_else(|| format!("due {}", plan.due), mark);
        page += &format!(
            "{number}. {} ({}; {}; verified by: {})\n",
            escape(&plan.what),
            escape(plan.owner.as_str()),
            escape(&done),
            escape(&plan.verification)
        );
    }
    page
}

fn facts(incident: &Incident) -> Vec<(&'static str, String)> {
    let clocks = Clocks::of(incident);
    let services: Vec<&str> = incident.services.iter().map(|service| service.as_str()).collect();
    let span = |span: Option<Span>| span.map_or_else(|| "not yet".to_owned(), |span| span.to_string());
    let mut facts = vec![
        ("began", incident.began_at.to_string()),
        ("declared", incident.declared_at.to_string()),
        ("owner", incident.declaration.owner.to_string()),
        ("services", services.join(", ")),
        ("time to detect", clocks.detect.to_string()),
        ("time to acknowledge", span(clocks.acknowledge)),
        ("time to mitigate", span(clocks.mitigate)),
        ("time to resolve", span(clocks.resolve)),
    ];
    let roles = [("commander", Role::Commander), ("scribe", Role::Scribe), ("comms", Role::Comms)];
    let named = |(name, role)| Some((name, incident.roles.get(&role).map(|person| person.to_string())?));
    facts.extend(roles.into_iter().filter_map(named));
    facts
}

fn mark(mark: &Mark) -> String {
    format!("{} at {}", mark.by, mark.at)
}

fn review(review: &Review) -> String {
    let Review { text, completed, signed } = review;
    let ReviewText {
        summary,
        consequences,
        cause,
        explanation,
        factors,
        detection_gap,
        lessons,
        runbook_revision,
    } = text;
    let none = || "nobody yet".to_owned();
    let parts = [
        ("Summary", summary.clone()),
        ("What it meant", consequences.clone()),
        ("Kind of cause", cause.map(|cause| cause.to_string()).unwrap_or_default()),
        ("Cause", explanation.clone()),
        ("Contributing factors", factors.join("; ")),
        ("Why it wasn't noticed earlier", detection_gap.clone()),
        ("What was learnt", lessons.clone()),
        ("Revision of the runbook", runbook_revision.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("Completed by", completed.as_ref().map_or_else(none, mark)),
        ("Signed by", signed.as_ref().map_or_else(none, mark)),
    ];
    let lines = parts.map(|(name, text)| format!("- {name}: {}\n", escape(&text)));
    format!("\n## Review\n\n{}", lines.concat())
}

#[cfg(test)]
mod tests;
