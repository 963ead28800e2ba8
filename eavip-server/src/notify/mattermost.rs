//! The Mattermost sender: an incoming webhook, whose address is the secret. Mattermost renders Markdown and looks for mentions
//! in whatever it gets: both are kept out of texts.

use serde_json::{Value, json};

use super::http::Endpoint;
use super::message::Message;
use super::receiver::SendError;
use super::wording::{Entry, Wording};
use crate::foreign::leads;

/// Alerts that one message spells out; more isn't read.
const MAX_ALERTS: usize = 10;
/// Longest post, in characters.
const MAX_POST: usize = 16_383;

/// An incoming webhook of Mattermost.
#[derive(Debug)]
pub(super) struct Mattermost {
    /// Where it is.
    pub(super) to: Endpoint,
}

impl Mattermost {
    pub(super) async fn send(&self, message: &Message) -> Result<(), SendError> {
        self.to.post_to_chat(payload(&Wording::of(message, MAX_ALERTS))).await
    }
}

fn payload(wording: &Wording) -> Value {
    let mut text = format!("**{}**", link(&wording.title, &wording.url));
    let more = (wording.left_out > 0).then(|| link(&format!("and {} more", wording.left_out), &wording.url));
    let texts = wording.texts.iter().map(|text| escaped(text));
    for paragraph in texts.chain(wording.alerts.iter().map(alert)).chain(more) {
        // What doesn't fit is left out whole: half a paragraph could begin a markup that it doesn't end.
        if text.chars().count() + paragraph.chars().count() + 2 <= MAX_POST {
            text += "\n\n";
            text += &paragraph;
        }
    }
    json!({ "text": text })
}

fn alert(entry: &Entry) -> String {
    let word = if entry.fires { "" } else { "RESOLVED " };
    let mut text = format!("{word}**{}**", link(&entry.summary, &entry.url));
    for (name, value) in &entry.facts {
        text += &format!("\n{name}: {}", escaped(value));
    }
    let runbook =
        if leads(&entry.runbook) { link(&entry.runbook, &entry.runbook) } else { escaped(&entry.runbook) };
    text + &format!("\nRunbook: {runbook}")
}

/// A link; its address is written so that nothing in it ends it.
fn link(text: &str, url: &str) -> String {
    let url: String = url
        .chars()
        .map(|c| match c {
            '(' => "%28".to_owned(),
            ')' => "%29".to_owned(),
            '<' | '>' | '\\' | '"' | '\'' | '`' | '*' | '_' | '~' | '|' | ' ' | '@' => {
                format!("%{:02X}", u32::from(c))
            }
            _ => c.to_string(),
        })
        .collect();
    format!("[{}]({url})", escaped(text))
}

/// A text that is shown as it is. What Markdown takes for markup gets a backslash, what HTML does an entity; a character without width
/// keeps `@here` from being a mention and an address from becoming a link of its own.
fn escaped(text: &str) -> String {
    const MARKUP: &str = "\\`*_{}[]()#+-.!~|";
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '@' => out += "@\u{200b}",
            ':' if rest.peek() == Some(&'/') => out += ":\u{200b}",
            c if MARKUP.contains(c) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
