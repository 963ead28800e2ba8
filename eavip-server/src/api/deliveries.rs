//! `/api/v1/deliveries`: messages to receivers with what became of them, those that were given up among them, and sending one
//! of these again.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::State;
use eavip_core::id::{Digest128, ReceiverId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::build;
use super::extract::{Id, Params};
use super::page::{Place, cursor, limit, page};
use super::view::{Message, MessageDetail, Page, words};
use crate::app::App;
use crate::auth::{Allowed, Responder, Viewer};
use crate::book::{Book, Delivery};
use crate::problem::{Code, Problem};
use crate::record::{DeliveryEvent, DeliveryStatus, Event};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(resend))
}

/// Which messages are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Where they stand.
    #[param(schema_with = words::<DeliveryStatus>)]
    pub status: Option<DeliveryStatus>,
    /// The receiver that they go to.
    #[param(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    pub receiver: Option<ReceiverId>,
    /// Where the page begins: the `next_cursor` of the page before.
    #[param(pattern = "^[0-9]{1,14}_[0-9a-f]{32}$")]
    pub cursor: Option<String>,
    /// Most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    pub limit: Option<u16>,
}

/// Messages that wait or ended lately, the newest first.
#[utoipa::path(get, path = "/api/v1/deliveries", tag = "notifications", params(ListQuery),
    responses((status = 200, body = Page<Message>)))]
async fn list(
    State(app): State<App>,
    viewer: Allowed<Viewer>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Message>>, Problem> {
    deliveries(&app, &viewer, &query).map(Json)
}

/// A page of messages, the newest first.
///
/// # Errors
/// When cursor or limit can't be used.
pub fn deliveries(app: &App, _: &Allowed<Viewer>, query: &ListQuery) -> Result<Page<Message>, Problem> {
    let (before, limit) = (cursor::<Place<Digest128>>(query.cursor.as_deref())?, limit(query.limit)?);
    let book = app.shared.book();
    let wanted = |known: &Delivery| {
        query.status.is_none_or(|status| status == known.status)
            && query.receiver.as_ref().is_none_or(|receiver| *receiver == known.to.receiver)
    };
    let placed = book.outbox.iter().filter(|(_, known)| wanted(known));
    let placed = placed.map(|(id, known)| (Place(known.decided_at.as_millis(), id), known));
    let mut found: Vec<(Place<Digest128>, &Delivery)> =
        placed.filter(|(place, _)| before.is_none_or(|before| *place < before)).collect();
    found.sort_unstable_by_key(|(place, _)| Reverse(*place));
    found.truncate(limit + 1);
    let view = |(place, known): (Place<Digest128>, &Delivery)| {
        build::notify::message(&app.shared, &book, place.1, known)
    };
    Ok(page(found, limit, |(place, _)| place.to_string(), view))
}

/// One message with what it tells.
#[utoipa::path(get, path = "/api/v1/deliveries/{id}", tag = "notifications",
    params(("id" = String, Path, description = "The message's id.", pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = MessageDetail)))]
async fn show(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(id): Id<Digest128>,
) -> Result<Json<MessageDetail>, Problem> {
    detail(&app, id).map(Json)
}

fn detail(app: &App, id: Digest128) -> Result<MessageDetail, Problem> {
    let book = app.shared.book();
    let found = book.outbox.get(id).ok_or_else(|| Problem::not_found("message", id))?;
    Ok(build::notify::detail(&app.shared, &book, id, found))
}

/// Sends a message again that was given up: with the id that it had, so that a receiver which got it knows.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/resend", tag = "notifications",
    params(("id" = String, Path, description = "The message's id.", pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = MessageDetail)))]
async fn resend(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
) -> Result<Json<MessageDetail>, Problem> {
    send_again(&app, &responder, id).await?;
    detail(&app, id).map(Json)
}

/// Has a message tried anew that was given up.
///
/// # Errors
/// When it isn't known, wasn't given up, or its receiver is gone.
pub async fn send_again(app: &App, by: &Allowed<Responder>, id: Digest128) -> Result<(), Problem> {
    let (status, receiver) = {
        let book = app.shared.book();
        let found = book.outbox.get(id).ok_or_else(|| Problem::not_found("message", id))?;
        (found.status, found.to.receiver.clone())
    };
    if status != DeliveryStatus::GivenUp {
        let told = format!("the message is {status}; only one that was given up is sent again");
        return Err(Problem::new(Code::Conflict, told));
    }
    if !app.web.receivers.iter().any(|about| about.id == receiver) {
        return Err(Problem::new(Code::Conflict, format!("no receiver is called `{receiver}` any more")));
    }
    let decide = move |book: &Book, _| {
        let given_up = book.outbox.get(id).is_some_and(|known| known.status == DeliveryStatus::GivenUp);
        let event = Event::Delivery { id, event: DeliveryEvent::Resent };
        Ok(given_up.then_some(event).into_iter().collect())
    };
    by.mutate(app, None, decide).await
}
