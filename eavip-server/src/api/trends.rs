//! `/api/v1/trends`, `/api/v1/reviews` and `/api/v1/proposals`: what the month amounts to, signing its review, and answering
//! what trends ask for.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use eavip_core::aggregate::Aggregate as _;
use eavip_core::id::{Digest128, RevisionId};
use eavip_core::trend::feedback::{Answer, Proposal as Known, ProposalCommand, Reply};
use eavip_core::trend::month::Month;
use eavip_core::trend::review::{OperationsReview, ReviewCommand};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use super::build::trends as build;
use super::export::{ExportQuery, Format, figures};
use super::extract::{Body, Id, Params};
use super::view::trends::{OpenItem, Proposal, Review, ReviewRow, Trends};
use super::view::words;
use crate::app::App;
use crate::auth::{Allowed, Responder, Viewer};
use crate::book::Book;
use crate::problem::{Code, Problem};
use crate::record::Event;
use crate::shared::now;
use crate::trends::{self, export};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(exported))
        .routes(routes!(list_items))
        .routes(routes!(list_reviews))
        .routes(routes!(show_review))
        .routes(routes!(export_review))
        .routes(routes!(sign_review))
        .routes(routes!(list_proposals))
        .routes(routes!(answer_proposal))
}

/// What incidents and alerts of this month amount to until now.
#[utoipa::path(get, path = "/api/v1/trends", tag = "trends", responses((status = 200, body = Trends)))]
async fn show(State(app): State<App>, _: Allowed<Viewer>) -> Result<Json<Trends>, Problem> {
    present(&app).await.map(Json)
}

/// The trends of this month until now; they are counted anew, without holding others up.
///
/// # Errors
/// When counting fails.
pub async fn present(app: &App) -> Result<Trends, Problem> {
    let app = app.clone();
    let counted = tokio::task::spawn_blocking(move || {
        let (policy, at) = (app.shared.policy.load(), now());
        let pack = trends::pack(&app.shared.book(), &policy, Month::of(at), at);
        build::trends(&pack, None)
    });
    counted.await.map_err(|_| Problem::new(Code::Internal, "the trends could not be counted"))
}

/// The trends of this month until now, to be kept or sent; as CSV the response times alone.
#[utoipa::path(get, path = "/api/v1/trends/export", tag = "trends", params(ExportQuery),
    responses((status = 200, content((String = "text/markdown"), (String = "text/csv"), (Trends = "application/json")))))]
async fn exported(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Params(query): Params<ExportQuery>,
) -> Result<Response, Problem> {
    as_file(&present(&app).await?, query.format())
}

fn as_file(trends: &Trends, format: Format) -> Result<Response, Problem> {
    // A month is digits and a dash.
    let name = format!("operations-review-{}", trends.month);
    figures(format, &name, trends, |trends| trends.markdown.clone(), export::csv)
}

/// The action items of incidents that aren't done, the longest due first.
#[utoipa::path(get, path = "/api/v1/trends/items", tag = "trends", responses((status = 200, body = Items<OpenItem>)))]
async fn list_items(State(app): State<App>, _: Allowed<Viewer>) -> Json<Items<OpenItem>> {
    let policy = app.shared.policy.load();
    Json(Items { items: build::open_items(&app.shared.book(), &policy, now()) })
}

/// The operations reviews of the last two years, the latest month first.
#[utoipa::path(get, path = "/api/v1/reviews", tag = "trends", responses((status = 200, body = Items<ReviewRow>)))]
async fn list_reviews(State(app): State<App>, _: Allowed<Viewer>) -> Json<Items<ReviewRow>> {
    Json(Items { items: reviews(&app) })
}

/// The operations reviews of the last two years, the latest month first.
#[must_use]
pub fn reviews(app: &App) -> Vec<ReviewRow> {
    let (book, policy) = (app.shared.book(), app.shared.policy.load());
    book.trends.reviews().map(|(month, review)| build::row(month, review, &policy, now())).collect()
}

/// The path of a month's review.
#[derive(IntoParams)]
#[expect(dead_code, reason = "it describes the path, which `Id` reads")]
#[into_params(parameter_in = Path)]
struct MonthPath {
    /// The month, such as `2026-03`.
    #[param(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")]
    month: String,
}

/// A month's operations review with its pack.
#[utoipa::path(get, path = "/api/v1/reviews/{month}", tag = "trends", params(MonthPath),
    responses((status = 200, body = Review)))]
async fn show_review(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(month): Id<Month>,
) -> Result<Json<Review>, Problem> {
    review(&app, month).map(Json)
}

/// A month's operations review with its pack.
///
/// # Errors
/// When it isn't known.
pub fn review(app: &App, month: Month) -> Result<Review, Problem> {
    let (book, policy) = (app.shared.book(), app.shared.policy.load());
    let known = book.trends.review(month).ok_or_else(|| Problem::not_found("review", month))?;
    Ok(build::review(month, known, &policy, now()))
}

/// A month's pack, with the sign-off once there is one, to be kept or sent.
#[utoipa::path(get, path = "/api/v1/reviews/{month}/export", tag = "trends", params(MonthPath, ExportQuery),
    responses((status = 200, content((String = "text/markdown"), (String = "text/csv"), (Trends = "application/json")))))]
async fn export_review(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(month): Id<Month>,
    Params(query): Params<ExportQuery>,
) -> Result<Response, Problem> {
    as_file(&review(&app, month)?.trends, query.format())
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignReview {
    /// What was decided.
    #[schema(min_length = 1, max_length = 1000, pattern = "\\S")]
    remark: String,
}

/// Signs a month's review: somebody went through it.
#[utoipa::path(post, path = "/api/v1/reviews/{month}/sign", tag = "trends", params(MonthPath),
    request_body = SignReview, responses((status = 200, body = Review)))]
async fn sign_review(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(month): Id<Month>,
    Body(asked): Body<SignReview>,
) -> Result<Json<Review>, Problem> {
    sign(&app, &responder, month, &asked.remark).await?;
    review(&app, month).map(Json)
}

/// Signs a month's review in a person's name.
///
/// # Errors
/// When there is none, it is signed, or no person of the roster signs.
pub async fn sign(app: &App, by: &Allowed<Responder>, month: Month, remark: &str) -> Result<(), Problem> {
    let policy = app.shared.policy.load_full();
    let person = by.principal().person(&policy.roster)?;
    if app.shared.book().trends.review(month).is_none() {
        return Err(Problem::not_found("review", month));
    }
    let (remark, reason) = (remark.to_owned(), remark.trim().to_owned());
    let decide = move |book: &Book, at| {
        let command = ReviewCommand::Sign { by: person, remark };
        let events = OperationsReview::decide(book.trends.review(month), command, &policy, at)?;
        Ok(events.into_iter().map(|event| Event::Review { month, event }).collect())
    };
    by.mutate(app, Some(reason), decide).await
}

/// What trends ask for: what waits for an answer, the earliest due first, then what was answered.
#[utoipa::path(get, path = "/api/v1/proposals", tag = "trends", responses((status = 200, body = Items<Proposal>)))]
async fn list_proposals(State(app): State<App>, _: Allowed<Viewer>) -> Json<Items<Proposal>> {
    let policy = app.shared.policy.load();
    Json(Items { items: build::proposals(&app.shared.book(), &policy, now()) })
}

/// An answer to what a trend asks for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerProposal {
    /// Whether it is done or decided, or isn't done.
    #[schema(schema_with = words::<Reply>)]
    pub reply: Reply,
    /// Why.
    #[schema(min_length = 1, max_length = 1000, pattern = "\\S")]
    pub reason: String,
    /// The revision of the runbook, or the decision's record; needed to accept.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    pub record: Option<RevisionId>,
}

/// Answers what a trend asks for, as a member of the team that owns it.
#[utoipa::path(post, path = "/api/v1/proposals/{id}/answer", tag = "trends",
    params(("id" = String, Path, description = "The proposal's id.", pattern = "^[0-9a-f]{32}$")),
    request_body = AnswerProposal, responses((status = 200, body = Proposal)))]
async fn answer_proposal(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    Body(asked): Body<AnswerProposal>,
) -> Result<Json<Proposal>, Problem> {
    answer(&app, &responder, id, asked).await?;
    let (book, policy) = (app.shared.book(), app.shared.policy.load());
    let known = book.trends.proposal(id).ok_or_else(|| Problem::not_found("proposal", id))?;
    Ok(Json(build::proposal(id, known, &policy, now())))
}

/// Answers what a trend asks for in a person's name.
///
/// # Errors
/// When there is no such proposal, it is answered, or somebody else has to.
pub async fn answer(
    app: &App,
    by: &Allowed<Responder>,
    id: Digest128,
    asked: AnswerProposal,
) -> Result<(), Problem> {
    let policy = app.shared.policy.load_full();
    let person = by.principal().person(&policy.roster)?;
    if app.shared.book().trends.proposal(id).is_none() {
        return Err(Problem::not_found("proposal", id));
    }
    let AnswerProposal { reply, reason, record } = asked;
    let told = reason.trim().to_owned();
    let decide = move |book: &Book, at| {
        let command = ProposalCommand::Answer(Answer { by: person, reply, reason, record });
        let events = Known::decide(book.trends.proposal(id), command, &policy, at)?;
        Ok(events.into_iter().map(|event| Event::Proposal { id, event }).collect())
    };
    by.mutate(app, Some(told), decide).await
}
