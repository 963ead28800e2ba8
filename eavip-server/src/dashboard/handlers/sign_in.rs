//! Signing in and out with a browser.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::{chrome, page, unrendered};
use crate::api::extract::{Params, Peer};
use crate::api::session::{self, SignIn, WithLink, WithPassword};
use crate::app::App;
use crate::auth::{Allowed, Viewer, cookie};
use crate::dashboard::pages;
use crate::problem::Problem;

#[derive(Debug, Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// Where to go after signing in: a path on this server, whatever was asked for.
fn local(next: String) -> String {
    let clean = next.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    if next.starts_with('/') && !next.starts_with("//") && clean { next } else { "/".to_owned() }
}

pub(super) async fn show(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<Next>,
) -> Result<Response, Problem> {
    let attempt = pages::SignIn { next: local(query.next), ..pages::SignIn::default() };
    let chrome = chrome(&app, None, &uri);
    page(pages::sign_in(&attempt, &chrome).map_err(unrendered)?, &chrome, StatusCode::OK)
}

#[derive(Deserialize)]
pub(super) struct SignInForm {
    #[serde(default)]
    user: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn begin(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    peer: Peer,
    headers: HeaderMap,
    form: Result<Form<SignInForm>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(form) = form.map_err(|rejection| super::settings::unread(&rejection))?;
    let (user, next, chrome) = (form.user.clone(), local(form.next), chrome(&app, None, &uri));
    let with = if form.token.is_empty() {
        SignIn::Password(WithPassword { user: form.user, password: form.password })
    } else {
        SignIn::Link(WithLink { link: form.token })
    };
    match session::sign_in(&app, peer, &headers, with).await {
        Ok(secret) => {
            let mut response = Redirect::to(&format!("{}{next}", chrome.base)).into_response();
            let cookie = cookie::begin(&app.web, &secret).map(|cookie| (header::SET_COOKIE, cookie));
            response.headers_mut().extend(cookie);
            Ok(response)
        }
        Err(problem) => {
            let attempt = pages::SignIn { problem: Some(problem.detail), user, next };
            let main = pages::sign_in(&attempt, &chrome).map_err(unrendered)?;
            page(main, &chrome, problem.code.status())
        }
    }
}

pub(super) async fn end(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    viewer: Allowed<Viewer>,
) -> Result<Response, Problem> {
    crate::auth::session::end(&app, viewer.principal()).await?;
    let mut response = Redirect::to(&format!("{}/sign-in", chrome(&app, None, &uri).base)).into_response();
    response.headers_mut().extend(cookie::end(&app.web).map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}
