//! The page of silences with its forms, the page of what isn't let in, and why somebody is told of an alert.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse as _, Redirect, Response};
use eavip_core::alert::matcher::Matchers;
use eavip_core::id::Digest128;
use eavip_core::time::Span;
use serde::Deserialize;
use uuid::Uuid;

use super::{Viewing, page, settings, unrendered};
use crate::api::extract::{Id, Params};
use crate::api::silences::{ListQuery, RequestSilence, approve, end, request, silences, windows};
use crate::api::why::explain;
use crate::api::{alerts, page as pages, quarantine};
use crate::app::App;
use crate::auth::{Allowed, Responder};
use crate::dashboard::silences as shown;
use crate::dashboard::silences::Attempt;
use crate::problem::Problem;
use crate::shared::now;

#[derive(Debug, Deserialize)]
pub(super) struct Prefill {
    /// Which alerts to fill the form with.
    #[serde(default, rename = "match")]
    matchers: String,
}

fn main(app: &App, attempt: &Attempt, viewing: &Viewing) -> Result<crate::dashboard::Rendered, Problem> {
    let query = ListQuery { limit: u16::try_from(pages::MAX_LIMIT).ok(), ..ListQuery::default() };
    let newest = silences(app, &query)?;
    Ok(shown::silences(&newest.items, &windows(app), attempt, &viewing.chrome))
}

pub(super) async fn list(
    State(app): State<App>,
    viewing: Viewing,
    Params(Prefill { matchers }): Params<Prefill>,
) -> Result<Response, Problem> {
    let attempt = Attempt { matchers, ..Attempt::default() };
    viewing.show(main(&app, &attempt, &viewing)?)
}

/// Back to the page, or the page again with what was wrong.
fn answer<T>(
    app: &App,
    viewing: &Viewing,
    done: Result<T, Problem>,
    attempt: Attempt,
) -> Result<Response, Problem> {
    let Err(problem) = done else {
        return Ok(Redirect::to(&format!("{}/silences", viewing.chrome.base)).into_response());
    };
    let status = problem.code.status();
    let attempt = Attempt { problem: Some(problem.told()), ..attempt };
    page(main(app, &attempt, viewing)?.map_err(unrendered)?, &viewing.chrome, status)
}

#[derive(Debug, Deserialize)]
pub(super) struct SilenceForm {
    #[serde(default)]
    matchers: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    ticket: String,
    #[serde(default)]
    hours: String,
}

pub(super) async fn ask(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    form: Result<Form<SilenceForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(SilenceForm { matchers, reason, ticket, hours }) =
        form.map_err(|rejection| settings::unread(&rejection))?;
    let read = || {
        let hours = hours.trim().parse::<u64>().ok().filter(|hours| (1..=168).contains(hours));
        let hours = hours.ok_or_else(|| Problem::invalid("hours", "use 1 to 168"))?;
        let known = matchers.parse::<Matchers>();
        let known = known.map_err(|error| Problem::invalid("matchers", error.to_string()))?;
        Ok(RequestSilence {
            matchers: known.iter().map(ToString::to_string).collect(),
            reason: reason.clone(),
            ticket: ticket.clone(),
            from: None,
            until: now() + Span::from_secs(3_600).times(hours),
        })
    };
    let done = match read() {
        Ok(asked) => request(&app, &responder, asked).await,
        Err(problem) => Err(problem),
    };
    answer(&app, &viewing, done, Attempt { problem: None, matchers, reason, ticket, hours })
}

pub(super) async fn agree(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<Uuid>,
) -> Result<Response, Problem> {
    let done = approve(&app, &responder, id).await;
    answer(&app, &viewing, done, Attempt::default())
}

#[derive(Debug, Deserialize)]
pub(super) struct EndForm {
    #[serde(default)]
    reason: String,
}

pub(super) async fn finish(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<Uuid>,
    form: Result<Form<EndForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(EndForm { reason }) = form.map_err(|rejection| settings::unread(&rejection))?;
    let done = end(&app, &responder, id, &reason).await;
    answer(&app, &viewing, done, Attempt::default())
}

pub(super) async fn why(
    State(app): State<App>,
    viewing: Viewing,
    Id(id): Id<Digest128>,
) -> Result<Response, Problem> {
    let (detail, explained) = (alerts::detail(&app, id)?, explain(&app, id, None)?);
    viewing.show(crate::dashboard::why::why(&detail.alert, &explained, &viewing.chrome))
}

pub(super) async fn quarantined(State(app): State<App>, viewing: Viewing) -> Result<Response, Problem> {
    let (alerts, count) = quarantine::all(&app);
    viewing.show(shown::quarantined(&alerts, count, &viewing.chrome))
}
