//! The webhook sender: JSON of this server's own form, signed as Standard Webhooks has it.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue};
use serde::Serialize;

use super::http::{Endpoint, json};
use super::message::Message;
use super::payload::{Data, kind};
use super::receiver::SendError;
use super::signature::SigningKey;
use crate::shared::now;

/// An HTTP endpoint that gets signed JSON.
#[derive(Debug)]
pub(super) struct Webhook {
    /// Where it is.
    pub(super) to: Endpoint,
    /// The keys that each message is signed with: two while one takes the other's place.
    pub(super) keys: Vec<SigningKey>,
}

/// The JSON of a message.
#[derive(Debug, Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    kind: String,
    /// When it was decided, RFC 3339.
    timestamp: String,
    data: Data<'a>,
}

impl Webhook {
    pub(super) async fn send(&self, message: &Message) -> Result<(), SendError> {
        let (kind, data) = (kind(message), Data::of(message));
        let payload = Payload { kind, timestamp: message.decided_at.to_string(), data };
        let body = json(&payload)?;
        let id = message.id.to_string();
        let timestamp = now().as_millis() / 1_000;
        let signatures: Vec<String> = self.keys.iter().map(|key| key.sign(&id, timestamp, &body)).collect();
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("webhook-id", id),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ] {
            // Digits, letters and base64 can stand in a header.
            headers.extend(
                HeaderValue::from_str(&value)
                    .ok()
                    .map(|value| (reqwest::header::HeaderName::from_static(name), value)),
            );
        }
        self.to.post("application/json", headers, body, |status| status == StatusCode::GONE).await
    }
}
