//! Serves the pages: who looks, what they ask for, the page whole or its part alone, and what to show when that can't
//! be had. What a page says is rendered elsewhere; what a form does is a command of the API.

mod alerts;
mod incidents;
mod nodes;
mod noise;
mod on_call;
mod settings;
mod sign_in;
mod silences;
mod trends;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post};

use super::pages::Trouble;
use super::runbook::Runbook;
use super::{Chrome, Main, assets, encoded, pages, runbook};
use crate::api::view::Alert;
use crate::api::{self, session};
use crate::app::App;
use crate::auth::guard::{Entry, Need, guard};
use crate::auth::{Allowed, Principal, Viewer, principal};
use crate::problem::{Code, Problem};
use crate::record::Role;
use crate::shared::now;

const VIEWER: Need = Need::Role(Role::Viewer);
const RESPONDER: Need = Need::Role(Role::Responder);
const ADMIN: Need = Need::Role(Role::Admin);

/// Pages and forms, and what they need.
pub static TABLE: &[Entry] = &[
    (Method::GET, "/sign-in", Need::Nothing),
    (Method::POST, "/sign-in", Need::Nothing),
    (Method::GET, "/assets/{digest}/{name}", Need::Nothing),
    (Method::POST, "/sign-out", VIEWER),
    (Method::GET, "/", VIEWER),
    (Method::GET, "/fragments/overview", VIEWER),
    (Method::GET, "/nodes", VIEWER),
    (Method::GET, "/fragments/nodes", VIEWER),
    (Method::GET, "/nodes/{id}", VIEWER),
    (Method::GET, "/fragments/nodes/{id}", VIEWER),
    (Method::GET, "/nodes/{id}/series/{series}", VIEWER),
    (Method::GET, "/alerts", VIEWER),
    (Method::GET, "/fragments/alerts", VIEWER),
    (Method::GET, "/alerts/{id}", VIEWER),
    (Method::GET, "/fragments/alerts/{id}", VIEWER),
    (Method::POST, "/alerts/{id}/acknowledge", RESPONDER),
    (Method::POST, "/alerts/{id}/vote", RESPONDER),
    (Method::GET, "/noise", VIEWER),
    (Method::GET, "/fragments/noise", VIEWER),
    (Method::POST, "/noise/defects/{id}/mend", RESPONDER),
    (Method::GET, "/trends", VIEWER),
    (Method::GET, "/fragments/trends", VIEWER),
    (Method::GET, "/trends/{month}", VIEWER),
    (Method::POST, "/trends/{month}/sign", RESPONDER),
    (Method::POST, "/trends/proposals/{id}/answer", RESPONDER),
    (Method::GET, "/alerts/{id}/why", VIEWER),
    (Method::GET, "/fragments/alerts/{id}/why", VIEWER),
    (Method::GET, "/alerts/quarantined", VIEWER),
    (Method::GET, "/fragments/alerts/quarantined", VIEWER),
    (Method::GET, "/silences", VIEWER),
    (Method::GET, "/fragments/silences", VIEWER),
    (Method::POST, "/silences", RESPONDER),
    (Method::POST, "/silences/{id}/approve", RESPONDER),
    (Method::POST, "/silences/{id}/end", RESPONDER),
    (Method::GET, "/incidents", VIEWER),
    (Method::GET, "/fragments/incidents", VIEWER),
    (Method::POST, "/incidents", RESPONDER),
    (Method::GET, "/incidents/new", RESPONDER),
    (Method::GET, "/incidents/{id}", VIEWER),
    (Method::GET, "/fragments/incidents/{id}", VIEWER),
    (Method::POST, "/incidents/{id}/{what}", RESPONDER),
    (Method::POST, "/alerts/{id}/hand-over", RESPONDER),
    (Method::GET, "/on-call", VIEWER),
    (Method::GET, "/fragments/on-call", VIEWER),
    (Method::POST, "/on-call/overrides", RESPONDER),
    (Method::POST, "/on-call/overrides/{id}/remove", RESPONDER),
    (Method::POST, "/on-call/contacts", RESPONDER),
    (Method::POST, "/on-call/contacts/{id}/verify", RESPONDER),
    (Method::POST, "/on-call/contacts/{id}/code", RESPONDER),
    (Method::POST, "/on-call/contacts/{id}/test", RESPONDER),
    (Method::POST, "/on-call/contacts/{id}/remove", RESPONDER),
    (Method::GET, "/runbooks", VIEWER),
    (Method::GET, "/runbooks/{page}", VIEWER),
    (Method::GET, "/settings", VIEWER),
    (Method::POST, "/settings/join-tokens", ADMIN),
    (Method::POST, "/settings/tokens", VIEWER),
    (Method::POST, "/settings/tokens/{id}/revoke", VIEWER),
    (Method::POST, "/settings/receivers/{id}/test", RESPONDER),
    (Method::POST, "/settings/deliveries/{id}/resend", RESPONDER),
];

/// Largest form: a reason of a thousand characters, each encoded.
const MAX_FORM: usize = 16 * 1024;
/// Largest form of an incident: a review of several parts of 4000 characters, each encoded.
const MAX_INCIDENT_FORM: usize = 256 * 1024;

/// The routes of pages, fragments, forms and assets, guarded.
pub fn router(app: &App) -> Router<App> {
    let twice = |router: Router<App>, path: &str, fragment: &str, handler: MethodRouter<App>| {
        router.route(path, handler.clone()).route(fragment, handler)
    };
    let router = twice(Router::new(), "/", "/fragments/overview", get(overview));
    let router = twice(router, "/nodes", "/fragments/nodes", get(nodes::list));
    let router = twice(router, "/nodes/{id}", "/fragments/nodes/{id}", get(nodes::show));
    let router = twice(router, "/alerts", "/fragments/alerts", get(alerts::list));
    let router = twice(router, "/alerts/{id}", "/fragments/alerts/{id}", get(alerts::show));
    let router = twice(router, "/incidents", "/fragments/incidents", get(incidents::list));
    let router = twice(router, "/incidents/{id}", "/fragments/incidents/{id}", get(incidents::show));
    let router = twice(router, "/noise", "/fragments/noise", get(noise::show));
    let router = twice(router, "/trends", "/fragments/trends", get(trends::show));
    let router = silences(router);
    let router = twice(router, "/on-call", "/fragments/on-call", get(on_call::show));
    router
        .route("/incidents", post(incidents::declare))
        .route("/incidents/new", get(incidents::new))
        .route("/incidents/{id}/{what}", post(incidents::ask).layer(DefaultBodyLimit::max(MAX_INCIDENT_FORM)))
        .route("/trends/{month}", get(trends::review))
        .route("/trends/{month}/sign", post(trends::sign))
        .route("/trends/proposals/{id}/answer", post(trends::answer))
        .route("/alerts/{id}/vote", post(alerts::vote))
        .route("/noise/defects/{id}/mend", post(noise::mend))
        .route("/alerts/{id}/hand-over", post(on_call::hand_over))
        .route("/on-call/overrides", post(on_call::add_override))
        .route("/on-call/overrides/{id}/remove", post(on_call::remove_override))
        .route("/on-call/contacts", post(on_call::add_contact))
        .route("/on-call/contacts/{id}/verify", post(on_call::verify_contact))
        .route("/on-call/contacts/{id}/code", post(on_call::send_code))
        .route("/on-call/contacts/{id}/test", post(on_call::test_contact))
        .route("/on-call/contacts/{id}/remove", post(on_call::remove_contact))
        .route("/nodes/{id}/series/{series}", get(nodes::series))
        .route("/alerts/{id}/acknowledge", post(alerts::acknowledge))
        .route("/runbooks", get(runbook_index))
        .route("/runbooks/{page}", get(runbook_page))
        .route("/settings", get(settings::show))
        .route("/settings/join-tokens", post(settings::make_join_token))
        .route("/settings/tokens", post(settings::make_token))
        .route("/settings/tokens/{id}/revoke", post(settings::revoke_token))
        .route("/settings/receivers/{id}/test", post(settings::test_receiver))
        .route("/settings/deliveries/{id}/resend", post(settings::resend))
        .route("/sign-in", get(sign_in::show).post(sign_in::begin))
        .route("/sign-out", post(sign_in::end))
        .route("/assets/{digest}/{name}", get(asset))
        .route_layer(from_fn_with_state((app.clone(), TABLE), guard))
        .layer(DefaultBodyLimit::max(MAX_FORM))
}

/// The routes of silences, of what isn't let in, and of why somebody is told.
fn silences(router: Router<App>) -> Router<App> {
    router
        .route("/silences", get(silences::list).post(silences::ask))
        .route("/fragments/silences", get(silences::list))
        .route("/silences/{id}/approve", post(silences::agree))
        .route("/silences/{id}/end", post(silences::finish))
        .route("/alerts/{id}/why", get(silences::why))
        .route("/fragments/alerts/{id}/why", get(silences::why))
        .route("/alerts/quarantined", get(silences::quarantined))
        .route("/fragments/alerts/quarantined", get(silences::quarantined))
}

/// Who looks at a page, and how they want it.
struct Viewing {
    viewer: Allowed<Viewer>,
    chrome: Chrome,
    /// Whether the part alone is asked for.
    fragment: bool,
    /// The tag of what they have already.
    has: Option<HeaderValue>,
}

impl FromRequestParts<App> for Viewing {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let viewer = Allowed::<Viewer>::from_request_parts(parts, app).await?;
        let chrome = chrome(app, Some(viewer.principal()), &parts.uri);
        let fragment = parts.uri.path().starts_with("/fragments/");
        let has = parts.headers.get(header::IF_NONE_MATCH).cloned();
        Ok(Self { viewer, chrome, fragment, has })
    }
}

impl Viewing {
    /// The page, or its part alone.
    fn show(&self, main: super::Rendered) -> Result<Response, Problem> {
        let main = main.map_err(unrendered)?;
        if !self.fragment {
            return page(main, &self.chrome, StatusCode::OK);
        }
        let html = main.into_fragment();
        let tag = super::etag(&html);
        let headers = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
        if self.has.as_ref().is_some_and(|has| has.as_bytes() == tag.as_bytes()) {
            return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
        }
        Ok((headers, Html(html)).into_response())
    }
}

fn unrendered(error: askama::Error) -> Problem {
    tracing::error!(%error, "a page could not be rendered");
    Problem::new(Code::Internal, "the page could not be put together")
}

fn chrome(app: &App, principal: Option<&Principal>, uri: &Uri) -> Chrome {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let path = path.strip_prefix("/fragments").unwrap_or(path);
    let rest = app.web.url.split_once("://").map_or("", |(_, rest)| rest);
    Chrome {
        principal: principal.map(session::view),
        base: rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default().to_owned(),
        path: if path == "/overview" { "/".to_owned() } else { path.to_owned() },
        now: now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn page(main: Main, chrome: &Chrome, status: StatusCode) -> Result<Response, Problem> {
    let html = main.into_page(chrome).map_err(unrendered)?;
    Ok((status, Html(html)).into_response())
}

/// Shows problems to people as pages, and leads those who aren't signed in to where they can.
pub async fn for_people(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let programs = ["/api/", "/agent/", "/fragments/", "/assets/"].iter().any(|part| path.starts_with(part));
    let accepts = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let person = !programs && accepts.is_some_and(|accept| accept.contains("text/html"));
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let reads = request.method().is_safe();
    let response = next.run(request).await;
    match response.extensions().get::<Problem>() {
        Some(problem) if person => {
            let shown = trouble(&app, problem, &headers, &uri, reads);
            shown.map(|shown| keep_headers(shown, &response)).unwrap_or(response)
        }
        _ => response,
    }
}

/// `Allow` and `Retry-After` belong to the refusal, however it is shown.
fn keep_headers(mut shown: Response, refused: &Response) -> Response {
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = refused.headers().get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    shown
}

fn trouble(
    app: &App,
    problem: &Problem,
    headers: &HeaderMap,
    uri: &Uri,
    reads: bool,
) -> Result<Response, Problem> {
    let known = principal::authenticate(app, headers, now()).ok();
    let chrome = chrome(app, known.as_ref(), uri);
    if problem.code == Code::Unauthenticated {
        let next = if reads { encoded(&chrome.path) } else { encoded("/") };
        return Ok(Redirect::to(&format!("{}/sign-in?next={next}", chrome.base)).into_response());
    }
    let trouble = Trouble {
        status: problem.code.status().as_u16(),
        title: problem.code.title(),
        detail: format!("{}.", problem.detail.trim_end_matches('.')),
        next: problem.code.remedy().to_owned(),
    };
    let main = pages::error(&trouble, &chrome).map_err(unrendered)?;
    page(main, &chrome, problem.code.status())
}

async fn overview(State(app): State<App>, viewing: Viewing) -> Result<Response, Problem> {
    let overview = api::overview::latest(&app).await?;
    viewing.show(pages::overview(&overview, &viewing.chrome))
}

async fn runbook_index(State(app): State<App>, viewing: Viewing) -> Result<Response, Problem> {
    viewing.show(runbook::index(&api::runbooks::index(&app).await?, &viewing.chrome))
}

async fn runbook_page(
    State(app): State<App>,
    viewing: Viewing,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let (page, known) = api::runbooks::find(&app, &name).await?;
    let cites = |alert: &Alert| alert.resolved.is_none() && alert.runbook == name;
    let alerts: Vec<Alert> = api::alerts::open_and_recent(&app).into_iter().filter(cites).collect();
    let shown = Runbook { name: &name, text: &page.text };
    viewing.show(runbook::page(shown, &known, &alerts, &viewing.chrome))
}

async fn asset(Path((digest, name)): Path<(String, String)>) -> Result<Response, Problem> {
    let asset = assets::get(&digest, &name).ok_or_else(|| Problem::not_found("asset", &name))?;
    let headers =
        [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, assets::CACHE_CONTROL)];
    Ok((headers, asset.body).into_response())
}

#[cfg(test)]
mod tests;
