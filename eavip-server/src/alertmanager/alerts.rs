//! `GET /api/v2/alerts` and `/api/v2/alerts/groups`.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use eavip_core::labels::Labels;
use tokio::sync::Semaphore;

use super::listed::Looking;
use super::query::Query;
use super::refusal::Refusal;
use super::view::{Alert, AlertGroup, Receiver};
use crate::api::beside::beside;
use crate::app::App;
use crate::auth::{Allowed, Viewer};
use crate::book::groups;
use crate::shared::now;

/// Lists that are put together at the same time: each may hold all alerts against all silences.
pub(super) static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// Looks at all alerts.
pub(super) fn look<T>(app: &App, make: impl FnOnce(&Looking<'_>) -> T) -> T {
    let (book, policy) = (app.shared.book().alerting(), app.shared.policy.load());
    make(&Looking::new(&app.shared, &book, &policy, &app.web.url, now()))
}

/// Alerts, by fingerprint.
pub(super) async fn list(
    State(app): State<App>,
    _: Allowed<Viewer>,
    uri: Uri,
) -> Result<Json<Vec<Alert>>, Refusal> {
    let query = Query::read(&uri)?;
    let listed = beside(&AT_ONCE, move || {
        let mut all = look(&app, |looking| looking.all());
        // What a client's pattern costs is paid while nobody waits for the book.
        all.retain(|alert| query.wants(alert));
        all
    });
    Ok(Json(listed.await?))
}

/// Alerts as they are told together, by the labels of their groups.
pub(super) async fn groups(
    State(app): State<App>,
    _: Allowed<Viewer>,
    uri: Uri,
) -> Result<Json<Vec<AlertGroup>>, Refusal> {
    let query = Query::read(&uri)?;
    Ok(Json(beside(&AT_ONCE, move || asked(look(&app, grouped), &query)).await?))
}

fn grouped(looking: &Looking<'_>) -> Vec<AlertGroup> {
    let book = looking.book;
    let group = |(_, group): (_, &groups::AlertGroup)| {
        let open = group.episodes(|id| book.alerts.get(id)).filter(|episode| episode.resolved.is_none());
        let receiver = Receiver { name: group.receiver.to_string() };
        let alerts = open.filter_map(|episode| looking.of(episode)).collect();
        AlertGroup { alerts, labels: group.labels.clone(), receiver }
    };
    book.groups.iter().map(group).collect()
}

/// What is asked for of all groups, in Alertmanager's order.
fn asked(mut groups: Vec<AlertGroup>, query: &Query) -> Vec<AlertGroup> {
    groups.retain_mut(|group| {
        if !query.leads_to(&group.receiver) {
            return false;
        }
        group.alerts.retain(|alert| query.wants(alert));
        group.alerts.iter_mut().for_each(|alert| alert.receivers.retain(|one| query.leads_to(one)));
        group.alerts.sort_by(|a, b| listed_before(&a.labels, &b.labels));
        !group.alerts.is_empty()
    });
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
