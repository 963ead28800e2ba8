//! How requests are refused: always as a problem, with what to do about it.

use super::*;
use crate::problem::{Code, MEDIA_TYPE};

#[tokio::test]
async fn refuses_with_a_problem_whose_code_has_a_page() {
    let server = Server::start();
    let admin = server.token(Role::Admin).await;
    let token = |body: &str| (Method::POST, "/api/v1/tokens", Some(body.to_owned()));
    for ((method, path, body), content_type, code) in [
        ((Method::GET, "/api/v1/nothing", None), "", Code::NotFound),
        ((Method::PATCH, "/api/v1/tokens", None), "", Code::MethodNotAllowed),
        ((Method::GET, "/api/v1/alerts?colour=red", None), "", Code::Malformed),
        ((Method::GET, "/api/v1/alerts?status=bad", None), "", Code::Malformed),
        ((Method::GET, "/api/v1/alerts?limit=0", None), "", Code::Invalid),
        ((Method::GET, "/api/v1/alerts/zzz", None), "", Code::NotFound),
        (token("{}"), "text/plain", Code::UnsupportedMediaType),
        (token("{"), "application/json", Code::Malformed),
        (token("{}x"), "application/json", Code::Invalid),
        (token(r#"{"name":"a","role":"root","expires_in_days":1}"#), "application/json", Code::Invalid),
        (token(r#"{"name":"a","role":"admin","expires_in_days":367}"#), "application/json", Code::Invalid),
        (token(r#"{"name":" ","role":"admin","expires_in_days":1}"#), "application/json", Code::Invalid),
        (
            token(r#"{"name":"a","role":"admin","expires_in_days":1,"x":1}"#),
            "application/json",
            Code::Invalid,
        ),
        (token(&format!("\"{}\"", "x".repeat(70_000))), "application/json", Code::TooLarge),
    ] {
        let request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {admin}"))
            .header(header::CONTENT_TYPE, content_type);
        let answer = server.send(request.body(Body::from(body.clone().unwrap_or_default())).unwrap()).await;
        let case = format!("{method} {path} {body:.60?}");
        assert_eq!(answer.status, code.status(), "{case}");
        assert_eq!(answer.header("content-type"), MEDIA_TYPE, "{case}");
        assert_eq!(answer.json()["code"], code.as_str(), "{case}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{case}");
    }
    let allowed = server.call(Method::PATCH, "/api/v1/tokens", &admin, None).await;
    assert_eq!(allowed.header("allow"), "GET,HEAD,POST");
    for code in Code::ALL {
        let page = server.get(&format!("/problems/{code}"), "").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(String::from_utf8(page.body).unwrap().contains(&code.title().replace('\'', "&#39;")));
    }
}

#[tokio::test]
async fn names_the_value_that_can_not_be_used() {
    let server = Server::start();
    let admin = server.token(Role::Admin).await;
    let asked = json!({ "name": "a", "role": "root", "expires_in_days": 1 });
    let answer = server.call(Method::POST, "/api/v1/tokens", &admin, Some(asked)).await;
    assert_eq!(answer.json()["errors"][0]["at"], "role");
}

#[tokio::test]
async fn gives_the_first_answer_again_for_the_same_key() {
    let server = Server::start();
    let admin = server.token(Role::Admin).await;
    let send = async |key: &str, name: &str| {
        let asked = json!({ "name": name, "role": "viewer", "expires_in_days": 1 });
        let request = Request::post("/api/v1/tokens")
            .header(header::AUTHORIZATION, format!("Bearer {admin}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .body(Body::from(asked.to_string()));
        server.send(request.unwrap()).await
    };
    let (first, repeated, reused) = (send("k", "a").await, send("k", "a").await, send("k", "b").await);
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(first.body, repeated.body);
    assert_eq!(reused.json()["code"], "idempotency-key-reused");
    assert_ne!(send("other", "a").await.body, first.body);
}

#[test]
fn keeps_the_document_as_it_was_agreed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api/openapi.json");
    let now = crate::api::openapi_json();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let agreed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(now == agreed, "the API changed: look at the change, then run the tests with UPDATE=1");
}

#[tokio::test]
async fn describes_itself_without_anything_from_elsewhere() {
    let server = Server::start();
    let page = String::from_utf8(server.get("/api/docs", "").await.body).unwrap();
    assert!(page.contains("POST /api/v1/alerts/{id}/acknowledge"));
    for foreign in ["<script", "<style", "style=", "http://", "https://"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}
