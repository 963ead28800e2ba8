//! Tests of the reconciler: what the policy decides is committed once, with its messages, and survives a restart.

use std::sync::Arc;

use eavip_core::alert::episode::Status;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::Span;
use uuid::Uuid;

use super::*;
use crate::record::{DeliveryStatus, NodeEvent};
use crate::store::memory::MemoryStore;
use crate::testing::{Inside, policy};

/// The end of an alert is told at once.
const ROUTED: &str = "[[route]]\nreceivers = [\"chat\"]\ngroup_interval = \"0s\"\n";

fn inside() -> Inside {
    Inside::with_policy(Arc::new(MemoryStore::new(Uuid::nil())), policy(ROUTED))
}

fn probe(up: f64) -> Vec<Reading> {
    vec![Reading::exact(Metric::ProbeUp, up).of(Some(&"shop".parse().unwrap()))]
}

fn open(inside: &Inside) -> Vec<String> {
    inside.shared.book().alerts.open().map(|episode| episode.opening.rule.to_string()).collect()
}

async fn evaluate(inside: &Inside) {
    once(&inside.shared, &inside.committer, now()).await.unwrap();
}

#[tokio::test]
async fn a_failing_probe_opens_one_owned_alert_with_one_message() {
    let inside = inside();
    let node = inside.enrol(1).await;
    inside.report(node, 1, probe(0.0)).await;
    for _ in 0..3 {
        evaluate(&inside).await;
    }
    let book = inside.shared.book();
    let episode = book.alerts.open().next().unwrap();
    assert_eq!(open(&inside), ["probe-down"], "evaluating again changes nothing");
    assert_eq!(episode.opening.owner.as_str(), "platform-operations");
    assert_eq!(episode.opening.runbook.page(), Some("probe-down"));
    let deliveries: Vec<_> = book.outbox.of(episode.opening.id).collect();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].1.status, DeliveryStatus::Pending);
    assert_eq!(book.outbox.waiting(), 1);
}

#[tokio::test]
async fn a_probe_that_passes_again_ends_the_alert_and_tells_so() {
    let inside = inside();
    let node = inside.enrol(1).await;
    inside.report(node, 1, probe(0.0)).await;
    evaluate(&inside).await;
    inside.report(node, 2, probe(1.0)).await;
    evaluate(&inside).await;
    assert!(open(&inside).is_empty());
    let book = inside.shared.book();
    let episode = book.alerts.iter().next().unwrap();
    assert_eq!(episode.status(), Status::Resolved);
    assert_eq!(book.outbox.of(episode.opening.id).count(), 2, "began, and is over");
}

#[tokio::test]
async fn a_restart_neither_ends_nor_repeats_an_alert() {
    let inside = inside();
    let node = inside.enrol(1).await;
    inside.report(node, 1, probe(0.0)).await;
    evaluate(&inside).await;
    let before = inside.shared.book().alerts.clone();
    let inside = Inside::with_policy(inside.stop(), policy(ROUTED));
    evaluate(&inside).await;
    assert_eq!(inside.shared.book().alerts, before);
}

#[tokio::test]
async fn a_node_that_falls_silent_is_a_finding_though_nothing_wakes_the_evaluation() {
    let inside = inside();
    let node = inside.enrol(1).await;
    inside.report(node, 1, probe(1.0)).await;
    once(&inside.shared, &inside.committer, now() + Span::from_secs(120)).await.unwrap();
    assert_eq!(open(&inside), ["node-silent"]);
}

#[tokio::test]
async fn a_revoked_node_leaves_no_alert_behind() {
    let inside = inside();
    let node = inside.enrol(1).await;
    inside.report(node, 1, probe(0.0)).await;
    evaluate(&inside).await;
    inside.write(vec![Event::Node { id: node, event: NodeEvent::Revoked }]).await;
    evaluate(&inside).await;
    assert!(open(&inside).is_empty());
}

#[tokio::test]
async fn what_no_longer_applies_at_the_moment_of_writing_is_left_out() {
    let inside = inside();
    let node = inside.enrol(1).await;
    inside.report(node, 1, probe(0.0)).await;
    let Found { transitions, .. } = judge(&inside.shared, now());
    assert_eq!(transitions.len(), 1);
    evaluate(&inside).await;
    let again = moves(&inside.shared.book(), &inside.shared.policy.load(), transitions);
    assert!(again.is_empty(), "the episode is already there");
}

#[tokio::test]
async fn what_is_told_of_a_storm_fits_into_as_many_records_as_it_takes() {
    let inside = inside();
    let held = |number: u32| Event::Held {
        episode: Digest128::of([&number.to_be_bytes()[..]]),
        receiver: "chat".parse().unwrap(),
        reason: eavip_core::alert::notice::Reason::Held(eavip_core::alert::notice::Obstacle::Silenced),
    };
    write(&inside.committer, (0..50_000).map(held).collect()).await.unwrap();
    let last = Digest128::of([&49_999_u32.to_be_bytes()[..]]);
    assert_eq!(inside.shared.book().groups.held(last).count(), 1);
}

#[tokio::test]
async fn an_open_alert_follows_a_changed_runbook_to_whom_it_leads_then() {
    let inside = inside();
    let node = inside.enrol(1).await;
    inside.report(node, 1, probe(0.0)).await;
    evaluate(&inside).await;
    let waiting =
        |receiver: &str| inside.shared.book().outbox.waiting_for(&receiver.parse().unwrap()).count();
    assert_eq!((waiting("chat"), waiting("pager")), (1, 0));
    inside.shared.policy.store(Arc::new(policy(&ROUTED.replace("\"chat\"", "\"chat\", \"pager\""))));
    for _ in 0..2 {
        route_anew(&inside.shared, &inside.committer).await.unwrap();
        evaluate(&inside).await;
    }
    assert_eq!((waiting("chat"), waiting("pager")), (1, 1), "each is told once");
    let inside = Inside::with_policy(inside.stop(), policy(ROUTED));
    let receivers =
        |book: &Book| book.groups.iter().map(|(_, group)| group.receiver.to_string()).collect::<Vec<_>>();
    assert_eq!(receivers(&inside.shared.book()).len(), 2, "a restart knows of it");
}
