//! Timelines follow their alerts once, through restarts and repeats; what may belong is proposed.

use eavip_core::alert::episode::EpisodeEvent;
use eavip_core::id::Digest128;
use eavip_core::incident::change::Declaration;
use eavip_core::incident::timeline::Entry;

use super::*;
use crate::api::tests::{Server, full_disk};
use crate::record::Event;
use crate::testing::{asks, declaration, incident_id, people};

/// A server with a firing alert of a host, and its id.
async fn firing() -> (Server, Digest128) {
    let server = Server::start();
    server.app.shared.policy.store(Arc::new(people()));
    let _ = server.node("web-1", vec![full_disk()]).await;
    let _ = server.evaluate().await;
    let episode = server
        .app
        .shared
        .book()
        .alerts
        .open()
        .find(|episode| episode.opening.rule.as_str() == "disk-full")
        .unwrap()
        .opening
        .id;
    (server, episode)
}

async fn declared(server: &Server, episode: Option<Digest128>) {
    let alert = episode.map(|episode| Alert { episode, rule: "disk-full".parse().unwrap() });
    let deployment = Some("shop".parse().unwrap());
    let declaration = Declaration { alert, deployment, ..declaration("inc-1", "shop") };
    let declare = move |book: &Book, at| Ok(asks(book, "inc-1", Request::Declare(Box::new(declaration)), at));
    server.app.committer.mutate(declare).await.unwrap();
}

fn texts(server: &Server) -> Vec<(Topic, String)> {
    let book = server.app.shared.book();
    let entries = &book.incidents.get(&incident_id("inc-1")).unwrap().timeline;
    entries.iter().map(|Entry { topic, text, .. }| (*topic, text.clone())).collect()
}

#[tokio::test]
async fn writes_each_happening_of_an_alert_once_and_what_comes_later_too() {
    let (server, id) = firing().await;
    declared(&server, Some(id)).await;
    for _ in 0..3 {
        once(&server.app.shared, &server.app.committer).await.unwrap();
    }
    let opened = (Topic::Alert, format!("alert {id} opened: disk-full"));
    assert_eq!(texts(&server)[1..], [opened.clone()]);
    let taken =
        EpisodeEvent::Acknowledged { by: "x".repeat(500), reason: "on it".into(), at: crate::shared::now() };
    let over = EpisodeEvent::Resolved {
        ending: eavip_core::alert::episode::Ending::Recovered,
        at: crate::shared::now(),
    };
    for event in [taken, over] {
        server.write(vec![Event::Episode { id, event, groups: Vec::new() }]).await;
        once(&server.app.shared, &server.app.committer).await.unwrap();
        once(&server.app.shared, &server.app.committer).await.unwrap();
    }
    let acknowledged = (Topic::Alert, format!("alert {id} acknowledged by {}", "x".repeat(MAX_LINE)));
    let resolved = (Topic::Alert, format!("alert {id} resolved"));
    assert_eq!(texts(&server)[1..], [opened, acknowledged, resolved]);
    let book = server.app.shared.book();
    let incident = book.incidents.get(&incident_id("inc-1")).unwrap();
    assert!(incident.episodes[&id].is_some(), "the incident knows when its alert was over");
}

#[tokio::test]
async fn proposes_an_alert_of_the_same_place_and_adds_it_never_by_itself() {
    let (server, id) = firing().await;
    declared(&server, None).await;
    once(&server.app.shared, &server.app.committer).await.unwrap();
    assert_eq!(texts(&server).len(), 1);
    let ids = |server: &Server| -> Vec<Digest128> {
        let book = server.app.shared.book();
        let incident = book.incidents.get(&incident_id("inc-1")).unwrap();
        proposed(&book, incident).into_iter().map(|episode| episode.opening.id).collect()
    };
    assert!(ids(&server).contains(&id));
    let elsewhere = |book: &Book, at| {
        let declaration = Box::new(declaration("inc-2", "shop"));
        Ok(asks(book, "inc-2", Request::Declare(declaration), at))
    };
    server.app.committer.mutate(elsewhere).await.unwrap();
    let book = server.app.shared.book();
    let other = book.incidents.get(&incident_id("inc-2")).unwrap();
    assert!(proposed(&book, other).is_empty(), "another installation's alerts have nothing to do with it");
}
