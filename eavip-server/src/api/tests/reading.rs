//! What reading gives: pages, tags, and an alert from opening to acknowledgement.

use super::*;

#[tokio::test]
async fn shows_an_alert_and_lets_a_responder_take_it_once() {
    let server = Server::start();
    let (viewer, responder) = (server.token(Role::Viewer).await, server.token(Role::Responder).await);
    let node = server.node("web-1", vec![full_disk()]).await;
    let _ = server.evaluate().await;
    let listed = server.get("/api/v1/alerts?rule=disk-full", &viewer).await.json();
    let alert = &listed["items"][0];
    assert_eq!((&alert["hostname"], &alert["status"]), (&json!("web-1"), &json!("firing")));
    let path = format!("/api/v1/alerts/{}", alert["id"].as_str().unwrap());
    let taken = server
        .call(Method::POST, &format!("{path}/acknowledge"), &responder, Some(json!({ "reason": "on it" })))
        .await;
    assert_eq!(taken.json()["acknowledged"]["reason"], "on it");
    let again = server
        .call(Method::POST, &format!("{path}/acknowledge"), &responder, Some(json!({ "reason": "me too" })))
        .await;
    assert_eq!((again.status, &again.json()["errors"][0]["at"]), (StatusCode::CONFLICT, &json!("EAVIP-A02")));
    let series = server.get(&path, &viewer).await.json()["series"].as_str().unwrap().to_owned();
    let history = server.get(&format!("/api/v1/nodes/{node}/series/{series}/history"), &viewer).await.json();
    assert_eq!(history["points"].as_array().unwrap().len(), 1);
    assert_eq!(history["hostname"], "web-1");
    let none = server.get("/api/v1/alerts?status=resolved", &viewer).await.json();
    assert_eq!(none, json!({ "items": [], "next_cursor": null }));
}

#[tokio::test]
async fn gives_the_overview_at_once_after_a_change() {
    let server = Server::start();
    let viewer = server.token(Role::Viewer).await;
    let empty = server.get("/api/v1/overview", &viewer).await;
    assert_eq!(empty.json()["now"]["headline"], "No node has joined yet.");
    let _ = server.node("web-1", vec![full_disk()]).await;
    let _ = server.evaluate().await;
    let full = server.get("/api/v1/overview", &viewer).await.json();
    assert_eq!(full["now"]["health"], "failing");
    assert_eq!(full["nodes"][0]["hostname"], "web-1");
    assert_eq!(full["signals"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn answers_304_to_who_has_it_already() {
    let server = Server::start();
    let viewer = server.token(Role::Viewer).await;
    let first = server.get("/api/v1/alerts", &viewer).await;
    let request = Request::get("/api/v1/alerts")
        .header(header::AUTHORIZATION, format!("Bearer {viewer}"))
        .header(header::IF_NONE_MATCH, format!("\"other\", W/{}", first.header("etag")));
    let second = server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((second.status, second.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(second.header("etag"), first.header("etag"));
}

#[tokio::test]
async fn pages_through_nodes_while_more_join() {
    let server = Server::start();
    let viewer = server.token(Role::Viewer).await;
    let mut joined = Vec::new();
    for number in 0..5 {
        joined.push(server.node(&format!("web-{number}"), Vec::new()).await.to_string());
    }
    let (mut seen, mut path) = (Vec::new(), "/api/v1/nodes?limit=2".to_owned());
    loop {
        let page = server.get(&path, &viewer).await.json();
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        if seen.len() == 2 {
            joined.push(server.node("late", Vec::new()).await.to_string());
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/nodes?limit=2&cursor={next}");
    }
    joined.sort();
    assert_eq!(seen, joined);
}

#[tokio::test]
async fn pages_through_changes_that_share_a_record() {
    let server = Server::start();
    let viewer = server.token(Role::Viewer).await;
    let event = |name: &str| Event::Token {
        id: name.to_owned(),
        event: crate::record::TokenEvent::Created {
            name: name.to_owned(),
            hash: String::new(),
            role: Role::Viewer,
            team: None,
            own: false,
            expires_at: now(),
        },
    };
    server.write(vec![event("a"), event("b"), event("c")]).await;
    let (mut seen, mut path) = (Vec::new(), "/api/v1/changes?limit=1".to_owned());
    while let Some(next) = server.get(&path, &viewer).await.json()["next_cursor"].as_str() {
        let page = server.get(&path, &viewer).await.json();
        seen.push(page["items"][0]["text"].as_str().unwrap().to_owned());
        path = format!("/api/v1/changes?limit=1&cursor={next}");
    }
    let made = |name: &str| format!("API token {name} (viewer) was made");
    assert_eq!(seen[..3], [made("c"), made("b"), made("a")]);
}

#[tokio::test]
async fn forgets_a_node_that_was_revoked() {
    let server = Server::start();
    let admin = server.token(Role::Admin).await;
    let path = format!("/api/v1/nodes/{}", server.node("web-1", Vec::new()).await);
    assert_eq!(server.call(Method::DELETE, &path, &admin, None).await.status, StatusCode::BAD_REQUEST);
    let revoke = format!("{path}?reason=stolen");
    assert_eq!(server.call(Method::DELETE, &revoke, &admin, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get(&path, &admin).await.status, StatusCode::NOT_FOUND);
    let last = server.get("/api/v1/changes?limit=1", &admin).await.json();
    assert_eq!(last["items"][0]["kind"], "node-revoked");
}

#[tokio::test]
async fn makes_a_join_string_that_an_agent_can_read() {
    let server = Server::start();
    let admin = server.token(Role::Admin).await;
    let asked = json!({ "deployment": "shop", "environment": "production", "mode": "byoc" });
    let made = server.call(Method::POST, "/api/v1/join-tokens", &admin, Some(asked)).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let join = made.json()["join"].as_str().unwrap().to_owned();
    let read = eavip_agent::join::JoinString::parse(&join, now()).unwrap();
    assert_eq!(read.urls, ["https://127.0.0.1:7480"]);
    let listed = server.get("/api/v1/join-tokens", &admin).await;
    assert_eq!(listed.json()["items"][0]["id"], read.token.as_str());
    assert!(!String::from_utf8(listed.body).unwrap().contains(&read.secret.expose()));
}

#[tokio::test]
async fn shows_runbook_pages_with_their_steps_and_what_leads_to_them() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("disk-full.md"), "# Mend a disk\n\n1. Look\n2. Grow it\n").unwrap();
    std::fs::write(dir.path().join("bad name.md"), "# x\n").unwrap();
    let server = Server::with_runbooks(dir.path());
    let viewer = server.token(Role::Viewer).await;
    let all = server.get("/api/v1/runbooks", &viewer).await.json();
    let page = all["items"].as_array().unwrap().iter().find(|page| page["name"] == "disk-full").unwrap();
    assert_eq!(
        (&page["title"], &page["step_count"], &page["cited_by"][0], &all["unread"]),
        (&json!("Mend a disk"), &json!(2), &json!("[alert.disk-filling]"), &json!(1)),
        "the directory's page stands above the built-in one"
    );
    let there = all["citations"].as_array().unwrap().iter().all(|one| one["standing"] == "there");
    assert!(there, "{}", all["citations"]);
    let shown = server.get("/api/v1/runbooks/disk-full", &viewer).await.json();
    assert_eq!((&shown["steps"], &shown["revision"]), (&json!(["Look", "Grow it"]), &page["revision"]));
    assert!(shown["text"].as_str().unwrap().starts_with("# Mend a disk"));
    for none in ["nothing", "..%2f..%2fetc%2fpasswd"] {
        let answer = server.get(&format!("/api/v1/runbooks/{none}"), &viewer).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{none}");
    }
}
