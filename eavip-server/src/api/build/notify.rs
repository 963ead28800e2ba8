//! Receivers, and messages with what became of them.

use eavip_core::id::Digest128;

use super::alert::delivery;
use crate::api::view::{Message, MessageDetail, Receiver};
use crate::book::{self, Book};
use crate::notify::receiver::About;
use crate::record::Content;
use crate::shared::Shared;

/// A receiver as the outside sees it.
#[must_use]
pub fn receiver(book: &Book, about: &About) -> Receiver {
    let given_up = book.outbox.given_up().filter(|(_, message)| message.to.receiver == about.id);
    Receiver {
        id: about.id.to_string(),
        kind: about.kind,
        host: about.host.clone(),
        fallback: about.fallback.as_ref().map(ToString::to_string),
        send_resolved: about.send_resolved,
        last_success_at: book.outbox.delivered_at(&about.id).map(|at| at.to_string()),
        waiting: book.outbox.waiting_for(&about.id).count(),
        given_up: given_up.count(),
    }
}

/// A message as the outside sees it.
#[must_use]
pub fn message(shared: &Shared, book: &Book, id: Digest128, known: &book::Delivery) -> Message {
    Message {
        delivery: delivery(shared, id, known),
        title: title(book, known),
        instead_of: known.instead_of.as_ref().map(ToString::to_string),
        ended_at: known.ended_at.map(|at| at.to_string()),
    }
}

/// A message with what it tells.
#[must_use]
pub fn detail(shared: &Shared, book: &Book, id: Digest128, known: &book::Delivery) -> MessageDetail {
    let mut alerts: Vec<String> = Vec::new();
    for episode in known.episodes().map(|episode| episode.to_string()) {
        if !alerts.contains(&episode) {
            alerts.push(episode);
        }
    }
    let text = match &known.content {
        Content::Alerts { .. } => None,
        Content::Notice(notice) => Some(notice.text.clone()),
    };
    MessageDetail { message: message(shared, book, id, known), alerts, text }
}

/// The first alert's summary and how many more there are, or the notice's title.
fn title(book: &Book, known: &book::Delivery) -> String {
    let message = match &known.content {
        Content::Alerts { message, .. } => message,
        Content::Notice(notice) => return notice.title.clone(),
    };
    let over = message.new.is_empty() && message.firing.is_empty();
    let all = if over { &message.resolved } else { &message.new };
    let all: Vec<_> = all.iter().chain(if over { &[][..] } else { &message.firing[..] }).collect();
    let first = all.first().and_then(|id| book.alerts.get(**id));
    let first = first.map_or("an alert that is no longer known", |episode| episode.opening.summary.as_str());
    let word = if over { "over: " } else { "" };
    match all.len().saturating_sub(1) {
        0 => format!("{word}{first}"),
        more => format!("{word}{first}, and {more} more"),
    }
}
