//! The API over a store in memory: who may do what, what every answer carries, and that the document is true.

mod access;
mod audit;
mod incidents;
mod noise;
mod notify;
mod on_call;
mod reading;
mod refusing;
mod trends;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use eavip_core::evaluate::Outcome;
use eavip_core::id::NodeId;
use eavip_core::node::{Facts, Place};
use eavip_core::policy::Policy;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::{Span, Timestamp};
use eavip_core::wire::v1;
use regex::Regex;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::api::openapi_json;
use crate::app::{App, Enrolment, Web};
use crate::auth::session;
use crate::commit::{recover, spawn};
use crate::record::{Actor, Event, LedgerRecord, NodeEvent, Role, TokenEvent, UserEvent, VERSION};
use crate::router;
use crate::shared::{Shared, now};
use crate::store::Store;
use crate::store::memory::MemoryStore;

/// A server over a store in memory.
pub(crate) struct Server {
    pub(crate) app: App,
    pub(crate) router: Router,
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with_runbooks("/nonexistent")
    }

    pub(crate) fn with_runbooks(dir: impl Into<std::path::PathBuf>) -> Self {
        Self::over(Arc::new(MemoryStore::new(Uuid::now_v7())), dir)
    }

    pub(crate) fn over(store: Arc<dyn Store>, dir: impl Into<std::path::PathBuf>) -> Self {
        let mut recovered = recover(store.as_ref()).unwrap();
        let shared = Shared::new(recovered.take_state(), Policy::builtin());
        let (committer, _) = spawn(store, Arc::clone(&shared), recovered).unwrap();
        let enrolment = Enrolment { urls: vec!["https://127.0.0.1:7480".to_owned()], pin: pin() };
        let web = Web {
            url: "http://127.0.0.1:7480".to_owned(),
            secure: false,
            receivers: Vec::new(),
            enrolment: Some(enrolment),
            runbooks: dir.into(),
        };
        let app = App::new(shared, committer, web);
        let router = router::web(app.clone(), Router::new());
        Self { app, router }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn write(&self, events: Vec<Event>) {
        let actor = Actor::Server("test".to_owned());
        let decide =
            move |_: &crate::book::Book, at| Ok(LedgerRecord { v: VERSION, at, actor, reason: None, events });
        self.app.committer.mutate(decide).await.unwrap();
    }

    /// An API token of a role, made by the server's own means.
    pub(crate) async fn token(&self, role: Role) -> String {
        let link =
            session::make_link(&self.app, Actor::Server("test".to_owned()), "admin", Role::Admin).await;
        let link = link.unwrap().split_once("#token=").unwrap().1.to_owned();
        let session = self.call(Method::POST, "/api/v1/session", "", Some(json!({ "link": link }))).await;
        let cookie = session.header("set-cookie").split(';').next().unwrap().to_owned();
        let asked = json!({ "name": role.as_str(), "role": role, "expires_in_days": 1 });
        let request = Request::post("/api/v1/tokens")
            .header(header::COOKIE, cookie)
            .header(header::ORIGIN, "http://127.0.0.1:7480")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(asked.to_string()));
        let made = self.send(request.unwrap()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
        made.json()["secret"].as_str().unwrap().to_owned()
    }

    /// An API token that somebody made for themselves; they get an account where they have none.
    pub(crate) async fn token_of(&self, name: &str, role: Role) -> String {
        let minted = crate::auth::api_token::mint().unwrap();
        let expires_at = now() + Span::from_secs(3_600);
        let made = TokenEvent::Created {
            name: name.to_owned(),
            hash: minted.hash,
            role,
            team: None,
            own: true,
            expires_at,
        };
        let user = UserEvent::Set { password: "$argon2id$".to_owned(), role };
        let mut events = vec![Event::Token { id: minted.id, event: made }];
        if !self.app.shared.book().users.contains_key(name) {
            events.insert(0, Event::User { name: name.to_owned(), event: user });
        }
        let actor = Actor::User(name.to_owned());
        let decide =
            move |_: &crate::book::Book, at| Ok(LedgerRecord { v: VERSION, at, actor, reason: None, events });
        self.app.committer.mutate(decide).await.unwrap();
        minted.text
    }

    /// A request with a token; none when it is empty.
    pub(crate) async fn call(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// Asks for what lies at `path`; a list's next cursor is held against the form that the document gives it.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        let answer = self.call(Method::GET, path, token, None).await;
        let listed: Option<Value> = serde_json::from_slice(&answer.body).ok();
        if let Some(next) = listed.as_ref().and_then(|page| page["next_cursor"].as_str()) {
            let form = cursor_form(path.split('?').next().unwrap());
            assert!(form.is_match(next), "{path}: {next} doesn't match {form}");
        }
        answer
    }

    /// A node that reported once, just now.
    pub(crate) async fn node(&self, hostname: &str, readings: Vec<Reading>) -> NodeId {
        let id = NodeId(Uuid::now_v7());
        let event = NodeEvent::Enrolled { place: place(), key: "00".to_owned(), join: "jt-0".to_owned() };
        self.write(vec![Event::Node { id, event }]).await;
        let body = v1::Body {
            at: now(),
            interval: Span::from_secs(15),
            facts: Some(Facts { hostname: hostname.to_owned(), ..Facts::default() }),
            readings,
            ..body()
        };
        self.app.shared.nodes.change_known(id, |known| known.observe(&body, now(), 0)).unwrap();
        id
    }

    /// Evaluates once and writes what was found, as if conditions had held for `later`.
    pub(crate) async fn evaluate(&self) -> Outcome {
        let shared = &self.app.shared;
        let policy = shared.policy.load();
        let mut outcome = Outcome::default();
        for at in [now(), now() + Span::from_secs(4_000)] {
            let mut nodes = Vec::new();
            shared.nodes.each(|known| nodes.push(known.node.clone()));
            nodes.iter_mut().for_each(|node| node.seen_at = Some(at));
            let book = shared.book().clone();
            let open = eavip_core::evaluate::open_episodes(book.alerts.iter());
            outcome = eavip_core::evaluate::evaluate(&nodes, open, &outcome.waiting, &policy, at);
        }
        let events = outcome.transitions.iter().map(|found| Event::Episode {
            id: found.episode,
            event: found.event.clone(),
            groups: Vec::new(),
        });
        self.write(events.collect()).await;
        outcome
    }
}

fn cursor_form(path: &str) -> Regex {
    let document: Value = serde_json::from_str(&openapi_json()).unwrap();
    let takes = document["paths"][path]["get"]["parameters"].as_array().unwrap();
    let cursor = takes.iter().find(|takes| takes["name"] == "cursor").unwrap();
    let schema = &cursor["schema"];
    if schema["format"] == "uuid" {
        return Regex::new("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$").unwrap();
    }
    Regex::new(schema["pattern"].as_str().unwrap()).unwrap()
}

fn place() -> Place {
    Place {
        deployment: "shop".parse().unwrap(),
        mode: eavip_core::mode::Mode::Saas,
        environment: eavip_core::environment::Environment::Production,
        labels: eavip_core::labels::Labels::default(),
    }
}

fn body() -> v1::Body {
    v1::Body::decode(br#"{"at":"2026-01-01T00:00:00Z","interval":"15s","readings":[]}"#, "").unwrap()
}

fn pin() -> eavip_agent::tls::Pin {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    eavip_agent::tls::Pin::of(certificate.der()).unwrap()
}

pub(crate) fn full_disk() -> Reading {
    let labels = eavip_core::labels::Labels::new([("mount", "/")]).unwrap();
    Reading::exact(Metric::DiskUsed, 0.99).labelled(labels)
}

pub(crate) fn long_ago() -> Timestamp {
    now() - Span::from_secs(86_400)
}
