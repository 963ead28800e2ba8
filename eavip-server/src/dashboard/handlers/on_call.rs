//! The page about duty and its forms, and handing an alert over.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse as _, Redirect, Response};
use eavip_core::id::{Digest128, PersonId, ReceiverId, ScheduleId};
use eavip_core::time::{Span, Timestamp};
use serde::Deserialize;

use super::settings::unread;
use super::{Viewing, page, unrendered};
use crate::api::extract::Id;
use crate::api::on_call::contacts::{self, AddContact};
use crate::api::on_call::known;
use crate::api::on_call::overrides::{self, AddOverride};
use crate::api::on_call::pages::{self, HandOver};
use crate::api::view::ScheduleDetail;
use crate::app::App;
use crate::auth::{Allowed, Responder};
use crate::dashboard::on_call::{OnCall, on_call};
use crate::problem::Problem;
use crate::shared::now;

/// How far ahead shifts are shown.
const AHEAD: Span = Span::from_secs(14 * 86_400);

pub(super) async fn show(State(app): State<App>, viewing: Viewing) -> Result<Response, Problem> {
    let main = main(&app, &viewing, None).await?;
    viewing.show(Ok(main))
}

async fn main(app: &App, viewing: &Viewing, problem: Option<&str>) -> Result<super::Main, Problem> {
    let ids: Vec<ScheduleId> = app.shared.policy.load().on_call.schedules.keys().cloned().collect();
    let looked = known(app, move |known| {
        let schedules = ids.iter().filter_map(|id| known.schedule(id, now(), AHEAD));
        let schedules: Vec<ScheduleDetail> = schedules.collect();
        (known.duty(), known.coverage(), known.overrides(None), schedules)
    });
    let (duty, coverage, overrides, schedules) = looked.await?;
    let (pages, contacts) = (pages::open(app), contacts::own(app, &viewing.viewer).await?);
    let view = OnCall {
        duty: &duty,
        coverage: &coverage,
        schedules: &schedules,
        pages: &pages,
        overrides: &overrides,
        contacts: &contacts,
        problem,
    };
    on_call(view, &viewing.chrome).map_err(unrendered)
}

/// Back to the page; with what was wrong, where something was.
async fn answer(app: &App, viewing: &Viewing, done: Result<(), Problem>) -> Result<Response, Problem> {
    let Err(problem) = done else {
        return Ok(Redirect::to(&format!("{}/on-call", viewing.chrome.base)).into_response());
    };
    page(main(app, viewing, Some(&problem.told())).await?, &viewing.chrome, problem.code.status())
}

#[derive(Debug, Deserialize)]
pub(super) struct OverrideForm {
    schedule: ScheduleId,
    person: PersonId,
    from: String,
    until: String,
    reason: String,
}

/// A moment as a form's field gives it, in UTC.
fn moment(at: &str, text: &str) -> Result<Timestamp, Problem> {
    let whole = if text.matches(':').count() == 1 { format!("{text}:00Z") } else { format!("{text}Z") };
    whole.parse().map_err(|_| Problem::invalid(at, "write it like 2026-12-24T08:00"))
}

pub(super) async fn add_override(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    form: Result<Form<OverrideForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(OverrideForm { schedule, person, from, until, reason }) =
        form.map_err(|error| unread(&error))?;
    let done = match (moment("from", &from), moment("until", &until)) {
        (Ok(from), Ok(until)) => {
            let asked = AddOverride { schedule, person, from: Some(from), until, reason };
            overrides::add(&app, &responder, asked).await.map(drop)
        }
        (Err(problem), _) | (_, Err(problem)) => Err(problem),
    };
    answer(&app, &viewing, done).await
}

pub(super) async fn remove_override(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
) -> Result<Response, Problem> {
    let done = overrides::remove(&app, &responder, id, "taken back on the page about duty").await;
    answer(&app, &viewing, done).await
}

#[derive(Debug, Deserialize)]
pub(super) struct ContactForm {
    receiver: ReceiverId,
    #[serde(default)]
    address: String,
}

pub(super) async fn add_contact(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    form: Result<Form<ContactForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(ContactForm { receiver, address }) = form.map_err(|error| unread(&error))?;
    let asked = AddContact { receiver, address: Some(address) };
    let done = contacts::add(&app, &responder, asked).await.map(drop);
    answer(&app, &viewing, done).await
}

#[derive(Debug, Deserialize)]
pub(super) struct CodeForm {
    code: String,
}

pub(super) async fn verify_contact(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    form: Result<Form<CodeForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(CodeForm { code }) = form.map_err(|error| unread(&error))?;
    let done = contacts::verify(&app, &responder, id, &code).await;
    answer(&app, &viewing, done).await
}

pub(super) async fn send_code(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
) -> Result<Response, Problem> {
    let done = contacts::resend(&app, &responder, id).await;
    answer(&app, &viewing, done).await
}

pub(super) async fn test_contact(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
) -> Result<Response, Problem> {
    let done = contacts::test(&app, &responder, id).await;
    answer(&app, &viewing, done).await
}

pub(super) async fn remove_contact(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
) -> Result<Response, Problem> {
    let done = contacts::remove(&app, &responder, id).await;
    answer(&app, &viewing, done).await
}

#[derive(Debug, Deserialize)]
pub(super) struct HandOverForm {
    to: PersonId,
    reason: String,
}

pub(super) async fn hand_over(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    form: Result<Form<HandOverForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(HandOverForm { to, reason }) = form.map_err(|error| unread(&error))?;
    match pages::hand_over(&app, &responder, id, HandOver { to, reason: reason.clone() }).await {
        Ok(()) => Ok(Redirect::to(&format!("{}/alerts/{id}", viewing.chrome.base)).into_response()),
        Err(problem) => super::alerts::with_problem(&app, &viewing, id, problem, reason),
    }
}
