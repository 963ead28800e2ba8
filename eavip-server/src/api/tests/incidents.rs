//! An incident by the API alone: from an alert to a signed review, what is refused meanwhile, and who may ask.

use eavip_core::alert::episode::{Ending, EpisodeEvent};
use eavip_core::id::Digest128;

use super::*;
use crate::testing::people;

/// A server with people, and a token of each of some accounts.
async fn start(accounts: &[&str]) -> (Server, Vec<String>) {
    let server = Server::start();
    server.app.shared.policy.store(Arc::new(people()));
    let mut tokens = Vec::new();
    for account in accounts {
        tokens.push(server.token_of(account, Role::Responder).await);
    }
    (server, tokens)
}

/// An alert of a host that fires, and its node.
async fn firing(server: &Server) -> (String, NodeId) {
    let node = server.node("web-1", vec![full_disk()]).await;
    let _ = server.evaluate().await;
    let id = server
        .app
        .shared
        .book()
        .alerts
        .open()
        .find(|episode| episode.opening.rule.as_str() == "disk-full")
        .unwrap()
        .opening
        .id;
    (id.to_string(), node)
}

async fn post(server: &Server, path: &str, token: &str, body: Value) -> Answer {
    let body = (!body.is_null()).then_some(body);
    server.call(Method::POST, &format!("/api/v1/incidents{path}"), token, body).await
}

/// Asks something that is taken.
async fn ask(server: &Server, path: &str, token: &str, body: Value) -> Value {
    let answer = post(server, path, token, body).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.json());
    answer.json()
}

/// The codes with which something is refused.
async fn refused(server: &Server, path: &str, token: &str, body: Value) -> Vec<String> {
    let answer = post(server, path, token, body).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{path}: {}", answer.json());
    let problem = answer.json();
    let faults = problem["errors"].as_array().unwrap().iter();
    faults.map(|fault| fault["at"].as_str().unwrap().to_owned()).collect()
}

fn by_hand(title: &str) -> Value {
    json!({ "title": title, "owner": "platform-operations", "environment": "production", "mode": "saas",
        "scope": "partial", "integrity": "intact", "services": ["shop"] })
}

#[tokio::test]
async fn goes_from_an_alert_to_a_signed_review_and_is_never_closed_before() {
    let (server, tokens) = start(&["ana", "ben"]).await;
    let (ana, ben) = (&tokens[0], &tokens[1]);
    let (alert, node) = firing(&server).await;
    let declared = ask(&server, "", ana, json!({ "alert": alert, "integrity": "intact" })).await;
    let id = declared["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("inc-20") && id.ends_with("-0001"), "{id}");
    assert_eq!((&declared["sev"], &declared["phase"]), (&json!("SEV-3"), &json!("detection")));
    assert_eq!(
        refused(&server, "", ana, json!({ "alert": alert, "integrity": "intact" })).await,
        ["EAVIP-Z02"]
    );
    let path = format!("/{id}");
    let early = refused(&server, &format!("{path}/close"), ana, Value::Null).await;
    let whole = ["I10", "I11", "I13", "I14", "I15", "I16", "I17", "I17", "I18", "I40", "I41", "I42"];
    assert_eq!(early, whole.map(|code| format!("EAVIP-{code}")), "everything that is missing, at once");

    ask(&server, &format!("{path}/acknowledge"), ana, Value::Null).await;
    ask(&server, &format!("{path}/advance"), ana, json!({ "to": "triage" })).await;
    let twice = refused(&server, &format!("{path}/advance"), ana, json!({ "to": "triage" })).await;
    assert_eq!(twice, ["EAVIP-I10"], "a repeat doesn't skip a phase");
    ask(&server, &format!("{path}/roles"), ana, json!({ "role": "commander", "person": "ana" })).await;
    ask(&server, &format!("{path}/services"), ana, json!({ "services": ["shop"] })).await;
    ask(&server, &format!("{path}/advance"), ana, json!({ "to": "mitigation" })).await;

    let proven = json!({ "what": "made room", "proof": { "signal": "host" } });
    let not_yet = refused(&server, &format!("{path}/actions"), ana, proven.clone()).await;
    assert_eq!(not_yet, ["EAVIP-I07"], "the alert of the host fires");
    let over = EpisodeEvent::Resolved { ending: Ending::Recovered, at: now() };
    let episode: Digest128 = alert.parse().unwrap();
    server.write(vec![Event::Episode { id: episode, event: over, groups: Vec::new() }]).await;
    ask(&server, &format!("{path}/actions"), ana, proven).await;
    ask(&server, &format!("{path}/advance"), ana, json!({ "to": "communication" })).await;
    ask(&server, &format!("{path}/updates"), ana, json!({ "text": "it is over" })).await;
    ask(&server, &format!("{path}/advance"), ana, json!({ "to": "root-cause-analysis" })).await;
    let review = json!({ "summary": "the disk was full", "cause": "capacity", "explanation": "logs",
        "detection_gap": "no forecast" });
    ask(&server, &format!("{path}/review"), ana, review).await;
    ask(&server, &format!("{path}/advance"), ana, json!({ "to": "preventive-action" })).await;
    let item = json!({ "what": "rotate", "owner": "platform-operations", "due_at": "2999-01-01T00:00:00Z",
        "verification": "a week without growth" });
    ask(&server, &format!("{path}/items"), ana, item).await;
    ask(&server, &format!("{path}/review/complete"), ana, Value::Null).await;
    let own = refused(&server, &format!("{path}/review/sign"), ana, Value::Null).await;
    assert_eq!(own, ["EAVIP-I42"], "a second person signs");
    ask(&server, &format!("{path}/review/sign"), ben, Value::Null).await;
    let closed = ask(&server, &format!("{path}/close"), ana, Value::Null).await;
    assert_eq!((&closed["phase"], &closed["open"]), (&json!("closed"), &json!(false)));

    let shown = server.get(&format!("/api/v1/incidents/{id}"), ana).await.json();
    assert_eq!(shown["review"]["signed"]["by"], "ben");
    assert_eq!(shown["actions"][0]["proof"]["signal"], "host");
    assert_eq!(shown["before_closing"], json!([]));
    let done = refused(&server, &format!("{path}/updates"), ana, json!({ "text": "more" })).await;
    assert_eq!(done, ["EAVIP-I02"], "what is closed takes notes alone");
    ask(&server, &format!("{path}/notes"), ana, json!({ "text": "and a note" })).await;
    let changes = server.get("/api/v1/changes?limit=500", ana).await.json();
    let kinds: Vec<&str> =
        changes["items"].as_array().unwrap().iter().map(|change| change["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"incident-declared") && kinds.contains(&"incident-closed"), "{kinds:?}");
    assert!(server.app.shared.nodes.with(node, |_| ()).is_some());
}

#[tokio::test]
async fn lets_only_people_of_the_roster_act_and_never_takes_their_name_from_the_request() {
    let (server, tokens) = start(&["ana", "eve"]).await;
    let (ana, eve) = (&tokens[0], &tokens[1]);
    let answer = post(&server, "", eve, by_hand("a")).await;
    assert_eq!((answer.status, &answer.json()["code"]), (StatusCode::FORBIDDEN, &json!("not-a-person")));
    assert!(answer.json()["detail"].as_str().unwrap().contains("declare [person.eve]"));
    let mut claimed = by_hand("a");
    claimed["by"] = json!("ben");
    assert_eq!(post(&server, "", ana, claimed).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let id = ask(&server, "", ana, by_hand("a")).await["id"].as_str().unwrap().to_owned();
    let refused = post(&server, &format!("/{id}/notes"), eve, json!({ "text": "x" })).await;
    assert_eq!(refused.json()["code"], "not-a-person");
    let unknown = post(&server, "/inc-0/notes", eve, json!({ "text": "x" })).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn names_everything_that_a_declaration_by_hand_lacks_at_once() {
    let (server, tokens) = start(&["ana"]).await;
    let answer = post(&server, "", &tokens[0], json!({ "integrity": "unknown" })).await;
    let problem = answer.json();
    let at: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|fault| fault["at"].as_str().unwrap()).collect();
    assert_eq!(at, ["title", "owner", "environment", "mode", "scope"]);
    // What no signal tells has to be said.
    let silent = post(&server, "", &tokens[0], json!({ "title": "x" })).await;
    assert!(silent.json()["detail"].as_str().unwrap().contains("integrity"), "{}", silent.json());
    // An installation with nodes says where it is.
    let _ = server.node("web-1", Vec::new()).await;
    let here = json!({ "title": "x", "owner": "platform-operations", "deployment": "shop", "scope": "minor",
        "integrity": "unknown" });
    let declared = ask(&server, "", &tokens[0], here).await;
    assert_eq!((&declared["sev"], &declared["mode"]), (&json!("SEV-1"), &json!("saas")));
}

#[tokio::test]
async fn adds_an_alert_once_proposes_it_before_and_takes_no_proof_from_the_caller() {
    let (server, tokens) = start(&["ana"]).await;
    let ana = &tokens[0];
    let (alert, _) = firing(&server).await;
    let mut asked = by_hand("the shop fails");
    asked["deployment"] = json!("shop");
    let id = ask(&server, "", ana, asked).await["id"].as_str().unwrap().to_owned();
    let shown = server.get(&format!("/api/v1/incidents/{id}"), ana).await.json();
    let proposes = |shown: &Value| {
        shown["proposed_alerts"].as_array().unwrap().iter().any(|proposed| proposed["id"] == json!(alert))
    };
    assert!(proposes(&shown), "{shown}");
    ask(&server, &format!("/{id}/alerts"), ana, json!({ "alert": alert })).await;
    let again = refused(&server, &format!("/{id}/alerts"), ana, json!({ "alert": alert })).await;
    assert_eq!(again, ["EAVIP-Z02"]);
    let shown = server.get(&format!("/api/v1/incidents/{id}"), ana).await.json();
    assert_eq!((proposes(&shown), &shown["alerts"][0]["id"]), (false, &json!(alert)));
    assert_eq!(shown["runbooks"][0]["page"], "disk-full");
    let unknown = post(&server, &format!("/{id}/alerts"), ana, json!({ "alert": "0".repeat(32) })).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let claimed =
        json!({ "what": "x", "proof": { "signal": "errors", "service": "shop", "health": "healthy" } });
    assert_eq!(
        post(&server, &format!("/{id}/actions"), ana, claimed).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    // What nobody measures proves nothing.
    let unmeasured = json!({ "what": "x", "proof": { "signal": "errors", "service": "shop" } });
    assert_eq!(refused(&server, &format!("/{id}/actions"), ana, unmeasured).await, ["EAVIP-I07"]);
}

#[tokio::test]
async fn ticks_steps_that_the_page_has_and_others_as_improvised_alone() {
    let (server, tokens) = start(&["ana"]).await;
    let ana = &tokens[0];
    let (alert, _) = firing(&server).await;
    let declared = ask(&server, "", ana, json!({ "alert": alert, "integrity": "intact" })).await;
    let path = format!("/{}", declared["id"].as_str().unwrap());
    let shown = server.get(&format!("/api/v1/incidents{path}"), ana).await.json();
    let step = shown["runbooks"][0]["steps"][0]["text"].as_str().unwrap();
    let tick =
        |step: &str, improvised| json!({ "runbook": "disk-full", "step": step, "improvised": improvised });
    ask(&server, &format!("{path}/steps"), ana, tick(step, false)).await;
    let unknown = refused(&server, &format!("{path}/steps"), ana, tick("do something else", false)).await;
    assert_eq!(unknown, ["EAVIP-Z04"]);
    let no_page = json!({ "runbook": "no-such-page", "step": "x" });
    assert_eq!(post(&server, &format!("{path}/steps"), ana, no_page).await.status, StatusCode::NOT_FOUND);
    let shown = server.get(&format!("/api/v1/incidents{path}"), ana).await.json();
    assert_eq!(shown["runbooks"][0]["steps"][0]["ticked"]["by"], "ana");
    assert_eq!(shown["runbooks"][0]["steps"][1]["ticked"], Value::Null);
    ask(&server, &format!("{path}/steps"), ana, tick("do something else", true)).await;
    let shown = server.get(&format!("/api/v1/incidents{path}"), ana).await.json();
    let revised = shown["before_closing"].as_array().unwrap().iter();
    assert_eq!(
        revised.filter(|finding| finding["rule"] == "EAVIP-I43").count(),
        1,
        "it has to be written down"
    );
}

#[tokio::test]
async fn overwrites_no_review_unseen() {
    let (server, tokens) = start(&["ana", "ben"]).await;
    let (ana, ben) = (&tokens[0], &tokens[1]);
    let id = ask(&server, "", ana, by_hand("a")).await["id"].as_str().unwrap().to_owned();
    let shown = server.get(&format!("/api/v1/incidents/{id}"), ana).await.json();
    let replaces = &shown["review"]["digest"];
    let path = format!("/{id}/review");
    ask(&server, &path, ben, json!({ "summary": "ben's", "replaces": replaces })).await;
    let late = refused(&server, &path, ana, json!({ "summary": "ana's", "replaces": replaces })).await;
    assert_eq!(late, ["EAVIP-Z03"]);
    ask(&server, &path, ana, json!({ "summary": "ana's" })).await;
    let shown = server.get(&format!("/api/v1/incidents/{id}"), ana).await.json();
    assert_eq!(shown["review"]["summary"], "ana's");
}

#[tokio::test]
async fn makes_one_incident_part_of_another_in_one_record_or_not_at_all() {
    let (server, tokens) = start(&["ana"]).await;
    let ana = &tokens[0];
    let mut ids = Vec::new();
    for title in ["a", "b", "c"] {
        ids.push(ask(&server, "", ana, by_hand(title)).await["id"].as_str().unwrap().to_owned());
    }
    let absorb = |of: &str| format!("/{of}/absorb");
    assert_eq!(
        refused(&server, &absorb(&ids[0]), ana, json!({ "other": ids[0] })).await,
        ["EAVIP-I09"],
        "not itself"
    );
    ask(&server, &absorb(&ids[0]), ana, json!({ "other": ids[1] })).await;
    let part = server.get(&format!("/api/v1/incidents/{}", ids[1]), ana).await.json();
    assert_eq!((&part["duplicate_of"], &part["open"]), (&json!(ids[0]), &json!(false)));
    let before = server.get(&format!("/api/v1/incidents/{}", ids[2]), ana).await.json();
    assert_eq!(refused(&server, &absorb(&ids[2]), ana, json!({ "other": ids[1] })).await, ["EAVIP-I02"]);
    let after = server.get(&format!("/api/v1/incidents/{}", ids[2]), ana).await.json();
    assert_eq!(before["entries"], after["entries"], "half of it isn't kept");
    ask(&server, &format!("/{}/reopen", ids[1]), ana, json!({ "reason": "it is another cause" })).await;
    let unknown = post(&server, &absorb(&ids[0]), ana, json!({ "other": "inc-0" })).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn lists_by_filters_and_pages_without_repeats() {
    let (server, tokens) = start(&["ana"]).await;
    let ana = &tokens[0];
    for title in ["a", "b", "c"] {
        ask(&server, "", ana, by_hand(title)).await;
    }
    let first = server.get("/api/v1/incidents?limit=2", ana).await.json();
    let id = |list: &Value, at: usize| list["items"][at]["id"].as_str().unwrap().to_owned();
    let next = first["next_cursor"].as_str().unwrap();
    let second = server.get(&format!("/api/v1/incidents?limit=2&cursor={next}"), ana).await.json();
    let ends: Vec<String> = vec![id(&first, 0), id(&first, 1), id(&second, 0)];
    assert!(ends.iter().zip(["-0003", "-0002", "-0001"]).all(|(id, end)| id.ends_with(end)), "{ends:?}");
    assert_eq!(second["next_cursor"], Value::Null);
    let flag = format!("/{}/security", ends[0]);
    ask(&server, &flag, ana, json!({ "reason": "a stranger's key" })).await;
    for (query, found) in [
        ("status=open", 3),
        ("status=closed", 0),
        ("security=true", 1),
        ("sev=SEV-2", 1),
        ("sev=SEV-3", 2),
        ("owner=platform-operations", 3),
        ("owner=nobody", 0),
        ("deployment=eu-1", 0),
    ] {
        let listed = server.get(&format!("/api/v1/incidents?{query}"), ana).await.json();
        assert_eq!(listed["items"].as_array().unwrap().len(), found, "{query}");
    }
    assert_eq!(server.get("/api/v1/incidents?cursor=x", ana).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn exports_the_whole_as_a_file_in_both_formats() {
    let (server, tokens) = start(&["ana"]).await;
    let ana = &tokens[0];
    let id = ask(&server, "", ana, by_hand("<b>shop</b> | =1+1")).await["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/incidents/{id}/export?format");
    let markdown = server.get(&format!("{path}=markdown"), ana).await;
    assert_eq!(markdown.header("content-disposition"), format!("attachment; filename=\"{id}.md\""));
    assert_eq!(markdown.header("content-type"), "text/markdown; charset=utf-8");
    let text = String::from_utf8(markdown.body).unwrap();
    assert!(text.contains("\\<b\\>shop\\</b\\> \\| =1+1"), "{text}");
    let json = server.get(&format!("{path}=json"), ana).await;
    assert_eq!(json.json()["title"], "<b>shop</b> | =1+1");
    assert_eq!(server.get(&format!("{path}=csv"), ana).await.status, StatusCode::BAD_REQUEST);
}
