//! Alerts with their deliveries and their past.

use std::collections::BTreeMap;

use eavip_core::alert::episode::{Episode, Origin, Subject};
use eavip_core::evaluate::readable;
use eavip_core::id::{Digest128, NodeId};
use eavip_core::policy::Policy;

use super::on_call::Known;
use super::team;
use super::{labels, series_id};
use crate::api::view::{Acknowledged, Alert, AlertDetail, Delivery, Held, Resolved, Vote};
use crate::book::{self, Book, groups};
use crate::nodes::Nodes;
use crate::record::Content;
use crate::shared::{Shared, now};

/// Earlier episodes shown with an alert: more tell nothing more about how often it comes.
const MAX_EARLIER: usize = 20;

/// An alert as the outside sees it.
#[must_use]
pub fn alert(shared: &Shared, policy: &Policy, episode: &Episode) -> Alert {
    let opening = &episode.opening;
    let (runbook, node) = (opening.runbook.as_str(), opening.origin.node());
    Alert {
        id: opening.id.to_string(),
        status: episode.status(),
        category: opening.category,
        rule: opening.rule.to_string(),
        owner: team(&opening.owner, policy),
        action: opening.action.to_string(),
        runbook: runbook.to_owned(),
        runbook_url: opening
            .runbook
            .page()
            .map_or_else(|| runbook.to_owned(), |page| format!("/runbooks/{page}")),
        summary: opening.summary.clone(),
        labels: labels(&opening.labels),
        node: node.map(|node| node.to_string()),
        hostname: node.map(|node| hostname(&shared.nodes, node)),
        value: opening.origin.observed().map(|observed| readable(observed.value, observed.unit)),
        annotations: annotations(&opening.origin),
        since: opening.since.to_string(),
        opened_at: opening.at.to_string(),
        acknowledged: episode.acknowledged.as_ref().map(|taken| Acknowledged {
            by: taken.by.clone(),
            reason: taken.reason.clone(),
            at: taken.at.to_string(),
        }),
        resolved: episode.resolved.map(|(ending, at)| Resolved { ending, at: at.to_string() }),
    }
}

/// What a node calls itself; its id when it never said or is gone.
#[must_use]
pub fn hostname(nodes: &Nodes, id: NodeId) -> String {
    let named = nodes.with(id, |known| known.node.facts.hostname.clone());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| id.to_string())
}

/// An alert with its deliveries and its past; `None` when it isn't known.
#[must_use]
pub fn detail(shared: &Shared, book: &Book, policy: &Policy, id: Digest128) -> Option<AlertDetail> {
    let episode = book.alerts.get(id)?;
    let opening = &episode.opening;
    let same =
        |other: &&Episode| other.opening.fingerprint == opening.fingerprint && other.opening.at < opening.at;
    let mut earlier: Vec<&Episode> = book.alerts.iter().filter(same).collect();
    earlier.sort_unstable_by_key(|episode| std::cmp::Reverse(episode.opening.at));
    Some(AlertDetail {
        alert: alert(shared, policy, episode),
        deliveries: book.outbox.of(id).rev().map(|(id, known)| delivery(shared, id, known)).collect(),
        held: book.groups.held(id).rev().map(held).collect(),
        earlier: earlier.into_iter().take(MAX_EARLIER).map(|other| alert(shared, policy, other)).collect(),
        outcome: book.noise.record(id).and_then(|record| record.outcome()),
        votes: book.noise.votes(id).map(|(by, actionable)| Vote { by: by.to_owned(), actionable }).collect(),
        page: Known::new(book, policy, now()).page(id),
        series: match opening.origin.observed().map(|observed| &observed.subject) {
            Some(Subject::Series(key)) => Some(series_id(key).to_string()),
            Some(Subject::Node | Subject::Service(_)) | None => None,
        },
    })
}

fn annotations(origin: &Origin) -> BTreeMap<String, String> {
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    match origin {
        Origin::Sent { annotations, .. } => annotations.iter().map(pair).collect(),
        _ => BTreeMap::new(),
    }
}

fn held(held: &groups::Held) -> Held {
    Held { receiver: held.receiver.to_string(), reason: held.reason.as_str(), at: held.at.to_string() }
}

pub(super) fn delivery(shared: &Shared, id: Digest128, delivery: &book::Delivery) -> Delivery {
    let delivered = delivery.status == crate::record::DeliveryStatus::Delivered;
    // While it waits, the notifier counts; when it ended, the ledger has told.
    let waiting = shared.attempts.of(id);
    Delivery {
        id: id.to_string(),
        receiver: delivery.to.receiver.to_string(),
        person: delivery.to.person.as_ref().map(ToString::to_string),
        reason: match &delivery.content {
            Content::Alerts { message, .. } => message.occasion.as_str(),
            Content::Notice(notice) => notice.topic.as_str(),
        },
        status: delivery.status,
        attempts: delivery.attempts.max(waiting.made),
        last_error: delivery.error.clone().or(waiting.error),
        decided_at: delivery.decided_at.to_string(),
        delivered_at: delivery.ended_at.filter(|_| delivered).map(|at| at.to_string()),
    }
}
