//! What a notification says.

use eavip_core::alert::route::{NoticeKind, Reason};
use eavip_core::id::Digest128;
use eavip_core::time::Timestamp;
use serde::Serialize;

use crate::api::view;
use crate::book::Delivery;
use crate::shared::Shared;

/// A message to one receiver: the same over all its attempts.
#[derive(Debug, Clone)]
pub struct Message {
    /// Identifies it over all its attempts.
    pub id: Digest128,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// What it says, as JSON.
    pub body: Vec<u8>,
}

/// The JSON of a webhook.
#[derive(Debug, Serialize)]
struct Payload<'a> {
    /// `alert.firing` or `alert.resolved`.
    #[serde(rename = "type")]
    kind: String,
    /// When it was decided, RFC 3339.
    timestamp: String,
    data: Data<'a>,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    reason: Reason,
    alert: &'a view::Alert,
}

/// The message of a delivery; `None` when its episode is no longer known.
#[must_use]
pub fn of(shared: &Shared, id: Digest128, delivery: &Delivery) -> Option<Message> {
    let policy = shared.policy.load();
    let book = shared.book();
    let mut episode = book.alerts.get(delivery.episode)?.clone();
    drop(book);
    if delivery.notice.kind == NoticeKind::Firing {
        // A repeat of the first message says the same as the first, whatever happened since.
        (episode.acknowledged, episode.resolved) = (None, None);
    }
    let alert = crate::api::build::alert(shared, &policy, &episode);
    let payload = Payload {
        kind: format!("alert.{}", delivery.notice.kind),
        timestamp: delivery.decided_at.to_string(),
        data: Data { reason: delivery.notice.reason, alert: &alert },
    };
    // Only maps with keys that aren't texts can't be JSON; there are none in it.
    let body = serde_json::to_vec(&payload).ok()?;
    Some(Message { id, decided_at: delivery.decided_at, body })
}
