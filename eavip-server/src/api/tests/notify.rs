//! Receivers and messages: what is shown of them, testing one, and sending again what was given up.

use std::sync::Arc;

use eavip_core::id::{Digest128, ReceiverId};

use super::*;
use crate::config::receivers::Kind;
use crate::notify::receiver::About;
use crate::record::{Content, DeliveryEvent, DeliveryStatus, Notice, Recipient, Topic};

/// A server with one receiver, to which nothing is sent by itself.
fn server() -> Server {
    let Server { app, .. } = Server::start();
    let about = About {
        id: "pager".parse().unwrap(),
        kind: Kind::PagerDuty,
        host: "events.pagerduty.com".to_owned(),
        fallback: Some("mail".parse().unwrap()),
        send_resolved: true,
    };
    let web = Web { receivers: vec![about], ..(*app.web).clone() };
    let app = App::new(Arc::clone(&app.shared), app.committer.clone(), web);
    let router = router::web(app.clone(), Router::new());
    Server { app, router }
}

fn decided(number: u8, receiver: &str) -> Event {
    let to = Recipient::from(receiver.parse::<ReceiverId>().unwrap());
    let (title, text) = (format!("message {number}"), "said at length".to_owned());
    let content =
        Content::Notice(Notice { topic: Topic::Silence, title, text, path: "/silences".to_owned() });
    event(number, DeliveryEvent::Decided { to, content })
}

fn event(number: u8, event: DeliveryEvent) -> Event {
    Event::Delivery { id: Digest128([number; 16]), event }
}

fn given_up(number: u8) -> Event {
    event(number, DeliveryEvent::GivenUp { attempts: 30, error: "the receiver answered 500".to_owned() })
}

#[tokio::test]
async fn shows_receivers_with_what_waits_and_what_was_given_up() {
    let server = server();
    let viewer = server.token(Role::Viewer).await;
    let delivered = event(3, DeliveryEvent::Delivered { attempts: 1 });
    let events = vec![decided(1, "pager"), decided(2, "pager"), decided(3, "pager"), given_up(2), delivered];
    server.write(events).await;
    let mut receiver = server.get("/api/v1/receivers", &viewer).await.json()["items"][0].take();
    assert!(receiver["last_success_at"].take().is_string());
    let expected = json!({
        "id": "pager", "type": "pagerduty", "host": "events.pagerduty.com", "fallback": "mail",
        "send_resolved": true, "last_success_at": null, "waiting": 1, "given_up": 1
    });
    assert_eq!(receiver, expected);
}

#[tokio::test]
async fn what_was_given_up_is_listed_and_sent_again_once() {
    let server = server();
    let responder = server.token(Role::Responder).await;
    server
        .write(vec![decided(1, "pager"), decided(2, "pager"), decided(3, "gone"), given_up(2), given_up(3)])
        .await;
    let list = |query: &'static str| {
        let (server, responder) = (&server, &responder);
        async move {
            let page = server.get(&format!("/api/v1/deliveries?{query}"), responder).await.json();
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["title"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(list("status=given-up").await, ["message 3", "message 2"]);
    assert_eq!(list("status=given-up&receiver=pager").await, ["message 2"]);
    assert_eq!(list("status=pending").await, ["message 1"]);
    let first = server.get("/api/v1/deliveries?limit=2", &responder).await.json();
    let next = format!("/api/v1/deliveries?limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(server.get(&next, &responder).await.json()["items"].as_array().unwrap().len(), 1);

    let path = |number: u8| format!("/api/v1/deliveries/{}", Digest128([number; 16]));
    let shown = server.get(&path(2), &responder).await.json();
    assert_eq!((&shown["last_error"], &shown["attempts"]), (&json!("the receiver answered 500"), &json!(30)));
    assert_eq!(shown["text"], "said at length");
    for (number, status) in [(2, 200), (2, 409), (1, 409), (3, 409), (9, 404)] {
        let answer = server.call(Method::POST, &format!("{}/resend", path(number)), &responder, None).await;
        assert_eq!(answer.status.as_u16(), status, "{number}: {}", answer.json());
    }
    let again = server.get(&path(2), &responder).await.json();
    assert_eq!(
        (&again["status"], &again["attempts"], &again["last_error"]),
        (&json!("pending"), &json!(0), &Value::Null)
    );
}

#[tokio::test]
async fn a_test_answers_with_what_became_of_it() {
    let server = server();
    let responder = server.token(Role::Responder).await;
    let unknown = server.call(Method::POST, "/api/v1/receivers/nobody/test", &responder, None).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    // In place of the notifier: takes the first message that waits.
    let (shared, committer) = (Arc::clone(&server.app.shared), server.app.committer.clone());
    let taking = tokio::spawn(async move {
        let mut changes = shared.follow();
        let pager = "pager".parse().unwrap();
        let id = loop {
            let first = shared.book().outbox.waiting_for(&pager).next().map(|(id, _)| id);
            match first {
                Some(id) => break id,
                None => drop(changes.recv().await.unwrap()),
            }
        };
        let event = Event::Delivery { id, event: DeliveryEvent::Delivered { attempts: 1 } };
        let actor = Actor::Server("test".to_owned());
        let decide = move |_: &crate::book::Book, at| {
            Ok(LedgerRecord { v: VERSION, at, actor, reason: None, events: vec![event] })
        };
        committer.mutate(decide).await.unwrap();
    });
    let tested = server.call(Method::POST, "/api/v1/receivers/pager/test", &responder, None).await;
    taking.await.unwrap();
    assert_eq!(tested.json()["status"], DeliveryStatus::Delivered.as_str());
    assert_eq!(tested.json()["title"], "A test of EAVIP ops");
}
