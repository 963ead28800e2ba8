//! The web listener's routes, and what holds for all of them: security headers, problems instead of bare statuses, and
//! a panic that ends one request and nothing else. Timeouts and caps of connections are the listener's.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;

use crate::app::App;
use crate::dashboard::CONTENT_SECURITY_POLICY;
use crate::dashboard::handlers;
use crate::problem::{Code, Problem};
use crate::{alertmanager, api, csp_report};

const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// All that the web listener serves. `enrolment` are the routes that nodes ask to be let in at: they carry their own
/// proofs, so nothing here asks who it is.
pub fn web(app: App, enrolment: Router) -> Router {
    let for_people = from_fn_with_state(app.clone(), handlers::for_people);
    api::router(&app)
        .merge(alertmanager::router(&app))
        .merge(handlers::router(&app))
        .with_state(app)
        .merge(enrolment)
        .merge(csp_report::router())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(contained))
        .layer(for_people)
        .layer(from_fn(outermost))
}

async fn not_found(uri: Uri) -> Problem {
    Problem::not_found("page or resource", uri.path())
}

async fn method_not_allowed(request: Request) -> Problem {
    let detail = format!("{} doesn't take {}", request.uri().path(), request.method());
    Problem::new(Code::MethodNotAllowed, detail)
}

/// Contains panics: one ends its request and nothing else.
async fn contained(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answered.unwrap_or_else(|_| {
        tracing::error!(%method, path, "a handler panicked; the request was answered with 500");
        Problem::new(Code::Internal, "the server made a mistake with this request").into_response()
    })
}

/// Counts, and adds the headers that every answer carries.
async fn outermost(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let mut response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::counter!("eavip_http_requests_total", "status" => status).increment(1);
    metrics::histogram!("eavip_http_request_duration_seconds").record(began.elapsed());
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
