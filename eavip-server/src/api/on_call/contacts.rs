//! `/api/v1/on-call/contacts`: the ways to reach the person who asks, shown to be theirs by a code that is sent through them;
//! of others only whether messages reach them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use eavip_core::decision::Refused;
use eavip_core::id::{Digest128, PersonId, ReceiverId};
use eavip_core::time::{Span, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::known;
use crate::api::extract::{Body, Id};
use crate::api::view::{Contact, Contacts};
use crate::app::App;
use crate::auth::{Allowed, Responder, Viewer, secret};
use crate::book::on_call::{MAX_CONTACTS, Method};
use crate::book::{Book, Delivery};
use crate::config::receivers::Kind;
use crate::on_call::codes::Code as SentCode;
use crate::on_call::decided;
use crate::problem::{Code, Problem};
use crate::record::{ContactEvent, Content, Event, Notice, Topic};
use crate::shared::now;

/// How long a code counts.
const CODE_LASTS: Span = Span::from_secs(15 * 60);
/// Wrong codes after which the sent one no longer counts.
const MAX_MISSED: u32 = 5;
/// Codes of one person that are sent within the time for which one counts.
const MAX_CODES: usize = 10;
/// The least time between two messages that somebody has sent to themselves.
const PAUSE: Span = Span::from_secs(60);
/// Longest address: what a mailbox can be called at most.
const MAX_ADDRESS: usize = 254;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(contacts, add_contact))
        .routes(routes!(remove_contact))
        .routes(routes!(send_code))
        .routes(routes!(verify_contact))
        .routes(routes!(test_contact))
}

/// The own ways to be reached; of others only whether messages reach them.
#[utoipa::path(get, path = "/api/v1/on-call/contacts", tag = "on-call",
    responses((status = 200, body = Contacts)))]
async fn contacts(State(app): State<App>, viewer: Allowed<Viewer>) -> Result<Json<Contacts>, Problem> {
    own(&app, &viewer).await.map(Json)
}

/// The own ways of who asks, and whether messages reach the others.
///
/// # Errors
/// When they can't be looked up.
pub async fn own(app: &App, viewer: &Allowed<Viewer>) -> Result<Contacts, Problem> {
    let person = viewer.principal().person(&app.shared.policy.load().roster).ok();
    let receivers: Vec<String> = app.web.receivers.iter().map(|about| about.id.to_string()).collect();
    known(app, move |known| known.contacts(person.as_ref(), &receivers)).await
}

/// A way to be reached.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddContact {
    /// The receiver of the server's configuration that carries messages.
    #[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    pub receiver: ReceiverId,
    /// The own address with it, where it has many, such as an e-mail address.
    #[schema(min_length = 3, max_length = 254)]
    #[serde(default)]
    pub address: Option<String>,
}

/// Names a way to be reached; a code is sent through it, by which it is shown to be one's own.
#[utoipa::path(post, path = "/api/v1/on-call/contacts", tag = "on-call", request_body = AddContact,
    responses((status = 201, body = Contact)))]
async fn add_contact(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Body(asked): Body<AddContact>,
) -> Result<(StatusCode, Json<Contact>), Problem> {
    let id = add(&app, &responder, asked).await?;
    Ok((StatusCode::CREATED, Json(one(&app, &responder, id).await?)))
}

/// Names a way to reach who asks, and sends a code through it.
///
/// # Errors
/// When they aren't a person of the roster, a value can't be used, or there are too many.
pub async fn add(app: &App, by: &Allowed<Responder>, asked: AddContact) -> Result<Digest128, Problem> {
    let AddContact { receiver, address } = asked;
    let Some(about) = app.web.receivers.iter().find(|about| about.id == receiver) else {
        let detail = format!("no receiver `{receiver}` is configured on the server");
        return Err(Problem::invalid("receiver", detail));
    };
    let address = address.filter(|address| !address.trim().is_empty());
    match (about.kind, &address) {
        (Kind::Email, None) => {
            return Err(Problem::invalid("address", "say where your mail goes, such as ana@example.org"));
        }
        (kind, Some(_)) if kind != Kind::Email => {
            let detail = format!("`{receiver}` leads to one place and takes no address; leave it out");
            return Err(Problem::invalid("address", detail));
        }
        _ => {}
    }
    let address = address.map(|address| mailbox(&address)).transpose()?;
    let person = person(app, by)?;
    let id = Digest128(secret::random()?);
    let method = Method {
        receiver: receiver.clone(),
        address: address.clone(),
        is_verified: false,
        code: None,
        asked_at: None,
        known: Default::default(),
    };
    let (message, sent) = code_events(app, (&person, id), &method, now())?;
    let decide = move |book: &Book, at| {
        not_too_often(book, &person, at)?;
        let have: Vec<&Method> = book.on_call.contacts(&person).map(|(_, method)| method).collect();
        if have.len() >= MAX_CONTACTS {
            let message = format!("{person} has {MAX_CONTACTS} ways to be reached");
            return Err(Refused::because("EAVIP-O21", message, "remove those that nobody needs"));
        }
        if have.iter().any(|method| method.receiver == receiver && method.address == address) {
            let message = format!("{person} has this way already");
            return Err(Refused::because("EAVIP-O22", message, "nothing has to be done"));
        }
        let event = ContactEvent::Added { receiver, address };
        Ok(std::iter::once(Event::Contact { person, id, event }).chain(sent).collect())
    };
    by.mutate(app, None, decide).await.inspect_err(|_| app.shared.codes.forget(message))?;
    Ok(id)
}

/// An address that can stand in a mail's header: nothing in it can begin another.
fn mailbox(address: &str) -> Result<String, Problem> {
    let address = address.trim();
    let plain = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    let parts = address.rsplit_once('@');
    let usable = address.len() <= MAX_ADDRESS
        && parts.is_some_and(|(local, domain)| {
            [local, domain].iter().all(|part| {
                !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && part.chars().all(plain)
            })
        });
    if usable {
        return Ok(address.to_owned());
    }
    Err(Problem::invalid("address", "write an e-mail address such as ana@example.com"))
}

fn person(app: &App, by: &Allowed<Responder>) -> Result<PersonId, Problem> {
    by.principal().person(&app.shared.policy.load().roster)
}

/// The own way of an id.
fn mine(app: &App, by: &Allowed<Responder>, id: Digest128) -> Result<(PersonId, Method), Problem> {
    let found = app.shared.book().on_call.contact(id).map(|(whose, method)| (whose.clone(), method.clone()));
    let (whose, method) = found.ok_or_else(|| Problem::not_found("way to be reached", id))?;
    if person(app, by)? != whose {
        return Err(Problem::not_found("way to be reached", id));
    }
    Ok((whose, method))
}

async fn one(app: &App, by: &Allowed<Responder>, id: Digest128) -> Result<Contact, Problem> {
    let person = person(app, by)?;
    let found = known(app, move |known| known.contacts(Some(&person), &[])).await?;
    let found = found.own.into_iter().find(|contact| contact.id == id.to_string());
    found.ok_or_else(|| Problem::not_found("way to be reached", id))
}

fn paused(method: &Method, at: Timestamp) -> Result<(), Problem> {
    match method.asked_at.filter(|asked| at.since(*asked) < PAUSE && *asked <= at) {
        None => Ok(()),
        Some(_) => {
            Err(Problem::new(Code::TooMany, "a message was sent there within the last minute").retry(60))
        }
    }
}

/// Codes go to addresses that nobody has shown to be theirs: within the time for which one counts a person has few of them sent.
fn not_too_often(book: &Book, person: &PersonId, at: Timestamp) -> Result<(), Refused> {
    let is_code = |delivery: &Delivery| {
        let is_code =
            matches!(&delivery.content, Content::Notice(notice) if notice.topic == Topic::Verification);
        is_code && delivery.to.person.as_ref() == Some(person) && at.since(delivery.decided_at) < CODE_LASTS
    };
    if book.outbox.iter().filter(|(_, delivery)| is_code(delivery)).count() < MAX_CODES {
        return Ok(());
    }
    let message = format!("{person} had {MAX_CODES} codes sent within {CODE_LASTS}");
    Err(Refused::because("EAVIP-O26", message, "give one that arrived, or wait"))
}

/// The message that carries a code, and what is to be written.
fn code_events(
    app: &App,
    (person, id): (&PersonId, Digest128),
    method: &Method,
    at: Timestamp,
) -> Result<(Digest128, Vec<Event>), Problem> {
    let (code, until) = (SentCode::new()?, at + CODE_LASTS);
    let notice = Notice {
        topic: Topic::Verification,
        title: "Show that EAVIP ops reaches you here".to_owned(),
        text: format!("{person} is to be told of alerts through this. If that isn't you, do nothing."),
        path: "/on-call#contacts".to_owned(),
    };
    let event = ContactEvent::CodeSent { hash: code.hash(), until };
    let (message, sending) = decided(method.recipient(person), &id.0, Content::Notice(notice), at);
    // Before it is written: it may be sent at once.
    app.shared.codes.keep(message, code, until, at);
    Ok((message, vec![Event::Contact { person: person.clone(), id, event }, sending]))
}

/// Sends another code; the one before no longer counts.
#[utoipa::path(post, path = "/api/v1/on-call/contacts/{id}/code", tag = "on-call",
    params(("id" = String, Path, description = "The way's id.", pattern = "^[0-9a-f]{32}$")),
    responses((status = 202, description = "It is on its way.")))]
async fn send_code(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
) -> Result<StatusCode, Problem> {
    resend(&app, &responder, id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Sends another code.
///
/// # Errors
/// When it isn't theirs, is shown already, or one was sent just now.
pub async fn resend(app: &App, by: &Allowed<Responder>, id: Digest128) -> Result<(), Problem> {
    let (person, method) = mine(app, by, id)?;
    let at = now();
    paused(&method, at)?;
    let (message, events) = code_events(app, (&person, id), &method, at)?;
    let decide = move |book: &Book, at| match book.on_call.contact(id) {
        Some((_, method)) if !method.is_verified => not_too_often(book, &person, at).map(|()| events),
        _ => Err(Refused::because("EAVIP-O23", "it is shown to be theirs already", "send a test message")),
    };
    by.mutate(app, None, decide).await.inspect_err(|_| app.shared.codes.forget(message))
}

/// A code as it arrived.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Verify {
    /// The code.
    #[schema(min_length = 1, max_length = 20)]
    code: String,
}

/// Shows by the code that arrived that a way is one's own.
#[utoipa::path(post, path = "/api/v1/on-call/contacts/{id}/verify", tag = "on-call",
    params(("id" = String, Path, description = "The way's id.", pattern = "^[0-9a-f]{32}$")),
    request_body = Verify, responses((status = 200, body = Contact)))]
async fn verify_contact(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    Body(asked): Body<Verify>,
) -> Result<Json<Contact>, Problem> {
    verify(&app, &responder, id, &asked.code).await?;
    one(&app, &responder, id).await.map(Json)
}

/// Shows by a code that a way is theirs.
///
/// # Errors
/// When it isn't theirs, no code counts, or it is another.
pub async fn verify(app: &App, by: &Allowed<Responder>, id: Digest128, code: &str) -> Result<(), Problem> {
    let (person, _) = mine(app, by, id)?;
    let given: String = code.chars().filter(char::is_ascii_digit).collect();
    let decide = move |book: &Book, at: Timestamp| {
        let sent = book.on_call.contact(id).and_then(|(_, method)| method.code.as_ref());
        let Some(sent) = sent.filter(|sent| at < sent.until && sent.missed < MAX_MISSED) else {
            let message = "no code counts: it was used, is older than 15 minutes, or was missed 5 times";
            return Err(Refused::because("EAVIP-O24", message, "have another one sent"));
        };
        let right = secret::matches(&given, &sent.hash);
        let event = if right { ContactEvent::Verified } else { ContactEvent::CodeMissed };
        Ok(vec![Event::Contact { person, id, event }])
    };
    by.mutate(app, None, decide).await?;
    let missed =
        app.shared.book().on_call.contact(id).and_then(|(_, method)| Some(method.code.as_ref()?.missed));
    match missed {
        None => Ok(()),
        Some(missed) => {
            let left = MAX_MISSED.saturating_sub(missed);
            Err(Problem::invalid("code", format!("that isn't the code that was sent; {left} tries are left")))
        }
    }
}

/// Sends a test message; whether it arrived shows in the way's state.
#[utoipa::path(post, path = "/api/v1/on-call/contacts/{id}/test", tag = "on-call",
    params(("id" = String, Path, description = "The way's id.", pattern = "^[0-9a-f]{32}$")),
    responses((status = 202, description = "It is on its way.")))]
async fn test_contact(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
) -> Result<StatusCode, Problem> {
    test(&app, &responder, id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Sends a test message.
///
/// # Errors
/// When it isn't theirs, isn't shown to be, or one was sent just now.
pub async fn test(app: &App, by: &Allowed<Responder>, id: Digest128) -> Result<(), Problem> {
    let (person, method) = mine(app, by, id)?;
    paused(&method, now())?;
    let decide = move |book: &Book, at: Timestamp| {
        let Some((_, method)) = book.on_call.contact(id).filter(|(_, method)| method.is_verified) else {
            let message = "nobody has shown yet that it is theirs";
            return Err(Refused::because("EAVIP-O25", message, "give the code that was sent there"));
        };
        let notice = Notice {
            topic: Topic::Test,
            title: "A test of EAVIP ops".to_owned(),
            text: format!("{person} is told of alerts through this. Nothing has to be done."),
            path: "/on-call#contacts".to_owned(),
        };
        let (_, message) = decided(method.recipient(&person), &id.0, Content::Notice(notice), at);
        Ok(vec![Event::Contact { person, id, event: ContactEvent::Tested }, message])
    };
    by.mutate(app, None, decide).await
}

/// Removes an own way: nothing is sent to it any more.
#[utoipa::path(delete, path = "/api/v1/on-call/contacts/{id}", tag = "on-call",
    params(("id" = String, Path, description = "The way's id.", pattern = "^[0-9a-f]{32}$")),
    responses((status = 204, description = "It is removed.")))]
async fn remove_contact(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
) -> Result<StatusCode, Problem> {
    remove(&app, &responder, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes an own way.
///
/// # Errors
/// When it isn't theirs.
pub async fn remove(app: &App, by: &Allowed<Responder>, id: Digest128) -> Result<(), Problem> {
    let (person, _) = mine(app, by, id)?;
    let event = Event::Contact { person, id, event: ContactEvent::Removed };
    by.mutate(app, None, move |_, _| Ok(vec![event])).await
}
