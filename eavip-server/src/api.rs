//! The HTTP API, version 1: a router function a resource, one table of what each route needs, and the OpenAPI document
//! that all of it is described by.

pub mod about;
pub mod alerts;
pub mod audit;
pub(crate) mod beside;
pub mod build;
pub mod changes;
pub mod conditional;
pub mod deliveries;
pub mod docs;
pub mod document;
pub mod export;
pub mod extract;
pub mod idempotency;
pub mod incidents;
pub mod join_tokens;
pub mod nodes;
pub mod noise;
pub mod on_call;
pub mod overview;
pub mod page;
pub mod quarantine;
pub mod receivers;
pub mod roles;
pub mod runbooks;
pub mod session;
pub mod silences;
pub mod tokens;
pub mod trends;
pub mod users;
pub mod view;
pub mod why;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::auth::guard::guard;
use crate::problem::Problem;

/// A list that is short enough to come whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct Items<T> {
    /// The items.
    pub items: Vec<T>,
}

fn resources() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(document::head())
        .merge(about::router())
        .merge(alerts::router())
        .merge(audit::router())
        .merge(changes::router())
        .merge(deliveries::router())
        .merge(docs::router())
        .merge(incidents::router())
        .merge(join_tokens::router())
        .merge(nodes::router())
        .merge(noise::router())
        .merge(runbooks::router())
        .merge(on_call::router())
        .merge(overview::router())
        .merge(quarantine::router())
        .merge(receivers::router())
        .merge(session::router())
        .merge(silences::router())
        .merge(tokens::router())
        .merge(trends::router())
        .merge(users::router())
        .merge(why::router())
}

/// The API's routes, guarded.
pub fn router(app: &App) -> Router<App> {
    let (router, _) = resources().split_for_parts();
    router
        .route_layer(from_fn_with_state(app.clone(), idempotency::idempotent))
        .route_layer(from_fn(conditional::conditional))
        .route_layer(from_fn_with_state((app.clone(), roles::TABLE), guard))
        .layer(DefaultBodyLimit::max(extract::MAX_BODY))
}

/// The OpenAPI document as JSON, as it is served and kept in `docs/api`.
#[must_use]
pub fn openapi_json() -> String {
    // It is plain data: writing it can't fail.
    let json = openapi().to_pretty_json().unwrap_or_default() + "\n";
    // utoipa 5 writes this one field of a link in snake case.
    json.replace("\"operation_id\":", "\"operationId\":")
}

/// The OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    let (_, described) = resources().split_for_parts();
    document::complete(described)
}

/// A text that a person wrote: trimmed, neither empty nor too long.
///
/// # Errors
/// When it is either.
pub(crate) fn text(at: &str, text: &str, max: usize) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > max {
        return Err(Problem::invalid(at, format!("use 1 to {max} characters")));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
pub(crate) mod tests;
