//! `/api/v1/on-call/overrides`: who takes whose place for a while.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use eavip_core::alert::episode::MAX_REASON;
use eavip_core::decision::Refused;
use eavip_core::id::{Digest128, PersonId, ScheduleId};
use eavip_core::on_call::schedule::LONGEST_LOOK;
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::known;
use crate::api::build::on_call::stand_in;
use crate::api::extract::{Body, Id, Params};
use crate::api::view::Override;
use crate::api::{Items, text};
use crate::app::App;
use crate::auth::{Allowed, Responder, Viewer, secret};
use crate::book::Book;
use crate::book::on_call::MAX_OVERRIDES;
use crate::problem::Problem;
use crate::record::{Event, OverrideEvent};
use crate::shared::now;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(overrides, add_override)).routes(routes!(remove_override))
}

/// Overrides that hold or will, the first first.
#[utoipa::path(get, path = "/api/v1/on-call/overrides", tag = "on-call",
    responses((status = 200, body = Items<Override>)))]
async fn overrides(State(app): State<App>, _: Allowed<Viewer>) -> Result<Json<Items<Override>>, Problem> {
    Ok(Json(Items { items: known(&app, |known| known.overrides(None)).await? }))
}

/// An override to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddOverride {
    /// In which schedule.
    #[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    pub schedule: ScheduleId,
    /// Who has duty instead of whoever would.
    #[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    pub person: PersonId,
    /// From when on, RFC 3339; now when it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Until when, RFC 3339; at most 366 days later.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Why.
    #[schema(min_length = 1, max_length = 1000, pattern = "\\S")]
    pub reason: String,
}

/// Lets somebody take another's place in a schedule for a while.
#[utoipa::path(post, path = "/api/v1/on-call/overrides", tag = "on-call", request_body = AddOverride,
    responses((status = 201, body = Override)))]
async fn add_override(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Body(asked): Body<AddOverride>,
) -> Result<(StatusCode, Json<Override>), Problem> {
    Ok((StatusCode::CREATED, Json(add(&app, &responder, asked).await?)))
}

/// Makes an override.
///
/// # Errors
/// When a value can't be used, or there are too many.
pub async fn add(app: &App, by: &Allowed<Responder>, asked: AddOverride) -> Result<Override, Problem> {
    let AddOverride { schedule, person, from, until, reason } = asked;
    let reason = text("reason", &reason, MAX_REASON)?;
    let at = now();
    let from = from.unwrap_or(at);
    check(&app.shared.policy.load(), (&schedule, &person), (from, until), at)?;
    let id = Digest128(secret::random()?);
    let decide = move |book: &Book, _| {
        if book.on_call.overrides().len() >= MAX_OVERRIDES {
            let message = format!("there are {MAX_OVERRIDES} overrides");
            return Err(Refused::because("EAVIP-O20", message, "declare lasting changes in the runbook"));
        }
        let event = OverrideEvent::Added { schedule, person, from, until };
        Ok(vec![Event::Override { id, event }])
    };
    by.mutate(app, Some(reason), decide).await?;
    let made = app.shared.book().on_call.override_of(id).map(|one| stand_in(id, one));
    made.ok_or_else(|| Problem::not_found("override", id))
}

fn check(
    policy: &Policy,
    (schedule, person): (&ScheduleId, &PersonId),
    (from, until): (Timestamp, Timestamp),
    at: Timestamp,
) -> Result<(), Problem> {
    if !policy.on_call.schedules.contains_key(schedule) {
        return Err(Problem::invalid(
            "schedule",
            format!("no schedule `{schedule}` is declared in the runbook"),
        ));
    }
    if !policy.roster.people.get(person).is_some_and(|person| person.active) {
        let detail = format!("`{person}` is no active person of the runbook's roster");
        return Err(Problem::invalid("person", detail));
    }
    if until <= from || until <= at {
        return Err(Problem::invalid("until", "it has to be after its begin, and after now"));
    }
    if until.since(from) > LONGEST_LOOK || from.since(at) > LONGEST_LOOK {
        return Err(Problem::invalid("until", "use at most 366 days, from at most 366 days ahead"));
    }
    Ok(())
}

/// Why an override is taken back.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Why {
    /// Why.
    #[param(min_length = 1, max_length = 1000, pattern = "\\S")]
    reason: String,
}

/// Takes an override back: whoever would has duty again.
#[utoipa::path(delete, path = "/api/v1/on-call/overrides/{id}", tag = "on-call",
    params(("id" = String, Path, description = "The override's id.", pattern = "^[0-9a-f]{32}$"), Why),
    responses((status = 204, description = "It is taken back.")))]
async fn remove_override(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    Params(Why { reason }): Params<Why>,
) -> Result<StatusCode, Problem> {
    remove(&app, &responder, id, &reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an override back.
///
/// # Errors
/// When there is none, or nobody says why.
pub async fn remove(app: &App, by: &Allowed<Responder>, id: Digest128, reason: &str) -> Result<(), Problem> {
    let reason = text("reason", reason, MAX_REASON)?;
    if app.shared.book().on_call.override_of(id).is_none() {
        return Err(Problem::not_found("override", id));
    }
    let event = Event::Override { id, event: OverrideEvent::Removed };
    by.mutate(app, Some(reason), move |_, _| Ok(vec![event])).await
}
