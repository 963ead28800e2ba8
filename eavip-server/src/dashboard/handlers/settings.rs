//! The settings page and its forms.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use eavip_core::environment::Environment;
use eavip_core::id::{Digest128, ReceiverId};
use eavip_core::mode::Mode;
use serde::Deserialize;

use super::{Viewing, page, unrendered};
use crate::api::audit::standing;
use crate::api::deliveries::{ListQuery, deliveries, send_again};
use crate::api::extract::Id;
use crate::api::join_tokens::{self, CreateJoinToken, joins};
use crate::api::receivers::{receivers, try_out};
use crate::api::tokens::{self, CreateToken};
use crate::api::users::users;
use crate::app::App;
use crate::auth::{Admin, Allowed, Responder};
use crate::dashboard::settings::{Settings, settings};
use crate::problem::{Code, Problem};
use crate::record::{DeliveryStatus, Role};

/// What is told of a form that can't be read.
pub(super) fn unread(rejection: &FormRejection) -> Problem {
    let code = match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        _ => Code::Malformed,
    };
    Problem::new(code, "the form can't be read; open its page again")
}

/// The page with what came of a form.
fn answer(
    app: &App,
    viewing: &Viewing,
    shown: Settings<'_>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let (users, tokens) = (users(app, &viewing.viewer), tokens::tokens(app, &viewing.viewer));
    let joins = joins(app, &viewing.viewer);
    let receivers = receivers(app, &viewing.viewer);
    let given_up = ListQuery { status: Some(DeliveryStatus::GivenUp), ..ListQuery::default() };
    let dead_letters = deliveries(app, &viewing.viewer, &given_up)?.items;
    let audit = standing(app, &viewing.viewer).ok();
    let all = Settings {
        users: &users,
        tokens: &tokens,
        joins: &joins,
        receivers: &receivers,
        dead_letters: &dead_letters,
        audit: audit.as_ref(),
        ..shown
    };
    page(settings(&all, &viewing.chrome).map_err(unrendered)?, &viewing.chrome, status)
}

pub(super) async fn show(State(app): State<App>, viewing: Viewing) -> Result<Response, Problem> {
    answer(&app, &viewing, Settings::default(), StatusCode::OK)
}

#[derive(Debug, Deserialize)]
pub(super) struct JoinForm {
    deployment: String,
    environment: Environment,
    mode: Mode,
}

pub(super) async fn make_join_token(
    State(app): State<App>,
    viewing: Viewing,
    admin: Allowed<Admin>,
    form: Result<Form<JoinForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(JoinForm { deployment, environment, mode }) = form.map_err(|rejection| unread(&rejection))?;
    let named = deployment.trim().parse().map_err(|error| Problem::invalid("deployment", format!("{error}")));
    let made = match named {
        Ok(deployment) => {
            let labels = Default::default();
            let asked = CreateJoinToken { deployment, environment, mode, labels, expires_in_minutes: None };
            join_tokens::make(&app, &admin, asked).await
        }
        Err(problem) => Err(problem),
    };
    match &made {
        Ok(new) => {
            answer(&app, &viewing, Settings { new_join: Some(new), ..Settings::default() }, StatusCode::OK)
        }
        Err(problem) => {
            let told = problem.told();
            let shown = Settings { problem: Some(&told), deployment: &deployment, ..Settings::default() };
            answer(&app, &viewing, shown, problem.code.status())
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct TokenForm {
    name: String,
    role: Role,
    days: u32,
}

pub(super) async fn make_token(
    State(app): State<App>,
    viewing: Viewing,
    form: Result<Form<TokenForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(TokenForm { name, role, days }) = form.map_err(|rejection| unread(&rejection))?;
    let asked = CreateToken { name, role, team: None, expires_in_days: days };
    match &tokens::make(&app, &viewing.viewer, asked).await {
        Ok(new) => {
            answer(&app, &viewing, Settings { new_token: Some(new), ..Settings::default() }, StatusCode::OK)
        }
        Err(problem) => {
            let told = problem.told();
            let shown = Settings { problem: Some(&told), ..Settings::default() };
            answer(&app, &viewing, shown, problem.code.status())
        }
    }
}

pub(super) async fn revoke_token(
    State(app): State<App>,
    viewing: Viewing,
    Id(id): Id<String>,
) -> Result<Response, Problem> {
    tokens::take_back(&app, &viewing.viewer, id).await?;
    Ok(Redirect::to(&format!("{}/settings", viewing.chrome.base)).into_response())
}

pub(super) async fn test_receiver(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<ReceiverId>,
) -> Result<Response, Problem> {
    match &try_out(&app, &responder, id).await {
        Ok(tested) => {
            answer(&app, &viewing, Settings { tested: Some(tested), ..Settings::default() }, StatusCode::OK)
        }
        Err(problem) => {
            let told = problem.told();
            let shown = Settings { problem: Some(&told), ..Settings::default() };
            answer(&app, &viewing, shown, problem.code.status())
        }
    }
}

pub(super) async fn resend(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
) -> Result<Response, Problem> {
    send_again(&app, &responder, id).await?;
    Ok(Redirect::to(&format!("{}/settings#dead-letters", viewing.chrome.base)).into_response())
}
