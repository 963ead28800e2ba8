//! What Alertmanager's clients expect, so that a Prometheus or `amtool` works against this server as it is: version 2 of
//! its API, under the same paths. Alerts that are sent here go the way of everything: stored, evaluated, told.

pub mod fingerprint;
pub mod post;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::post as post_route;

use crate::app::App;
use crate::auth::guard::{Entry, Need, guard};
use crate::record::Role;

const SENDER: Need = Need::Role(Role::Sender);

/// Routes and what they need.
pub static TABLE: &[Entry] = &[(Method::POST, "/api/v2/alerts", SENDER)];

/// The routes, guarded.
pub fn router(app: &App) -> Router<App> {
    Router::new()
        .route("/api/v2/alerts", post_route(post::post))
        .route_layer(from_fn_with_state((app.clone(), TABLE), guard))
        .layer(DefaultBodyLimit::max(post::MAX_BODY))
}
