//! The CloudEvents sender: version 1.0, structured JSON by HTTP, with the data that webhooks have.

use reqwest::StatusCode;
use serde::Serialize;

use super::http::{Endpoint, json};
use super::message::Message;
use super::payload::{Data, kind};
use super::receiver::{SendError, Token};

/// An HTTP endpoint that gets CloudEvents.
#[derive(Debug)]
pub(super) struct CloudEvents {
    /// Where it is.
    pub(super) to: Endpoint,
    /// What it knows this server by.
    pub(super) token: Token,
}

/// An event, as section 3.1 of the JSON format has it.
#[derive(Debug, Serialize)]
struct Event<'a> {
    specversion: &'static str,
    id: String,
    source: &'a str,
    #[serde(rename = "type")]
    kind: String,
    /// What the messages of a group share.
    subject: String,
    time: String,
    datacontenttype: &'static str,
    data: Data<'a>,
}

impl CloudEvents {
    pub(super) async fn send(&self, message: &Message) -> Result<(), SendError> {
        let event = Event {
            specversion: "1.0",
            id: message.id.to_string(),
            source: &message.server,
            kind: format!("dev.eavip.{}", kind(message)),
            subject: message.key().to_string(),
            time: message.decided_at.to_string(),
            datacontenttype: "application/json",
            data: Data::of(message),
        };
        let body = json(&event)?;
        let is_final = |status| status == StatusCode::GONE;
        self.to
            .post("application/cloudevents+json; charset=utf-8", self.token.headers(), body, is_final)
            .await
    }
}
