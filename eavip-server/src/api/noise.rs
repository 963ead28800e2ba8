//! `/api/v1/noise` and `/api/v1/defects`: what was counted, what is over its budget, and saying that it was mended.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use eavip_core::aggregate::Aggregate as _;
use eavip_core::alert::noise::defect::{Defect, DefectCommand};
use eavip_core::id::Digest128;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use super::build::noise as build;
use super::export::{ExportQuery, figures};
use super::extract::{Body, Id, Params};
use super::view::noise::{Noise, NoiseDefect};
use crate::app::App;
use crate::auth::{Allowed, Responder, Viewer};
use crate::book::Book;
use crate::noise::export;
use crate::problem::Problem;
use crate::record::Event;
use crate::shared::now;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(exported))
        .routes(routes!(list_defects))
        .routes(routes!(mend_defect))
}

/// The noise of the last 30 days by rule, team and responder, against its budget.
#[utoipa::path(get, path = "/api/v1/noise", tag = "noise", responses((status = 200, body = Noise)))]
async fn show(State(app): State<App>, _: Allowed<Viewer>) -> Json<Noise> {
    Json(noise(&app))
}

/// The noise as it was measured last.
#[must_use]
pub fn noise(app: &App) -> Noise {
    let (report, policy) = (app.shared.noise.load(), app.shared.policy.load());
    build::noise(&report, &app.shared.book(), &policy, now())
}

/// The scores, to be kept or sent.
#[utoipa::path(get, path = "/api/v1/noise/export", tag = "noise", params(ExportQuery),
    responses((status = 200, content((String = "text/markdown"), (String = "text/csv"), (Noise = "application/json")))))]
async fn exported(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Params(query): Params<ExportQuery>,
) -> Result<Response, Problem> {
    figures(query.format(), "noise", &noise(&app), export::markdown, export::csv)
}

/// Defects of noise: what is to be mended, the earliest due first, then what was mended.
#[utoipa::path(get, path = "/api/v1/defects", tag = "noise", responses((status = 200, body = Items<NoiseDefect>)))]
async fn list_defects(State(app): State<App>, _: Allowed<Viewer>) -> Json<Items<NoiseDefect>> {
    let policy = app.shared.policy.load();
    Json(Items { items: build::defects(&app.shared.book(), &policy, now()) })
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MendDefect {
    /// What was changed.
    #[schema(min_length = 1, max_length = 1000, pattern = "\\S")]
    how: String,
}

/// Says that a noise was mended; it is counted anew from then on, and opened again when it comes back.
#[utoipa::path(post, path = "/api/v1/defects/{id}/mend", tag = "noise",
    params(("id" = String, Path, description = "The defect's id.", pattern = "^[0-9a-f]{32}$")),
    request_body = MendDefect, responses((status = 200, body = NoiseDefect)))]
async fn mend_defect(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    Body(asked): Body<MendDefect>,
) -> Result<Json<NoiseDefect>, Problem> {
    mend(&app, &responder, id, &asked.how).await?;
    let (book, policy) = (app.shared.book(), app.shared.policy.load());
    let defect = book.noise.defect(id).ok_or_else(|| Problem::not_found("defect", id))?;
    Ok(Json(build::defect(id, defect, &policy, now())))
}

/// Says in a person's name that a noise was mended.
///
/// # Errors
/// When there is no such defect, it is mended already, or no person of the roster says so.
pub async fn mend(app: &App, by: &Allowed<Responder>, id: Digest128, how: &str) -> Result<(), Problem> {
    let policy = app.shared.policy.load_full();
    let person = by.principal().person(&policy.roster)?;
    if app.shared.book().noise.defect(id).is_none() {
        return Err(Problem::not_found("defect", id));
    }
    let (how, reason) = (how.to_owned(), how.trim().to_owned());
    let decide = move |book: &Book, at| {
        let command = DefectCommand::Mend { by: person, how };
        let events = Defect::decide(book.noise.defect(id), command, &policy, at)?;
        Ok(events.into_iter().map(|event| Event::Defect { id, event }).collect())
    };
    by.mutate(app, Some(reason), decide).await
}
