//! The PagerDuty sender: the Events API, version 2. A group of alerts is one incident there: it is triggered and resolved by
//! the group's key.

use eavip_agent::secret::Secret;
use eavip_core::alert::Category;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Serialize;
use serde_json::{Value, json};

use super::http::{Endpoint, json};
use super::message::{Body, Message};
use super::receiver::SendError;
use super::wording::{Entry, Wording, line};
use crate::foreign::leads;

/// Where events go unless the configuration says otherwise; accounts in the EU have another address.
pub(super) const URL: &str = "https://events.pagerduty.com/v2/enqueue";
/// Longest summary, in characters.
const MAX_SUMMARY: usize = 1_024;
/// Alerts that one event spells out: with the longest texts some 300 KB of the 512 KB that an event may have.
const MAX_ALERTS: usize = 50;

/// A PagerDuty service.
#[derive(Debug)]
pub(super) struct PagerDuty {
    /// Where events go.
    pub(super) to: Endpoint,
    /// The service's integration key.
    pub(super) key: Secret,
}

/// An event.
#[derive(Serialize)]
struct Event<'a> {
    routing_key: &'a str,
    event_action: &'static str,
    dedup_key: String,
    client: &'static str,
    client_url: String,
    payload: Payload,
    links: Vec<Link>,
}

#[derive(Serialize)]
struct Payload {
    summary: String,
    source: String,
    severity: &'static str,
    timestamp: String,
    custom_details: Value,
}

#[derive(Serialize)]
struct Link {
    href: String,
    text: String,
}

impl PagerDuty {
    pub(super) async fn send(&self, message: &Message) -> Result<(), SendError> {
        let body = json(&self.event(message))?;
        // As its manual has it: 400 says that the event is wrong, 429 and 5xx that it should come again.
        let is_final = |status| status == StatusCode::BAD_REQUEST;
        self.to.post("application/json", HeaderMap::new(), body, is_final).await
    }

    fn event(&self, message: &Message) -> Event<'_> {
        let wording = Wording::of(message, MAX_ALERTS);
        let over = matches!(&message.body, Body::Alerts(alerts) if !alerts.fires());
        let place = match &message.body {
            Body::Alerts(alerts) => alerts.alerts.first().map(|told| told.alert.place().to_owned()),
            Body::Notice(_) => None,
        };
        let source = place.filter(|place| !place.is_empty()).unwrap_or_else(|| message.server.clone());
        let runbooks =
            wording.alerts.iter().map(|alert| &alert.runbook).collect::<std::collections::BTreeSet<_>>();
        let links = runbooks.into_iter().filter(|url| leads(url));
        Event {
            routing_key: self.key.expose(),
            event_action: if over { "resolve" } else { "trigger" },
            dedup_key: message.key().to_string(),
            client: "EAVIP ops",
            client_url: wording.url.clone(),
            links: links.map(|href| Link { href: href.clone(), text: "Runbook".to_owned() }).collect(),
            payload: Payload {
                summary: line(&wording.title, MAX_SUMMARY),
                source: line(&source, MAX_SUMMARY),
                severity: severity(wording.category),
                timestamp: message.decided_at.to_string(),
                custom_details: details(&wording),
            },
        }
    }
}

const fn severity(category: Option<Category>) -> &'static str {
    match category {
        Some(Category::Critical) => "critical",
        Some(Category::Warning) => "warning",
        _ => "info",
    }
}

fn details(wording: &Wording) -> Value {
    let alert = |entry: &Entry| {
        let facts = entry.facts.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.clone())));
        let own = [
            ("summary", Value::from(entry.summary.clone())),
            ("status", Value::from(if entry.fires { "firing" } else { "resolved" })),
            ("url", Value::from(entry.url.clone())),
            ("runbook", Value::from(entry.runbook.clone())),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        Value::Object(own.into_iter().chain(facts).collect())
    };
    let alerts: Vec<Value> = wording.alerts.iter().map(alert).collect();
    json!({ "alerts": alerts, "left_out": wording.left_out, "notes": wording.texts })
}

#[cfg(test)]
mod tests;
