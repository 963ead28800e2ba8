//! `/api/v1/on-call/pages`: alerts on their way through an escalation; taking one and handing it over.

use axum::Json;
use axum::extract::State;
use eavip_core::alert::episode::MAX_REASON;
use eavip_core::id::{Digest128, PersonId};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::alerts::take;
use crate::api::build::on_call::Known;
use crate::api::extract::{Body, Id};
use crate::api::view::PageView;
use crate::api::{Items, text};
use crate::app::App;
use crate::auth::{Allowed, Responder, Viewer};
use crate::book::Book;
use crate::on_call;
use crate::problem::{Code, Problem};
use crate::shared::now;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(pages))
        .routes(routes!(page))
        .routes(routes!(acknowledge_page))
        .routes(routes!(hand_over_page))
}

/// Pages that aren't over: those that nobody has first, then the oldest.
#[utoipa::path(get, path = "/api/v1/on-call/pages", tag = "on-call",
    responses((status = 200, body = Items<PageView>)))]
async fn pages(State(app): State<App>, _: Allowed<Viewer>) -> Json<Items<PageView>> {
    Json(Items { items: open(&app) })
}

/// Pages that aren't over.
#[must_use]
pub fn open(app: &App) -> Vec<PageView> {
    Known::new(&app.shared.book(), &app.shared.policy.load(), now()).pages()
}

/// One page, by its alert's id: who was told when, who has it, and who is told next.
#[utoipa::path(get, path = "/api/v1/on-call/pages/{id}", tag = "on-call",
    params(("id" = String, Path, description = "The alert's id.", pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = PageView)))]
async fn page(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(id): Id<Digest128>,
) -> Result<Json<PageView>, Problem> {
    one(&app, id).map(Json)
}

fn one(app: &App, id: Digest128) -> Result<PageView, Problem> {
    let page = Known::new(&app.shared.book(), &app.shared.policy.load(), now()).page(id);
    page.ok_or_else(|| Problem::not_found("page", id))
}

/// What somebody says who takes a page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AcknowledgePage {
    /// What they are about to do.
    #[schema(min_length = 1, max_length = 1000, pattern = "\\S")]
    reason: String,
}

/// Takes a page and its alert, or goes on with it.
#[utoipa::path(post, path = "/api/v1/on-call/pages/{id}/acknowledge", tag = "on-call",
    params(("id" = String, Path, description = "The alert's id.", pattern = "^[0-9a-f]{32}$")),
    request_body = AcknowledgePage, responses((status = 200, body = PageView)))]
async fn acknowledge_page(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    Body(asked): Body<AcknowledgePage>,
) -> Result<Json<PageView>, Problem> {
    one(&app, id)?;
    take(&app, &responder, id, &asked.reason).await?;
    one(&app, id).map(Json)
}

/// To whom a page is handed over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// Who is to have it.
    #[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    pub to: PersonId,
    /// What they have to know.
    #[schema(min_length = 1, max_length = 1000, pattern = "\\S")]
    pub reason: String,
}

/// Hands a page and its alert over to somebody else, who is told.
#[utoipa::path(post, path = "/api/v1/on-call/pages/{id}/hand-over", tag = "on-call",
    params(("id" = String, Path, description = "The alert's id.", pattern = "^[0-9a-f]{32}$")),
    request_body = HandOver, responses((status = 200, body = PageView)))]
async fn hand_over_page(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    Body(asked): Body<HandOver>,
) -> Result<Json<PageView>, Problem> {
    hand_over(&app, &responder, id, asked).await?;
    one(&app, id).map(Json)
}

/// Hands a page over in somebody's name.
///
/// # Errors
/// When there is none, they don't have it, or the other can't take it.
pub async fn hand_over(
    app: &App,
    by: &Allowed<Responder>,
    id: Digest128,
    HandOver { to, reason }: HandOver,
) -> Result<(), Problem> {
    let reason = text("reason", &reason, MAX_REASON)?;
    if app.shared.book().on_call.page(id).is_none() {
        let detail = format!(
            "nobody was paged of alert `{id}`, so there is no page to hand over; let them take the alert"
        );
        return Err(Problem::new(Code::NotFound, detail));
    }
    let policy = app.shared.policy.load_full();
    let who = by.principal().person(&policy.roster)?;
    let told = reason.clone();
    let decide = move |book: &Book, at| on_call::hand_over(book, &policy, id, (who, to), &told, at);
    by.mutate(app, Some(reason), decide).await
}
