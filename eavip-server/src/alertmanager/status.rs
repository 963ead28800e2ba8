//! `GET /api/v2/status` and `/api/v2/receivers`.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;

use super::config;
use super::view::{Cluster, Config, Receiver, Status, Version};
use crate::app::App;
use crate::auth::{Allowed, Viewer};

/// The Alertmanager whose API this is: clients choose by it how they ask.
pub(super) const COMPATIBLE: &str = "0.25.0";
/// Who answers in its place.
pub(super) const REVISION: &str = concat!("eavip-server ", env!("CARGO_PKG_VERSION"));

/// The receivers of the configuration, and those that a route names.
pub(super) fn names(app: &App) -> Vec<String> {
    let policy = app.shared.policy.load();
    let routed = policy.receivers().into_iter().map(ToString::to_string);
    let all: BTreeSet<String> =
        app.web.receivers.iter().map(|about| about.id.to_string()).chain(routed).collect();
    all.into_iter().collect()
}

/// Whom alerts can be sent to, and what stands where no route leads anywhere.
pub(super) async fn receivers(State(app): State<App>, _: Allowed<Viewer>) -> Json<Vec<Receiver>> {
    let all = std::iter::once(config::NOBODY.to_owned()).chain(names(&app));
    Json(all.map(|name| Receiver { name }).collect())
}

/// The server and its routes.
pub(super) async fn status(State(app): State<App>, _: Allowed<Viewer>) -> Json<Status> {
    let original = config::yaml(&app.shared.policy.load(), &names(&app));
    Json(Status {
        cluster: Cluster { peers: [], status: "disabled" },
        config: Config { original },
        uptime: app.shared.started_at.to_string(),
        version_info: Version {
            branch: "",
            build_date: "",
            build_user: "",
            go_version: "",
            revision: REVISION,
            version: COMPATIBLE,
        },
    })
}
