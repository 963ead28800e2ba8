//! The pages of trends and reviews, signing one, and answering a proposal.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use eavip_core::id::Digest128;
use eavip_core::trend::feedback::Reply;
use eavip_core::trend::month::Month;
use serde::Deserialize;

use super::{Viewing, page, unrendered};
use crate::api::build::trends as build;
use crate::api::extract::Id;
use crate::api::trends::{self, AnswerProposal};
use crate::app::App;
use crate::auth::{Allowed, Responder};
use crate::dashboard::Rendered;
use crate::dashboard::trends::{self as pages, Attempt, Shown};
use crate::problem::Problem;
use crate::shared::now;

async fn main(app: &App, viewing: &Viewing, attempt: Option<&Attempt>) -> Result<Rendered, Problem> {
    let month = trends::present(app).await?;
    let (reviews, policy) = (trends::reviews(app), app.shared.policy.load());
    let (proposals, items) = {
        let book = app.shared.book();
        (build::proposals(&book, &policy, now()), build::open_items(&book, &policy, now()))
    };
    let shown = Shown { trends: &month, reviews: &reviews, proposals: &proposals, items: &items };
    Ok(pages::trends(shown, attempt, &viewing.chrome))
}

pub(super) async fn show(State(app): State<App>, viewing: Viewing) -> Result<Response, Problem> {
    viewing.show(main(&app, &viewing, None).await?)
}

pub(super) async fn review(
    State(app): State<App>,
    viewing: Viewing,
    Id(month): Id<Month>,
) -> Result<Response, Problem> {
    viewing.show(pages::review(&trends::review(&app, month)?, None, &viewing.chrome))
}

#[derive(Debug, Deserialize)]
pub(super) struct Sign {
    #[serde(default)]
    remark: String,
}

pub(super) async fn sign(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(month): Id<Month>,
    form: Result<Form<Sign>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(Sign { remark }) = form.map_err(|rejection| super::settings::unread(&rejection))?;
    let Err(problem) = trends::sign(&app, &responder, month, &remark).await else {
        return Ok(Redirect::to(&format!("{}/trends/{month}", viewing.chrome.base)).into_response());
    };
    let status = problem.code.status();
    let attempt = Attempt { of: String::new(), problem: problem.told(), text: remark };
    again(pages::review(&trends::review(&app, month)?, Some(&attempt), &viewing.chrome), &viewing, status)
}

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    reply: Reply,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    record: String,
}

pub(super) async fn answer(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    form: Result<Form<Answer>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(Answer { reply, reason, record }) =
        form.map_err(|rejection| super::settings::unread(&rejection))?;
    let text = reason.clone();
    let answered = match Some(record.trim()).filter(|record| !record.is_empty()).map(str::parse).transpose() {
        Ok(record) => trends::answer(&app, &responder, id, AnswerProposal { reply, reason, record }).await,
        Err(error) => Err(Problem::invalid("record", error.to_string())),
    };
    let Err(problem) = answered else {
        return Ok(Redirect::to(&format!("{}/trends#proposals", viewing.chrome.base)).into_response());
    };
    let status = problem.code.status();
    let attempt = Attempt { of: id.to_string(), problem: problem.told(), text };
    again(main(&app, &viewing, Some(&attempt)).await?, &viewing, status)
}

/// The page again, with what was wrong.
fn again(shown: Rendered, viewing: &Viewing, status: StatusCode) -> Result<Response, Problem> {
    page(shown.map_err(unrendered)?, &viewing.chrome, status)
}
