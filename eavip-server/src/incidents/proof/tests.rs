//! What the server sees of a signal: the worst of its nodes, and nothing of other installations.

use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::Span;

use super::*;
use crate::api::tests::Server;

fn probe(up: f64) -> Vec<Reading> {
    vec![Reading::exact(Metric::ProbeUp, up).of(Some(&"shop".parse().unwrap()))]
}

#[tokio::test]
async fn a_signal_is_as_bad_as_on_the_node_where_it_is_worst_and_unknown_when_a_node_is_silent() {
    let server = Server::start();
    let _ = server.node("web-1", probe(1.0)).await;
    let shared = &server.app.shared;
    let policy = shared.policy.load();
    let health = |at| {
        let deployment: DeploymentId = "shop".parse().unwrap();
        let seen = measured(shared, &policy, Some(&deployment), at);
        let found = seen.into_iter().find(|one| one.signal == Signal::Availability);
        found.map(|one| (one.service.unwrap().to_string(), one.health))
    };
    assert_eq!(health(now()), Some(("shop".into(), Health::Healthy)));
    let _ = server.node("web-2", probe(0.0)).await;
    assert_eq!(health(now()), Some(("shop".into(), Health::Failing)));
    assert_eq!(health(now() + Span::from_secs(3_600)), Some(("shop".into(), Health::Unknown)));
    let elsewhere: DeploymentId = "eu-2".parse().unwrap();
    assert!(measured(shared, &policy, Some(&elsewhere), now()).is_empty());
    assert!(!measured(shared, &policy, None, now()).is_empty());
}
