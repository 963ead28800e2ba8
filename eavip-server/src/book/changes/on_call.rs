//! Sentences about pages, overrides and ways to reach people. Nobody's address stands in them: everybody reads the feed.

use eavip_core::id::{Digest128, PersonId};
use eavip_core::on_call::page::PageEvent;

use super::Told;
use crate::book::Book;
use crate::book::on_call::StandIn;
use crate::record::{ContactEvent, OverrideEvent};

pub(super) fn page(id: Digest128, event: &PageEvent, book: &Book) -> Option<Told> {
    let summary = book.alerts.get(id).map_or("an alert", |episode| episode.opening.summary.as_str());
    let known = book.on_call.page(id);
    let (kind, text) = match event {
        PageEvent::Told { people, position, .. } => {
            let names: Vec<&str> = people.iter().map(PersonId::as_str).collect();
            let step = position.step.saturating_add(1);
            ("page-told", format!("paged {} (step {step}): {summary}", names.join(", ")))
        }
        // It is tried again and again; that it began is told once.
        PageEvent::NobodyReachable { .. } if known.is_some_and(|known| known.unreached_since.is_none()) => {
            ("page-unreached", format!("a step of the escalation reached nobody: {summary}"))
        }
        PageEvent::Acknowledged { by, .. } if known.is_some_and(|known| known.page.holder.is_some()) => {
            ("page-renewed", format!("{by} goes on with: {summary}"))
        }
        PageEvent::Lapsed { by, .. } => ("page-lapsed", format!("{by} didn't go on with: {summary}")),
        PageEvent::HandedOver { by, to, .. } => {
            ("page-handed-over", format!("{by} handed over to {to}: {summary}"))
        }
        PageEvent::Moved { escalation, .. } => {
            ("page-moved", format!("paged by escalation {escalation} from now on: {summary}"))
        }
        _ => return None,
    };
    let node = book.alerts.get(id).and_then(|episode| episode.opening.origin.node());
    Some((kind, text, Some(format!("/alerts/{id}")), node))
}

pub(super) fn stand_in(event: &OverrideEvent, known: Option<&StandIn>) -> Option<Told> {
    let (kind, text) = match event {
        OverrideEvent::Added { schedule, person, from, until } => {
            ("override-added", format!("{person} has duty in {schedule} from {from} until {until}"))
        }
        OverrideEvent::Removed => {
            let StandIn { schedule, instead, .. } = known?;
            ("override-removed", format!("{} no longer takes over in {schedule}", instead.person))
        }
    };
    Some((kind, text, Some("/on-call".to_owned()), None))
}

pub(super) fn contact(person: &PersonId, event: &ContactEvent) -> Option<Told> {
    let (kind, text) = match event {
        ContactEvent::Verified => ("contact-verified", format!("{person} can be reached by one more way")),
        ContactEvent::Removed => ("contact-removed", format!("{person} removed a way to be reached")),
        ContactEvent::Added { .. }
        | ContactEvent::CodeSent { .. }
        | ContactEvent::CodeMissed
        | ContactEvent::Tested => return None,
    };
    Some((kind, text, Some("/on-call".to_owned()), None))
}
