//! Runbook pages: Markdown turned into HTML that holds nothing its writer could break out with.

use askama::Template;
use eavip_core::alert::rule::Runbook as Reference;
use eavip_core::policy::runbooks::{Citation, Coverage, Page, Standing};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::chrome::Chrome;
use super::{Main, Rendered, words};
use crate::api::view::Alert;

/// A runbook page: Markdown whose first heading is its title.
#[derive(Debug, Clone, Copy)]
pub struct Runbook<'a> {
    /// Its name, as alert rules cite it.
    pub name: &'a str,
    /// Its Markdown.
    pub text: &'a str,
}

impl<'a> Runbook<'a> {
    /// Its first heading; its name without one.
    #[must_use]
    pub fn title(&self) -> &'a str {
        self.text.lines().find_map(|line| line.strip_prefix("# ")).map_or(self.name, str::trim)
    }
}

#[derive(Template)]
#[template(path = "runbook.html")]
struct RunbookMain<'a> {
    chrome: &'a Chrome,
    runbook: Runbook<'a>,
    body: String,
    /// What is known of it besides its text.
    known: &'a Page,
    alerts: &'a [Alert],
}

/// A runbook page, with the open alerts that cite it.
///
/// # Errors
/// See [`Rendered`].
pub fn page(runbook: Runbook<'_>, known: &Page, alerts: &[Alert], chrome: &Chrome) -> Rendered {
    Main::new(runbook.title(), &RunbookMain { chrome, runbook, body: to_html(runbook.text), known, alerts })
}

#[derive(Template)]
#[template(path = "runbooks.html")]
struct RunbooksMain<'a> {
    chrome: &'a Chrome,
    pages: &'a [Page],
    /// What leads to pages that aren't there.
    missing: Vec<&'a Citation>,
    elsewhere: usize,
}

/// The list of runbook pages, with what leads to them and what leads to none.
///
/// # Errors
/// See [`Rendered`].
pub fn index(coverage: &Coverage, chrome: &Chrome) -> Rendered {
    let standing = |wanted| coverage.citations.iter().filter(move |one| one.standing == wanted);
    let missing = standing(Standing::Missing).collect();
    let elsewhere = standing(Standing::Elsewhere).count();
    Main::new("Runbooks", &RunbooksMain { chrome, pages: &coverage.pages, missing, elsewhere })
}

/// Where an alert leads.
fn named(citation: &Citation) -> &str {
    citation.runbook.as_ref().map_or("", Reference::as_str)
}

/// Markdown as HTML without its title. Markup in the text is shown as text, images become their description, and a
/// link leads only to the web, to mail, or to a place on this server.
pub(super) fn to_html(markdown: &str) -> String {
    let mut title = 0_u8; // 0 not met, 1 inside, 2 behind it
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(move |event| match event {
        Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) if title == 0 => {
            title = 1;
            None
        }
        Event::End(TagEnd::Heading(HeadingLevel::H1)) if title == 1 => {
            title = 2;
            None
        }
        _ if title == 1 => None,
        event => Some(tame(event)),
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

fn tame(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = if is_safe(&dest_url) { dest_url } else { CowStr::Borrowed("#") };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        Event::Start(Tag::Image { .. }) => Event::Start(Tag::Emphasis),
        Event::End(TagEnd::Image) => Event::End(TagEnd::Emphasis),
        event => event,
    }
}

fn is_safe(url: &str) -> bool {
    let scheme_free = !url.contains(':') && !url.starts_with("//") && !url.contains('\\');
    scheme_free || ["https://", "http://", "mailto:"].iter().any(|scheme| url.starts_with(scheme))
}

#[cfg(test)]
mod tests;
