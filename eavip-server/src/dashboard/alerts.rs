//! The pages about alerts: which are open and whose, and one with everything that its owner needs.

use askama::Template;
use eavip_core::Vocabulary;
use eavip_core::alert::Category;
use eavip_core::alert::episode::Status;

use super::chart::{Chart, Size, chart};
use super::chrome::Chrome;
use super::on_call::names;
use super::words::{self, counted};
use super::{Main, Rendered, encoded, silences};
use crate::api::view::{Alert, AlertDetail, History, Now};
use crate::foreign::leads;

/// Which alerts are asked for, as it stands in the page's query; what can't be read asks for nothing special.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those that stand so; none for all.
    pub status: Option<Status>,
    /// Only those of this category; none for all.
    pub category: Option<Category>,
    /// Only those whose summary, rule, host or owner contains this, in any case.
    pub text: String,
}

/// Longest text that is searched for: longer than any host name.
const MOST_TEXT: usize = 300;

impl Filter {
    /// Reads the fields `status`, `category` and `q` of a query.
    #[must_use]
    pub fn new(status: &str, category: &str, q: &str) -> Self {
        let text = q.trim().chars().take(MOST_TEXT).collect();
        Self { status: status.parse().ok(), category: category.parse().ok(), text }
    }

    /// Whether an alert is asked for.
    #[must_use]
    pub fn matches(&self, alert: &Alert) -> bool {
        let wanted = self.text.to_lowercase();
        let node = alert.node.as_deref().unwrap_or_default();
        let texts = [&alert.summary, &alert.rule, alert.place(), node, &alert.owner.name, &alert.owner.id];
        self.status.is_none_or(|status| alert.status == status)
            && self.category.is_none_or(|category| alert.category == category)
            && (wanted.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(&wanted)))
    }

    fn is_any(&self) -> bool {
        *self == Self::default()
    }

    fn has_status(&self, word: &str) -> bool {
        self.status.is_some_and(|status| status.as_str() == word)
    }

    fn has_category(&self, word: &str) -> bool {
        self.category.is_some_and(|category| category.as_str() == word)
    }

    /// The same as a query, with its question mark; empty when anything is asked for.
    fn query(&self) -> String {
        let fields = [
            ("status", self.status.map(Status::as_str).unwrap_or_default()),
            ("category", self.category.map(Category::as_str).unwrap_or_default()),
            ("q", &self.text),
        ];
        let given: Vec<String> = fields
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) }
    }
}

#[derive(Template)]
#[template(path = "alerts.html")]
struct AlertsMain<'a> {
    chrome: &'a Chrome,
    now: &'a Now,
    filter: &'a Filter,
    groups: Vec<Group<'a>>,
}

/// The alerts that stand alike.
struct Group<'a> {
    id: &'static str,
    title: &'static str,
    none: &'static str,
    alerts: Vec<&'a Alert>,
}

/// The list of alerts: those that nobody has, those that somebody has, those that are over. `alerts` holds the open
/// ones and the latest resolved; the filter is applied here.
///
/// # Errors
/// See [`Rendered`].
pub fn list(alerts: &[Alert], filter: &Filter, now: &Now, chrome: &Chrome) -> Rendered {
    let kinds = [
        (Status::Firing, "open", "Nobody has it", "Nothing waits for somebody."),
        (Status::Acknowledged, "acknowledged", "Acknowledged", "Nobody is on anything."),
        (Status::Resolved, "resolved", "Recently resolved", "Nothing was resolved lately."),
    ];
    let groups = kinds
        .into_iter()
        .filter(|(status, ..)| filter.status.is_none_or(|wanted| wanted == *status))
        .map(|(status, id, title, none)| {
            let of = |alert: &&Alert| alert.status == status && filter.matches(alert);
            let mut alerts: Vec<&Alert> = alerts.iter().filter(of).collect();
            // The most urgent first; within a category the order that was given, the newest first.
            alerts.sort_by_key(|alert| {
                std::cmp::Reverse((status != Status::Resolved).then_some(alert.category))
            });
            Group { id, title, none, alerts }
        })
        .collect();
    let page = AlertsMain { chrome, now, filter, groups };
    let live = format!("/fragments/alerts{}", filter.query());
    Ok(Main::new("Alerts", &page)?.live(live, "alert delivery", String::new()))
}

/// What the form of an alert's page knows of the last attempt.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// What was wrong with it.
    pub problem: Option<String>,
    /// The reason that was given.
    pub reason: String,
}

/// The labels that the page doesn't show by name already.
fn own_labels(alert: &Alert) -> impl Iterator<Item = (&String, &String)> {
    let shown = ["alertname", "category", "node", "owner", "rule"];
    alert.labels.iter().filter(move |(name, _)| !shown.contains(&name.as_str()))
}

#[derive(Template)]
#[template(path = "alert.html")]
struct AlertMain<'a> {
    chrome: &'a Chrome,
    alert: &'a Alert,
    detail: &'a AlertDetail,
    chart: Option<Chart>,
    attempt: &'a Attempt,
}

/// One alert, with the history of its series where it has one.
///
/// # Errors
/// See [`Rendered`].
pub fn detail(
    detail: &AlertDetail,
    history: Option<&History>,
    attempt: &Attempt,
    chrome: &Chrome,
) -> Rendered {
    let alert = &detail.alert;
    let node = alert.node.as_deref().unwrap_or_default();
    let link = |series: &str| format!("{}/nodes/{}/series/{}", chrome.base, encoded(node), encoded(series));
    let chart = history.map(|history| chart(history, Size::Large, Some(link(&history.series.id))));
    let page = AlertMain { chrome, alert, detail, chart, attempt };
    let live = format!("/fragments/alerts/{}", encoded(&alert.id));
    let ids = format!("{} {}", alert.id, node);
    Ok(Main::new(format!("{} · {}", alert.rule, alert.place()), &page)?.live(
        live,
        "alert delivery report",
        ids,
    ))
}

/// Where a link to a runbook leads: below the base path, or to an address elsewhere; nowhere else.
fn runbook_link(alert: &Alert, chrome: &Chrome) -> Option<String> {
    let url = alert.runbook_url.as_str();
    if url.starts_with('/') && !url.starts_with("//") {
        Some(format!("{}{url}", chrome.base))
    } else {
        leads(url).then(|| url.to_owned())
    }
}

#[cfg(test)]
mod tests;
