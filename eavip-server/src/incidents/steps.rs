//! The steps of a runbook page, to be ticked: the items of its numbered lists and of its task lists.

use std::sync::Arc;

use eavip_core::alert::rule::Runbook;
use eavip_core::decision::Refused;
use eavip_core::id::{Digest128, IncidentId};
use eavip_core::incident::Incident;
use eavip_core::incident::change::Request;
use eavip_core::incident::decide::MAX_LINE;
use eavip_core::incident::timeline::{Entry, Topic};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::NO_STEP;
use crate::app::App;
use crate::auth::{Allowed, Responder};
use crate::commit::MutateError;
use crate::problem::{Code, Problem};
use crate::runbooks;

/// Most steps of a page: nobody follows more at night.
const MAX_STEPS: usize = 200;
/// Hexadecimal digits of a revision: enough to tell the revisions of one page apart, short enough to be typed.
const REVISION: usize = 12;

/// The revision of a page: the beginning of its text's digest.
#[must_use]
pub fn revision(markdown: &str) -> String {
    let digest = Digest128::of([markdown.as_bytes()]).to_string();
    digest.chars().take(REVISION).collect()
}

/// An item of a list while it is read.
struct Item {
    text: String,
    is_step: bool,
    /// What comes after its first paragraph isn't its name.
    is_over: bool,
}

/// The steps of a page, each as one line, in their order; a step that stands there twice is one.
#[must_use]
pub fn steps(markdown: &str) -> Vec<String> {
    let (mut lists, mut items, mut found) = (Vec::new(), Vec::<Item>::new(), Vec::new());
    let mut finish = |item: Item| {
        let text: String = item.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text: String = text.chars().take(MAX_LINE).collect();
        if item.is_step && !text.is_empty() && !found.contains(&text) && found.len() < MAX_STEPS {
            found.push(text);
        }
    };
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS) {
        match event {
            Event::Start(Tag::List(number)) => {
                lists.push(number.is_some());
                items.iter_mut().for_each(|item| item.is_over = true);
            }
            Event::End(TagEnd::List(_)) => drop(lists.pop()),
            Event::Start(Tag::Item) => {
                let is_step = lists.last() == Some(&true);
                items.push(Item { text: String::new(), is_step, is_over: false });
            }
            Event::End(TagEnd::Item) => items.pop().into_iter().for_each(&mut finish),
            Event::TaskListMarker(_) => {
                items.iter_mut().last().into_iter().for_each(|item| item.is_step = true)
            }
            Event::End(TagEnd::Paragraph) | Event::Start(Tag::CodeBlock(_)) => {
                items.iter_mut().last().into_iter().for_each(|item| item.is_over = true);
            }
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                let open = items.iter_mut().last().filter(|item| !item.is_over);
                open.into_iter().for_each(|item| item.text += &text);
            }
            Event::SoftBreak | Event::HardBreak => {
                items.iter_mut().last().into_iter().for_each(|item| item.text.push(' '));
            }
            _ => {}
        }
    }
    found
}

/// Who ticked a step of a page, if anybody did: the last entry of it.
#[must_use]
pub fn ticked<'i>(incident: &'i Incident, page: &str, step: &str) -> Option<&'i Entry> {
    let text = format!("{page}: {step}");
    incident.timeline.iter().rev().find(|entry| entry.topic == Topic::Step && entry.text == text)
}

/// Ticks a step. On a page that this server has, a step that isn't there can only be an improvised one.
///
/// # Errors
/// As [`super::act::ask`], and when the page has no such step.
pub async fn tick(
    app: &App,
    by: &Allowed<Responder>,
    id: &IncidentId,
    runbook: Runbook,
    step: String,
    improvised: bool,
) -> Result<(), Problem> {
    if let (false, Some(page)) = (improvised, runbook.page().map(str::to_owned)) {
        let web = Arc::clone(&app.web);
        let read = tokio::task::spawn_blocking(move || runbooks::find(&web.runbooks, &page).0);
        let page = read.await.map_err(|_| Problem::new(Code::Internal, "the page could not be read"))?;
        let page = page.ok_or_else(|| Problem::not_found("runbook", &runbook))?;
        if !steps(&page.text).iter().any(|known| *known == step.trim()) {
            let message = format!("`{runbook}` has no such step");
            let remedy = "take a step as the page has it, or say that it was improvised";
            return Err(MutateError::Refused(Refused::because(NO_STEP, message, remedy)).into());
        }
    }
    super::act::ask(app, by, id, Request::TickStep { runbook, step, improvised }).await
}

#[cfg(test)]
mod tests;
