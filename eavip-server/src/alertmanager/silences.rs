//! `/api/v2/silences` and `/api/v2/silence/{id}`. Alertmanager's silences have no ticket: it is read from the comment
//! (decision 0008). What may be silenced, by whom and for how
//! long, is the policy library's to say.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use eavip_core::alert::matcher::{MAX_MATCHERS, Matcher, Matchers};
use eavip_core::alert::silence::{Request, Silence, SilenceStatus};
use eavip_core::id::{Digest128, PersonId};
use eavip_core::labels::Labels;
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::alerts::AT_ONCE;
use super::query::Query;
use super::refusal::Refusal;
use super::view::{self, SilenceState};
use crate::api::beside::beside;
use crate::app::App;
use crate::auth::{Allowed, Principal, Responder, Viewer};
use crate::foreign::leads;
use crate::shared::now;
use crate::silencing;

/// Longest body: a few dozen matchers of the greatest length.
pub(super) const MAX_BODY: usize = 128 * 1_024;
/// What is told of the end of a silence that a client ended or replaced: neither gives a reason.
const EXPIRED: &str = "expired by a client of Alertmanager's API";
const REPLACED: &str = "replaced by a client of Alertmanager's API";

/// A silence's id as clients know it.
pub(super) fn uuid(id: Digest128) -> String {
    silencing::uuid(id).to_string()
}

fn id(text: &str) -> Result<Digest128, Refusal> {
    let parsed = text.parse::<Uuid>().map(|uuid| Digest128(*uuid.as_bytes()));
    parsed.map_err(|_| Refusal::bad("id: not a UUID; use the id of a silence as it is listed"))
}

fn not_found() -> Refusal {
    Refusal(StatusCode::NOT_FOUND, "silence not found".to_owned())
}

/// Where it stands: what waits for a second person is pending, like what begins later.
pub(super) fn state(silence: &Silence, now: Timestamp) -> SilenceState {
    match silence.status(now) {
        SilenceStatus::Waiting | SilenceStatus::Scheduled => SilenceState::Pending,
        SilenceStatus::Active => SilenceState::Active,
        _ => SilenceState::Expired,
    }
}

/// The reason, with the ticket before it where it doesn't name it: so it can be handed back as it is.
fn comment(request: &Request) -> String {
    let Request { reason, ticket, .. } = request;
    if ticket_in(reason) == Some(ticket) { reason.clone() } else { format!("{ticket}: {reason}") }
}

fn shown(silence: &Silence, now: Timestamp) -> view::Silence {
    let request = &silence.request;
    let matcher = |matcher: &Matcher| view::Matcher {
        is_equal: matcher.is_equal(),
        is_regex: matcher.is_regex(),
        name: matcher.name().to_owned(),
        value: matcher.value().to_owned(),
    };
    let last = silence.ended.as_ref().or(silence.approved.as_ref()).map(|(_, at)| *at);
    view::Silence {
        id: uuid(request.id),
        status: view::SilenceStatus { state: state(silence, now) },
        updated_at: last.unwrap_or(request.from.min(now)).to_string(),
        comment: comment(request),
        created_by: request.by.to_string(),
        ends_at: silence.ended.as_ref().map_or(request.until, |(_, at)| *at).to_string(),
        matchers: request.matchers.iter().map(matcher).collect(),
        starts_at: request.from.to_string(),
    }
}

/// Silences: those that hold by their end, those that will by their beginning, then those that are over, the last first.
pub(super) async fn list(
    State(app): State<App>,
    _: Allowed<Viewer>,
    uri: Uri,
) -> Result<Json<Vec<view::Silence>>, Refusal> {
    let query = Query::read(&uri)?;
    let listed = beside(&AT_ONCE, move || {
        let now = now();
        let all: Vec<Silence> =
            app.shared.book().silences.iter().map(|(_, silence)| silence.clone()).collect();
        let compared = |silence: &&Silence| {
            let pairs = silence.request.matchers.iter().map(|matcher| (matcher.name(), matcher.value()));
            query.means(&Labels::default().with(pairs))
        };
        let mut found: Vec<&Silence> = all.iter().filter(compared).collect();
        found.sort_by_key(|silence| match state(silence, now) {
            SilenceState::Active => (0, silence.request.until.as_millis()),
            SilenceState::Pending => (1, silence.request.from.as_millis()),
            SilenceState::Expired => {
                let ended = silence.ended.as_ref().map_or(silence.request.until, |(_, at)| *at);
                (2, -ended.as_millis())
            }
        });
        found.into_iter().map(|silence| shown(silence, now)).collect()
    });
    Ok(Json(listed.await?))
}

/// One silence; like Alertmanager it answers without a body when there is none.
pub(super) async fn show(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Path(text): Path<String>,
) -> Result<Response, Refusal> {
    let found = app.shared.book().silences.get(id(&text)?).map(|silence| shown(silence, now()));
    Ok(found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |silence| Json(silence).into_response()))
}

/// A silence as clients send it. What else stands there, such as the state of one that was listed, is passed over.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    #[serde(default)]
    id: Option<String>,
    matchers: Vec<PostedMatcher>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostedMatcher {
    name: String,
    value: String,
    #[serde(default)]
    is_regex: bool,
    #[serde(default = "yes")]
    is_equal: bool,
}

fn yes() -> bool {
    true
}

/// The first word of a comment that is a tracker's: a key such as `OPS-12`, `#12`, `shop#12`, or an address.
fn ticket_in(comment: &str) -> Option<&str> {
    let around =
        |c: char| matches!(c, '(' | ')' | '[' | ']' | '<' | '>' | ',' | ';' | ':' | '.' | '"' | '\'');
    let words = comment.split_whitespace().map(|word| word.trim_matches(around));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_ticket = |word: &&str| {
        let key = word.rsplit_once('-').is_some_and(|(project, number)| {
            let named = project.starts_with(|c: char| c.is_ascii_alphabetic());
            named && project.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_') && digits(number)
        });
        let numbered = word.rsplit_once('#').is_some_and(|(_, number)| digits(number));
        (key || numbered || leads(word)) && word.parse::<eavip_core::alert::Ticket>().is_ok()
    };
    words.into_iter().find(is_ticket)
}

impl Posted {
    /// What is asked for, or everything that can't be used.
    fn request(self, policy: &Policy, by: &Principal) -> Result<Request, Refusal> {
        let mut problems = Vec::new();
        let mut matchers = Matchers::default();
        for (at, PostedMatcher { name, value, is_regex, is_equal }) in
            self.matchers.iter().take(MAX_MATCHERS + 1).enumerate()
        {
            match Matcher::from_parts(name, value, *is_regex, *is_equal).map(|matcher| matchers.push(matcher))
            {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    problems.push(format!("matchers: {error}"));
                    break;
                }
                Err(error) => problems.push(format!("matchers[{at}]: {error}")),
            }
        }
        if self.matchers.is_empty() {
            problems.push("matchers: there are none; say which alerts are meant".to_owned());
        }
        let reason = self.comment.trim();
        let ticket = ticket_in(reason).unwrap_or_default().to_owned();
        if ticket.is_empty() {
            problems.push(
                "comment: it names no ticket; begin it with the one under which the cause is being mended, as `OPS-12: \
                 replacing the disk`"
                    .to_owned(),
            );
        }
        let by = author(&self.created_by, policy, by).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        let (Some(by), true) = (by, problems.is_empty()) else {
            return Err(Refusal::bad(problems.join("; ")));
        };
        let (id, reason) = (silencing::new_id(), reason.to_owned());
        Ok(Request { id, matchers, reason, ticket, by, from: self.starts_at, until: self.ends_at })
    }
}

/// The person who asks: the one that is named, else the one for whom the credential speaks. Nobody's own credential speaks for
/// somebody else.
fn author(named: &str, policy: &Policy, by: &Principal) -> Result<Option<PersonId>, String> {
    let (named, speaks) = (named.trim(), person(by, policy));
    if named.is_empty() {
        let nobody =
            "createdBy: nobody is named, and the token goes back to no person of the roster; name one";
        return speaks.map(Some).ok_or_else(|| nobody.to_owned());
    }
    match speaks.filter(|_| by.is_own) {
        Some(own) if own.as_str() != named => {
            return Err(format!(
                "createdBy: the token is `{own}`'s own; name `{own}`, or use a token of yours"
            ));
        }
        None if by.is_own => {
            return Err(
                "createdBy: the token's own account is no active person of the runbook's roster".to_owned()
            );
        }
        _ => {}
    }
    let known = named.parse::<PersonId>().ok();
    let known = known.filter(|id| policy.roster.people.get(id).is_some_and(|person| person.active));
    known.map(Some).ok_or_else(|| {
        let named: String = named.chars().take(80).collect();
        format!(
            "createdBy: `{named}` is not an active person of the runbook's roster; name one, as `amtool --author=NAME` does"
        )
    })
}

/// Makes a silence, or another in place of one that is named: that one ends with the same record.
pub(super) async fn create(
    State(app): State<App>,
    responder: Allowed<Responder>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<view::Created>, Refusal> {
    let body = body?;
    let posted = serde_json::from_slice::<Posted>(&body);
    let posted = posted.map_err(|error| Refusal::bad(format!("the body is not a silence: {error}")))?;
    let policy = app.shared.policy.load_full();
    let speaks = person(responder.principal(), &policy);
    let before = posted.id.as_deref().filter(|text| !text.is_empty()).map(id).transpose()?;
    if before.is_some_and(|id| app.shared.book().silences.get(id).is_none()) {
        return Err(not_found());
    }
    let request = posted.request(&policy, responder.principal())?;
    let (id, by, reason) = (request.id, request.by.clone(), request.reason.clone());
    let decide = move |book: &crate::book::Book, at: Timestamp| {
        let open = |id: &Digest128| {
            let status = book.silences.get(*id).map(|silence| silence.status(at));
            status.is_some_and(|status| !matches!(status, SilenceStatus::Expired | SilenceStatus::Ended))
        };
        let mut events = Vec::new();
        if let Some(before) = before.filter(open) {
            events = silencing::end(book, &policy, before, by, REPLACED.to_owned(), at)?;
        }
        events.extend(silencing::request(book, &policy, request, before, speaks.as_ref(), at)?);
        Ok(events)
    };
    responder.mutate(&app, Some(reason), decide).await?;
    Ok(Json(view::Created { id: uuid(id) }))
}

fn person(principal: &Principal, policy: &Policy) -> Option<PersonId> {
    principal.person(&policy.roster).ok()
}

/// Ends a silence; one that is over already stays so.
pub(super) async fn expire(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Path(text): Path<String>,
) -> Result<StatusCode, Refusal> {
    let id = id(&text)?;
    let status = app.shared.book().silences.get(id).map(|silence| silence.status(now()));
    match status {
        None => return Err(not_found()),
        Some(SilenceStatus::Expired | SilenceStatus::Ended) => return Ok(StatusCode::OK),
        Some(_) => {}
    }
    let policy = app.shared.policy.load_full();
    let by = responder.principal().person(&policy.roster)?;
    let decide = move |book: &crate::book::Book, at: Timestamp| {
        silencing::end(book, &policy, id, by, EXPIRED.to_owned(), at)
    };
    responder.mutate(&app, Some(EXPIRED.to_owned()), decide).await?;
    Ok(StatusCode::OK)
}

#[cfg(test)]
mod tests;
