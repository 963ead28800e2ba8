//! Trends by the API alone: a review is signed by a person when the month is over, a proposal answered by its owners.

use eavip_core::trend::month::Month;

use super::*;
use crate::testing::people;
use crate::trends::reconcile;
use crate::trends::tests::{month, repeating};

/// A server with the incidents of March 2026, and its review.
async fn reviewed() -> Server {
    let server = Server::start();
    server.app.shared.policy.store(Arc::new(people()));
    server.app.shared.change_book(|book| *book = repeating());
    let over = month().period().to;
    reconcile::once(&server.app.shared, &server.app.committer, over).await.unwrap();
    server
}

#[tokio::test]
async fn a_review_is_signed_once_by_a_person_of_the_roster() {
    let server = reviewed().await;
    let (ana, stranger) =
        (server.token_of("ana", Role::Responder).await, server.token_of("mallory", Role::Admin).await);
    let rows = server.get("/api/v1/reviews", &ana).await.json();
    assert_eq!(rows["items"][0]["month"], "2026-03");
    let path = "/api/v1/reviews/2026-03";
    let review = server.get(path, &ana).await.json();
    assert_eq!(review["trends"]["patterns"][0], json!({ "pattern": "service shop", "before": 0, "now": 2 }));
    assert_eq!(
        review["trends"]["response"][0]["detect"],
        json!({ "n": 0, "median_seconds": null, "p90_seconds": null })
    );
    let sign = |token: String, remark: &'static str| {
        let (server, path) = (&server, format!("{path}/sign"));
        async move { server.call(Method::POST, &path, &token, Some(json!({ "remark": remark }))).await }
    };
    assert_eq!(sign(stranger, "fine").await.json()["code"], "not-a-person");
    let refused = sign(ana.clone(), " ").await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["at"]),
        (StatusCode::CONFLICT, &json!("EAVIP-T08"))
    );
    assert_eq!(sign(ana.clone(), "two items").await.json()["signed"]["by"], "ana");
    assert_eq!(sign(ana.clone(), "again").await.status, StatusCode::CONFLICT);
    let page = server.get(&format!("{path}/export?format=markdown"), &ana).await;
    assert!(String::from_utf8(page.body).unwrap().contains("Signed off by ana"));
    for wrong in ["/api/v1/reviews/2026-13", "/api/v1/reviews/2025-01"] {
        assert!(server.get(wrong, &ana).await.status.is_client_error(), "{wrong}");
    }
}

#[tokio::test]
async fn a_proposal_is_answered_by_those_who_own_it_with_where_it_is_written() {
    let server = reviewed().await;
    let ana = server.token_of("ana", Role::Responder).await;
    let ben = server.token_of("ben", Role::Responder).await;
    let proposals = server.get("/api/v1/proposals", &ana).await.json();
    let one = &proposals["items"][0];
    assert_eq!((&one["remedy"], &one["pattern"]), (&json!("runbook-change"), &json!("service shop")));
    let path = format!("/api/v1/proposals/{}/answer", one["id"].as_str().unwrap());
    let answer = |token: &str, body: Value| {
        let (server, path, token) = (&server, path.clone(), token.to_owned());
        async move { server.call(Method::POST, &path, &token, Some(body)).await }
    };
    let codes = |refused: &Answer| {
        let errors = refused.json()["errors"].clone();
        errors
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["at"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let refused = answer(&ben, json!({ "reply": "accepted", "reason": "yes" })).await;
    assert_eq!(codes(&refused), ["EAVIP-T21", "EAVIP-T22"], "every reason at once");
    let accepted = answer(&ana, json!({ "reply": "accepted", "reason": "yes", "record": "rev-42" })).await;
    assert_eq!(accepted.json()["status"], "accepted", "{}", accepted.json());
    assert_eq!(codes(&answer(&ana, json!({ "reply": "rejected", "reason": "no" })).await), ["EAVIP-T20"]);
}

#[tokio::test]
async fn this_month_is_there_before_anything_happened_in_it() {
    let server = Server::start();
    let token = server.token(Role::Viewer).await;
    let trends = server.get("/api/v1/trends", &token).await.json();
    assert_eq!(trends["month"], Month::of(now()).to_string());
    assert_eq!(server.get("/api/v1/trends/items", &token).await.json()["items"], json!([]));
    let csv = server.get("/api/v1/trends/export?format=csv", &token).await;
    assert_eq!(String::from_utf8(csv.body).unwrap().lines().count(), 5);
}
