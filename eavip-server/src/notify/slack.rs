//! The Slack sender: an incoming webhook, whose address is the secret. Texts are escaped as Slack asks, and marked so that it
//! looks for no mentions, channels or addresses in them.

use serde_json::{Value, json};

use super::http::Endpoint;
use super::message::Message;
use super::receiver::SendError;
use super::wording::{Entry, Wording};
use crate::foreign::leads;

/// Alerts that one message spells out: a block each of the 50 that a message may have, and short enough to be read.
const MAX_ALERTS: usize = 10;
/// Longest text of a block, in characters.
const MAX_BLOCK: usize = 3_000;

/// An incoming webhook of Slack.
#[derive(Debug)]
pub(super) struct Slack {
    /// Where it is.
    pub(super) to: Endpoint,
}

impl Slack {
    pub(super) async fn send(&self, message: &Message) -> Result<(), SendError> {
        self.to.post_to_chat(payload(&Wording::of(message, MAX_ALERTS))).await
    }
}

fn payload(wording: &Wording) -> Value {
    let title = format!("*<{}|{}>*", escaped(&wording.url), escaped(&wording.title));
    let blocks = std::iter::once(title).chain(wording.texts.iter().map(|text| escaped(text)));
    let blocks = blocks.chain(wording.alerts.iter().map(alert)).chain(more(wording));
    let blocks: Vec<Value> = blocks.map(block).collect();
    json!({ "text": escaped(&wording.title), "blocks": blocks, "unfurl_links": false, "unfurl_media": false })
}

fn block(text: String) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": cut(text), "verbatim": true } })
}

/// A text within the bound. One that would be longer loses whole facts, never half of an escaped character or address.
fn cut(text: String) -> String {
    if text.chars().count() <= MAX_BLOCK {
        return text;
    }
    let mut kept = String::new();
    for line in text.split_inclusive('\n') {
        if kept.chars().count() + line.chars().count() > MAX_BLOCK - 1 {
            break;
        }
        kept += line;
    }
    kept + "…"
}

fn alert(entry: &Entry) -> String {
    let word = if entry.fires { "" } else { "RESOLVED " };
    let mut text = format!("{word}*<{}|{}>*", escaped(&entry.url), escaped(&entry.summary));
    for (name, value) in &entry.facts {
        text += &format!("\n{name}: {}", escaped(value));
    }
    text + &format!("\nRunbook: {}", link(&entry.runbook))
}

fn more(wording: &Wording) -> Option<String> {
    (wording.left_out > 0).then(|| format!("<{}|and {} more>", escaped(&wording.url), wording.left_out))
}

/// A link where a text can be one; nothing that runs.
fn link(url: &str) -> String {
    let text = escaped(url);
    if leads(url) && !url.contains('|') { format!("<{text}>") } else { text }
}

/// The three characters that mean something to Slack; its manual says that no others must be replaced.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
