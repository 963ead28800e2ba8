//! Tests of silences: asked for, approved by another, ended.

use std::sync::Arc;

use axum::http::Method;
use eavip_core::time::Span;
use serde_json::{Value, json};

use super::*;
use crate::api::tests::{Answer, Server};
use crate::record::Role;
use crate::testing::policy;

async fn server() -> (Server, String) {
    let server = Server::start();
    let people = "[person.admin]\nteams = [\"platform-operations\"]\n[person.ben]\nteams = [\"platform-operations\"]\n";
    server.app.shared.policy.store(Arc::new(policy(people)));
    let token = server.token(Role::Responder).await;
    (server, token)
}

/// The cookie of an account that signed in.
async fn signed_in(server: &Server, name: &str) -> String {
    let actor = crate::record::Actor::Server("test".to_owned());
    let link = crate::auth::session::make_link(&server.app, actor, name, Role::Responder).await.unwrap();
    let link = link.split_once("#token=").unwrap().1.to_owned();
    let session = server.call(Method::POST, "/api/v1/session", "", Some(json!({ "link": link }))).await;
    session.header("set-cookie").split(';').next().unwrap().to_owned()
}

async fn with_cookie(server: &Server, cookie: &str, path: &str) -> Answer {
    let request = axum::http::Request::post(path)
        .header("cookie", cookie)
        .header("origin", "http://127.0.0.1:7480")
        .body(axum::body::Body::empty());
    server.send(request.unwrap()).await
}

fn asked(hours: u64) -> Value {
    let until = (now() + Span::from_secs(hours * 3_600)).to_string();
    json!({ "matchers": ["alertname=disk-full"], "reason": " mending ", "ticket": "OPS-7", "until": until })
}

#[tokio::test]
async fn a_silence_holds_hides_what_it_means_and_ends() {
    let (server, token) = server().await;
    server.node("db-1", vec![crate::api::tests::full_disk()]).await;
    server.evaluate().await;
    let made = server.call(Method::POST, "/api/v1/silences", &token, Some(asked(1))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
    let silence = made.json();
    assert_eq!(
        (&silence["status"], &silence["by"], &silence["reason"]),
        (&json!("active"), &json!("admin"), &json!("mending"))
    );
    assert_eq!((&silence["owners"], &silence["hides_count"]), (&json!(["platform-operations"]), &json!(1)));
    let path = format!("/api/v1/silences/{}", silence["id"].as_str().unwrap());
    assert_eq!(server.get(&path, &token).await.json(), silence);
    let listed = server.get("/api/v1/silences?status=active", &token).await.json();
    assert_eq!(listed["items"], json!([silence]));
    let ended =
        server.call(Method::POST, &format!("{path}/end"), &token, Some(json!({ "reason": "done" }))).await;
    assert_eq!(
        (ended.json()["status"].clone(), ended.json()["ended"]["by"].clone()),
        (json!("ended"), json!("admin"))
    );
    let again =
        server.call(Method::POST, &format!("{path}/end"), &token, Some(json!({ "reason": "done" }))).await;
    assert_eq!(
        (again.status, again.json()["errors"][0]["at"].clone()),
        (StatusCode::CONFLICT, json!("EAVIP-A15"))
    );
}

#[tokio::test]
async fn one_for_long_waits_until_another_person_has_approved_it() {
    let (server, token) = server().await;
    let silence = server.call(Method::POST, "/api/v1/silences", &token, Some(asked(30))).await.json();
    assert_eq!(silence["status"], "waiting");
    let path = format!("/api/v1/silences/{}/approve", silence["id"].as_str().unwrap());
    let own = server.call(Method::POST, &path, &token, None).await;
    assert_eq!(
        (own.status, own.json()["errors"][0]["at"].clone()),
        (StatusCode::CONFLICT, json!("EAVIP-A14"))
    );
    let ben = signed_in(&server, "ben").await;
    let approved = with_cookie(&server, &ben, &path).await.json();
    assert_eq!((&approved["status"], &approved["approved"]["by"]), (&json!("active"), &json!("ben")));
    let stranger = signed_in(&server, "nobody").await;
    assert_eq!(with_cookie(&server, &stranger, &path).await.json()["code"], "not-a-person");
}

#[tokio::test]
async fn says_what_cannot_be_used() {
    let (server, token) = server().await;
    let with = |name: &str, value: Value| {
        let mut body = asked(1);
        body[name] = value;
        body
    };
    for (body, status, at) in [
        (with("matchers", json!([])), 422, "matchers"),
        (with("matchers", json!(["a=b", "("])), 422, "matchers[1]"),
        (with("matchers", json!(vec!["a=b"; 65])), 422, "matchers"),
        (with("reason", json!("  ")), 422, "reason"),
        (with("ticket", json!("no ticket")), 409, "EAVIP-A11"),
        (with("until", json!("2020-01-01T00:00:00Z")), 409, "EAVIP-A12"),
        (with("until", json!("later")), 422, "until"),
        (with("extra", json!(1)), 422, "extra"),
    ] {
        let answer = server.call(Method::POST, "/api/v1/silences", &token, Some(body)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["errors"][0]["at"].clone()),
            (status, json!(at)),
            "{}",
            answer.json()
        );
    }
    assert_eq!(server.get("/api/v1/silences/x", &token).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_go_from_the_newest_to_the_oldest() {
    let (server, token) = server().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(
            server.call(Method::POST, "/api/v1/silences", &token, Some(asked(1))).await.json()["id"].clone(),
        );
    }
    made.reverse();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/api/v1/silences?limit=2{cursor}"), &token).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|silence| silence["id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, made);
}
