//! `/api/v1/receivers`: where messages can go, and a test of whether they arrive there.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use eavip_core::id::{Digest128, ReceiverId};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Id;
use super::view::{Message, Receiver};
use super::{Items, build};
use crate::app::App;
use crate::auth::{Allowed, Responder, Viewer};
use crate::problem::{Code, Problem};
use crate::record::{Content, DeliveryEvent, DeliveryStatus, Event, Notice, Recipient, Topic, delivery_id};
use crate::shared::now;

/// How long a test's answer is waited for: as long as an attempt may take, and a moment.
const PATIENCE: Duration = Duration::from_secs(11);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(test))
}

/// Receivers of the configuration.
#[utoipa::path(get, path = "/api/v1/receivers", tag = "notifications",
    responses((status = 200, body = Items<Receiver>)))]
async fn list(State(app): State<App>, viewer: Allowed<Viewer>) -> Json<Items<Receiver>> {
    Json(Items { items: receivers(&app, &viewer) })
}

/// Receivers of the configuration, by name.
#[must_use]
pub fn receivers(app: &App, _: &Allowed<Viewer>) -> Vec<Receiver> {
    let book = app.shared.book();
    app.web.receivers.iter().map(|about| build::notify::receiver(&book, about)).collect()
}

/// Sends a receiver a message that says it is a test, and answers when it arrived or failed, or after 11 seconds.
#[utoipa::path(post, path = "/api/v1/receivers/{id}/test", tag = "notifications",
    params(("id" = String, Path, description = "The receiver's name.", pattern = "^[a-z0-9][a-z0-9._-]*$")),
    responses((status = 200, body = Message)))]
async fn test(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<ReceiverId>,
) -> Result<Json<Message>, Problem> {
    try_out(&app, &responder, id).await.map(Json)
}

/// Sends a test and waits for what becomes of it.
///
/// # Errors
/// When there is no such receiver, or a test of it is on its way.
pub async fn try_out(app: &App, by: &Allowed<Responder>, receiver: ReceiverId) -> Result<Message, Problem> {
    if !app.web.receivers.iter().any(|about| about.id == receiver) {
        return Err(Problem::not_found("receiver", receiver));
    }
    if app.shared.book().outbox.waiting_for(&receiver).any(|(_, message)| message.is_test()) {
        return Err(Problem::new(Code::Conflict, format!("a test of `{receiver}` is on its way already")));
    }
    let to = Recipient::from(receiver);
    let id = delivery_id(&to, b"test", now());
    let notice = Notice {
        topic: Topic::Test,
        title: "A test of EAVIP ops".to_owned(),
        text: format!("{} asked for it. Nothing has to be done.", by.principal().name),
        path: "/settings".to_owned(),
    };
    let event = DeliveryEvent::Decided { to, content: Content::Notice(notice) };
    let mut changes = app.shared.follow();
    by.mutate(app, None, move |_, _| Ok(vec![Event::Delivery { id, event }])).await?;
    let until = Instant::now() + PATIENCE;
    while waits(app, id) {
        match timeout_at(until, changes.recv()).await {
            Ok(Ok(_) | Err(RecvError::Lagged(_))) => {}
            Ok(Err(RecvError::Closed)) | Err(_) => break,
        }
    }
    let book = app.shared.book();
    let found = book.outbox.get(id).ok_or_else(|| Problem::not_found("message", id))?;
    Ok(build::notify::message(&app.shared, &book, id, found))
}

fn waits(app: &App, id: Digest128) -> bool {
    app.shared.book().outbox.get(id).is_some_and(|message| message.status == DeliveryStatus::Pending)
}
