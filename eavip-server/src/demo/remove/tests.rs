//! What removing the demo takes away, and what it leaves alone.

use std::fs;

use eavip_core::environment::Environment;
use eavip_core::labels::Labels;
use eavip_core::mode::Mode;
use eavip_core::node::Place;
use eavip_core::time::Span;

use super::super::{LABEL, MARKED};
use super::*;
use crate::record::JoinEvent;
use crate::shared::now;
use crate::testing::Inside;

fn node(number: u128) -> NodeId {
    NodeId(uuid::Uuid::from_u128(number))
}

/// Enrols a node that is labelled as a demo's, with a token that somebody made.
async fn enrol(inside: &Inside, id: NodeId, actor: Actor) {
    let place = Place {
        deployment: "acme".parse().unwrap(),
        mode: Mode::Saas,
        environment: Environment::Production,
        labels: Labels::new([(LABEL, MARKED)]).unwrap(),
    };
    let join = format!("jt-{id}");
    let expires_at = now() + Span::from_secs(3_600);
    let made = JoinEvent::Created { hash: "00".into(), place: place.clone(), expires_at };
    let made = Event::Join { id: join.clone(), event: made };
    let record = LedgerRecord { v: VERSION, at: now(), actor, reason: None, events: vec![made] };
    inside.committer.mutate(move |_, _| Ok(record)).await.unwrap();
    let enrolled = NodeEvent::Enrolled { place, key: "00".into(), join: join.clone() };
    let used = Event::Join { id: join, event: JoinEvent::Used { node: id } };
    inside.write(vec![used, Event::Node { id, event: enrolled }]).await;
}

fn inside(data: &Path) -> Inside {
    Inside::over(Arc::new(EmbeddedStore::open(data).unwrap()))
}

#[tokio::test]
async fn only_nodes_that_used_the_demos_own_tokens_are_removed() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let before = inside(data);
    enrol(&before, node(1), Actor::demo()).await;
    enrol(&before, node(2), Actor::User("mara".into())).await;
    enrol(&before, node(3), Actor::User("server (demo)".into())).await;
    for state in ["demo/demo-shop-1", "agent"] {
        fs::create_dir_all(data.join(state)).unwrap();
    }
    assert!(matches!(remove(data).await, Err(DemoError::InUse(_))), "while it is open elsewhere");
    assert!(data.join("demo").exists());
    drop(before.stop());

    assert_eq!(remove(data).await.unwrap(), 1);
    assert_eq!((data.join("demo").exists(), data.join("agent").exists()), (false, true));
    assert_eq!(remove(data).await.unwrap(), 0, "there is nothing left to remove");
    let after = inside(data);
    let revoked: Vec<bool> = (1..=3).map(|id| after.shared.book().nodes[&node(id)].revoked).collect();
    assert_eq!(revoked, [true, false, false]);
    drop(after.stop());
}

#[tokio::test]
async fn a_directory_without_a_server_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let demo = directory.path().join("demo");
    fs::create_dir(&demo).unwrap();
    assert_eq!(remove(directory.path()).await.unwrap(), 0);
    assert!(demo.exists() && fs::read_dir(directory.path()).unwrap().count() == 1);
}
