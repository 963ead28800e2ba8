//! A message in words, for receivers that people read: a title, and of each alert what somebody needs who was woken by it.
//! Texts are plain and on one line; how a receiver's markup is kept out of them is its sender's part.

use eavip_core::alert::Category;
use eavip_core::alert::notice::Occasion;
use eavip_core::labels::Labels;

use super::message::{Alerts, Body, Message, Told};

/// Longest text of a fact, in characters: an action or a summary fits.
const MAX_TEXT: usize = 500;
/// Longest title, in characters.
const MAX_TITLE: usize = 200;

/// A message in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// One line that reads alone.
    pub title: String,
    /// Where on this server it can be looked at.
    pub url: String,
    /// What there is to say beside the alerts, a paragraph each.
    pub texts: Vec<String>,
    /// Its alerts.
    pub alerts: Vec<Entry>,
    /// How many more there are.
    pub left_out: usize,
    /// How urgent it is; none where nothing fires.
    pub category: Option<Category>,
}

/// An alert in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whether it fires.
    pub fires: bool,
    /// One sentence.
    pub summary: String,
    /// Where on this server it can be looked at.
    pub url: String,
    /// Where its runbook can be read.
    pub runbook: String,
    /// What else there is to know, by name.
    pub facts: Vec<(&'static str, String)>,
}

impl Wording {
    /// A message in words that spell out at most `most` alerts.
    #[must_use]
    pub fn of(message: &Message, most: usize) -> Self {
        let mut texts: Vec<String> = Vec::new();
        if let Some(other) = &message.instead_of {
            texts.push(format!("It comes here because messages to {other} don't arrive."));
        }
        match &message.body {
            Body::Alerts(alerts) => Self {
                title: title(alerts),
                url: match &alerts.alerts[..] {
                    [one] if alerts.left_out == 0 => url(message, one),
                    _ => format!("{}/alerts", message.server),
                },
                texts,
                alerts: alerts.alerts.iter().take(most).map(|told| entry(message, told)).collect(),
                left_out: alerts.left_out + alerts.alerts.len().saturating_sub(most),
                category: alerts.category(),
            },
            Body::Notice(notice) => {
                texts.insert(0, line(&notice.text, 4 * MAX_TEXT));
                let (title, url) =
                    (line(&notice.title, MAX_TITLE), format!("{}{}", message.server, notice.path));
                Self { title, url, texts, alerts: Vec::new(), left_out: 0, category: None }
            }
        }
    }
}

fn title(alerts: &Alerts) -> String {
    let fires = alerts.alerts.iter().filter(|told| told.fires()).count();
    let word = match (alerts.occasion, fires) {
        (_, 0) => "RESOLVED",
        (Occasion::Repeat, _) => "STILL FIRING",
        (Occasion::Escalation, _) => "ESCALATED",
        _ => "FIRING",
    };
    let category = alerts.category().map_or(String::new(), |category| format!(" {category}"));
    let title = match &alerts.alerts[..] {
        [one] if alerts.left_out == 0 => format!("{word}{category}: {}", one.alert.summary),
        all => {
            let count = if fires == 0 { all.len() + alerts.left_out } else { fires };
            let more = if alerts.left_out > 0 { "+" } else { "" };
            format!("{word}{category} ({count}{more}): {}", named(&alerts.group))
        }
    };
    line(&title, MAX_TITLE)
}

/// What the alerts of a group have in common, in words.
fn named(group: &Labels) -> String {
    if group.is_empty() {
        return "alerts".to_owned();
    }
    group.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// Where an alert can be looked at.
pub(super) fn url(message: &Message, told: &Told) -> String {
    format!("{}/alerts/{}", message.server, told.alert.id)
}

fn entry(message: &Message, told: &Told) -> Entry {
    let alert = &told.alert;
    let mut facts = vec![("Category", alert.category.to_string()), ("Owner", alert.owner.name.clone())];
    let mut fact = |name, value: Option<String>| {
        facts.extend(value.filter(|value| !value.is_empty()).map(|value| (name, value)));
    };
    fact("Where", Some(alert.place().to_owned()));
    fact("Value", alert.value.clone());
    fact("Since", Some(alert.since.clone()));
    match &alert.resolved {
        Some(over) => fact("Over", Some(format!("{} ({})", over.at, over.ending))),
        None => {
            fact("Do first", Some(alert.action.clone()));
            fact("Taken by", alert.acknowledged.as_ref().map(|taken| taken.by.clone()));
        }
    }
    let description = alert.annotations.get("description").filter(|text| **text != alert.summary);
    fact("Description", description.cloned());
    Entry {
        fires: told.fires(),
        summary: line(&alert.summary, MAX_TEXT),
        url: url(message, told),
        runbook: line(&alert.runbook_url, 2 * MAX_TEXT),
        facts: facts.into_iter().map(|(name, value)| (name, line(&value, MAX_TEXT))).collect(),
    }
}

/// A text on one line of at most `most` characters, without what breaks lines, turns them round or hides in them.
#[must_use]
pub fn line(text: &str, most: usize) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let mut shown = text.chars().filter(|c| !turns(*c)).map(|c| if breaks(c) { ' ' } else { c });
    let mut line: String = shown.by_ref().take(most).collect();
    if shown.next().is_some() {
        line.pop();
        line.push('…');
    }
    line.trim().to_owned()
}

#[cfg(test)]
mod tests;
