//! Tests of the outbox against real receivers on loopback.

use std::sync::Mutex;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use uuid::Uuid;

use super::signature::SigningKey;
use super::webhook::Webhook;
use super::*;
use crate::record::DeliveryStatus;
use crate::store::memory::MemoryStore;
use crate::testing::{Inside, policy};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A receiver that answers the statuses it was given, then 204, and keeps what it got.
#[derive(Debug, Clone, Default)]
struct Got {
    messages: Arc<Mutex<Vec<(String, serde_json::Value)>>>,
    answers: Arc<Mutex<Vec<StatusCode>>>,
}

impl Got {
    async fn listen(&self) -> String {
        let got = self.clone();
        let take = move |headers: HeaderMap, body: Bytes| async move {
            let text = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
            let at: i64 = text("webhook-timestamp").parse().unwrap();
            let key = SigningKey::parse(KEY).unwrap();
            let signed = key.verifies(&text("webhook-signature"), &text("webhook-id"), at, at, &body);
            assert!(signed, "every message is signed");
            let body = serde_json::from_slice(&body).unwrap();
            got.messages.lock().unwrap().push((text("webhook-id"), body));
            let mut answers = got.answers.lock().unwrap();
            if answers.is_empty() { StatusCode::NO_CONTENT } else { answers.remove(0) }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", post(take))).await });
        format!("http://{address}/hook")
    }

    fn messages(&self) -> Vec<(String, serde_json::Value)> {
        self.messages.lock().unwrap().clone()
    }
}

fn webhook(url: &str) -> Receiver {
    Receiver::Webhook(Webhook::new(url, SigningKey::parse(KEY).unwrap()).unwrap())
}

/// A server's inside with an alert that two receivers are told of.
async fn firing() -> Inside {
    let policy = policy("[[route]]\nreceivers = [\"one\", \"two\"]\n");
    let inside = Inside::with_policy(Arc::new(MemoryStore::new(Uuid::nil())), policy);
    let node = inside.enrol(1).await;
    inside.report(node, 1, vec![Reading::exact(Metric::DiskReadOnly, 1.0)]).await;
    crate::evaluate::once(&inside.shared, &inside.committer, now()).await.unwrap();
    inside
}

fn start(inside: &Inside, receivers: &[(&str, &str)]) -> tokio::task::JoinHandle<()> {
    let receivers = receivers.iter().map(|(id, url)| (id.parse().unwrap(), webhook(url))).collect();
    tokio::spawn(Notifier::new(Arc::clone(&inside.shared), inside.committer.clone(), receivers).run())
}

/// Waits until the outbox is as wanted.
async fn until(inside: &Inside, wanted: impl Fn(&crate::book::Book) -> bool) {
    let mut changes = inside.shared.follow();
    while !wanted(&inside.shared.book()) {
        tokio::time::timeout(Duration::from_secs(30), changes.recv()).await.unwrap().unwrap();
    }
}

fn delivered(book: &crate::book::Book) -> usize {
    let all = book.alerts.iter().flat_map(|episode| book.alerts.deliveries(episode.opening.id));
    all.filter(|(_, delivery)| delivery.status == DeliveryStatus::Delivered).count()
}

#[tokio::test]
async fn tells_each_receiver_once_with_what_it_needs_to_know() {
    let inside = firing().await;
    let (one, two) = (Got::default(), Got::default());
    let running = start(&inside, &[("one", &one.listen().await), ("two", &two.listen().await)]);
    until(&inside, |book| delivered(book) == 2).await;
    running.abort();
    for got in [one, two] {
        let messages = got.messages();
        assert_eq!(messages.len(), 1);
        let alert = &messages[0].1["data"]["alert"];
        assert_eq!(messages[0].1["type"], "alert.firing");
        assert_eq!(alert["rule"], "disk-read-only");
        assert_eq!(alert["owner"]["name"], "Platform Operations");
        assert_eq!(alert["runbook_url"], "/runbooks/disk-full");
        assert!(alert["action"].as_str().unwrap().starts_with("Read the kernel log"));
    }
}

#[tokio::test]
async fn tries_again_with_the_same_id_until_the_receiver_takes_it() {
    let inside = firing().await;
    let (one, two) = (Got::default(), Got::default());
    *one.answers.lock().unwrap() = vec![StatusCode::INTERNAL_SERVER_ERROR, StatusCode::TOO_MANY_REQUESTS];
    let running = start(&inside, &[("one", &one.listen().await), ("two", &two.listen().await)]);
    until(&inside, |book| delivered(book) == 2).await;
    running.abort();
    let ids: Vec<String> = one.messages().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[tokio::test]
async fn a_receiver_that_is_down_holds_up_nobody_else() {
    let inside = firing().await;
    let two = Got::default();
    let down = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refused = format!("http://{}/", down.local_addr().unwrap());
    drop(down);
    let running = start(&inside, &[("one", &refused), ("two", &two.listen().await)]);
    until(&inside, |book| delivered(book) == 1).await;
    running.abort();
    let waiting = inside.shared.book().alerts.outbox().collect::<Vec<_>>();
    assert_eq!(waiting.len(), 1, "and its own message waits");
}

#[tokio::test]
async fn a_receiver_that_is_gone_for_good_is_given_up_and_visible() {
    let inside = firing().await;
    let (one, two) = (Got::default(), Got::default());
    *one.answers.lock().unwrap() = vec![StatusCode::GONE];
    let running = start(&inside, &[("one", &one.listen().await), ("two", &two.listen().await)]);
    until(&inside, |book| book.alerts.given_up() == 1).await;
    running.abort();
}

#[tokio::test]
async fn messages_to_a_receiver_that_is_no_longer_configured_are_given_up() {
    let inside = firing().await;
    let two = Got::default();
    let running = start(&inside, &[("two", &two.listen().await)]);
    until(&inside, |book| book.alerts.given_up() == 1 && delivered(book) == 1).await;
    running.abort();
}

#[tokio::test]
async fn a_crash_between_sending_and_noting_sends_again_with_the_same_id() {
    let inside = firing().await;
    let (one, two) = (Got::default(), Got::default());
    let (first, second) = (one.listen().await, two.listen().await);
    // Sent, but the process ends before the ledger knows: the outbox still holds the message.
    let (id, delivery) = {
        let book = inside.shared.book();
        let id = book.alerts.outbox().next().unwrap();
        (id, book.alerts.delivery_of(id).unwrap().clone())
    };
    let message = payload::of(&inside.shared, id, &delivery).unwrap();
    webhook(&first).send(&message).await.unwrap();
    let inside = Inside::with_policy(inside.stop(), policy("[[route]]\nreceivers = [\"one\", \"two\"]\n"));
    let running = start(&inside, &[("one", &first), ("two", &second)]);
    until(&inside, |book| delivered(book) == 2).await;
    running.abort();
    let messages = one.messages();
    assert_eq!(messages.len(), 2, "at least once, at most once more for a crash");
    assert_eq!(messages[0], messages[1], "the same id and the same text");
}
