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

#[tokio::test]
async fn of_an_alert_from_elsewhere_its_senders_word_counts_and_where_it_is_can_be_said() {
    use axum::http::{Method, StatusCode};
    use serde_json::json;
    let server = Server::start();
    let text = "[person.ana]\nteams = [\"platform-operations\"]\n";
    server.app.shared.policy.store(Arc::new(crate::testing::policy(text)));
    let (admin, ana) = (
        server.token(crate::record::Role::Admin).await,
        server.token_of("ana", crate::record::Role::Responder).await,
    );
    let sends = async |ends: Option<&str>| {
        let labels = json!({ "alertname": "Down", "owner": "platform-operations", "service": "shop", "severity": "critical" });
        let annotations = json!({ "runbook_url": "https://wiki.example/down" });
        let alert = json!([{ "labels": labels, "annotations": annotations, "startsAt": "2026-01-01T00:00:00Z", "endsAt": ends }]);
        let sent = server.call(Method::POST, "/api/v2/alerts", &admin, Some(alert)).await;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.json());
        crate::evaluate::once(&server.app.shared, &server.app.committer, now()).await.unwrap();
    };
    sends(None).await;
    let alert = server.app.shared.book().alerts.open().next().unwrap().opening.id.to_string();
    let declares = async |more: serde_json::Value| {
        let mut asked = json!({ "alert": alert, "integrity": "intact", "scope": "minor" });
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server.call(Method::POST, "/api/v1/incidents", &ana, Some(asked)).await
    };
    let nowhere = declares(json!({ "environment": "production" })).await;
    assert_eq!(nowhere.status, StatusCode::CONFLICT);
    assert_eq!(
        nowhere.json()["detail"],
        "the alert doesn't say where it is; deployment: name the installation; mode: name who runs it"
    );
    let made = declares(json!({ "deployment": "eu-1", "environment": "production", "mode": "saas" })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
    let id: IncidentId = made.json()["id"].as_str().unwrap().parse().unwrap();
    let host = || Wanted { signal: Signal::Host, service: None };
    assert_eq!(proof(&server.app, &id, host()).await.unwrap().health, Health::Failing);
    sends(Some("2026-01-01T00:00:01Z")).await;
    assert_eq!(proof(&server.app, &id, host()).await.unwrap().health, Health::Healthy);
}
