//! The Alertmanager sender: the JSON that Alertmanager's webhook receivers get, version 4, for what is built for those.
//!
//! An alert that another system sent keeps its labels, so that its fingerprint is the one that Alertmanager would give it.

use std::collections::BTreeMap;

use eavip_core::alert::episode::Origin;
use eavip_core::labels::Labels;
use eavip_core::time::Span;
use reqwest::StatusCode;
use serde::Serialize;

use super::http::{Endpoint, json};
use super::message::{Body, Message, Told};
use super::receiver::{SendError, Token};
use super::wording;
use crate::alertmanager::fingerprint::{fingerprint, labels};
use crate::record::Notice;

/// How Go writes a moment that isn't set: the end of an alert that fires.
const NO_TIME: &str = "0001-01-01T00:00:00Z";
/// How long a notice is shown by what shows alerts: it has no end of its own.
const NOTICE: Span = Span::from_secs(300);

/// An HTTP endpoint that gets what Alertmanager sends.
#[derive(Debug)]
pub(super) struct Alertmanager {
    /// Where it is.
    pub(super) to: Endpoint,
    /// What it knows this server by.
    pub(super) token: Token,
}

type Pairs = BTreeMap<String, String>;

/// A message, with Alertmanager's names.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    version: &'static str,
    group_key: String,
    truncated_alerts: usize,
    status: &'static str,
    receiver: String,
    group_labels: Pairs,
    common_labels: Pairs,
    common_annotations: Pairs,
    #[serde(rename = "externalURL")]
    external: String,
    alerts: Vec<Alert>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    status: &'static str,
    labels: Pairs,
    annotations: Pairs,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator: String,
    fingerprint: String,
}

impl Alertmanager {
    pub(super) async fn send(&self, message: &Message) -> Result<(), SendError> {
        let body = json(&Payload::of(message))?;
        let is_final = |status| status == StatusCode::GONE;
        self.to.post("application/json", self.token.headers(), body, is_final).await
    }
}

const fn status(fires: bool) -> &'static str {
    if fires { "firing" } else { "resolved" }
}

fn pairs(labels: &Labels) -> Pairs {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

impl Payload {
    fn of(message: &Message) -> Self {
        let (group, alerts, left_out) = match &message.body {
            Body::Alerts(told) => {
                let alerts: Vec<Alert> = told.alerts.iter().map(|told| Alert::of(message, told)).collect();
                (told.group.clone(), alerts, told.left_out)
            }
            Body::Notice(notice) => (Labels::default(), vec![Alert::of_notice(message, notice)], 0),
        };
        Self {
            version: "4",
            group_key: match &message.to.person {
                Some(person) => format!("{}/{person}:{group}", message.to.receiver),
                None => format!("{}:{group}", message.to.receiver),
            },
            truncated_alerts: left_out,
            status: status(alerts.iter().any(|alert| alert.status == status(true))),
            receiver: message.to.receiver.to_string(),
            group_labels: pairs(&group),
            common_labels: common(alerts.iter().map(|alert| &alert.labels)),
            common_annotations: common(alerts.iter().map(|alert| &alert.annotations)),
            external: message.server.clone(),
            alerts,
        }
    }
}

/// The pairs that all have.
fn common<'a>(mut all: impl Iterator<Item = &'a Pairs>) -> Pairs {
    let mut common = all.next().cloned().unwrap_or_default();
    for pairs in all {
        common.retain(|name, value| pairs.get(name) == Some(value));
    }
    common
}

impl Alert {
    fn of(message: &Message, told: &Told) -> Self {
        let (opening, alert) = (&told.episode.opening, &told.alert);
        let labels = labels(opening);
        let mut annotations = alert.annotations.clone();
        // What a sender said of its alert stays; what this server knows is added.
        for (name, value) in [
            ("summary", &alert.summary),
            ("action", &alert.action),
            ("owner", &alert.owner.name),
            ("runbook_url", &alert.runbook_url),
        ] {
            annotations.entry(name.to_owned()).or_insert_with(|| value.clone());
        }
        annotations.extend(instead_of(message));
        let generator = match &opening.origin {
            Origin::Sent { generator, .. } => generator.clone(),
            _ => None,
        };
        Self {
            status: status(told.fires()),
            fingerprint: fingerprint(&labels),
            labels: pairs(&labels),
            annotations,
            starts_at: opening.since.to_string(),
            ends_at: told.episode.resolved.map_or_else(|| NO_TIME.to_owned(), |(_, at)| at.to_string()),
            generator: generator.unwrap_or_else(|| wording::url(message, told)),
        }
    }

    fn of_notice(message: &Message, notice: &Notice) -> Self {
        let named = [("alertname", "eavip-notice"), ("topic", notice.topic.as_str())];
        // The names are right and the words short.
        let labels = Labels::new(named).unwrap_or_default();
        let texts = [("summary", &notice.title), ("description", &notice.text)];
        let texts = texts.map(|(name, text)| (name.to_owned(), text.clone()));
        Self {
            status: status(true),
            fingerprint: fingerprint(&labels),
            labels: pairs(&labels),
            annotations: texts.into_iter().chain(instead_of(message)).collect(),
            starts_at: message.decided_at.to_string(),
            ends_at: (message.decided_at + NOTICE).to_string(),
            generator: format!("{}{}", message.server, notice.path),
        }
    }
}

fn instead_of(message: &Message) -> Option<(String, String)> {
    message.instead_of.as_ref().map(|receiver| ("instead_of".to_owned(), receiver.to_string()))
}

#[cfg(test)]
mod tests;
