//! What overview and histories say of a given state.

use axum::http::{Method, StatusCode};
use eavip_core::id::NodeId;
use eavip_core::signal::Signal;
use eavip_core::signal::health::Health;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::Span;

use super::history::{Range, history};
use super::*;
use crate::api::tests::{Server, full_disk};
use crate::record::Role;
use crate::shared::now;

fn probe(up: f64) -> Reading {
    Reading::exact(Metric::ProbeUp, up).of(Some(&"shop".parse().unwrap()))
}

#[tokio::test]
async fn puts_the_worst_first_and_names_it_on_its_card() {
    let server = Server::start();
    let _ = server.node("calm", vec![probe(1.0)]).await;
    let down = server.node("down", vec![probe(0.0)]).await;
    let _ = server.node("bare", Vec::new()).await;
    let overview = overview::overview(&server.app.shared, now());
    let hosts: Vec<&str> = overview.nodes.iter().map(|row| row.hostname.as_str()).collect();
    assert_eq!(hosts, ["down", "bare", "calm"]);
    let card = &overview.signals[0];
    assert_eq!((card.signal, card.health, card.services), (Signal::Availability, Health::Failing, 2));
    let worst: Vec<&str> = card.worst.iter().map(|at| at.hostname.as_str()).collect();
    assert_eq!((worst, &card.worst[0].node), (vec!["down", "calm"], &down.to_string()));
    assert_eq!(card.trend.len(), 60);
    assert_eq!(card.trend.iter().flatten().copied().collect::<Vec<f64>>(), [0.0]);
    let unmeasured = &overview.signals[4];
    assert_eq!((unmeasured.health, unmeasured.value.as_str()), (Health::Unknown, "–"));
    assert_eq!(overview.now.headline, "No alert is open yet; some signals fail.");
}

#[tokio::test]
async fn counts_a_node_that_is_not_heard_of_as_unknown() {
    let server = Server::start();
    let _ = server.node("calm", vec![probe(1.0)]).await;
    let later = overview::overview(&server.app.shared, now() + Span::from_secs(300));
    assert_eq!((later.now.health, later.now.silent_nodes), (Health::Unknown, 1));
    assert_eq!(later.nodes[0].signals.get(&Signal::Availability), Some(&Health::Unknown));
    assert!(later.now.headline.starts_with("1 node is silent"));
}

#[tokio::test]
async fn shows_no_more_than_500_nodes_and_counts_all() {
    let server = Server::start();
    let place = {
        let id = server.node("first", Vec::new()).await;
        server.app.shared.nodes.with(id, |known| known.node.place.clone()).unwrap()
    };
    for _ in 0..overview::MAX_NODES {
        let id = NodeId(uuid::Uuid::now_v7());
        let new = || eavip_core::node::Node::new(id, place.clone(), now());
        server.app.shared.nodes.change(id, new, |_| ());
    }
    let overview = overview::overview(&server.app.shared, now());
    assert_eq!((overview.nodes.len(), overview.now.nodes), (500, 501));
}

#[tokio::test]
async fn leads_to_the_most_urgent_alerts() {
    let server = Server::start();
    for number in 0..4 {
        let _ = server.node(&format!("web-{number}"), vec![full_disk()]).await;
    }
    let _ = server.evaluate().await;
    let open = overview::overview(&server.app.shared, now());
    let Firing { critical, warning, .. } = open.now.firing;
    assert!(critical >= 4 && critical + warning > 5, "{:?}", open.now.firing);
    assert!(open.now.headline.ends_with("nobody has acknowledged any of them."), "{}", open.now.headline);
    let urgent: Vec<Category> = open.alerts.iter().map(|alert| alert.category).collect();
    let expected: Vec<Category> =
        [Category::Critical].repeat(critical).into_iter().chain([Category::Warning; 5]).take(5).collect();
    assert_eq!(urgent, expected);
    // What somebody has comes after what nobody has.
    let taken = open.alerts[0].id.clone();
    let responder = server.token(Role::Responder).await;
    let path = format!("/api/v1/alerts/{taken}/acknowledge");
    let reason = serde_json::json!({ "reason": "on it" });
    assert_eq!(server.call(Method::POST, &path, &responder, Some(reason)).await.status, StatusCode::OK);
    let after = overview::overview(&server.app.shared, now());
    let place = after.alerts.iter().position(|alert| alert.id == taken);
    assert!(place.is_none_or(|place| place + 1 == critical), "{place:?}");
}

#[tokio::test]
async fn names_the_node_that_did_something_by_its_host() {
    let server = Server::start();
    let node = server.node("web-1", Vec::new()).await;
    let stranger = NodeId(uuid::Uuid::now_v7());
    let done = |node: NodeId| book::Change {
        seq: 1,
        at: now(),
        kind: "node-enrolled".to_owned(),
        text: "a node joined".to_owned(),
        actor: Actor::Node(node).to_string(),
        path: None,
        node: Some(node),
    };
    let nodes = &server.app.shared.nodes;
    assert_eq!(change(nodes, &done(node)).actor, "node web-1");
    assert_eq!(change(nodes, &done(stranger)).actor, format!("node {stranger}"));
}

#[tokio::test]
async fn marks_a_history_with_what_happened_to_its_node() {
    let server = Server::start();
    let node = server.node("web-1", vec![full_disk()]).await;
    let other = server.node("web-2", vec![full_disk()]).await;
    let _ = server.evaluate().await;
    let shared = &server.app.shared;
    let (policy, book) = (shared.policy.load(), shared.book());
    let key = full_disk();
    let key = SeriesKey { metric: key.metric, service: None, labels: key.labels };
    // What is evaluated an hour later is written with the present time.
    let range = Range { from: now() - Span::from_secs(3_600), to: now() + Span::from_secs(60) };
    let of = |node| history(&book, &shared.nodes, &policy, (node, series_id(&key)), range, now()).unwrap();
    let (mine, theirs) = (of(node), of(other));
    assert!(mine.marks.iter().all(|mark| mark.text.contains("web-1")) && !mine.marks.is_empty());
    assert!(theirs.marks.iter().all(|mark| mark.text.contains("web-2")));
    let least = policy.rules_on(Metric::DiskUsed).map(|rule| rule.category).min();
    assert!(least.is_some() && mine.objective.is_some());
    let nothing = Range { from: range.to, to: range.from };
    let empty = history(&book, &shared.nodes, &policy, (node, series_id(&key)), nothing, now()).unwrap();
    assert!(empty.points.is_empty() && empty.marks.is_empty());
}

#[test]
fn gives_each_series_an_id_of_its_own() {
    let key = |mount: &str| SeriesKey {
        metric: Metric::DiskUsed,
        service: None,
        labels: Labels::new([("mount", mount)]).unwrap(),
    };
    assert_ne!(series_id(&key("/")), series_id(&key("/var")));
    assert_eq!(series_id(&key("/")), series_id(&key("/")));
    assert_ne!(series_id(&key("/")), series_id(&SeriesKey { metric: Metric::DiskFree, ..key("/") }));
}
