//! Keeps the timelines of open incidents in step with their alerts: a reconciler that looks at every incident and every
//! alert, and writes what the timelines lack. It takes no hint: what a crash kept from being written is found again.
//!
//! Alerts of the same place that open meanwhile aren't added by themselves, because whether they belong is a judgement:
//! [`proposed`] finds them, and a person adds them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eavip_core::aggregate::Aggregate as _;
use eavip_core::alert::episode::Episode;
use eavip_core::id::{DeploymentId, Digest128, ServiceId};
use eavip_core::incident::change::{Alert, Happening, IncidentCommand, Request};
use eavip_core::incident::decide::MAX_LINE;
use eavip_core::incident::timeline::Topic;
use eavip_core::incident::{Actor, Incident};
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;
use tokio::sync::broadcast::error::RecvError;

use super::act::recorded;
use super::declare::label;
use crate::book::Book;
use crate::commit::{Committer, MutateError};
use crate::record::{self, Event, IN_A_RECORD, LedgerRecord, VERSION, bytes};
use crate::shared::{ChangeKind, Shared, now};

/// Without a change it is looked this often, for what a full disk kept from being written.
const PERIOD: Duration = Duration::from_secs(30);

/// The least time between two looks: what happens together is looked at together.
const LEAST_GAP: Duration = Duration::from_millis(500);

/// Follows until the process ends or nothing can be written any more.
pub async fn run(shared: Arc<Shared>, committer: Committer) {
    let mut changes = shared.follow();
    loop {
        match once(&shared, &committer).await {
            Ok(()) => metrics::gauge!("eavip_job_last_success_timestamp_seconds", "job" => "incidents")
                .set(now().as_millis() as f64 / 1e3),
            Err(MutateError::Stopped(_)) => return,
            Err(error) => tracing::warn!(%error, "a timeline lacks what happened; it is tried again"),
        }
        tokio::time::sleep(LEAST_GAP).await;
        let concerns = async {
            loop {
                match changes.recv().await {
                    Ok(changed) if matches!(changed.kind, ChangeKind::Alert | ChangeKind::Incident) => return,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        // Elapsed or woken, it is time again.
        let _ = tokio::time::timeout(PERIOD, concerns).await;
    }
}

/// Writes what the timelines lack by now.
///
/// # Errors
/// When it couldn't be written; the next time comes to the same.
pub async fn once(shared: &Shared, committer: &Committer) -> Result<(), MutateError> {
    let policy = shared.policy.load_full();
    while !events(&shared.book(), &policy, now()).is_empty() {
        let (actor, policy) = (record::Actor::Server("incidents".to_owned()), Arc::clone(&policy));
        let decide = move |book: &Book, at| {
            Ok(LedgerRecord { v: VERSION, at, actor, reason: None, events: events(book, &policy, at) })
        };
        committer.mutate(decide).await?;
    }
    Ok(())
}

/// What the timelines lack, as events; those of the first incidents where all are more than a record holds.
fn events(book: &Book, policy: &Policy, at: Timestamp) -> Vec<Event> {
    let (mut found, mut room) = (Vec::new(), IN_A_RECORD);
    for incident in book.incidents.open() {
        if room == 0 {
            break;
        }
        let mut state = None;
        for (happening, happened_at) in lacking(book, incident) {
            let present = state.as_ref().unwrap_or(incident);
            let request = Request::Witness { happening, happened_at };
            let command = IncidentCommand { by: Actor::Platform, request };
            // A timeline that is full says so to people; here there is nobody to tell.
            let Ok(events) = Incident::decide(Some(present), command, policy, at) else { continue };
            state = events.iter().cloned().fold(Some(present.clone()), Incident::evolve);
            let recorded = recorded(&incident.declaration.id, events);
            room = room.saturating_sub(recorded.iter().map(bytes).sum());
            found.extend(recorded);
        }
    }
    found
}

/// What happened to an incident's alerts and isn't in its timeline, in the order in which it happened.
fn lacking(book: &Book, incident: &Incident) -> Vec<(Happening, Timestamp)> {
    let mut happened = Vec::new();
    for (id, over) in &incident.episodes {
        let Some(episode) = book.alerts.get(*id) else { continue };
        let opening = &episode.opening;
        let alert = Alert { episode: *id, rule: opening.rule.clone() };
        happened.push((Happening::AlertOpened(alert), opening.at));
        if let Some(taken) = &episode.acknowledged {
            let by = taken.by.chars().take(MAX_LINE).collect();
            happened.push((Happening::AlertAcknowledged { episode: *id, by }, taken.at));
        }
        if let (None, Some((_, at))) = (over, episode.resolved) {
            happened.push((Happening::AlertResolved { episode: *id }, at));
        }
    }
    if happened.is_empty() {
        return happened;
    }
    let told = incident.timeline.iter().filter(|entry| entry.topic == Topic::Alert);
    let told: BTreeSet<&str> = told.map(|entry| entry.text.as_str()).collect();
    happened.retain(|(happening, _)| !told.contains(happening.to_string().as_str()));
    happened.sort_by_key(|(_, at)| *at);
    happened
}

/// Open alerts that may belong to an open incident: of its installation, and of one of its services or of none, where the
/// incident names services. The newest first.
#[must_use]
pub fn proposed<'b>(book: &'b Book, incident: &Incident) -> Vec<&'b Episode> {
    let Some(deployment) = incident.declaration.deployment.as_ref().filter(|_| incident.is_open()) else {
        return Vec::new();
    };
    let taken: BTreeSet<Digest128> =
        book.incidents.iter().flat_map(|incident| incident.episodes.keys().copied()).collect();
    let may_belong = |episode: &&Episode| {
        let labels = &episode.opening.labels;
        let service: Option<ServiceId> = label(labels, "service");
        label::<DeploymentId>(labels, "deployment").as_ref() == Some(deployment)
            && service
                .is_none_or(|service| incident.services.is_empty() || incident.services.contains(&service))
            && !taken.contains(&episode.opening.id)
    };
    let mut found: Vec<&Episode> = book.alerts.open().filter(may_belong).collect();
    found.sort_unstable_by_key(|episode| std::cmp::Reverse((episode.opening.at, episode.opening.id)));
    found
}

#[cfg(test)]
mod tests;
