//! The stream: resuming, resynchronising, bounds, and ending with the session.

use axum::response::IntoResponse as _;
use http_body_util::BodyExt as _;

use super::*;
use crate::api::tests::Server;
use crate::record::{Actor, Role};
use crate::shared::ChangeKind;

fn principal() -> Principal {
    Principal {
        name: "ann".to_owned(),
        role: Role::Viewer,
        team: None,
        actor: Actor::User("ann".to_owned()),
        account: Some("ann".to_owned()),
        is_own: true,
        credential: crate::auth::principal::Credential::Session("hash".to_owned()),
    }
}

/// The first event's text.
async fn first(app: &App, last: Option<&str>) -> String {
    let mut body = follow(app, principal(), last).unwrap().into_response().into_body();
    let frame = body.frame().await.unwrap().unwrap();
    String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn resumes_after_the_last_number_that_was_seen() {
    let app = Server::start().app;
    for id in ["a", "b", "c"] {
        app.shared.changed(ChangeKind::Alert, id);
    }
    let seen = format!("{}-1", app.streams.process);
    let event = first(&app, Some(&seen)).await;
    assert!(event.contains(r#"data: {"seq":2,"kind":"alert","id":"b"}"#), "{event}");
    assert!(event.contains("event: alert") && event.contains(&format!("id: {}-2", app.streams.process)));
}

#[tokio::test]
async fn tells_to_fetch_anew_what_can_not_be_resumed() {
    let app = Server::start().app;
    for number in 0..2_000 {
        app.shared.changed(ChangeKind::Report, number.to_string());
    }
    let pruned = format!("{}-1", app.streams.process);
    let ahead = format!("{}-9999999", app.streams.process);
    for last in [pruned.as_str(), &ahead, "another-5", "nonsense", ""] {
        let event = first(&app, Some(last)).await;
        assert!(event.contains("event: resync"), "{last}: {event}");
    }
}

#[tokio::test]
async fn bounds_how_many_follow() {
    let app = Server::start().app;
    let open: Vec<_> = (0..MAX_STREAMS).map(|_| follow(&app, principal(), None).unwrap()).collect();
    let Err(refused) = follow(&app, principal(), None) else { panic!("one too many") };
    assert_eq!((refused.code, refused.retry_after), (Code::Unavailable, Some(30)));
    drop(open);
    assert!(follow(&app, principal(), None).is_ok());
}

#[tokio::test]
async fn ends_when_the_reader_may_no_longer_read() {
    let app = Server::start().app;
    let mut body = follow(&app, principal(), None).unwrap().into_response().into_body();
    // The session isn't in the book, so the first look ends the stream.
    assert!(body.frame().await.is_none());
}
