//! Asking something of an incident: a request, in the name of the person behind who asks, decided on the book as it is at
//! the moment of writing.

use eavip_core::aggregate::Aggregate as _;
use eavip_core::decision::Refused;
use eavip_core::id::{Digest128, IncidentId, PersonId};
use eavip_core::incident::change::{
    Absorbed, Alert, Happening, IncidentCommand, IncidentEvent, Request, Survivor,
};
use eavip_core::incident::phase::{ORDER, Phase};
use eavip_core::incident::review::ReviewText;
use eavip_core::incident::{Actor, Incident};
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;

use super::{BELONGS, OUTDATED};
use crate::app::App;
use crate::auth::{Allowed, Responder};
use crate::book::Book;
use crate::problem::Problem;
use crate::record::Event;

/// Asks something of an incident.
///
/// # Errors
/// When it isn't known, nobody of the roster asks, or it doesn't take the request.
pub async fn ask(
    app: &App,
    by: &Allowed<Responder>,
    id: &IncidentId,
    request: Request,
) -> Result<(), Problem> {
    let reason = reason(&request).map(str::to_owned);
    ask_with(app, by, id, reason, |_, _| Ok(request)).await
}

/// Why somebody asks, for the ledger's record.
fn reason(request: &Request) -> Option<&str> {
    match request {
        Request::Reclassify { reason, .. }
        | Request::FlagSecurity { reason }
        | Request::Reopen { reason } => Some(reason.as_str()).filter(|reason| !reason.is_empty()),
        _ => None,
    }
}

/// As [`ask`], with a request that follows from the incident and the book as they are at the moment of writing.
async fn ask_with(
    app: &App,
    by: &Allowed<Responder>,
    id: &IncidentId,
    reason: Option<String>,
    request: impl FnOnce(&Incident, &Book) -> Result<Request, Refused> + Send + 'static,
) -> Result<(), Problem> {
    let person = person(app, by, id)?;
    let policy = app.shared.policy.load_full();
    let id = id.clone();
    let decide = move |book: &Book, at: Timestamp| {
        let Some(incident) = book.incidents.get(&id) else { return Ok(Vec::new()) };
        let request = request(incident, book)?;
        Ok(recorded(&id, decided(incident, person, request, &policy, at)?))
    };
    by.mutate(app, reason, decide).await
}

/// Who asks, of an incident that there is.
fn person(app: &App, by: &Allowed<Responder>, id: &IncidentId) -> Result<PersonId, Problem> {
    if app.shared.book().incidents.get(id).is_none() {
        return Err(Problem::not_found("incident", id));
    }
    by.principal().person(&app.shared.policy.load().roster)
}

fn decided(
    incident: &Incident,
    person: PersonId,
    request: Request,
    policy: &Policy,
    at: Timestamp,
) -> Result<Vec<IncidentEvent>, Refused> {
    let command = IncidentCommand { by: Actor::Person(person), request };
    Incident::decide(Some(incident), command, policy, at)
}

/// Events of an incident as the ledger holds them.
pub(super) fn recorded(id: &IncidentId, events: Vec<IncidentEvent>) -> Vec<Event> {
    events.into_iter().map(|event| Event::Incident { id: id.clone(), event }).collect()
}

/// Moves an incident on to a phase: the one after the present, so that a repeated request moves it once.
///
/// # Errors
/// As [`ask`].
pub async fn advance(app: &App, by: &Allowed<Responder>, id: &IncidentId, to: Phase) -> Result<(), Problem> {
    let request = move |incident: &Incident, _: &Book| {
        let phase = incident.phase;
        if !incident.is_open() || phase.next() == Some(to) {
            return Ok(if to == Phase::Closed { Request::Close } else { Request::Advance });
        }
        let remedy = match phase.next() {
            Some(next) => format!("go on to {next}"),
            None => "reopen it and say what shows that it is back".to_owned(),
        };
        Err(ORDER.fail(format!("it is in {phase}, and {to} doesn't come next"), remedy).into())
    };
    ask_with(app, by, id, None, request).await
}

/// Adds an alert to an incident.
///
/// # Errors
/// As [`ask`], and when the alert isn't known or belongs to an incident.
pub async fn attach(
    app: &App,
    by: &Allowed<Responder>,
    id: &IncidentId,
    episode: Digest128,
) -> Result<(), Problem> {
    let opening = app.shared.book().alerts.get(episode).map(|known| known.opening.clone());
    let opening = opening.ok_or_else(|| Problem::not_found("alert", episode))?;
    let request = move |_: &Incident, book: &Book| {
        belongs_to_none(book, episode)?;
        let happening = Happening::AlertOpened(Alert { episode, rule: opening.rule });
        Ok(Request::Witness { happening, happened_at: opening.at })
    };
    ask_with(app, by, id, None, request).await
}

/// An alert belongs to one incident; two would count it twice.
///
/// # Errors
/// When it belongs to one.
pub(super) fn belongs_to_none(book: &Book, episode: Digest128) -> Result<(), Refused> {
    match book.incidents.of_alert(episode) {
        None => Ok(()),
        Some(incident) => {
            let id = &incident.declaration.id;
            let remedy = if incident.is_open() {
                format!("work in {id}")
            } else {
                format!("reopen {id} when it is back")
            };
            Err(Refused::because(BELONGS, format!("the alert belongs to {id}"), remedy))
        }
    }
}

/// Writes the review's text in whole. `replaces` is the digest of the text that it was written from, where the writer
/// knows it: what somebody else wrote meanwhile isn't overwritten unseen.
///
/// # Errors
/// As [`ask`], and when the review's text is another by now.
pub async fn draft(
    app: &App,
    by: &Allowed<Responder>,
    id: &IncidentId,
    text: ReviewText,
    replaces: Option<Digest128>,
) -> Result<(), Problem> {
    let request = move |incident: &Incident, _: &Book| {
        if replaces.is_some_and(|replaces| replaces != Digest128::of_value(&incident.review.text)) {
            let remedy = "read it, and bring both together";
            return Err(Refused::because(OUTDATED, "somebody wrote the review meanwhile", remedy));
        }
        Ok(Request::DraftReview(Box::new(text)))
    };
    ask_with(app, by, id, None, request).await
}

/// Makes `other` a part of an incident: one record for both, so that neither is without the other.
///
/// # Errors
/// As [`ask`], for either of them.
pub async fn absorb(
    app: &App,
    by: &Allowed<Responder>,
    id: &IncidentId,
    other: &IncidentId,
) -> Result<(), Problem> {
    let (person, _) = (person(app, by, id)?, person(app, by, other)?);
    let policy = app.shared.policy.load_full();
    let (id, other) = (id.clone(), other.clone());
    let decide = move |book: &Book, at: Timestamp| {
        let (Some(incident), Some(part)) = (book.incidents.get(&id), book.incidents.get(&other)) else {
            return Ok(Vec::new());
        };
        let request = Request::Absorb(Box::new(Absorbed::from(part)));
        let absorbed = decided(incident, person.clone(), request, &policy, at)?;
        let survivor = absorbed.iter().cloned().fold(Some(incident.clone()), Incident::evolve);
        let survivor = Survivor::from(survivor.as_ref().unwrap_or(incident));
        let marked = decided(part, person, Request::MarkDuplicate(Box::new(survivor)), &policy, at)?;
        let mut events = recorded(&id, absorbed);
        events.extend(recorded(&other, marked));
        Ok(events)
    };
    by.mutate(app, None, decide).await
}
