//! Tests of what comes and goes: told once that it started and once that it stopped.

use std::sync::Arc;

use eavip_core::time::Span;
use uuid::Uuid;

use super::*;
use crate::book::Book;
use crate::commit::Alerts;
use crate::intake::Known;
use crate::shared::now;
use crate::store::AlertsRecord;
use crate::store::memory::MemoryStore;
use crate::testing::{Inside, policy};

/// Short paces, so that what takes minutes fits into what a test says of the time.
const RUNBOOK: &str = "[[route]]\nreceivers = [\"chat\"]\ngroup_wait = \"0s\"\ngroup_interval = \"0s\"\n\
                       [flapping]\nstates = 7\npace = \"60s\"\n";

/// Sends an alert that fires or is over, and evaluates at a moment.
async fn step(inside: &Inside, fires: bool, at: Timestamp) {
    let labels = [("alertname", "Wobbly"), ("owner", "platform-operations")];
    let annotations = [("runbook_url".to_owned(), "https://wiki.example/w".to_owned())];
    let labels = eavip_core::labels::Labels::new(labels).unwrap();
    let known = Known {
        fingerprint: eavip_core::alert::intake::fingerprint(&labels),
        labels,
        annotations: eavip_core::alert::intake::Annotations::new(annotations.into()).unwrap(),
        generator: None,
        starts_at: at,
        ends_at: if fires { at + Span::from_secs(1_000_000) } else { at },
        open_ended: false,
        updated_at: at,
        fallback: None,
    };
    let record = AlertsRecord {
        received_at: at,
        resolve_timeout: Span::from_secs(300),
        fallback: None,
        body: bytes::Bytes::from_static(b"[]"),
    };
    let intake = &inside.shared.intake;
    let mut known = vec![known];
    let promise = intake.promise(intake.turn().await.unwrap(), &mut known);
    inside.committer.alerts(Alerts { record, known, promise }).await.unwrap();
    crate::evaluate::once(&inside.shared, &inside.committer, at).await.unwrap();
}

fn notices(book: &Book) -> Vec<String> {
    let chat = "chat".parse().unwrap();
    let all = book.outbox.waiting_for(&chat);
    let title = |delivery: &crate::book::Delivery| match &delivery.content {
        Content::Notice(notice) => Some(notice.title.clone()),
        Content::Alerts { .. } => None,
    };
    all.filter_map(|(_, delivery)| title(delivery)).collect()
}

// Seed: "Alert noise is treated as a defect".
#[tokio::test]
async fn what_comes_and_goes_is_told_once_when_it_starts_and_once_when_it_stops() {
    let inside = Inside::with_policy(Arc::new(MemoryStore::new(Uuid::nil())), policy(RUNBOOK));
    let mut at = now();
    for n in 0..12 {
        at = at + Span::from_secs(10);
        step(&inside, n % 2 == 0, at).await;
    }
    assert_eq!(notices(&inside.shared.book()), ["comes and goes: Wobbly"]);
    let held = |book: &Book| {
        let all = book.alerts.iter().flat_map(|episode| book.groups.held(episode.opening.id));
        all.map(|held| held.reason.as_str()).collect::<Vec<_>>()
    };
    assert!(held(&inside.shared.book()).contains(&"flapping"), "{:?}", held(&inside.shared.book()));
    // Quiet for as long as anything is remembered.
    crate::evaluate::once(&inside.shared, &inside.committer, at + Span::from_secs(600)).await.unwrap();
    assert_eq!(
        notices(&inside.shared.book()),
        ["comes and goes: Wobbly", "no longer comes and goes: Wobbly"]
    );
    crate::evaluate::once(&inside.shared, &inside.committer, at + Span::from_secs(1_200)).await.unwrap();
    assert_eq!(notices(&inside.shared.book()).len(), 2);
    assert_eq!(inside.shared.flaps(), Flaps::default(), "nothing is kept of what is quiet");
}
