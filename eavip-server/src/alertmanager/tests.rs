//! Alertmanager's API over a store in memory: who may do what, and what clients read.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::api::tests::{Answer, Server};
use crate::evaluate;
use crate::shared::now;
use crate::testing::policy;

/// People, an owner for what is sent, routes within routes, and what explains what.
pub(crate) const RUNBOOK: &str = r#"
[person.admin]
teams = ["platform-operations"]
[person.ana]
teams = ["platform-operations"]
[person.gone]
teams = ["platform-operations"]
active = false
[[owner]]
match = { team = "shop" }
team = "platform-operations"
runbook = "https://wiki.example/"
[[owner]]
match = { team = "web" }
team = "platform-operations"
runbook = "https://wiki.example/"
[[route]]
match = { team = "shop" }
receivers = ["shop"]
group_by = ["alertname"]
group_wait = "0s"
continue = true
[[route.routes]]
match = ["severity=~page|critical"]
receivers = ["pager"]
[[route]]
match = ["team=~shop|web"]
receivers = ["web"]
least = "warning"
[[inhibit]]
source = { alertname = "Down" }
target = { severity = "warning" }
equal = ["cluster"]
"#;

/// A server with [`RUNBOOK`] in force, and a token of a role.
pub(crate) async fn server(role: Role) -> (Server, String) {
    let server = Server::start();
    server.app.shared.policy.store(Arc::new(policy(RUNBOOK)));
    let token = server.token(role).await;
    (server, token)
}

pub(crate) async fn evaluate(server: &Server) {
    evaluate::once(&server.app.shared, &server.app.committer, now()).await.unwrap();
}

pub(crate) async fn post(server: &Server, token: &str, path: &str, body: Value) -> Answer {
    server.call(Method::POST, path, token, Some(body)).await
}

/// Sends alerts, each of labels written as `name=value`, and evaluates.
pub(crate) async fn fire(server: &Server, token: &str, alerts: &[&str]) {
    let labels = |text: &&str| {
        let pairs = text.split(' ').map(|pair| pair.split_once('=').unwrap());
        json!({ "labels": pairs.collect::<std::collections::BTreeMap<_, _>>() })
    };
    let alerts: Vec<Value> = alerts.iter().map(labels).collect();
    let answer = post(server, token, "/api/v2/alerts", json!(alerts)).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0), "{}", answer.json());
    evaluate(server).await;
}

/// What the alerts of a list are called, with their states.
async fn listed(server: &Server, token: &str, query: &str) -> Vec<String> {
    let answer = server.get(&format!("/api/v2/alerts{query}"), token).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.json());
    let json = answer.json();
    let named = |alert: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        format!("{} {}", text(&alert["labels"]["alertname"]), text(&alert["status"]["state"]))
    };
    let mut all: Vec<String> = json.as_array().unwrap().iter().map(named).collect();
    // The server's own word on what is quarantined is in every list.
    all.retain(|alert| !alert.starts_with("intake-quarantined"));
    all.sort();
    all
}

#[tokio::test]
async fn refuses_everybody_whose_role_is_not_enough_on_every_route() {
    let (server, _) = server(Role::Admin).await;
    let mut holders = vec![(None, String::new())];
    for role in Role::ALL {
        holders.push((Some(*role), server.token(*role).await));
    }
    for (method, path, need) in TABLE {
        let filled = path.replace("{id}", &uuid::Uuid::now_v7().to_string());
        for (role, token) in &holders {
            let status = server.call(method.clone(), &filled, token, None).await.status;
            let refused = matches!(status.as_u16(), 401 | 403);
            let only_looks = *need == SENDER && *role == Some(Role::Viewer);
            let expected = match (need, role) {
                (Need::Nothing, _) => false,
                (Need::Role(_), None) => true,
                (Need::Role(least), Some(role)) => role < least || only_looks,
            };
            assert_eq!(refused, expected, "{method} {path} as {role:?}: {status}");
        }
    }
}

#[tokio::test]
async fn lists_alerts_in_the_form_that_clients_read() {
    let (server, token) = server(Role::Admin).await;
    let ends = (now() + eavip_core::time::Span::from_secs(3_600)).to_string();
    let sent = json!([{
        "labels": { "alertname": "Down", "cluster": "a", "severity": "critical", "team": "shop" },
        "annotations": { "summary": "x" }, "startsAt": "2026-11-26T13:39:19.804Z", "endsAt": ends,
        "generatorURL": "http://prometheus/graph",
    }]);
    assert_eq!(post(&server, &token, "/api/v2/alerts", sent).await.status, StatusCode::OK);
    let at_once = server.get("/api/v2/alerts", &token).await.json();
    evaluate(&server).await;
    let listed = server.get("/api/v2/alerts", &token).await.json();
    assert_eq!(at_once, listed, "it is shown as it will be before the next evaluation");
    let mut alert = listed[0].clone();
    let updated: eavip_core::time::Timestamp = alert["updatedAt"].as_str().unwrap().parse().unwrap();
    assert!(now().since(updated).as_millis() < 60_000);
    alert["updatedAt"].take();
    // The fingerprint is what Alertmanager 0.25 gave to these labels.
    let expected = json!({
        "annotations": { "summary": "x" },
        "endsAt": ends,
        "fingerprint": "2d4e3ac7d0f9afa2",
        "generatorURL": "http://prometheus/graph",
        "labels": { "alertname": "Down", "cluster": "a", "severity": "critical", "team": "shop" },
        "receivers": [{ "name": "pager" }, { "name": "web" }],
        "startsAt": "2026-11-26T13:39:19.804Z",
        "status": { "inhibitedBy": [], "silencedBy": [], "state": "active" },
        "updatedAt": null,
    });
    assert_eq!(alert, expected);
}

#[tokio::test]
async fn says_what_stands_in_the_way_and_lists_what_is_asked_for() {
    let (server, token) = server(Role::Admin).await;
    let alerts = [
        "alertname=Down cluster=a severity=critical team=shop",
        "alertname=Slow cluster=a severity=warning team=web",
        "alertname=Slow cluster=b severity=warning team=web",
        "alertname=Noisy team=web",
        "alertname=Stray",
    ];
    fire(&server, &token, &alerts).await;
    let hours = |hours: u64| (now() + eavip_core::time::Span::from_secs(3_600 * hours)).to_string();
    let silence = json!({
        "matchers": [{ "name": "alertname", "value": "Noi.*", "isRegex": true }],
        "startsAt": now().to_string(), "endsAt": hours(1), "createdBy": "ana", "comment": "OPS-7: loud",
    });
    let made = post(&server, &token, "/api/v2/silences", silence).await.json();
    for (query, expected) in [
        ("", "Down active|Noisy suppressed|Slow active|Slow suppressed|Stray unprocessed"),
        ("?active=false", "Noisy suppressed|Slow suppressed|Stray unprocessed"),
        ("?silenced=false", "Down active|Slow active|Slow suppressed|Stray unprocessed"),
        ("?inhibited=false", "Down active|Noisy suppressed|Slow active|Stray unprocessed"),
        ("?unprocessed=false&silenced=false&inhibited=false", "Down active|Slow active"),
        ("?filter=team%3D%22web%22&filter=alertname!~%22N.*%22", "Slow active|Slow suppressed"),
        ("?receiver=pag", ""),
        ("?receiver=pag.*", "Down active"),
        (
            "?whatever=1&active=1",
            "Down active|Noisy suppressed|Slow active|Slow suppressed|Stray unprocessed",
        ),
    ] {
        let expected: Vec<&str> = expected.split('|').filter(|text| !text.is_empty()).collect();
        assert_eq!(listed(&server, &token, query).await, expected, "{query}");
    }
    let all = server.get("/api/v2/alerts?active=false&unprocessed=false", &token).await.json();
    let by = |name: &str| all.as_array().unwrap().iter().find(|alert| alert["labels"]["alertname"] == name);
    assert_eq!(by("Noisy").unwrap()["status"]["silencedBy"], json!([made["silenceID"]]));
    assert_eq!(by("Slow").unwrap()["status"]["inhibitedBy"], json!(["2d4e3ac7d0f9afa2"]));
    let metrics = String::from_utf8(server.get("/metrics", &token).await.body).unwrap();
    for line in [
        r#"alertmanager_alerts{state="active"} 3"#,
        r#"alertmanager_alerts{state="suppressed"} 2"#,
        r#"alertmanager_alerts{state="unprocessed"} 1"#,
        r#"alertmanager_silences{state="active"} 1"#,
        r#"version="0.25.0"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn lists_groups_and_leaves_out_whom_nobody_asked_for() {
    let (server, token) = server(Role::Admin).await;
    let alerts = ["alertname=Down severity=critical team=shop", "alertname=Slow severity=warning team=shop"];
    fire(&server, &token, &alerts).await;
    let groups = |answer: &Answer| -> Vec<(String, String, usize, usize)> {
        let json = answer.json();
        let one = |group: &Value| {
            let alerts = group["alerts"].as_array().unwrap();
            let receivers = alerts[0]["receivers"].as_array().unwrap().len();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&group["receiver"]["name"]), text(&group["labels"]["alertname"]), alerts.len(), receivers)
        };
        json.as_array().unwrap().iter().map(one).collect()
    };
    let group =
        |receiver: &str, alert: &str, alerts, receivers| (receiver.into(), alert.into(), alerts, receivers);
    let all = server.get("/api/v2/alerts/groups", &token).await;
    // Routes that don't say so group by deployment and rule.
    let expected = [
        group("web", "", 1, 2),
        group("web", "", 1, 2),
        group("pager", "Down", 1, 2),
        group("shop", "Slow", 1, 2),
    ];
    let mut found = groups(&all);
    found.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    assert_eq!(found, expected);
    let pager = server.get("/api/v2/alerts/groups?receiver=pager", &token).await;
    assert_eq!(groups(&pager), [group("pager", "Down", 1, 1)]);
}

#[tokio::test]
async fn an_alert_of_a_node_has_a_name_by_which_clients_can_silence_it() {
    let (server, token) = server(Role::Admin).await;
    server.node("db-1", vec![crate::api::tests::full_disk()]).await;
    server.evaluate().await;
    let all = server.get("/api/v2/alerts?filter=alertname%3D%22disk-full%22", &token).await.json();
    let alert = &all[0];
    assert_eq!(alert["labels"]["owner"], "platform-operations", "{all}");
    assert!(alert["generatorURL"].as_str().unwrap().starts_with("http://127.0.0.1:7480/alerts/"), "{alert}");
    assert!(alert["annotations"]["runbook_url"].as_str().unwrap().contains("/runbooks/disk-full"), "{alert}");
    let matchers = alert["labels"].as_object().unwrap().iter();
    let matchers = matchers.map(|(name, value)| json!({ "name": name, "value": value, "isRegex": false }));
    let ends = (now() + eavip_core::time::Span::from_secs(600)).to_string();
    let silence = json!({
        "matchers": matchers.collect::<Vec<_>>(), "startsAt": now().to_string(), "endsAt": ends,
        "createdBy": "ana", "comment": "https://tracker.example/7",
    });
    let made = post(&server, &token, "/api/v2/silences", silence).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.json());
    assert_eq!(listed(&server, &token, "?filter=alertname%3Ddisk-full").await, ["disk-full suppressed"]);
}

#[tokio::test]
async fn tells_what_it_is_and_where_alerts_go_without_a_secret() {
    let (server, token) = server(Role::Viewer).await;
    let status = server.get("/api/v2/status", &token).await.json();
    assert_eq!(status["cluster"], json!({ "peers": [], "status": "disabled" }));
    assert_eq!(status["versionInfo"]["version"], "0.25.0");
    assert!(status["uptime"].as_str().unwrap().parse::<eavip_core::time::Timestamp>().is_ok());
    assert!(status["config"]["original"].as_str().unwrap().starts_with("global:\n"));
    let receivers = server.get("/api/v2/receivers", &token).await.json();
    let names: Vec<&str> =
        receivers.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["(nobody)", "pager", "shop", "web"]);
    for path in ["/-/healthy", "/-/ready"] {
        let answer = server.get(path, "").await;
        assert_eq!((answer.status, answer.body.as_slice()), (StatusCode::OK, b"OK".as_slice()), "{path}");
    }
    let admin = server.token(Role::Admin).await;
    let reload = post(&server, &admin, "/-/reload", Value::Null).await;
    assert_eq!(reload.status, StatusCode::INTERNAL_SERVER_ERROR, "there is no file to read");
}
