//! The pages of alerts, and taking one.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse as _, Redirect, Response};
use eavip_core::id::Digest128;
use eavip_core::time::{Span, Timestamp};
use serde::Deserialize;

use super::{Viewing, page, unrendered};
use crate::api::alerts::{cast, detail, open_and_recent, take};
use crate::api::build::history::Range;
use crate::api::extract::{Id, Params};
use crate::api::nodes::history_of;
use crate::api::overview::latest;
use crate::api::view::{AlertDetail, History};
use crate::app::App;
use crate::auth::{Allowed, Responder};
use crate::dashboard::alerts::{self, Attempt, Filter};
use crate::problem::Problem;
use crate::shared::now;

/// How much of a series is shown before an alert began and after it was over.
const AROUND: Span = Span::from_secs(30 * 60);

#[derive(Debug, Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    status: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    q: String,
}

pub(super) async fn list(
    State(app): State<App>,
    viewing: Viewing,
    Params(query): Params<ListQuery>,
) -> Result<Response, Problem> {
    let filter = Filter::new(&query.status, &query.category, &query.q);
    let overview = latest(&app).await?;
    viewing.show(alerts::list(&open_and_recent(&app), &filter, &overview.now, &viewing.chrome))
}

pub(super) async fn show(
    State(app): State<App>,
    viewing: Viewing,
    Id(id): Id<Digest128>,
) -> Result<Response, Problem> {
    let detail = detail(&app, id)?;
    let history = history(&app, &detail);
    viewing.show(alerts::detail(&detail, history.as_ref(), &Attempt::default(), &viewing.chrome))
}

fn history(app: &App, detail: &AlertDetail) -> Option<History> {
    let series = detail.series.as_deref()?.parse().ok()?;
    let since: Timestamp = detail.alert.since.parse().ok()?;
    let over = detail.alert.resolved.as_ref().and_then(|over| over.at.parse::<Timestamp>().ok());
    let range = Range { from: since - AROUND, to: over.map_or_else(now, |over| over + AROUND) };
    history_of(app, detail.alert.node.as_ref()?.parse().ok()?, series, range).ok()
}

#[derive(Debug, Deserialize)]
pub(super) struct Acknowledge {
    #[serde(default)]
    reason: String,
}

pub(super) async fn acknowledge(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    form: Result<Form<Acknowledge>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(Acknowledge { reason }) = form.map_err(|rejection| super::settings::unread(&rejection))?;
    let Err(problem) = take(&app, &responder, id, &reason).await else {
        return Ok(Redirect::to(&format!("{}/alerts/{id}", viewing.chrome.base)).into_response());
    };
    with_problem(&app, &viewing, id, problem, reason)
}

/// The alert's page with what was wrong with an attempt.
pub(super) fn with_problem(
    app: &App,
    viewing: &Viewing,
    id: Digest128,
    problem: Problem,
    reason: String,
) -> Result<Response, Problem> {
    let (detail, status) = (detail(app, id)?, problem.code.status());
    let attempt = Attempt { problem: Some(problem.told()), reason };
    let history = history(app, &detail);
    let main = alerts::detail(&detail, history.as_ref(), &attempt, &viewing.chrome).map_err(unrendered)?;
    page(main, &viewing.chrome, status)
}

#[derive(Debug, Deserialize)]
pub(super) struct Vote {
    actionable: bool,
}

pub(super) async fn vote(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    form: Result<Form<Vote>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(Vote { actionable }) = form.map_err(|rejection| super::settings::unread(&rejection))?;
    cast(&app, &responder, id, actionable).await?;
    Ok(Redirect::to(&format!("{}/alerts/{id}#worth", viewing.chrome.base)).into_response())
}
