//! Tests of why somebody is told, and of where an alert would go.

use serde_json::{Value, json};

use crate::alertmanager::tests::{fire, post, server};
use crate::record::Role;
use crate::shared::now;

#[tokio::test]
async fn says_who_was_told_and_what_stands_in_the_way_now() {
    let (server, token) = server(Role::Admin).await;
    fire(&server, &token, &["alertname=Down severity=page team=shop"]).await;
    let alerts = server.get("/api/v1/alerts?rule=down", &token).await.json();
    let path = format!("/api/v1/alerts/{}/why", alerts["items"][0]["id"].as_str().unwrap());
    let why = server.get(&path, &token).await.json();
    let receivers = |why: &Value| -> Vec<String> {
        why["deliveries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["receiver"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!((&why["reason"], receivers(&why).len()), (&json!("repeat"), 2), "{why}");
    assert_eq!(why["receivers"], json!(["pager", "web"]));
    let ends = (now() + eavip_core::time::Span::from_secs(600)).to_string();
    let silence = json!({
        "matchers": [{ "name": "team", "value": "shop" }], "startsAt": now().to_string(), "endsAt": ends,
        "createdBy": "ana", "comment": "OPS-7: loud",
    });
    assert!(post(&server, &token, "/api/v2/silences", silence).await.status.is_success());
    let why = server.get(&format!("{path}?receiver=pager"), &token).await.json();
    assert_eq!((&why["reason"], receivers(&why)), (&json!("silenced"), vec!["pager".to_owned()]));
    let findings = why["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 8, "every rule says something");
    let silenced = findings.iter().find(|finding| finding["outcome"] == "fail").unwrap();
    assert_eq!((&silenced["rule"], silenced["clears_at"].is_string()), (&json!("EAVIP-A21"), true));
    assert!(silenced["message"].as_str().unwrap().starts_with("ana silenced it until"), "{silenced}");
    let unknown = server.get(&format!("{path}?receiver=nosuch"), &token).await;
    assert_eq!((unknown.status.as_u16(), &unknown.json()["errors"][0]["at"]), (422, &json!("receiver")));
    let nothing = format!("/api/v1/alerts/{}/why", "0".repeat(32));
    assert_eq!(server.get(&nothing, &token).await.status.as_u16(), 404);
}

#[tokio::test]
async fn says_where_an_alert_would_go() {
    let (server, token) = server(Role::Viewer).await;
    for (query, category, receivers) in [
        ("label=team=shop&label=severity=page", "critical", json!(["pager", "web"])),
        ("label=team=shop", "warning", json!(["shop", "web"])),
        ("label=team=web&label=severity=info", "informational", json!([])),
        ("label=team=other", "warning", json!([])),
    ] {
        let test = server.get(&format!("/api/v1/routes/test?{query}"), &token).await.json();
        let found: Vec<&Value> =
            test["targets"].as_array().unwrap().iter().map(|target| &target["receiver"]).collect();
        assert_eq!((&test["category"], json!(found)), (&json!(category), receivers), "{query}");
    }
    for query in ["label=team", "other=a=b", "label=%C3%BC=b"] {
        let answer = server.get(&format!("/api/v1/routes/test?{query}"), &token).await;
        assert_eq!(answer.status.as_u16(), 422, "{query}");
    }
}

#[tokio::test]
async fn says_what_a_quarantined_alert_lacks() {
    let (server, token) = server(Role::Admin).await;
    fire(&server, &token, &["alertname=Stray", "alertname=Known team=web"]).await;
    let listed = server.get("/api/v1/alerts/quarantined", &token).await.json();
    let items = listed["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["labels"]), (1, &json!({ "alertname": "Stray" })));
    let lacks: Vec<&Value> = items[0]["lacks"].as_array().unwrap().iter().map(|lack| &lack["rule"]).collect();
    assert_eq!(lacks, ["EAVIP-A30", "EAVIP-A31"]);
    assert!(items[0]["lacks"][0]["remedy"].as_str().unwrap().contains("`owner` label"), "{listed}");
}
