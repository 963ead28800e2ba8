//! Noise by the API alone: a vote changes what an alert was worth, a defect is mended by a person, figures are exported.

use eavip_core::time::Span;

use super::*;
use crate::noise::reconcile;
use crate::testing::{came_and_went, people};

/// A server with a rule that was noise ten times, looked at once.
async fn noisy() -> Server {
    let server = Server::start();
    server.app.shared.policy.store(Arc::new(people()));
    for number in 1..=10 {
        let began = now() - Span::from_secs(3_600).times(u64::from(11 - number));
        server.write(came_and_went(number, "probe-down", began, Span::from_secs(60)).into()).await;
    }
    look(&server).await;
    server
}

async fn look(server: &Server) {
    reconcile::once(&server.app.shared, &server.app.committer, now()).await.unwrap();
}

fn of_rule(noise: &Value) -> Value {
    let scores = noise["scores"].as_array().unwrap();
    scores.iter().find(|score| score["whose"] == "rule").unwrap().clone()
}

#[tokio::test]
async fn votes_count_once_a_person_and_decide_what_alerts_were_worth() {
    let server = noisy().await;
    let token = server.token_of("ana", Role::Responder).await;
    for number in 1..=5 {
        let path = format!("/api/v1/alerts/{}/vote", format!("{number:02x}").repeat(16));
        for actionable in [false, true, true] {
            let body = Some(json!({ "actionable": actionable }));
            let voted = server.call(Method::POST, &path, &token, body).await;
            assert_eq!(voted.status, StatusCode::OK, "{}", voted.json());
            assert_eq!(voted.json()["votes"], json!([{ "by": "ana", "actionable": actionable }]));
        }
    }
    look(&server).await;
    let rule = of_rule(&server.get("/api/v1/noise", &token).await.json());
    assert_eq!((&rule["worth"], &rule["decided"], &rule["over"]), (&json!(5), &json!(10), &json!(false)));
}

#[tokio::test]
async fn a_vote_needs_a_person_behind_it_and_an_alert_that_is_counted() {
    let server = noisy().await;
    let token = server.token_of("ana", Role::Responder).await;
    let body = || Some(json!({ "actionable": true }));
    let unknown = format!("/api/v1/alerts/{}/vote", "ff".repeat(16));
    assert_eq!(server.call(Method::POST, &unknown, &token, body()).await.status, StatusCode::NOT_FOUND);
    let known = format!("/api/v1/alerts/{}/vote", "01".repeat(16));
    let wrong = server.call(Method::POST, &known, &token, Some(json!({ "actionable": "maybe" }))).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let minted = crate::auth::api_token::mint().unwrap();
    let event = crate::record::TokenEvent::Created {
        name: "own".to_owned(),
        hash: minted.hash,
        role: Role::Responder,
        team: None,
        own: false,
        expires_at: now() + Span::from_secs(60),
    };
    server.write(vec![Event::Token { id: minted.id, event }]).await;
    let refused = server.call(Method::POST, &known, &minted.text, body()).await;
    assert_eq!(refused.json()["code"], "not-a-person");
}

#[tokio::test]
async fn a_defect_is_mended_once_by_a_person_who_says_how() {
    let server = noisy().await;
    let token = server.token_of("ana", Role::Responder).await;
    let defects = server.get("/api/v1/defects", &token).await.json();
    let rule =
        defects["items"].as_array().unwrap().iter().find(|one| one["whose"] == "rule").unwrap().clone();
    assert_eq!((&rule["status"], &rule["evidence"][0]["rule"]), (&json!("open"), &json!("EAVIP-N13")));
    let path = format!("/api/v1/defects/{}/mend", rule["id"].as_str().unwrap());
    let mend = |how: &str| server.call(Method::POST, &path, &token, Some(json!({ "how": how })));
    let refused = mend("  ").await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["at"]),
        (StatusCode::CONFLICT, &json!("EAVIP-N21"))
    );
    let mended = mend("for = 5m").await;
    assert_eq!(mended.status, StatusCode::OK, "{}", mended.json());
    assert_eq!(mended.json()["mended"]["by"], "ana");
    assert_eq!(mend("again").await.status, StatusCode::CONFLICT);
    let stranger = server.token_of("mallory", Role::Admin).await;
    let body = Some(json!({ "how": "x" }));
    assert_eq!(server.call(Method::POST, &path, &stranger, body).await.json()["code"], "not-a-person");
}

#[tokio::test]
async fn figures_are_exported_in_three_forms_and_no_other() {
    let server = noisy().await;
    let token = server.token(Role::Viewer).await;
    let forms = [
        (
            "csv",
            "text/csv; charset=utf-8",
            "\"rule\",\"probe-down\",\"platform-operations\",\"yes\",\"10\",\"10\",\"0\",\"0.000\"",
        ),
        (
            "markdown",
            "text/markdown; charset=utf-8",
            "| rule | probe-down | platform-operations | yes | 10 |",
        ),
        ("json", "application/json", "\"whose\": \"rule\""),
    ];
    for (format, kind, part) in forms {
        let answer = server.get(&format!("/api/v1/noise/export?format={format}"), &token).await;
        assert_eq!(answer.header("content-type"), kind);
        let text = String::from_utf8(answer.body).unwrap();
        assert!(text.contains(part), "{text}");
    }
    let other = server.get("/api/v1/noise/export?format=xml", &token).await;
    assert!(other.status.is_client_error());
}
