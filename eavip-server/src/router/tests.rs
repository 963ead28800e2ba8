//! What holds for every route: contained panics, headers, bounded bodies.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use tower::ServiceExt as _;

use super::*;
use crate::api::tests::Server;

#[tokio::test]
async fn answers_a_panic_with_a_problem_and_goes_on() {
    static PANICS: AtomicBool = AtomicBool::new(true);
    async fn flaky() -> &'static str {
        assert!(!PANICS.swap(false, Ordering::Relaxed), "on purpose");
        "fine"
    }
    let server = Server::start();
    let router = web(server.app, Router::new().route("/agent/v1/flaky", get(flaky)));
    let call = async || {
        let request = Request::get("/agent/v1/flaky").body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap()
    };
    let first = call().await;
    assert_eq!(first.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(first.headers()["content-type"], crate::problem::MEDIA_TYPE);
    assert_eq!(first.headers()["x-frame-options"], "DENY");
    assert_eq!(call().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn takes_reports_of_forbidden_content_up_to_a_size() {
    let server = Server::start();
    for (size, status) in [(300, StatusCode::NO_CONTENT), (20_000, StatusCode::PAYLOAD_TOO_LARGE)] {
        let request = Request::post("/csp-report").body(Body::from("x".repeat(size))).unwrap();
        assert_eq!(server.send(request).await.status, status);
    }
}
