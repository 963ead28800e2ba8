//! Tests of silences as Alertmanager's clients ask for them.

use axum::http::Method;
use eavip_core::time::Span;
use serde_json::{Value, json};

use super::*;
use crate::alertmanager::tests::{fire, post, server};
use crate::api::tests::Server;
use crate::record::Role;

fn silence(change: impl FnOnce(&mut Value)) -> Value {
    let mut silence = json!({
        "matchers": [{ "name": "alertname", "value": "Slow", "isRegex": false, "isEqual": true }],
        "startsAt": now().to_string(), "endsAt": (now() + Span::from_secs(3_600)).to_string(),
        "createdBy": "ana", "comment": "OPS-7: the disk is replaced",
    });
    change(&mut silence);
    silence
}

async fn listed(server: &Server, token: &str, query: &str) -> Vec<Value> {
    let answer = server.get(&format!("/api/v2/silences{query}"), token).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json().as_array().unwrap().clone()
}

#[test]
fn finds_the_ticket_in_a_comment() {
    for (comment, ticket) in [
        ("OPS-7: text", Some("OPS-7")),
        ("because of (ops_2-12), see there", Some("ops_2-12")),
        ("see https://tracker.example/7?a=b.", Some("https://tracker.example/7?a=b")),
        ("mended in acme/shop#12;", Some("acme/shop#12")),
        ("#4", Some("#4")),
        ("OPS-: what", None),
        ("-7", None),
        ("7-7", None),
        ("ACK! This alert was acknowledged using karma on Tue", None),
        ("#", None),
        ("", None),
    ] {
        assert_eq!(ticket_in(comment), ticket, "{comment}");
    }
}

#[tokio::test]
async fn makes_lists_shows_and_ends_a_silence() {
    let (server, token) = server(Role::Responder).await;
    let made = post(&server, &token, "/api/v2/silences", silence(|_| {})).await;
    let id = made.json()["silenceID"].as_str().unwrap().to_owned();
    let all = listed(&server, &token, "").await;
    let shown = server.get(&format!("/api/v2/silence/{id}"), &token).await.json();
    assert_eq!((all.len(), &all[0]), (1, &shown));
    let mut keys: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = ["comment", "createdBy", "endsAt", "id", "matchers", "startsAt", "status", "updatedAt"];
    assert_eq!(keys, expected);
    assert_eq!(shown["status"], json!({ "state": "active" }));
    assert_eq!(
        (&shown["createdBy"], &shown["comment"]),
        (&json!("ana"), &json!("OPS-7: the disk is replaced"))
    );
    let matcher = json!({ "isEqual": true, "isRegex": false, "name": "alertname", "value": "Slow" });
    assert_eq!(shown["matchers"], json!([matcher]));

    for (query, count) in [
        ("?filter=alertname%3DSlow", 1),
        ("?filter=alertname%3D~S.*", 1),
        ("?filter=alertname!%3DSlow", 0),
        ("?filter=team%3Dx", 0),
    ] {
        assert_eq!(listed(&server, &token, query).await.len(), count, "{query}");
    }
    let path = format!("/api/v2/silence/{id}");
    for _ in 0..2 {
        let ended = server.call(Method::DELETE, &path, &token, None).await;
        assert_eq!((ended.status, ended.body.len()), (StatusCode::OK, 0));
    }
    assert_eq!(server.get(&path, &token).await.json()["status"]["state"], "expired");
    let nobody = "/api/v2/silence/00000000-0000-0000-0000-000000000000";
    let missing = server.get(nobody, &token).await;
    assert_eq!((missing.status, missing.body.len()), (StatusCode::NOT_FOUND, 0));
    let missing = server.call(Method::DELETE, nobody, &token, None).await;
    assert_eq!((missing.status, missing.json()), (StatusCode::NOT_FOUND, json!("silence not found")));
}

#[tokio::test]
async fn one_that_replaces_another_ends_it() {
    let (server, token) = server(Role::Responder).await;
    let first = post(&server, &token, "/api/v2/silences", silence(|_| {})).await.json()["silenceID"].clone();
    // As it was listed, with the end changed: what amtool sends to update one.
    let mut changed = listed(&server, &token, "").await.remove(0);
    changed["endsAt"] = json!((now() + Span::from_secs(7_200)).to_string());
    let second = post(&server, &token, "/api/v2/silences", changed).await.json()["silenceID"].clone();
    let states: Vec<(Value, Value)> = listed(&server, &token, "")
        .await
        .iter()
        .map(|one| (one["id"].clone(), one["status"]["state"].clone()))
        .collect();
    assert_eq!(states, [(second, json!("active")), (first, json!("expired"))]);
    let unknown = silence(|silence| silence["id"] = json!("00000000-0000-0000-0000-000000000000"));
    let answer = post(&server, &token, "/api/v2/silences", unknown).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::NOT_FOUND, json!("silence not found")));
}

#[tokio::test]
async fn one_for_long_or_for_all_waits_and_nobody_asks_for_it_in_anothers_name() {
    let (server, token) = server(Role::Responder).await;
    fire(&server, &token, &["alertname=Slow team=web"]).await;
    let long =
        |silence: &mut Value| silence["endsAt"] = json!((now() + Span::from_secs(30 * 3_600)).to_string());
    let refused = post(&server, &token, "/api/v2/silences", silence(long)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let said = refused.json().as_str().unwrap().to_owned();
    assert!(
        said.starts_with("createdBy: a second person is needed, and `ana` was named by somebody else"),
        "{said}"
    );
    let own = silence(|silence| {
        long(silence);
        silence["createdBy"] = json!("");
    });
    let made = post(&server, &token, "/api/v2/silences", own).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.json());
    let shown = listed(&server, &token, "").await;
    assert_eq!((&shown[0]["status"]["state"], &shown[0]["createdBy"]), (&json!("pending"), &json!("admin")));
    let alerts = server.get("/api/v2/alerts", &token).await.json();
    assert_eq!(alerts[0]["status"]["state"], "active", "it doesn't hold yet");
}

#[tokio::test]
async fn nobodys_own_token_speaks_for_somebody_else() {
    let (server, _) = server(Role::Admin).await;
    let own = server.token_of("admin", Role::Responder).await;
    let refused = post(&server, &own, "/api/v2/silences", silence(|_| ())).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        refused.json(),
        json!("createdBy: the token is `admin`'s own; name `admin`, or use a token of yours")
    );
    let made =
        post(&server, &own, "/api/v2/silences", silence(|one| one["createdBy"] = json!("admin"))).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.json());
}

#[tokio::test]
async fn says_what_is_wrong_with_a_silence_by_field() {
    let (server, token) = server(Role::Responder).await;
    let set = |name: &'static str, value: Value| silence(move |silence| silence[name] = value);
    let matchers = |value: &str, count: usize| {
        let one = json!({ "name": "a", "value": value, "isRegex": true });
        json!(vec![one; count])
    };
    let many =
        json!((0..10_000).map(|at| json!({ "name": format!("a{at}"), "value": "" })).collect::<Vec<_>>());
    let cases = [
        (json!([]), "the body is not a silence"),
        (set("matchers", json!([])), "matchers: there are none"),
        (set("matchers", matchers("(", 1)), "matchers[0]: `(` can't be used as a regular expression"),
        (set("matchers", matchers("(a{900}){900}", 1)), "matchers[0]: `(a{900}){900}`"),
        (set("matchers", matchers("a", 70)), "matchers: more than 64 matchers are too many"),
        (
            set("matchers", json!([{ "name": "Ünï", "value": "x" }])),
            "matchers[0]: `Ünï` can't be a label name",
        ),
        (set("comment", json!("just so")), "comment: it names no ticket; begin it with"),
        (
            set("comment", json!(format!("OPS-1 {}", "x".repeat(2_000)))),
            "comment: the reason has 2006 characters",
        ),
        (set("createdBy", json!("root")), "createdBy: `root` is not an active person"),
        (set("createdBy", json!("gone")), "createdBy: `gone` is not an active person"),
        (set("createdBy", json!("<b>Ünï</b>")), "createdBy: `<b>Ünï</b>` is not an active person"),
        (set("endsAt", json!("2020-01-01T00:00:00Z")), "endsAt: it would end at 2020"),
        (set("endsAt", json!("2126-01-01T00:00:00Z")), "endsAt: it would last"),
        (set("endsAt", json!("soon")), "the body is not a silence"),
        (set("id", json!("x")), "id: not a UUID"),
    ];
    for (body, told) in cases {
        let answer = post(&server, &token, "/api/v2/silences", body).await;
        let said = answer.json().as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{told}");
        assert!(said.starts_with(told), "{told}: {said}");
    }
    let both = silence(|silence| {
        silence["comment"] = json!("no");
        silence["createdBy"] = json!("x");
    });
    let said = post(&server, &token, "/api/v2/silences", both).await.json().to_string();
    assert!(said.contains("comment: ") && said.contains("createdBy: "), "everything at once: {said}");
    let large = post(&server, &token, "/api/v2/silences", set("matchers", many)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(large.json().is_string());
    assert_eq!(listed(&server, &token, "").await.len(), 0);
}
