//! `/api/v1/silences`: who isn't told of what for a while; asking for that, agreeing to it and ending it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use eavip_core::alert::episode::MAX_REASON;
use eavip_core::alert::matcher::{InvalidMatcher, MAX_MATCHERS, Matcher, Matchers};
use eavip_core::alert::silence::{self, Request, SilenceStatus};
use eavip_core::id::Digest128;
use eavip_core::time::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::build::silence::Open;
use super::extract::{Body, Id, Params};
use super::page::{cursor, limit, page};
use super::view::{Page, Silence, Window, words};
use super::{build, text};
use crate::app::App;
use crate::auth::{Allowed, Responder, Viewer};
use crate::book::Book;
use crate::problem::Problem;
use crate::shared::now;
use crate::silencing;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(show))
        .routes(routes!(agree))
        .routes(routes!(finish))
}

/// Which silences are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Where they stand.
    #[param(schema_with = words::<SilenceStatus>)]
    pub status: Option<SilenceStatus>,
    /// Where the page begins: the `next_cursor` of the page before.
    #[param(value_type = Option<Uuid>)]
    pub cursor: Option<String>,
    /// Most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    pub limit: Option<u16>,
}

/// Silences, the newest first; those that are over for five days.
#[utoipa::path(get, path = "/api/v1/silences", tag = "silences", params(ListQuery),
    responses((status = 200, body = Page<Silence>)))]
async fn list(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Silence>>, Problem> {
    silences(&app, &query).map(Json)
}

/// A page of silences, the newest first.
///
/// # Errors
/// When cursor or limit can't be used.
pub fn silences(app: &App, query: &ListQuery) -> Result<Page<Silence>, Problem> {
    let (before, limit) = (cursor::<Uuid>(query.cursor.as_deref())?, limit(query.limit)?);
    let now = now();
    // Ids begin with the moment at which they were made.
    let earlier = |id: Digest128| before.is_none_or(|before| id.0 < *before.as_bytes());
    let (found, open) = {
        let book = app.shared.book();
        let asked = book.silences.iter().filter(|(id, silence)| {
            earlier(*id) && query.status.is_none_or(|status| status == silence.status(now))
        });
        let mut found: Vec<(Digest128, &silence::Silence)> = asked.collect();
        found.reverse();
        found.truncate(limit + 1);
        let found: Vec<_> = found.into_iter().map(|(id, silence)| (id, silence.clone())).collect();
        (found, Open::of(&book))
    };
    let place = |(id, _): &(Digest128, _)| silencing::uuid(*id).to_string();
    Ok(page(found, limit, place, |(_, silence)| build::silence::silence(&open, &silence, now)))
}

/// The declared maintenance windows.
#[must_use]
pub fn windows(app: &App) -> Vec<Window> {
    let (policy, now) = (app.shared.policy.load(), now());
    policy.alerting.maintenance.iter().map(|(id, window)| build::silence::window(id, window, now)).collect()
}

/// One silence.
#[utoipa::path(get, path = "/api/v1/silences/{id}", tag = "silences",
    params(("id" = Uuid, Path, description = "The silence's id.")),
    responses((status = 200, body = Silence)))]
async fn show(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(id): Id<Uuid>,
) -> Result<Json<Silence>, Problem> {
    one(&app, id).map(Json)
}

fn one(app: &App, id: Uuid) -> Result<Silence, Problem> {
    let (found, open) = {
        let book = app.shared.book();
        (book.silences.get(Digest128(*id.as_bytes())).cloned(), Open::of(&book))
    };
    let shown = found.map(|silence| build::silence::silence(&open, &silence, now()));
    shown.ok_or_else(|| Problem::not_found("silence", id))
}

/// A silence to ask for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestSilence {
    /// Which alerts: all of these hold, as `alertname="DiskFull"` or `mount=~"/var.*"`.
    #[schema(min_items = 1, max_items = 64)]
    pub matchers: Vec<String>,
    /// Why; the owners of the silenced rules read it.
    #[schema(min_length = 1, max_length = 1000, pattern = "\\S")]
    pub reason: String,
    /// Where the cause is being mended.
    #[schema(min_length = 1, max_length = 100, pattern = "^[!-~]+$")]
    pub ticket: String,
    /// When it begins, RFC 3339; now where it isn't said.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// When it ends, RFC 3339: a day later at the most, or a week with a second person's approval.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// Asks for a silence.
///
/// For longer than a day, with others of the same person and the same matchers, or of nearly all alerts, it holds once a second
/// person has approved it.
#[utoipa::path(post, path = "/api/v1/silences", tag = "silences", request_body = RequestSilence,
    responses((status = 201, body = Silence)))]
async fn ask(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Body(asked): Body<RequestSilence>,
) -> Result<(StatusCode, Json<Silence>), Problem> {
    Ok((StatusCode::CREATED, Json(request(&app, &responder, asked).await?)))
}

/// Asks for a silence in somebody's name.
///
/// # Errors
/// When something that was said can't be used, or the rules don't allow it.
pub async fn request(app: &App, by: &Allowed<Responder>, asked: RequestSilence) -> Result<Silence, Problem> {
    let policy = app.shared.policy.load_full();
    let person = by.principal().person(&policy.roster)?;
    let reason = text("reason", &asked.reason, MAX_REASON)?;
    let count = asked.matchers.len();
    if !(1..=MAX_MATCHERS).contains(&count) {
        return Err(Problem::invalid("matchers", format!("use 1 to {MAX_MATCHERS}")));
    }
    let mut matchers = Matchers::default();
    for (at, matcher) in asked.matchers.iter().enumerate() {
        let refused = |error: InvalidMatcher| Problem::invalid(format!("matchers[{at}]"), error.to_string());
        let matcher: Matcher = matcher.parse().map_err(refused)?;
        matchers.push(matcher).map_err(|error| refused(error.into()))?;
    }
    let id = silencing::new_id();
    let (from, until) = (asked.from.unwrap_or_else(now), asked.until);
    let request = Request {
        id,
        matchers,
        reason: reason.clone(),
        ticket: asked.ticket,
        by: person.clone(),
        from,
        until,
    };
    let decide = move |book: &Book, at| silencing::request(book, &policy, request, None, Some(&person), at);
    by.mutate(app, Some(reason), decide).await?;
    one(app, silencing::uuid(id))
}

/// Agrees to a silence as the second person.
#[utoipa::path(post, path = "/api/v1/silences/{id}/approve", tag = "silences",
    params(("id" = Uuid, Path, description = "The silence's id.")),
    responses((status = 200, body = Silence)))]
async fn agree(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Uuid>,
) -> Result<Json<Silence>, Problem> {
    approve(&app, &responder, id).await.map(Json)
}

/// Agrees to a silence in somebody's name.
///
/// # Errors
/// When there is none, or the rules don't allow it.
pub async fn approve(app: &App, by: &Allowed<Responder>, id: Uuid) -> Result<Silence, Problem> {
    one(app, id)?;
    let policy = app.shared.policy.load_full();
    let person = by.principal().person(&policy.roster)?;
    let decide =
        move |book: &Book, at| silencing::approve(book, &policy, Digest128(*id.as_bytes()), person, at);
    by.mutate(app, None, decide).await?;
    one(app, id)
}

/// Why a silence ends early.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EndSilence {
    /// Why.
    #[schema(min_length = 1, max_length = 1000, pattern = "\\S")]
    reason: String,
}

/// Ends a silence now.
#[utoipa::path(post, path = "/api/v1/silences/{id}/end", tag = "silences",
    params(("id" = Uuid, Path, description = "The silence's id.")),
    request_body = EndSilence, responses((status = 200, body = Silence)))]
async fn finish(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Uuid>,
    Body(asked): Body<EndSilence>,
) -> Result<Json<Silence>, Problem> {
    end(&app, &responder, id, &asked.reason).await.map(Json)
}

/// Ends a silence in somebody's name.
///
/// # Errors
/// When there is none, or the rules don't allow it.
pub async fn end(app: &App, by: &Allowed<Responder>, id: Uuid, reason: &str) -> Result<Silence, Problem> {
    let reason = text("reason", reason, MAX_REASON)?;
    one(app, id)?;
    let policy = app.shared.policy.load_full();
    let person = by.principal().person(&policy.roster)?;
    let why = reason.clone();
    let decide =
        move |book: &Book, at| silencing::end(book, &policy, Digest128(*id.as_bytes()), person, why, at);
    by.mutate(app, Some(reason), decide).await?;
    one(app, id)
}

#[cfg(test)]
mod tests;
