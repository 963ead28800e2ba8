//! Every route against every role, from the document itself.

use super::*;
use crate::api::{document, openapi, roles};
use crate::auth::guard::Need;

/// Every operation of the document with the role it needs by the table.
fn operations() -> Vec<(Method, String, Need)> {
    let mut found = Vec::new();
    for (path, item) in &mut openapi().paths.paths {
        for (method, _) in document::operations(item) {
            let entry = roles::TABLE.iter().find(|(known, at, _)| *known == method && at == path);
            let (.., need) = entry.unwrap_or_else(|| panic!("{method} {path} has no entry in roles.rs"));
            found.push((method, path.clone(), *need));
        }
    }
    found
}

#[test]
fn lists_exactly_the_routes_that_there_are() {
    assert_eq!(operations().len(), roles::TABLE.len());
}

#[tokio::test]
async fn refuses_everybody_whose_role_is_not_enough_on_every_route() {
    let server = Server::start();
    let mut holders = vec![(None, String::new())];
    for role in Role::ALL {
        holders.push((Some(*role), server.token(*role).await));
    }
    for (method, path, need) in operations() {
        if path.ends_with("/stream") {
            continue;
        }
        let filled = path.replace("{id}", &Uuid::now_v7().to_string());
        let filled = filled.replace("{series}", &"0".repeat(32)).replace("{name}", "nobody");
        for (role, token) in &holders {
            let status = server.call(method.clone(), &filled, token, None).await.status;
            let case = format!("{method} {path} as {role:?}: {status}");
            match (need, role) {
                (Need::Nothing, _) => assert!(!matches!(status.as_u16(), 401 | 403), "{case}"),
                (Need::Role(_), None) => assert_eq!(status, StatusCode::UNAUTHORIZED, "{case}"),
                (Need::Role(least), Some(role)) if *role < least => {
                    assert_eq!(status, StatusCode::FORBIDDEN, "{case}");
                }
                // Without what the route wants the answer may be another refusal, but not one of role.
                (Need::Role(_), Some(_)) => assert!(!matches!(status.as_u16(), 401 | 403 | 500), "{case}"),
            }
        }
    }
}

#[tokio::test]
async fn lets_one_of_many_racers_in_with_one_link() {
    let server = Server::start();
    let actor = Actor::Server("test".to_owned());
    let link = session::make_link(&server.app, actor, "ann", Role::Viewer).await.unwrap();
    let link = link.split_once("#token=").unwrap().1.to_owned();
    let racers = (0..100).map(|_| session::by_link(&server.app, None, &link));
    let in_there = futures_util::future::join_all(racers).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(in_there, 1);
    assert_eq!(server.app.shared.book().sessions.len(), 1);
}

#[tokio::test]
async fn makes_a_user_wait_after_wrong_passwords_and_lets_them_in_with_the_right_one() {
    let server = Server::start();
    let admin = server.token(Role::Admin).await;
    let account = json!({ "password": "correct horse battery", "role": "responder" });
    let set = server.call(Method::PUT, "/api/v1/users/ann", &admin, Some(account)).await;
    assert_eq!(set.status, StatusCode::OK);
    let with = |password: &str| Some(json!({ "user": "ann", "password": password }));
    let right = server.call(Method::POST, "/api/v1/session", "", with("correct horse battery")).await;
    assert_eq!(right.json(), json!({ "name": "ann", "role": "responder" }));
    let cookie = right.header("set-cookie");
    assert!(cookie.starts_with("eavip=") && cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
    for _ in 0..5 {
        let wrong = server.call(Method::POST, "/api/v1/session", "", with("wrong")).await;
        assert_eq!(wrong.json()["code"], "sign-in-failed");
    }
    let waiting = server.call(Method::POST, "/api/v1/session", "", with("correct horse battery")).await;
    assert_eq!(waiting.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!waiting.header("retry-after").is_empty());
}

#[tokio::test]
async fn refuses_a_change_that_another_site_makes_a_browser_send() {
    let server = Server::start();
    let link = crate::auth::sign_in_link(&server.app).await.unwrap();
    let link = link.split_once("#token=").unwrap().1;
    let signed_in = server.call(Method::POST, "/api/v1/session", "", Some(json!({ "link": link }))).await;
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    for (name, value, status) in [
        ("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-site", StatusCode::FORBIDDEN),
        ("origin", "https://evil.example", StatusCode::FORBIDDEN),
        ("origin", "null", StatusCode::FORBIDDEN),
        ("x-nothing", "", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-origin", StatusCode::NO_CONTENT),
    ] {
        let request = Request::delete("/api/v1/session").header(header::COOKIE, &cookie).header(name, value);
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{name}: {value}");
    }
    let request = Request::get("/api/v1/session").header(header::COOKIE, &cookie);
    assert_eq!(server.send(request.body(Body::empty()).unwrap()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn refuses_tokens_that_are_mangled_revoked_or_expired() {
    let server = Server::start();
    let (admin, token) = (server.token(Role::Admin).await, server.token(Role::Viewer).await);
    assert_eq!(server.get("/api/v1/session", &token).await.json()["name"], "viewer");
    let mut mangled = token.clone();
    mangled.replace_range(30..31, if &token[30..31] == "0" { "1" } else { "0" });
    assert_eq!(server.get("/api/v1/session", &mangled).await.status, StatusCode::UNAUTHORIZED);
    let listed = server.get("/api/v1/tokens", &admin).await.json();
    let known = listed["items"].as_array().unwrap().iter().find(|token| token["name"] == "viewer").unwrap();
    assert!(known["last_used_at"].is_string() && known.get("secret").is_none());
    let path = format!("/api/v1/tokens/{}", known["id"].as_str().unwrap());
    assert_eq!(server.call(Method::DELETE, &path, &admin, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get("/api/v1/session", &token).await.status, StatusCode::UNAUTHORIZED);

    let minted = crate::auth::api_token::mint().unwrap();
    let event = crate::record::TokenEvent::Created {
        name: "old".to_owned(),
        hash: minted.hash,
        role: Role::Admin,
        team: None,
        own: false,
        expires_at: long_ago(),
    };
    server.write(vec![Event::Token { id: minted.id, event }]).await;
    assert_eq!(server.get("/api/v1/session", &minted.text).await.status, StatusCode::UNAUTHORIZED);
}

/// Signs somebody in with a new password and a role; their cookie.
async fn signed_in(server: &Server, admin: &str, name: &str, role: &str) -> String {
    let account = json!({ "password": "correct horse battery", "role": role });
    let set = server.call(Method::PUT, &format!("/api/v1/users/{name}"), admin, Some(account)).await;
    assert_eq!(set.status, StatusCode::OK);
    let asked = json!({ "user": name, "password": "correct horse battery" });
    let there = server.call(Method::POST, "/api/v1/session", "", Some(asked)).await;
    there.header("set-cookie").split(';').next().unwrap().to_owned()
}

async fn asks(server: &Server, cookie: &str, role: &str, team: Option<&str>) -> Answer {
    let asked = json!({ "name": "amtool", "role": role, "team": team, "expires_in_days": 1 });
    let request = Request::post("/api/v1/tokens")
        .header(header::COOKIE, cookie)
        .header(header::ORIGIN, "http://127.0.0.1:7480")
        .header(header::CONTENT_TYPE, "application/json");
    server.send(request.body(Body::from(asked.to_string())).unwrap()).await
}

#[tokio::test]
async fn people_make_tokens_for_themselves_that_end_with_their_account() {
    let server = Server::start();
    let admin = server.token(Role::Admin).await;
    let ann = signed_in(&server, &admin, "ann", "responder").await;
    for (role, team, status) in [
        ("admin", None, StatusCode::FORBIDDEN),
        ("sender", Some("platform-operations"), StatusCode::UNPROCESSABLE_ENTITY),
        ("responder", None, StatusCode::CREATED),
        ("viewer", None, StatusCode::CREATED),
    ] {
        assert_eq!(asks(&server, &ann, role, team).await.status, status, "{role}");
    }
    let made = asks(&server, &ann, "responder", None).await.json();
    let (secret, id) = (made["secret"].as_str().unwrap(), made["id"].as_str().unwrap());
    assert_eq!(made["account"], "ann");
    let more = json!({ "name": "more", "role": "viewer", "expires_in_days": 1 });
    let further = server.call(Method::POST, "/api/v1/tokens", secret, Some(more)).await;
    assert_eq!(further.status, StatusCode::FORBIDDEN, "a token doesn't outlive itself: {}", further.json());
    let bea = signed_in(&server, &admin, "bea", "viewer").await;
    assert_eq!(
        asks(&server, &bea, "sender", None).await.status,
        StatusCode::FORBIDDEN,
        "who looks wakes nobody"
    );
    let hers = asks(&server, &bea, "viewer", None).await.json();
    let path = |token: &Value| format!("/api/v1/tokens/{}", token["id"].as_str().unwrap());
    assert_eq!(server.call(Method::DELETE, &path(&hers), secret, None).await.status, StatusCode::FORBIDDEN);
    let program = server.token(Role::Viewer).await;
    let all = server.get("/api/v1/tokens", &program).await.json();
    for token in all["items"].as_array().unwrap() {
        let path = format!("/api/v1/tokens/{}", token["id"].as_str().unwrap());
        let refused = server.call(Method::DELETE, &path, &program, None).await;
        assert_eq!(
            refused.status,
            StatusCode::FORBIDDEN,
            "what an admin made for a program takes nothing back"
        );
    }
    assert_eq!(server.call(Method::DELETE, &path(&made), secret, None).await.status, StatusCode::NO_CONTENT);
    assert!(!server.app.shared.book().tokens.contains_key(id));
    for _ in 0..18 {
        assert_eq!(asks(&server, &ann, "viewer", None).await.status, StatusCode::CREATED);
    }
    let full = asks(&server, &ann, "viewer", None).await;
    assert_eq!(full.json()["errors"][0]["at"], "EAVIP-U03", "{}", full.json());
    let secret = hers["secret"].as_str().unwrap();
    assert_eq!(server.get("/api/v1/session", secret).await.status, StatusCode::OK);
    assert_eq!(
        server.call(Method::DELETE, "/api/v1/users/bea", &admin, None).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(server.get("/api/v1/session", secret).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        server.get("/api/v1/session", &admin).await.status,
        StatusCode::OK,
        "what an admin made stays"
    );
}
