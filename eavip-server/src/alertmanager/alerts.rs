//! `GET /api/v2/alerts` and `/api/v2/alerts/groups`.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use eavip_core::labels::Labels;

use super::listed::Looking;
use super::query::Query;
use super::refusal::Refusal;
use super::view::{Alert, AlertGroup, Receiver};
use crate::app::App;
use crate::auth::{Allowed, Viewer};
use crate::problem::{Code, Problem};
use crate::shared::now;

/// Looks at all alerts beside the threads that answer: each is held against all silences.
pub(super) async fn look<T: Send + 'static>(
    app: App,
    make: impl FnOnce(&Looking<'_>, &App) -> T + Send + 'static,
) -> Result<T, Refusal> {
    let looked = move || {
        let (book, policy) = (app.shared.book(), app.shared.policy.load());
        make(&Looking::new(&app.shared, &book, &policy, &app.web.url, now()), &app)
    };
    let looked = tokio::task::spawn_blocking(looked).await;
    looked.map_err(|_| Problem::new(Code::Internal, "the list could not be put together").into())
}

/// Alerts, by fingerprint.
pub(super) async fn list(
    State(app): State<App>,
    _: Allowed<Viewer>,
    uri: Uri,
) -> Result<Json<Vec<Alert>>, Refusal> {
    let query = Query::read(&uri)?;
    let listed = look(app, move |looking, _| {
        let mut all = looking.all();
        all.retain(|alert| query.wants(alert));
        all
    });
    listed.await.map(Json)
}

/// Alerts as they are told together, by the labels of their groups.
pub(super) async fn groups(
    State(app): State<App>,
    _: Allowed<Viewer>,
    uri: Uri,
) -> Result<Json<Vec<AlertGroup>>, Refusal> {
    let query = Query::read(&uri)?;
    look(app, move |looking, _| grouped(looking, &query)).await.map(Json)
}

fn grouped(looking: &Looking<'_>, query: &Query) -> Vec<AlertGroup> {
    let book = looking.book;
    let mut groups = Vec::new();
    for (_, group) in book.groups.iter() {
        let receiver = Receiver { name: group.receiver.to_string() };
        if !query.leads_to(&receiver) {
            continue;
        }
        let open = group.episodes(|id| book.alerts.get(id)).filter(|episode| episode.resolved.is_none());
        let mut alerts: Vec<Alert> = open.filter_map(|episode| looking.of(episode)).collect();
        alerts.retain(|alert| query.wants(alert));
        alerts.iter_mut().for_each(|alert| alert.receivers.retain(|one| query.leads_to(one)));
        alerts.sort_by(|a, b| listed_before(&a.labels, &b.labels));
        if !alerts.is_empty() {
            groups.push(AlertGroup { alerts, labels: group.labels.clone(), receiver });
        }
    }
    groups.sort_by(|a, b| before(&a.labels, &b.labels).then_with(|| a.receiver.cmp(&b.receiver)));
    groups
}

/// The order of Alertmanager's label sets: fewer labels first, then by the first name whose values differ, where none comes first.
fn before(a: &Labels, b: &Labels) -> Ordering {
    let names: BTreeSet<&str> = a.iter().chain(b.iter()).map(|(name, _)| name).collect();
    let mut values = names.into_iter().map(|name| a.get(name).cmp(&b.get(name)));
    a.len().cmp(&b.len()).then_with(|| values.find(|order| order.is_ne()).unwrap_or(Ordering::Equal))
}

/// The order of its alerts: those with a job and an instance first, by these, then as label sets.
fn listed_before(a: &Labels, b: &Labels) -> Ordering {
    let by = |name| {
        let (a, b) = (a.get(name), b.get(name));
        a.is_none().cmp(&b.is_none()).then_with(|| a.cmp(&b))
    };
    by("job").then_with(|| by("instance")).then_with(|| before(a, b))
}

#[cfg(test)]
mod tests;
