//! The local listener: metrics for a scraper on this host, and whether the server is alive and ready.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use eavip_core::time::{Span, Timestamp};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::app::App;
use crate::shared::now;

/// The evaluation is expected to have run within this time.
const EVALUATED_WITHIN: Span = Span::from_secs(30);

#[derive(Clone)]
struct Admin {
    app: App,
    metrics: PrometheusHandle,
}

/// The routes of the local listener.
pub fn router(app: App, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/metrics", get(render))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(Admin { app, metrics })
}

async fn render(State(admin): State<Admin>) -> impl IntoResponse {
    gauges(&admin.app, now());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], admin.metrics.render())
}

/// What is true at the moment of asking.
fn gauges(app: &App, at: Timestamp) {
    let book = app.shared.book();
    let oldest = book.outbox.oldest();
    let age = oldest.map_or(0.0, |oldest| at.since(oldest).as_secs_f64());
    metrics::gauge!("eavip_outbox_pending").set(book.outbox.waiting() as f64);
    metrics::gauge!("eavip_outbox_given_up").set(book.outbox.given_up().count() as f64);
    metrics::gauge!("eavip_outbox_oldest_age_seconds").set(age);
    metrics::gauge!("eavip_nodes").set(book.nodes.values().filter(|node| !node.revoked).count() as f64);
    if let Some(audit) = &app.audit {
        let mut conflicting = 0_u32;
        app.shared.nodes.each(|known| conflicting += u32::from(crate::api::audit::conflicts(&known.node)));
        metrics::gauge!("eavip_audit_conflicting_nodes").set(f64::from(conflicting));
        metrics::gauge!("eavip_audit_witnesses").set(audit.witnesses().len() as f64);
    }
    metrics::gauge!("eavip_alerts_open").set(book.alerts.open().count() as f64);
}

/// Ready means that alerts are being evaluated; what can't be written any more also ends the process.
async fn ready(State(admin): State<Admin>) -> (StatusCode, &'static str) {
    let recent = admin.app.shared.evaluated_at().is_some_and(|at| now().since(at) <= EVALUATED_WITHIN);
    if recent {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "alerts have not been evaluated for 30 seconds\n")
    }
}
