//! `/api/v1/session`: signing in and out, and who is signed in.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use super::extract::{Body, Peer};
use super::view::Principal;
use crate::app::App;
use crate::auth::guard::same_site;
use crate::auth::password::MAX_PASSWORD;
use crate::auth::secret::Secret;
use crate::auth::{Allowed, MAX_NAME, Viewer, cookie, principal, session};
use crate::problem::{Code, Problem};

/// Longest link token in characters.
const MAX_LINK: usize = 128;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, begin, end))
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses((status = 200, body = Principal)))]
async fn show(viewer: Allowed<Viewer>) -> Json<Principal> {
    Json(view(viewer.principal()))
}

/// How the outside sees who is signed in.
#[must_use]
pub fn view(principal: &principal::Principal) -> Principal {
    Principal { name: principal.name.clone(), role: principal.role }
}

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum SignIn {
    /// Name and password.
    Password(WithPassword),
    /// A one-time link.
    Link(WithLink),
}

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithPassword {
    /// The user name.
    #[schema(min_length = 1, max_length = 63)]
    pub user: String,
    /// The password.
    #[schema(max_length = 256)]
    pub password: String,
}

/// What stands behind `#token=` in a one-time link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithLink {
    /// The link's token.
    #[schema(min_length = 1, max_length = 128)]
    pub link: String,
}

/// Signs in; the answer sets the session's cookie.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = Principal)))]
async fn begin(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    Body(with): Body<SignIn>,
) -> Result<Response, Problem> {
    let secret = sign_in(&app, peer, &headers, with).await?;
    let set = cookie::begin(&app.web, &secret);
    let hash = secret.hash();
    let known = app.shared.book().sessions.get(&hash).cloned();
    let known =
        known.ok_or_else(|| Problem::new(Code::SignInFailed, "the session ended at once; try again"))?;
    let who = Principal { name: known.user, role: known.role };
    let mut response = Json(who).into_response();
    response.headers_mut().extend(set.map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}

/// Signs in and gives the session's secret. A page of another site can't sign anybody in here.
///
/// # Errors
/// Why nobody was signed in.
pub async fn sign_in(app: &App, peer: Peer, headers: &HeaderMap, with: SignIn) -> Result<Secret, Problem> {
    if headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site") {
        same_site(&app.web, headers)?;
    }
    match with {
        SignIn::Password(WithPassword { user, password }) => {
            let password = Zeroizing::new(password);
            if user.is_empty() || user.chars().count() > MAX_NAME {
                return Err(Problem::invalid("user", format!("use 1 to {MAX_NAME} characters")));
            }
            if password.chars().count() > MAX_PASSWORD {
                return Err(Problem::invalid("password", format!("use at most {MAX_PASSWORD} characters")));
            }
            session::by_password(app, peer.0, user, password).await
        }
        SignIn::Link(WithLink { link }) if !link.is_empty() && link.chars().count() <= MAX_LINK => {
            session::by_link(app, peer.0, &link).await
        }
        SignIn::Link(_) => Err(Problem::invalid("link", format!("use 1 to {MAX_LINK} characters"))),
    }
}

/// Signs out; a token has no session and stays.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session",
    responses((status = 204, description = "Nobody is signed in any more.")))]
async fn end(State(app): State<App>, viewer: Allowed<Viewer>) -> Result<Response, Problem> {
    session::end(&app, viewer.principal()).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().extend(cookie::end(&app.web).map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}
