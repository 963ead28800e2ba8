//! `GET /api/v1/alerts/quarantined`: what other systems sent and isn't let in, with what it lacks.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::view::Quarantined;
use super::{Items, build};
use crate::app::App;
use crate::auth::{Allowed, Viewer};
use crate::shared::now;

/// Alerts shown at once: they mostly lack the same.
pub const MAX_SHOWN: usize = 500;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(quarantined))
}

/// Alerts of other systems that fire and aren't let in, the newest first; at most 500. Each says what it lacks.
#[utoipa::path(get, path = "/api/v1/alerts/quarantined", tag = "alerts",
    responses((status = 200, body = Items<Quarantined>)))]
async fn quarantined(State(app): State<App>, _: Allowed<Viewer>) -> Json<Items<Quarantined>> {
    Json(Items { items: all(&app).0 })
}

/// The alerts that are shown, and how many there are.
#[must_use]
pub fn all(app: &App) -> (Vec<Quarantined>, usize) {
    let mut all = build::silence::quarantined(&app.shared, &app.shared.policy.load(), now());
    let count = all.len();
    all.truncate(MAX_SHOWN);
    (all, count)
}
