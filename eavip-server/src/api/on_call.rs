//! `/api/v1/on-call`: who has duty now and next, schedules over a period, and the proof that somebody would be told.

mod calendar;
pub mod contacts;
pub mod overrides;
pub mod pages;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use eavip_core::id::ScheduleId;
use eavip_core::time::{Span, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::build::on_call::Known;
use super::extract::{Id, Params};
use super::view::{Coverage, Duty, ScheduleDetail};
use crate::app::App;
use crate::auth::{Allowed, Viewer};
use crate::problem::{Code, Problem};
use crate::shared::now;

/// Longest period that is shown, in days.
const MAX_DAYS: u32 = 366;
/// The period when nobody says, in days.
const DAYS: u32 = 14;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(duty))
        .routes(routes!(schedule))
        .routes(routes!(coverage))
        .merge(calendar::router())
        .merge(contacts::router())
        .merge(overrides::router())
        .merge(pages::router())
}

/// What is asked of the present state; looked up beside others' requests, because duties are looked at for a month.
pub(crate) async fn known<T: Send + 'static>(
    app: &App,
    look: impl FnOnce(&Known<'_>) -> T + Send + 'static,
) -> Result<T, Problem> {
    let shared = Arc::clone(&app.shared);
    let looked = tokio::task::spawn_blocking(move || {
        // Cloned, so that the commit thread doesn't wait for the look.
        let book = crate::book::Book { on_call: shared.book().on_call.clone(), ..Default::default() };
        look(&Known::new(&book, &shared.policy.load(), now()))
    });
    looked.await.map_err(|_| Problem::new(Code::Internal, "duties could not be looked up"))
}

/// Who has duty now and next, and how the alerts of each team escalate.
#[utoipa::path(get, path = "/api/v1/on-call", tag = "on-call", responses((status = 200, body = Duty)))]
async fn duty(State(app): State<App>, _: Allowed<Viewer>) -> Result<Json<Duty>, Problem> {
    known(&app, |known| known.duty()).await.map(Json)
}

/// Which period is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Period {
    /// Its begin, RFC 3339; now when it is left out.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Its length.
    #[param(minimum = 1, maximum = 366, default = 14)]
    days: Option<u32>,
}

/// One schedule over a period, without holes: gaps are shifts of nobody.
#[utoipa::path(get, path = "/api/v1/on-call/schedules/{id}", tag = "on-call", params(
    ("id" = String, Path, description = "The schedule's name.", pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63),
    Period), responses((status = 200, body = ScheduleDetail)))]
async fn schedule(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(id): Id<ScheduleId>,
    Params(period): Params<Period>,
) -> Result<Json<ScheduleDetail>, Problem> {
    let days = period.days.unwrap_or(DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(Problem::invalid("days", format!("use 1 to {MAX_DAYS}")));
    }
    let (from, length) = (period.from.unwrap_or_else(now), Span::from_secs(86_400).times(days.into()));
    let wanted = id.clone();
    let found = known(&app, move |known| known.schedule(&wanted, from, length)).await?;
    found.map(Json).ok_or_else(|| Problem::not_found("schedule", id))
}

/// Whether somebody would be told, proved ahead: gaps, people without a working channel, steps that reach nobody.
#[utoipa::path(get, path = "/api/v1/on-call/coverage", tag = "on-call",
    responses((status = 200, body = Coverage)))]
async fn coverage(State(app): State<App>, _: Allowed<Viewer>) -> Result<Json<Coverage>, Problem> {
    known(&app, |known| known.coverage()).await.map(Json)
}
