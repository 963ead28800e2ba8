//! A queue of RabbitMQ, through the management API.
//!
//! `GET /api/queues/VHOST/NAME` gives the figures of one queue with its statistics. On a broker whose management
//! doesn't collect statistics that answer has no counts; the list with `disable_stats` and `enable_queue_totals` has
//! them, without arrivals and without the moment of the first message.

use base64::Engine as _;
use eavip_core::time::Timestamp;
use serde_json::Value;

use super::super::Failure;
use super::super::http::{Ask, FetchError, document};
use super::{Figure, Sample};
use crate::config::queue;
use crate::config::target::Target;
use crate::secret::Secret;

/// Largest answer in bytes: the list of a broker with thousands of queues.
const MAX_BODY: usize = 8 * 1024 * 1024;
/// The password of RabbitMQ's `guest`, whom brokers accept from loopback only.
const GUEST: &str = "guest";

/// A queue of RabbitMQ.
#[derive(Debug)]
pub struct RabbitMq {
    config: queue::RabbitMq,
}

impl RabbitMq {
    /// A queue as it is configured.
    #[must_use]
    pub fn new(config: queue::RabbitMq) -> Self {
        Self { config }
    }

    pub(super) async fn sample(&mut self, now: Timestamp) -> Result<Sample, Failure> {
        let config = &self.config;
        let authorization = self.authorization().map_err(|error| Failure::of(&error))?;
        let mut queue = self.get(&one(&config.vhost, &config.queue), &authorization).await?;
        if queue.get("messages_ready").is_none() {
            let path =
                format!("/api/queues/{}?disable_stats=true&enable_queue_totals=true", encoded(&config.vhost));
            queue = named(self.get(&path, &authorization).await?, &config.queue)?;
        }
        let mut sample = read(&queue, now);
        if let Some(name) = &config.dead_letter_queue {
            let dead = self.get(&one(&config.vhost, name), &authorization).await?;
            sample.dead_letter = figure(&dead, "messages");
        }
        Ok(sample)
    }

    fn authorization(&self) -> Result<Secret, FetchError> {
        let password = match &self.config.password {
            Some(reference) => reference.resolve()?,
            None => Secret::new(GUEST.to_owned()),
        };
        let pair = zeroize::Zeroizing::new(format!("{}:{}", self.config.user, password.expose()));
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair.as_bytes());
        Ok(Secret::new(format!("Basic {encoded}")))
    }

    async fn get(&self, path: &str, authorization: &Secret) -> Result<Value, Failure> {
        let target = &self.config.target;
        // The address may have a prefix: a broker behind a proxy.
        let path = format!("{}{path}", target.url.path().trim_end_matches('/'));
        let url = target.url.with_path(&path).ok_or_else(|| Failure(format!("`{path}` can't be a path")))?;
        let target = Target { url, ..target.clone() };
        let ask = Ask { head: false, limit: MAX_BODY, cut: false, authorization: Some(authorization) };
        let bytes = document(&target, ask).await.map_err(|error| Failure::of(&error))?;
        serde_json::from_slice(&bytes)
            .map_err(|_| Failure("the management API doesn't answer with JSON".to_owned()))
    }
}

fn one(vhost: &str, queue: &str) -> String {
    format!("/api/queues/{}/{}", encoded(vhost), encoded(queue))
}

/// Percent-encoded for a path: all but the unreserved characters of RFC 3986.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn named(list: Value, name: &str) -> Result<Value, Failure> {
    let Value::Array(queues) = list else {
        return Err(Failure("the list of queues isn't a list".to_owned()));
    };
    let found = queues.into_iter().find(|queue| queue.get("name").and_then(Value::as_str) == Some(name));
    found.ok_or_else(|| Failure(format!("there is no queue `{name}`")))
}

fn figure(queue: &Value, key: &str) -> Figure {
    match queue.get(key).and_then(Value::as_f64) {
        Some(value) => Figure::exact(value),
        None => Figure::Unknown(format!("the broker doesn't tell `{key}`")),
    }
}

fn read(queue: &Value, now: Timestamp) -> Sample {
    let stats = queue.get("message_stats");
    let total = |key| stats.and_then(|stats| stats.get(key)).and_then(Value::as_f64);
    // The broker leaves out statistics of what never happened; that the queue is counted at all shows by its state.
    let counted =
        queue.get("consumer_utilisation").is_some() || queue.get("consumers").is_some() || stats.is_some();
    let enqueued = counted.then(|| total("publish").unwrap_or(0.0));
    // Each delivery that needed no confirmation, and each that was confirmed.
    let dequeued = counted
        .then(|| ["ack", "deliver_no_ack", "get_no_ack"].iter().filter_map(|key| total(key)).sum::<f64>());
    // Seconds since 1970 by the publisher's clock; only where the broker stamps messages.
    let head = queue.get("head_message_timestamp").and_then(Value::as_i64);
    let oldest_age = head.map_or(Figure::Absent, |seconds| {
        let head = Timestamp::from_millis(seconds.saturating_mul(1_000));
        Figure::exact(now.since(head).as_secs_f64())
    });
    let consumers =
        if queue.get("consumers").is_some() { figure(queue, "consumers") } else { Figure::Absent };
    Sample {
        ready: figure(queue, "messages_ready"),
        in_flight: figure(queue, "messages_unacknowledged"),
        consumers,
        oldest_age,
        enqueued,
        dequeued,
        ..Sample::default()
    }
}

#[cfg(test)]
mod tests;
