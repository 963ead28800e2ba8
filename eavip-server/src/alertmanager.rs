//! What Alertmanager's clients expect, so that a Prometheus, `amtool`, Grafana or karma works against this server as it is:
//! version 2 of its API, under the same paths. Alerts that are sent here go the way of everything: stored, evaluated, told;
//! silences go through the policy library like those that are asked for on the page. What differs, and why, stands in
//! `docs/alertmanager.md`.

mod alerts;
mod config;
pub mod fingerprint;
mod listed;
pub mod post;
mod probes;
mod query;
mod refusal;
mod silences;
mod status;
mod view;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post as post_route};

use crate::app::App;
use crate::auth::guard::{Entry, Need, guard};
use crate::record::Role;

const SENDER: Need = Need::Role(Role::Sender);
const VIEWER: Need = Need::Role(Role::Viewer);
const RESPONDER: Need = Need::Role(Role::Responder);
const ADMIN: Need = Need::Role(Role::Admin);

/// Routes and what they need.
pub static TABLE: &[Entry] = &[
    (Method::POST, "/api/v2/alerts", SENDER),
    (Method::GET, "/api/v2/alerts", VIEWER),
    (Method::GET, "/api/v2/alerts/groups", VIEWER),
    (Method::GET, "/api/v2/silences", VIEWER),
    (Method::POST, "/api/v2/silences", RESPONDER),
    (Method::GET, "/api/v2/silence/{id}", VIEWER),
    (Method::DELETE, "/api/v2/silence/{id}", RESPONDER),
    (Method::GET, "/api/v2/receivers", VIEWER),
    (Method::GET, "/api/v2/status", VIEWER),
    (Method::GET, "/metrics", VIEWER),
    (Method::GET, "/-/healthy", Need::Nothing),
    (Method::GET, "/-/ready", Need::Nothing),
    (Method::POST, "/-/reload", ADMIN),
];

/// The routes, guarded.
pub fn router(app: &App) -> Router<App> {
    let silence = post_route(silences::create).layer(DefaultBodyLimit::max(silences::MAX_BODY));
    Router::new()
        .route("/api/v2/alerts", get(alerts::list).post(post::post))
        .route("/api/v2/alerts/groups", get(alerts::groups))
        .route("/api/v2/silences", silence.get(silences::list))
        .route("/api/v2/silence/{id}", get(silences::show).delete(silences::expire))
        .route("/api/v2/receivers", get(status::receivers))
        .route("/api/v2/status", get(status::status))
        .route("/metrics", get(probes::metrics))
        .route("/-/healthy", get(probes::healthy))
        .route("/-/ready", get(probes::ready))
        .route("/-/reload", post_route(probes::reload))
        .route_layer(from_fn_with_state((app.clone(), TABLE), guard))
        .layer(DefaultBodyLimit::max(post::MAX_BODY))
}

#[cfg(test)]
pub(crate) mod tests;
