//! Tests of what Prometheus and others send.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};

use super::*;
use crate::alertmanager::tests::{post, server};
use crate::api::tests::Server;
use crate::record::Role;
use crate::testing::policy;

async fn send(server: &Server, token: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    let request = Request::post("/api/v2/alerts").header(header::AUTHORIZATION, format!("Bearer {token}"));
    let answer = server.send(request.body(body.into()).unwrap()).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

fn record(body: &str) -> AlertsRecord {
    AlertsRecord {
        received_at: Timestamp::from_millis(1_000_000),
        resolve_timeout: eavip_core::time::Span::from_secs(300),
        fallback: None,
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

#[test]
fn gives_an_alert_the_times_that_alertmanager_gives_it() {
    let (came, timeout) = (1_000_000, 300_000);
    let cases = [
        ("{}", came, came + timeout, true),
        (r#"{"startsAt":"1970-01-01T00:10:00Z"}"#, 600_000, came + timeout, true),
        (r#"{"endsAt":"1970-01-01T00:10:00Z"}"#, 600_000, 600_000, false),
        (
            r#"{"startsAt":"0001-01-01T00:00:00Z","endsAt":"0001-01-01T00:00:00.000Z"}"#,
            came,
            came + timeout,
            true,
        ),
        (r#"{"startsAt":"","endsAt":""}"#, came, came + timeout, true),
        (
            r#"{"startsAt":"1970-01-01T01:00:00Z","endsAt":"1970-01-01T02:00:00+01:00"}"#,
            3_600_000,
            3_600_000,
            false,
        ),
    ];
    for (times, starts, ends, open) in cases {
        let mut alert: Value = serde_json::from_str(times).unwrap();
        alert["labels"] = json!({ "a": "b", "empty": "" });
        let batch = read(&record(&json!([alert]).to_string())).unwrap();
        let known = batch.known.first().unwrap_or_else(|| panic!("{times}: {:?}", batch.refused));
        assert_eq!(
            (known.starts_at.as_millis(), known.ends_at.as_millis(), known.open_ended),
            (starts, ends, open),
            "{times}"
        );
        assert_eq!(known.labels.to_string(), r#"{a="b"}"#, "a label without a value isn't one");
    }
}

#[tokio::test]
async fn keeps_the_good_ones_of_a_batch_and_says_what_is_wrong_with_the_others() {
    let (server, token) = server(Role::Sender).await;
    let labels = |count: usize| (0..count).map(|at| (format!("l{at}"), "x")).collect::<BTreeMap<_, _>>();
    let cases = [
        (json!({ "labels": {} }), "at least one label pair required"),
        (json!({ "labels": { "a": "" } }), "at least one label pair required"),
        (json!({ "labels": labels(62) }), "62 labels are too many; send at most 61"),
        (json!({ "labels": labels(10_000) }), "10000 labels are too many"),
        (json!({ "labels": { "Ünï": "x" } }), "`Ünï` can't be a label name"),
        (json!({ "labels": { "a": "x".repeat(2_000) } }), "the value of label `a` has 2000 bytes"),
        (
            json!({ "labels": { "a": "b" }, "annotations": { "x": "y".repeat(9_000) } }),
            "annotation `x` has 9000 bytes",
        ),
        (json!({ "labels": { "a": "b" }, "startsAt": "soon" }), "`soon`"),
        (
            json!({ "labels": { "a": "b" }, "startsAt": "2026-01-02T00:00:00Z", "endsAt": "2026-01-01T00:00:00Z" }),
            "start time must be before end time",
        ),
    ];
    for (at, (bad, told)) in cases.into_iter().enumerate() {
        let good = json!({ "labels": { "alertname": format!("Good{at}") } });
        let (status, said) = send(&server, &token, json!([bad, good]).to_string()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{told}");
        assert!(said.as_str().unwrap().contains(told), "{told}: {said}");
        assert_eq!(server.app.shared.intake.len(), at + 1, "{told}: the good one was kept");
    }
    let bad: Vec<Value> = (0..10_000).map(|_| json!({ "labels": {} })).collect();
    let (_, said) = send(&server, &token, json!(bad).to_string()).await;
    assert!(said.as_str().unwrap().ends_with("and 9980 more"), "{said}");
}

#[tokio::test]
async fn refuses_what_is_no_list_of_alerts_as_one_json_string() {
    let (server, token) = server(Role::Sender).await;
    for body in [
        "",
        "nope",
        "{}",
        "[1]",
        "[{}]",
        "[{\"labels\": [\"a\"]}]",
        "[{\"labels\": {\"a\": 1}}]",
        "[",
        "null",
    ] {
        let (status, said) = send(&server, &token, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(said.as_str().unwrap().starts_with("the body is not a list of alerts: "), "{body}: {said}");
    }
    let (status, said) = send(&server, &token, vec![b' '; MAX_BODY + 1]).await;
    assert_eq!((status, said.is_string()), (StatusCode::PAYLOAD_TOO_LARGE, true));
    assert_eq!(send(&server, &token, "[]").await.0, StatusCode::OK);
    assert!(server.app.shared.intake.is_empty());
}

#[tokio::test]
async fn in_strict_mode_an_alert_that_lacks_something_is_refused_by_name() {
    let store = Arc::new(crate::store::memory::MemoryStore::new(uuid::Uuid::nil()));
    let server = Server::over(Arc::clone(&store) as _, "/nonexistent");
    let token = server.token(Role::Sender).await;
    server.app.shared.policy.store(Arc::new(policy("[intake]\nstrict = true\n")));
    let sent = json!([
        { "labels": { "alertname": "Stray" } },
        { "labels": { "alertname": "Kept", "owner": "platform-operations" }, "annotations": { "runbook_url": "https://w.example/" } },
    ]);
    let answer = post(&server, &token, "/api/v2/alerts", sent).await;
    let said = answer.json().as_str().unwrap().to_owned();
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    for part in [r#"{alertname="Stray"}: nobody is found who owns it"#, "it says nowhere what to do"] {
        assert!(said.contains(part), "{said}");
    }
    let kept = server.app.shared.intake.all();
    assert_eq!(kept.len(), 1);
    let again = crate::commit::recover(&*store).unwrap().intake;
    assert_eq!(again.all(), kept, "what was refused doesn't come back with a restart");
}

#[test]
fn takes_an_end_at_its_word_for_a_week_and_of_addresses_those_of_the_web() {
    let sent = |url: &str| {
        let alert = json!({ "labels": { "a": "b" }, "endsAt": "2099-01-01T00:00:00Z", "generatorURL": url });
        read(&record(&json!([alert]).to_string())).unwrap().known.remove(0)
    };
    assert_eq!(sent("").ends_at.as_millis(), 1_000_000 + 7 * 86_400_000);
    assert_eq!(
        sent("http://prometheus:9090/graph").generator.as_deref(),
        Some("http://prometheus:9090/graph")
    );
    assert_eq!(sent("javascript:alert(1)").generator, None);
    let never = json!([{ "labels": { "a": "b" }, "startsAt": "1970-01-01T00:00:00Z", "endsAt": "9999-12-31T23:59:59Z" }]);
    let never = read(&record(&never.to_string())).unwrap();
    assert_eq!((never.known.len(), never.refused), (1, Vec::new()));
}

#[tokio::test]
async fn over_the_bound_it_takes_what_it_knows_and_refuses_what_is_new() {
    let (server, token) = server(Role::Sender).await;
    let labels = |at: usize| Labels::new([("alertname", format!("A{at}"))]).unwrap();
    let known = |at: usize| Known {
        fingerprint: fingerprint(&labels(at)),
        labels: labels(at),
        annotations: Annotations::default(),
        generator: None,
        starts_at: now(),
        ends_at: now() + eavip_core::time::Span::from_secs(600),
        open_ended: true,
        updated_at: now(),
        fallback: None,
    };
    server.app.shared.intake.take((0..MAX_ALERTS).map(known).collect());
    let sent = json!([{ "labels": { "alertname": "A7" } }, { "labels": { "alertname": "New" } }]);
    let answer = post(&server, &token, "/api/v2/alerts", sent).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        answer.json(),
        json!("as many alerts are kept as there is room for, 50000 or 192 MiB of them; 1 were refused")
    );
    assert_eq!(server.app.shared.intake.len(), MAX_ALERTS);
}
