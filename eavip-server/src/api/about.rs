//! What the server says of itself to everybody: its version, whether it lives, whether it can do its work; the stream
//! of changes; and what browsers report of pages that wanted to load what they may not.

use std::sync::atomic::{AtomicI64, Ordering};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::unread;
use crate::app::App;
use crate::auth::{Allowed, Viewer};
use crate::problem::{Code, Problem};
use crate::shared::now;
use crate::sse;

/// A violation is logged this often at the most: a broken extension of one browser reports on every page.
const LOG_EVERY_MS: i64 = 60_000;
/// Characters of a report that are logged.
const LOGGED: usize = 500;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(version))
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(stream))
        .routes(routes!(csp_report))
}

/// Which server this is.
#[derive(Debug, Serialize, ToSchema)]
struct Version {
    /// What it is called.
    name: &'static str,
    /// Its version.
    version: &'static str,
}

/// Which server this is.
#[utoipa::path(get, path = "/version", tag = "server", responses((status = 200, body = Version)))]
async fn version() -> Json<Version> {
    Json(Version { name: "eavip-server", version: env!("CARGO_PKG_VERSION") })
}

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "server",
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether it can do its work: it can't when nothing can be written any more.
#[utoipa::path(get, path = "/readyz", tag = "server",
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    if app.committer.is_stopped() {
        return Err(Problem::new(Code::Unavailable, "nothing can be written any more").retry(5));
    }
    Ok("ready\n")
}

/// What changes, as it happens: events named after the kind of change, with `{seq, kind, id}`. A reader that comes back
/// with `Last-Event-ID` gets what it missed, or `resync` when it has to fetch everything anew.
#[utoipa::path(get, path = "/api/v1/stream", tag = "overview",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen.")),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
async fn stream(
    State(app): State<App>,
    viewer: Allowed<Viewer>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    Ok(sse::follow(&app, viewer.principal().clone(), last)?.into_response())
}

/// Takes what a browser reports of a page that wanted to load what it may not.
#[utoipa::path(post, path = "/csp-report", tag = "server",
    request_body(content = String, content_type = "application/csp-report"),
    responses((status = 204, description = "It was counted.")))]
async fn csp_report(body: Result<Bytes, BytesRejection>) -> Result<StatusCode, Problem> {
    static LOGGED_AT: AtomicI64 = AtomicI64::new(i64::MIN);
    let body = body.map_err(|rejection| unread(&rejection))?;
    metrics::counter!("eavip_csp_reports_total").increment(1);
    let (now, last) = (now().as_millis(), LOGGED_AT.load(Ordering::Relaxed));
    if now.saturating_sub(last) >= LOG_EVERY_MS
        && LOGGED_AT.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    {
        let report: String = String::from_utf8_lossy(&body).chars().take(LOGGED).collect();
        tracing::warn!(?report, "a browser refused to load something that a page wanted");
    }
    Ok(StatusCode::NO_CONTENT)
}
