//! Duty through the API: who has it over a change of clocks, overrides, the own ways to be reached, and taking a page.

use std::sync::Arc;

use super::*;
use crate::config::receivers::Kind;
use crate::notify::receiver::About;
use crate::on_call::pages;
use crate::testing::policy;

const RUNBOOK: &str = r#"
[person.ana]
name = "Ana; Beispiel"
teams = ["platform-operations"]
[person.ben]
teams = ["platform-operations"]

[schedule.primary]
zone = "Europe/Berlin"
[[schedule.primary.rotation]]
people = ["ana", "ben"]
turn = "weekly"
since = 2026-01-05
at = "09:00"

[escalation.platform]
team = "platform-operations"
[[escalation.platform.step]]
people = ["ana"]
[[escalation.platform.step]]
after = "10m"
people = ["ben"]
"#;

async fn server() -> Server {
    let server = Server::start();
    server.app.shared.policy.store(Arc::new(policy(RUNBOOK)));
    let mut app = server.app.clone();
    let mail = About {
        id: "mail".parse().unwrap(),
        kind: Kind::Email,
        host: "smtp.example.org".to_owned(),
        fallback: None,
        send_resolved: true,
    };
    let web = Web { receivers: vec![mail], ..Web::clone(&app.web) };
    app.web = Arc::new(web);
    let router = router::web(app.clone(), Router::new());
    Server { app, router }
}

/// The code of the last message, as a receiver would read it.
fn sent_code(server: &Server) -> String {
    let book = server.app.shared.book();
    let mail = "mail".parse().unwrap();
    let (id, delivery) = book.outbox.waiting_for(&mail).last().unwrap();
    let delivery = delivery.clone();
    let written = serde_json::to_string(&delivery).unwrap();
    drop(book);
    let message = crate::notify::message::Message::of(id, &delivery, &server.app.shared, "https://ops");
    let crate::notify::message::Body::Notice(notice) = message.body else { panic!("no notice") };
    let code: String = notice.text.split_whitespace().nth(3).unwrap().to_owned();
    assert!(code.len() == 8 && !written.contains(&code), "{}: the ledger has only its hash", notice.text);
    code
}

async fn verified(server: &Server, token: &str) -> String {
    let asked = json!({ "receiver": "mail", "address": "ana@example.com" });
    let made = server.call(Method::POST, "/api/v1/on-call/contacts", token, Some(asked)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
    let path = format!("/api/v1/on-call/contacts/{}", made.json()["id"].as_str().unwrap());
    let code = json!({ "code": sent_code(server) });
    let shown = server.call(Method::POST, &format!("{path}/verify"), token, Some(code)).await;
    assert_eq!(shown.json()["state"], "working");
    path
}

#[tokio::test]
async fn shows_duties_over_a_change_of_clocks_without_holes() {
    let server = server().await;
    let viewer = server.token(Role::Viewer).await;
    let path = "/api/v1/on-call/schedules/primary?from=2026-03-23T08:00:00Z&days=14";
    let found = server.get(path, &viewer).await.json();
    let shifts: Vec<&str> =
        found["shifts"].as_array().unwrap().iter().map(|shift| shift["from"].as_str().unwrap()).collect();
    assert_eq!(
        shifts,
        ["2026-03-23T08:00:00.000Z", "2026-03-30T07:00:00.000Z", "2026-04-06T07:00:00.000Z"],
        "always nine o'clock in Berlin"
    );
    assert_eq!(server.get("/api/v1/on-call/schedules/none", &viewer).await.status, StatusCode::NOT_FOUND);
    let days = server.get("/api/v1/on-call/schedules/primary?days=367", &viewer).await;
    assert_eq!(days.status, StatusCode::UNPROCESSABLE_ENTITY);
    let calendar = server.get("/api/v1/on-call/schedules/primary/calendar", &viewer).await;
    assert!(calendar.header("content-type").starts_with("text/calendar"));
    assert!(String::from_utf8(calendar.body).unwrap().contains("SUMMARY:On call: Ana\\; Beispiel (primary)"));
    let person = server.get("/api/v1/on-call/people/ben/calendar", &viewer).await;
    assert!(!String::from_utf8(person.body).unwrap().contains("Ana"));
}

#[tokio::test]
async fn an_override_holds_until_it_is_taken_back() {
    let server = server().await;
    let responder = server.token(Role::Responder).await;
    let who = async || {
        let duty = server.get("/api/v1/on-call", &responder).await.json();
        duty["schedules"][0]["now"]["id"].as_str().unwrap().to_owned()
    };
    let before = who().await;
    let other = if before == "ana" { "ben" } else { "ana" };
    let until = now() + Span::from_secs(3_600);
    let asked = |schedule: &str, person: &str, until: Timestamp| {
        Some(json!({ "schedule": schedule, "person": person, "until": until, "reason": "swapped" }))
    };
    let path = "/api/v1/on-call/overrides";
    for (wrong, at) in [
        (asked("none", other, until), "schedule"),
        (asked("primary", "nobody", until), "person"),
        (asked("primary", other, long_ago()), "until"),
        (asked("primary", other, until + Span::from_secs(367 * 86_400)), "until"),
    ] {
        let refused = server.call(Method::POST, path, &responder, wrong).await;
        assert_eq!(
            (refused.status, &refused.json()["errors"][0]["at"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(at))
        );
    }
    let made = server.call(Method::POST, path, &responder, asked("primary", other, until)).await;
    assert_eq!((made.status, who().await.as_str()), (StatusCode::CREATED, other));
    let one = format!("{path}/{}?reason=back", made.json()["id"].as_str().unwrap());
    assert_eq!(server.call(Method::DELETE, &one, &responder, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(who().await, before);
    assert_eq!(server.call(Method::DELETE, &one, &responder, None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_way_to_be_reached_is_shown_to_be_ones_own_by_the_code_that_was_sent_there() {
    let server = server().await;
    let (ana, ben) =
        (server.token_of("ana", Role::Responder).await, server.token_of("ben", Role::Responder).await);
    let path = "/api/v1/on-call/contacts";
    for (wrong, status) in [
        (json!({ "receiver": "nowhere" }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "receiver": "mail", "address": "a@b\r\nBcc: c@d" }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "receiver": "mail", "address": "nobody" }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "receiver": "mail" }), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert_eq!(server.call(Method::POST, path, &ana, Some(wrong)).await.status, status);
    }
    let made = server
        .call(Method::POST, path, &ana, Some(json!({ "receiver": "mail", "address": "ana@example.org" })))
        .await;
    let own = format!("{path}/{}", made.json()["id"].as_str().unwrap());
    let code = sent_code(&server);
    let verify = async |token: &str, code: &str| {
        server.call(Method::POST, &format!("{own}/verify"), token, Some(json!({ "code": code }))).await.status
    };
    assert_eq!(verify(&ben, &code).await, StatusCode::NOT_FOUND, "it is hers");
    let test = server.call(Method::POST, &format!("{own}/test"), &ana, None).await;
    assert_eq!(test.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(verify(&ana, "00000000").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(verify(&ana, &code).await, StatusCode::OK);
    assert_eq!(verify(&ana, &code).await, StatusCode::CONFLICT, "it is spent");
    let seen = server.get(path, &ben).await.json();
    assert_eq!(seen["own"], json!([]));
    assert_eq!(seen["people"][0]["channel"], "working");
    let coverage = server.get("/api/v1/on-call/coverage", &ben).await.json();
    assert_eq!(coverage["verdict"], "deny", "ben has none");
    assert_eq!(server.call(Method::DELETE, &own, &ben, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.call(Method::DELETE, &own, &ana, None).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn five_wrong_codes_spend_the_right_one() {
    let server = server().await;
    let ana = server.token_of("ana", Role::Responder).await;
    let made = server
        .call(
            Method::POST,
            "/api/v1/on-call/contacts",
            &ana,
            Some(json!({ "receiver": "mail", "address": "ana@example.org" })),
        )
        .await;
    let path = format!("/api/v1/on-call/contacts/{}/verify", made.json()["id"].as_str().unwrap());
    let code = sent_code(&server);
    for _ in 0..5 {
        let missed = server.call(Method::POST, &path, &ana, Some(json!({ "code": "1" }))).await;
        assert_eq!(missed.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let spent = server.call(Method::POST, &path, &ana, Some(json!({ "code": code }))).await;
    assert_eq!(spent.json()["errors"][0]["at"], "EAVIP-O24");
}

#[tokio::test]
async fn nobody_sends_codes_to_others_without_end() {
    let server = server().await;
    let ana = server.token_of("ana", Role::Responder).await;
    for number in 0..=10 {
        let asked = json!({ "receiver": "mail", "address": format!("n{number}@example.org") });
        let made = server.call(Method::POST, "/api/v1/on-call/contacts", &ana, Some(asked)).await;
        if number == 10 {
            assert_eq!(made.json()["errors"][0]["at"], "EAVIP-O26", "{}", made.json());
            continue;
        }
        let path = format!("/api/v1/on-call/contacts/{}", made.json()["id"].as_str().unwrap());
        assert_eq!(server.call(Method::DELETE, &path, &ana, None).await.status, StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn a_page_is_taken_handed_over_and_ends_with_its_alert() {
    let server = server().await;
    let (ana, ben, admin) = (
        server.token_of("ana", Role::Responder).await,
        server.token_of("ben", Role::Responder).await,
        server.token(Role::Admin).await,
    );
    let _ = verified(&server, &ana).await;
    let _ = server.node("web-1", vec![full_disk()]).await;
    let _ = server.evaluate().await;
    pages::once(&server.app.shared, &server.app.committer, now()).await.unwrap();
    let open = server.get("/api/v1/on-call/pages", &ana).await.json();
    let page = &open["items"][0];
    assert_eq!((&page["status"], &page["next"]["step"]), (&json!("escalating"), &json!(2)), "{open}");
    let id = page["id"].as_str().unwrap();
    let told = server.get(&format!("/api/v1/alerts/{id}"), &ana).await.json();
    assert_eq!(
        (&told["deliveries"][0]["person"], &told["deliveries"][0]["reason"]),
        (&json!("ana"), &json!("escalation"))
    );
    let path = format!("/api/v1/on-call/pages/{id}");
    let post = async |what: &str, token: &str, body: Value| {
        server.call(Method::POST, &format!("{path}/{what}"), token, Some(body)).await
    };
    let reason = json!({ "reason": "on it" });
    let nobody = post("acknowledge", &admin, reason.clone()).await;
    assert_eq!(nobody.json()["code"], "not-a-person");
    assert_eq!(post("acknowledge", &ana, reason.clone()).await.json()["holder"]["person"], "ana");
    let taken = server.get(&format!("/api/v1/alerts/{id}"), &ana).await.json();
    assert_eq!(taken["acknowledged"]["by"], "ana");
    assert!(taken["page"]["holder"]["lapses_at"].is_string());
    assert_eq!(post("acknowledge", &ben, reason.clone()).await.status, StatusCode::CONFLICT);
    assert_eq!(post("acknowledge", &ana, reason).await.status, StatusCode::OK, "she goes on");
    let over = post("hand-over", &ana, json!({ "to": "ben", "reason": "end of shift" })).await;
    assert_eq!(over.json()["holder"]["person"], "ben");
    let again = post("hand-over", &ana, json!({ "to": "ben", "reason": "end of shift" })).await;
    assert_eq!(again.json()["errors"][0]["at"], "EAVIP-O13");
}
