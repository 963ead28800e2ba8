//! What Alertmanager answers beside its API: whether it lives, its reload, and those of its metrics that readers ask for.
//! The server's own metrics are on the admin listener.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::alerts::{AT_ONCE, look};
use super::listed::Looking;
use super::refusal::Refusal;
use super::status::{COMPATIBLE, REVISION, names};
use super::view::{AlertState, SilenceState};
use crate::api::beside::beside;
use crate::app::{App, Reload};
use crate::auth::{Admin, Allowed, Viewer};
use crate::cli;
use crate::shared::now;

/// The process lives.
pub(super) async fn healthy() -> &'static str {
    "OK"
}

/// It can take alerts: it can't when nothing can be written any more.
pub(super) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    if app.committer.is_stopped() {
        return (StatusCode::SERVICE_UNAVAILABLE, "nothing can be written any more");
    }
    (StatusCode::OK, "OK")
}

/// Reads the runbook anew, as a SIGHUP does: valid as a whole it comes into force, otherwise the one before stays.
pub(super) async fn reload(State(app): State<App>, _: Allowed<Admin>) -> Response {
    let failed = |told: String| {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("failed to reload config: {told}\n")).into_response()
    };
    let Some(Reload(file)) = app.reload.get() else { return failed("there is none to read".to_owned()) };
    match cli::reload(&app, file.as_deref()).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(problems) => failed(problems.join("; ")),
    }
}

/// The metrics that readers of Alertmanager know it by.
pub(super) async fn metrics(State(app): State<App>, _: Allowed<Viewer>) -> Result<Response, Refusal> {
    let receivers = names(&app).len() + 1;
    let count = |looking: &Looking<'_>| {
        let mut alerts: BTreeMap<AlertState, usize> = BTreeMap::new();
        looking.all().iter().for_each(|alert| *alerts.entry(alert.status.state).or_default() += 1);
        let mut silences: BTreeMap<SilenceState, usize> = BTreeMap::new();
        for (_, silence) in looking.book.silences.iter() {
            *silences.entry(super::silences::state(silence, now())).or_default() += 1;
        }
        (alerts, silences)
    };
    let (alerts, silences) = beside(&AT_ONCE, move || look(&app, count)).await?;
    let mut out = String::new();
    gauge(&mut out, "build_info", "Whose API this is, and who answers.");
    let _ = writeln!(
        out,
        "alertmanager_build_info{{branch=\"\",goversion=\"\",revision=\"{REVISION}\",version=\"{COMPATIBLE}\"}} 1"
    );
    gauge(&mut out, "alerts", "Alerts by state.");
    for state in AlertState::ALL {
        let count = alerts.get(state).copied().unwrap_or(0);
        let _ = writeln!(out, "alertmanager_alerts{{state=\"{state}\"}} {count}");
    }
    gauge(&mut out, "silences", "Silences by state.");
    for state in SilenceState::ALL {
        let count = silences.get(state).copied().unwrap_or(0);
        let _ = writeln!(out, "alertmanager_silences{{state=\"{state}\"}} {count}");
    }
    gauge(&mut out, "receivers", "Receivers.");
    let _ = writeln!(out, "alertmanager_receivers {receivers}");
    gauge(&mut out, "cluster_enabled", "There is no cluster.");
    let _ = writeln!(out, "alertmanager_cluster_enabled 0");
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out).into_response())
}

fn gauge(out: &mut String, name: &str, help: &str) {
    let _ = writeln!(out, "# HELP alertmanager_{name} {help}\n# TYPE alertmanager_{name} gauge");
}
