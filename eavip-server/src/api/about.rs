//! What the server says of itself to everybody: its version, whether it lives, whether it can do its work; and the
//! stream of changes.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::{Allowed, Viewer};
use crate::problem::{Code, Problem};
use crate::sse;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(version))
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(stream))
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
