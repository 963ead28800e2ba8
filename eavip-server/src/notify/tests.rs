//! Tests of the outbox against real receivers on loopback.

use std::sync::Mutex;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use eavip_agent::config::layers::Layers;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use serde_json::Value;
use uuid::Uuid;

use super::signature::SigningKey;
use super::*;
use crate::config::Config;
use crate::record::{DeliveryStatus, Notice, Topic, delivery_id};
use crate::store::memory::MemoryStore;
use crate::testing::{Inside, policy};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// Another key, as the one before it.
const PREVIOUS: &str = "whsec_c2VjcmV0IG9mIHR3ZW50eS1mb3VyIGJ5dGVzIQ==";
const ROUTES: &str = "[[route]]\nreceivers = [\"one\", \"two\"]\ngroup_interval = \"0s\"\n";

/// A receiver that answers the statuses it was given, then 204, and keeps what it got.
#[derive(Debug, Clone, Default)]
struct Got {
    messages: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    answers: Arc<Mutex<Vec<StatusCode>>>,
}

impl Got {
    fn answering(answers: &[StatusCode]) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.to_vec())), ..Self::default() }
    }

    async fn listen(&self) -> String {
        let got = self.clone();
        let take = move |headers: HeaderMap, body: Bytes| async move {
            got.messages.lock().unwrap().push((headers, body));
            let mut answers = got.answers.lock().unwrap();
            if answers.is_empty() { StatusCode::NO_CONTENT } else { answers.remove(0) }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(take)).await });
        format!("http://{address}/hook")
    }

    fn ids(&self) -> Vec<String> {
        let messages = self.messages.lock().unwrap();
        messages.iter().map(|(headers, _)| headers["webhook-id"].to_str().unwrap().to_owned()).collect()
    }

    fn bodies(&self) -> Vec<Value> {
        let messages = self.messages.lock().unwrap();
        messages.iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
    }
}

/// The receivers of a configuration; `KEY` and `PREVIOUS` stand for files with these keys.
fn receivers(text: &str) -> BTreeMap<ReceiverId, Receiver> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("server.toml");
    let mut text = text.to_owned();
    for (name, key) in [("KEY", KEY), ("PREVIOUS", PREVIOUS)] {
        let path = directory.path().join(name.to_lowercase());
        std::fs::write(&path, key).unwrap();
        text = text.replace(&format!("= {name}\n"), &format!("= {{ file = {path:?} }}\n"));
    }
    std::fs::write(&file, text).unwrap();
    let (config, _) = Config::load(&Layers::read(&file, true)).unwrap();
    let open = |(id, config)| (ReceiverId::clone(id), Receiver::open(id, config, "http://ops").unwrap());
    config.receivers.iter().map(open).collect()
}

fn webhook(name: &str, url: &str) -> String {
    format!("[receiver.{name}]\nurl = {url:?}\nsecret = KEY\n")
}

/// A server's inside with a Critical alert that two receivers are told of.
async fn firing() -> Inside {
    let inside = Inside::with_policy(Arc::new(MemoryStore::new(Uuid::nil())), policy(ROUTES));
    let node = inside.enrol(1).await;
    inside.report(node, 1, vec![Reading::exact(Metric::DiskReadOnly, 1.0)]).await;
    evaluate(&inside).await;
    inside
}

async fn evaluate(inside: &Inside) {
    crate::evaluate::once(&inside.shared, &inside.committer, now()).await.unwrap();
}

fn start(inside: &Inside, config: &str) -> tokio::task::JoinHandle<()> {
    let (shared, committer) = (Arc::clone(&inside.shared), inside.committer.clone());
    tokio::spawn(Notifier::new(shared, committer, receivers(config), "http://ops".to_owned()).run())
}

/// Waits until the outbox is as wanted.
async fn until(inside: &Inside, wanted: impl Fn(&Book) -> bool) {
    let mut changes = inside.shared.follow();
    while !wanted(&inside.shared.book()) {
        tokio::time::timeout(Duration::from_secs(30), changes.recv()).await.unwrap().unwrap();
    }
}

fn with(book: &Book, status: DeliveryStatus) -> usize {
    book.outbox.iter().filter(|(_, delivery)| delivery.status == status).count()
}

fn delivered(book: &Book) -> usize {
    with(book, DeliveryStatus::Delivered)
}

#[tokio::test]
async fn tells_each_receiver_once_with_what_it_needs_to_know() {
    let inside = firing().await;
    let (one, two) = (Got::default(), Got::default());
    let config = webhook("one", &one.listen().await) + &webhook("two", &two.listen().await);
    let running = start(&inside, &config);
    until(&inside, |book| delivered(book) == 2).await;
    running.abort();
    for got in [one, two] {
        let bodies = got.bodies();
        assert_eq!(bodies.len(), 1);
        let data = &bodies[0]["data"];
        let alert = &data["alerts"][0];
        assert_eq!((&bodies[0]["type"], &data["reason"]), (&"alerts.firing".into(), &"first".into()));
        assert_eq!(alert["rule"], "disk-read-only");
        assert_eq!(alert["owner"]["name"], "Platform Operations");
        assert_eq!(alert["runbook_url"], "http://ops/runbooks/disk-full", "it can be followed from anywhere");
        assert_eq!(alert["url"], format!("http://ops/alerts/{}", alert["id"].as_str().unwrap()));
        assert!(alert["action"].as_str().unwrap().starts_with("Read the kernel log"));
    }
}

#[tokio::test]
async fn every_message_is_signed_with_each_key_while_one_takes_the_others_place() {
    let inside = firing().await;
    let (one, two) = (Got::default(), Got::default());
    let config = webhook("two", &two.listen().await)
        + &webhook("one", &one.listen().await)
        + "previous_secret = PREVIOUS\n";
    let running = start(&inside, &config);
    until(&inside, |book| delivered(book) == 2).await;
    running.abort();
    for (got, expected) in [(one, [true, true]), (two, [true, false])] {
        let messages = got.messages.lock().unwrap();
        let (headers, body) = &messages[0];
        let text = |name: &str| headers[name].to_str().unwrap();
        let at: i64 = text("webhook-timestamp").parse().unwrap();
        let signed = [KEY, PREVIOUS].map(|key| {
            let key = SigningKey::parse(key).unwrap();
            key.verifies(text("webhook-signature"), text("webhook-id"), at, at, body)
        });
        assert_eq!(signed, expected);
    }
}

#[tokio::test]
async fn tries_again_with_the_same_id_until_the_receiver_takes_it() {
    let inside = firing().await;
    let one = Got::answering(&[StatusCode::INTERNAL_SERVER_ERROR, StatusCode::TOO_MANY_REQUESTS]);
    let two = Got::default();
    let running =
        start(&inside, &(webhook("one", &one.listen().await) + &webhook("two", &two.listen().await)));
    until(&inside, |book| delivered(book) == 2).await;
    running.abort();
    let ids = one.ids();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[tokio::test]
async fn a_receiver_that_is_down_or_hangs_holds_up_nobody_else() {
    for hangs in [false, true] {
        let inside = firing().await;
        let two = Got::default();
        // Nobody accepts: what listens hangs, what doesn't refuses.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let kept = hangs.then_some(listener);
        let running = start(&inside, &(webhook("one", &url) + &webhook("two", &two.listen().await)));
        until(&inside, |book| delivered(book) == 1).await;
        running.abort();
        drop(kept);
        assert_eq!(inside.shared.book().outbox.waiting(), 1, "and its own message waits");
    }
}

#[tokio::test]
async fn what_is_given_up_is_told_to_the_fallback_once() {
    let inside = firing().await;
    let (one, two, three) = (Got::answering(&[StatusCode::GONE]), Got::default(), Got::default());
    let config = webhook("two", &two.listen().await)
        + &webhook("three", &three.listen().await)
        + &webhook("one", &one.listen().await)
        + "fallback = \"three\"\n";
    let running = start(&inside, &config);
    until(&inside, |book| delivered(book) == 2).await;
    running.abort();
    assert_eq!(inside.shared.book().outbox.given_up().count(), 1, "the message stays visible");
    let told = three.bodies();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["data"]["instead_of"], "one");
    assert_eq!(told[0]["data"]["alerts"], one.bodies()[0]["data"]["alerts"]);
    assert_eq!(inside.shared.book().outbox.waiting(), 0);
}

#[tokio::test]
async fn the_alert_that_a_receiver_refuses_messages_does_not_depend_on_that_receiver() {
    let inside = firing().await;
    let (one, two, three) = (Got::answering(&[StatusCode::GONE; 9]), Got::default(), Got::default());
    let config = webhook("two", &two.listen().await)
        + &webhook("three", &three.listen().await)
        + &webhook("one", &one.listen().await)
        + "fallback = \"three\"\n";
    let running = start(&inside, &config);
    until(&inside, |book| book.outbox.given_up().count() == 1 && delivered(book) == 2).await;
    evaluate(&inside).await;
    until(&inside, |book| book.outbox.given_up().count() == 2 && delivered(book) == 4).await;
    running.abort();
    let told: Vec<Value> =
        three.bodies().iter().map(|body| body["data"]["alerts"][0]["rule"].clone()).collect();
    assert_eq!(told, ["disk-read-only", "notification-undelivered"]);
}

#[tokio::test]
async fn a_critical_message_that_is_late_is_told_to_the_fallback_while_it_is_still_tried() {
    let inside = firing().await;
    let (two, three) = (Got::default(), Got::default());
    let config = webhook("two", &two.listen().await)
        + &webhook("three", &three.listen().await)
        + &webhook("one", "http://127.0.0.1:1/")
        + "fallback = \"three\"\n";
    let (shared, committer) = (Arc::clone(&inside.shared), inside.committer.clone());
    let notifier = Notifier::new(shared, committer, receivers(&config), "http://ops".to_owned());
    let waiting = || inside.shared.book().outbox.waiting();
    notifier.fall_back(now()).await.unwrap();
    assert_eq!(waiting(), 2, "not yet");
    for _ in 0..2 {
        notifier.fall_back(now() + PATIENCE).await.unwrap();
        assert_eq!(waiting(), 3, "once");
    }
    let book = inside.shared.book();
    let (_, delivery) = book.outbox.waiting_for(&"three".parse().unwrap()).next().unwrap();
    assert_eq!(delivery.instead_of.as_ref().unwrap().as_str(), "one");
}

#[tokio::test]
async fn who_does_not_want_to_know_what_is_over_is_not_told() {
    let inside = firing().await;
    let (one, two) = (Got::default(), Got::default());
    let config = webhook("two", &two.listen().await)
        + &webhook("one", &one.listen().await)
        + "send_resolved = false\n";
    let running = start(&inside, &config);
    until(&inside, |book| delivered(book) == 2).await;
    let node = inside.shared.book().nodes.keys().next().copied().unwrap();
    inside.report(node, 2, vec![Reading::exact(Metric::DiskReadOnly, 0.0)]).await;
    evaluate(&inside).await;
    until(&inside, |book| delivered(book) == 4).await;
    running.abort();
    let kinds = |got: &Got| got.bodies().iter().map(|body| body["type"].clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&one), ["alerts.firing"]);
    assert_eq!(kinds(&two), ["alerts.firing", "alerts.resolved"]);
}

#[tokio::test]
async fn an_alert_that_was_over_before_it_was_told_is_told_in_one_message() {
    let inside = firing().await;
    let (one, two) = (Got::default(), Got::default());
    let config = webhook("one", &one.listen().await) + &webhook("two", &two.listen().await);
    let running = start(&inside, &config);
    until(&inside, |book| delivered(book) == 2).await;
    let to = Recipient::from("one".parse::<ReceiverId>().unwrap());
    let episode = inside.shared.book().alerts.open().next().unwrap().opening.id;
    let message = eavip_core::alert::group::Message {
        occasion: eavip_core::alert::notice::Occasion::AllResolved,
        new: vec![episode],
        resolved: vec![episode],
        firing: Vec::new(),
    };
    let id = delivery_id(&to, b"both", now());
    let content = Content::Alerts { group: eavip_core::labels::Labels::default(), message };
    inside.write(vec![Event::Delivery { id, event: DeliveryEvent::Decided { to, content } }]).await;
    until(&inside, |book| delivered(book) == 3).await;
    running.abort();
    assert_eq!(one.bodies()[1]["data"]["alerts"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_test_is_tried_once_and_is_no_dead_letter() {
    let inside = firing().await;
    let (one, two) = (Got::default(), Got::answering(&[StatusCode::NO_CONTENT, StatusCode::BAD_GATEWAY]));
    let config = webhook("one", &one.listen().await) + &webhook("two", &two.listen().await);
    let running = start(&inside, &config);
    until(&inside, |book| delivered(book) == 2).await;
    let to = Recipient::from("two".parse::<ReceiverId>().unwrap());
    let (id, text) = (delivery_id(&to, b"test", now()), String::new);
    let notice = Notice { topic: Topic::Test, title: text(), text: text(), path: "/settings".to_owned() };
    let event = DeliveryEvent::Decided { to, content: Content::Notice(notice) };
    inside.write(vec![Event::Delivery { id, event }]).await;
    until(&inside, |book| with(book, DeliveryStatus::GivenUp) == 1).await;
    running.abort();
    assert_eq!(inside.shared.book().outbox.given_up().count(), 0);
}

#[tokio::test]
async fn messages_to_a_receiver_that_is_no_longer_configured_are_given_up_and_can_be_sent_later() {
    let inside = firing().await;
    let (one, two) = (Got::default(), Got::default());
    let second = webhook("two", &two.listen().await);
    let running = start(&inside, &second);
    until(&inside, |book| book.outbox.given_up().count() == 1 && delivered(book) == 1).await;
    running.abort();
    let (id, _) =
        inside.shared.book().outbox.given_up().map(|(id, found)| (id, found.clone())).next().unwrap();
    inside.write(vec![Event::Delivery { id, event: DeliveryEvent::Resent }]).await;
    let running = start(&inside, &(second + &webhook("one", &one.listen().await)));
    until(&inside, |book| delivered(book) == 2).await;
    running.abort();
    assert_eq!(one.ids(), [id.to_string()], "with the id that it had");
}

#[tokio::test]
async fn a_crash_between_sending_and_noting_sends_again_with_the_same_id() {
    let inside = firing().await;
    let (one, two) = (Got::default(), Got::default());
    let config = webhook("one", &one.listen().await) + &webhook("two", &two.listen().await);
    // Sent, but the process ends before the ledger knows: the outbox still holds the message.
    let first: ReceiverId = "one".parse().unwrap();
    let message = {
        let book = inside.shared.book();
        let (id, delivery) = book.outbox.waiting_for(&first).next().unwrap();
        (id, delivery.clone())
    };
    let message = Message::of(message.0, &message.1, &inside.shared, "http://ops");
    receivers(&config)[&first].send(&message).await.unwrap();
    let inside = Inside::with_policy(inside.stop(), policy(ROUTES));
    let running = start(&inside, &config);
    until(&inside, |book| delivered(book) == 2).await;
    running.abort();
    let (ids, bodies) = (one.ids(), one.bodies());
    assert_eq!(ids.len(), 2, "at least once, at most once more for a crash");
    assert_eq!((&ids[0], &bodies[0]), (&ids[1], &bodies[1]), "the same id and the same text");
}

#[tokio::test]
async fn a_critical_alert_passes_what_waits_longer() {
    let inside = firing().await;
    let to = Recipient::from("one".parse::<ReceiverId>().unwrap());
    let notice = |number: u8| {
        let (title, text, path) = (number.to_string(), String::new(), "/silences".to_owned());
        let content = Content::Notice(Notice { topic: Topic::Silence, title, text, path });
        let id = delivery_id(&to, &[number], now());
        Event::Delivery { id, event: DeliveryEvent::Decided { to: to.clone(), content } }
    };
    let (episode, waited) = {
        let book = inside.shared.book();
        let first = book.outbox.waiting_for(&to.receiver).next().map(|(id, delivery)| (id, delivery.clone()));
        (book.alerts.open().next().unwrap().opening.id, first.unwrap())
    };
    let one = Got::default();
    let config = webhook("one", &one.listen().await);
    let notifier = || {
        let (shared, committer) = (Arc::clone(&inside.shared), inside.committer.clone());
        Notifier::new(shared, committer, receivers(&config), String::new())
    };
    inside
        .write(vec![Event::Delivery { id: waited.0, event: DeliveryEvent::Delivered { attempts: 1 } }])
        .await;
    inside.write((0..5).map(notice).collect()).await;
    let id = delivery_id(&to, b"again", now());
    let event = DeliveryEvent::Decided { to: to.clone(), content: waited.1.content };
    inside.write(vec![Event::Delivery { id, event }]).await;
    let next = notifier().next(&to.receiver).unwrap();
    assert_eq!((next.0, next.1.episodes().next()), (id, Some(episode)));
    inside.write(vec![Event::Delivery { id, event: DeliveryEvent::Delivered { attempts: 1 } }]).await;
    let first = notifier().next(&to.receiver).unwrap().1.content;
    assert!(matches!(first, Content::Notice(notice) if notice.title == "0"), "else what waits for longest");
}

#[tokio::test]
async fn nothing_passes_what_is_told_of_the_same_group() {
    let inside = firing().await;
    let one: ReceiverId = "one".parse().unwrap();
    let (first, episode, group) = {
        let book = inside.shared.book();
        let (id, delivery) = book.outbox.waiting_for(&one).next().unwrap();
        let Content::Alerts { group, .. } = &delivery.content else { panic!("a notice") };
        (id, book.alerts.open().next().unwrap().opening.id, group.clone())
    };
    let tells =
        |number: u8, new: Vec<Digest128>, resolved: Vec<Digest128>, group: &eavip_core::labels::Labels| {
            let to = Recipient::from(one.clone());
            let occasion = eavip_core::alert::notice::Occasion::First;
            let message = eavip_core::alert::group::Message { occasion, new, resolved, firing: Vec::new() };
            let id = delivery_id(&to, &[number], now());
            let content = Content::Alerts { group: group.clone(), message };
            (id, Event::Delivery { id, event: DeliveryEvent::Decided { to, content } })
        };
    // The end of an earlier episode, and the beginning of the one that fires: told in this order, or a receiver that knows both as one
    // incident closes it.
    let (end, ends) = tells(1, Vec::new(), vec![Digest128([7; 16])], &group);
    let (_, begins) = tells(2, vec![episode], Vec::new(), &group);
    let delivered = Event::Delivery { id: first, event: DeliveryEvent::Delivered { attempts: 1 } };
    inside.write(vec![delivered, ends, begins]).await;
    let notifier = {
        let (shared, committer) = (Arc::clone(&inside.shared), inside.committer.clone());
        Notifier::new(shared, committer, BTreeMap::new(), String::new())
    };
    assert_eq!(notifier.next(&one).unwrap().0, end);
}
