//! What shows that an action worked: a signal as the server sees it now. The caller says which; what it says and when it
//! was measured is never taken from the caller's word.

use std::collections::BTreeMap;
use std::sync::Arc;

use eavip_core::alert::episode::{Ending, Origin};
use eavip_core::id::{DeploymentId, IncidentId, NodeId, ServiceId};
use eavip_core::incident::Incident;
use eavip_core::incident::change::{Proof, Request};
use eavip_core::node::Node;
use eavip_core::policy::Policy;
use eavip_core::signal::Signal;
use eavip_core::signal::health::Health;
use eavip_core::time::Timestamp;

use super::declare::label;
use crate::app::App;
use crate::auth::{Allowed, Responder};
use crate::book::Book;
use crate::problem::{Code, Problem};
use crate::shared::{Shared, now};

/// A signal over all nodes that measure it: the worst, as of the one that was heard of least lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which.
    pub signal: Signal,
    /// Of which service; none for the hosts below them.
    pub service: Option<ServiceId>,
    /// What it says.
    pub health: Health,
    /// When it was measured.
    pub at: Timestamp,
}

/// The golden signals of every service of an installation, or of all.
#[must_use]
pub fn measured(
    shared: &Shared,
    policy: &Policy,
    deployment: Option<&DeploymentId>,
    now: Timestamp,
) -> Vec<Seen> {
    let mut worst: BTreeMap<(ServiceId, Signal), (Health, Timestamp)> = BTreeMap::new();
    shared.nodes.each(|known| {
        let node = &known.node;
        if deployment.is_some_and(|deployment| *deployment != node.place.deployment) {
            return;
        }
        for (service, found) in node.service_health(policy, now) {
            for found in found {
                let seen = worst.entry((service.clone(), found.signal));
                let (health, at) = seen.or_insert((found.health, heard(node)));
                (*health, *at) = ((*health).max(found.health), (*at).min(heard(node)));
            }
        }
    });
    let seen = |((service, signal), (health, at))| Seen { signal, service: Some(service), health, at };
    worst.into_iter().map(seen).collect()
}

fn heard(node: &Node) -> Timestamp {
    node.seen_at.unwrap_or(node.enrolled_at)
}

/// The golden signals at an incident's installation: all nodes are looked at, so nobody waits for it and nothing is held.
///
/// # Errors
/// When the incident isn't known.
pub async fn seen(app: &App, id: &IncidentId) -> Result<Vec<Seen>, Problem> {
    let deployment = {
        let book = app.shared.book();
        let incident = book.incidents.get(id).ok_or_else(|| Problem::not_found("incident", id))?;
        incident.declaration.deployment.clone()
    };
    let shared = Arc::clone(&app.shared);
    let look = move || measured(&shared, &shared.policy.load(), deployment.as_ref(), now());
    let done = tokio::task::spawn_blocking(look).await;
    done.map_err(|_| Problem::new(Code::Internal, "the signals could not be looked at"))
}

/// Of what was seen at its installation, what can prove something for an incident: signals of its services, all where none
/// is named yet, and the hosts of its alerts.
#[must_use]
pub fn of_incident(
    mut seen: Vec<Seen>,
    shared: &Shared,
    book: &Book,
    incident: &Incident,
    now: Timestamp,
) -> Vec<Seen> {
    let services = &incident.services;
    seen.retain(|one| {
        services.is_empty() || one.service.as_ref().is_some_and(|service| services.contains(service))
    });
    seen.extend(hosts(shared, book, incident, now));
    seen
}

/// How the hosts are that the incident's alerts are about, as far as no service has these alerts: failing while one fires,
/// unknown while a host is silent or gone. Of what another system sent its sender's word counts, whatever it is about. None when it has
/// no such alert.
fn hosts(shared: &Shared, book: &Book, incident: &Incident, now: Timestamp) -> Option<Seen> {
    let (mut health, mut at, mut any) = (Health::Healthy, now, false);
    for episode in incident.episodes.keys().filter_map(|id| book.alerts.get(*id)) {
        let labels = &episode.opening.labels;
        if let Origin::Sent { .. } = episode.opening.origin {
            any = true;
            health = health.max(match episode.resolved {
                None => Health::Failing,
                Some((Ending::Lapsed, _)) => Health::Unknown,
                Some(_) => Health::Healthy,
            });
            continue;
        }
        if labels.get("service").is_some() {
            continue;
        }
        any = true;
        let node: Option<NodeId> = label(labels, "node");
        let known = node
            .and_then(|node| shared.nodes.with(node, |known| (known.node.is_stale(now), heard(&known.node))));
        let seen = known.map_or(Health::Unknown, |(silent, _)| match (episode.resolved, silent) {
            (None, _) => Health::Failing,
            (Some(_), true) => Health::Unknown,
            (Some(_), false) => Health::Healthy,
        });
        health = health.max(seen);
        at = known.map_or(at, |(_, heard)| at.min(heard));
    }
    any.then_some(Seen { signal: Signal::Host, service: None, health, at })
}

/// Which signal shall prove something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub signal: Signal,
    /// Of which service; none for a host.
    pub service: Option<ServiceId>,
}

/// Records what was done, with what the server sees of a signal as its proof.
///
/// # Errors
/// As [`super::act::ask`]; when the signal isn't healthy now, core refuses it.
pub async fn record(
    app: &App,
    by: &Allowed<Responder>,
    id: &IncidentId,
    what: String,
    wanted: Option<Wanted>,
) -> Result<(), Problem> {
    let proof = match wanted {
        Some(wanted) => Some(proof(app, id, wanted).await?),
        None => None,
    };
    super::act::ask(app, by, id, Request::RecordAction { what, proof }).await
}

/// What is seen of a signal; what nobody measures is unknown.
async fn proof(app: &App, id: &IncidentId, wanted: Wanted) -> Result<Proof, Problem> {
    let (seen, now) = (seen(app, id).await?, now());
    let book = app.shared.book();
    let incident = book.incidents.get(id).ok_or_else(|| Problem::not_found("incident", id))?;
    let Wanted { signal, service } = wanted;
    let mut seen = of_incident(seen, &app.shared, &book, incident, now).into_iter();
    let found = seen.find(|one| one.signal == signal && one.service == service);
    let (health, at) = found.map_or((Health::Unknown, now), |seen| (seen.health, seen.at));
    Ok(Proof { signal, service, health, at })
}

#[cfg(test)]
mod tests;
