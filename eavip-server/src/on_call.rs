//! Duty on the server: what follows from a page for its alert and for those who are told. The policy library decides; here
//! its events become one record with the alert's own events and the messages, so that no crash comes between them.

pub mod codes;
pub mod pages;

use std::collections::BTreeSet;

use eavip_core::aggregate::Aggregate as _;
use eavip_core::alert::episode::{Episode, EpisodeCommand, EpisodeEvent};
use eavip_core::alert::group;
use eavip_core::alert::notice::Occasion;
use eavip_core::decision::Refused;
use eavip_core::id::{Digest128, PersonId};
use eavip_core::labels::Labels;
use eavip_core::on_call::page::{Page, PageCommand, PageEvent};
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;

use crate::book::Book;
use crate::record::{Content, DeliveryEvent, Event, Notice, Recipient, Topic, delivery_id};

/// Who takes an alert.
#[derive(Debug, Clone)]
pub struct Taker {
    /// What the alert is to say.
    pub name: String,
    /// The person of the roster, where it is one.
    pub person: Option<PersonId>,
}

/// Takes an alert, and its page with it; whoever has a page goes on with it.
///
/// # Errors
/// When it is over, or somebody else has it. A page is nobody's who isn't a person of the roster.
pub fn acknowledge(
    book: &Book,
    policy: &Policy,
    id: Digest128,
    taker: Taker,
    reason: String,
    at: Timestamp,
) -> Result<Vec<Event>, Refused> {
    let mut events = Vec::new();
    let page = book.on_call.page(id).map(|paged| &paged.page).filter(|page| page.stopped.is_none());
    let mut goes_on = false;
    if let (Some(page), Some(by)) = (page, taker.person) {
        goes_on = page.holder.as_ref().is_some_and(|(holder, _)| *holder == by);
        let taken = Page::decide(Some(page), PageCommand::Acknowledge { by }, policy, at)?;
        events.extend(taken.into_iter().map(|event| Event::Page { id, event }));
    }
    if !goes_on {
        let command = EpisodeCommand::Acknowledge { by: taker.name, reason };
        events.extend(episode(book, id, command, at)?);
    }
    Ok(events)
}

/// Gives an alert that somebody has to somebody else, who is told.
///
/// # Errors
/// When `by` doesn't have it, or `to` can't take it.
pub fn hand_over(
    book: &Book,
    policy: &Policy,
    id: Digest128,
    (by, to): (PersonId, PersonId),
    reason: &str,
    at: Timestamp,
) -> Result<Vec<Event>, Refused> {
    let page = book.on_call.page(id).map(|paged| &paged.page);
    let command = PageCommand::HandOver { by: by.clone(), to: to.clone() };
    let handed = Page::decide(page, command, policy, at)?;
    let mut events: Vec<Event> = handed.into_iter().map(|event| Event::Page { id, event }).collect();
    events.extend(episode(book, id, EpisodeCommand::Release, at)?);
    let event = EpisodeEvent::Acknowledged { by: to.to_string(), reason: format!("from {by}: {reason}"), at };
    events.push(Event::Episode { id, event, groups: Vec::new() });
    let opening = book.alerts.get(id).map(|known| &known.opening);
    let notice = opening.map(|opening| Notice {
        topic: Topic::HandOver,
        title: format!("{by} handed over to you: {}", opening.summary),
        text: format!("{reason}\n\nDo this first: {}\nRunbook: {}", opening.action, opening.runbook),
        path: format!("/alerts/{id}"),
    });
    let content = notice.map(Content::Notice);
    events
        .extend(content.into_iter().flat_map(|content| messages(book, id, [&to].into_iter(), &content, at)));
    Ok(events)
}

fn episode(
    book: &Book,
    id: Digest128,
    command: EpisodeCommand,
    at: Timestamp,
) -> Result<Vec<Event>, Refused> {
    let events = Episode::decide(book.alerts.get(id), command, &(), at)?.into_iter();
    Ok(events.map(|event| Event::Episode { id, event, groups: Vec::new() }).collect())
}

/// What follows from an event of a page, the event first. `page` is as it was before.
fn follow(book: &Book, id: Digest128, page: Option<&Page>, event: PageEvent, at: Timestamp) -> Vec<Event> {
    // Each alert is a group of its own, so that one's incident elsewhere is nobody else's.
    let named = |known: &Episode| {
        let fingerprint = known.opening.fingerprint.to_string();
        Labels::new([("rule", known.opening.rule.as_str()), ("fingerprint", &fingerprint)])
            .unwrap_or_default()
    };
    let group = book.alerts.get(id).map(named).unwrap_or_default();
    let alert = |occasion, new, resolved| Content::Alerts {
        group: group.clone(),
        message: group::Message { occasion, new, resolved, firing: Vec::new() },
    };
    let more = match &event {
        PageEvent::Told { people, .. } => {
            let content = alert(Occasion::Escalation, vec![id], Vec::new());
            messages(book, id, people.iter(), &content, at)
        }
        PageEvent::Stopped { .. } => {
            let told: BTreeSet<&PersonId> = page.into_iter().flat_map(|page| &page.told).collect();
            let content = alert(Occasion::AllResolved, Vec::new(), vec![id]);
            messages(book, id, told.into_iter(), &content, at)
        }
        // Only an alert that is over refuses, and then nobody has to have it.
        PageEvent::Lapsed { .. } => episode(book, id, EpisodeCommand::Release, at).unwrap_or_default(),
        _ => Vec::new(),
    };
    std::iter::once(Event::Page { id, event }).chain(more).collect()
}

/// Messages to people, by each of their ways.
fn messages<'a>(
    book: &Book,
    episode: Digest128,
    people: impl Iterator<Item = &'a PersonId>,
    content: &Content,
    at: Timestamp,
) -> Vec<Event> {
    let recipients = people.flat_map(|person| book.on_call.recipients(person));
    recipients.map(|to| decided(to, &episode.0, content.clone(), at).1).collect()
}

/// A message to a person, decided now, with its id. That says whom it is for, so that two people behind one receiver get one each.
pub(crate) fn decided(to: Recipient, about: &[u8], content: Content, at: Timestamp) -> (Digest128, Event) {
    let person = to.person.as_ref().map_or("", PersonId::as_str);
    let id = delivery_id(&to, &[about, person.as_bytes()].concat(), at);
    (id, Event::Delivery { id, event: DeliveryEvent::Decided { to, content } })
}
