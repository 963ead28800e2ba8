//! Runbook pages: those that rules and owners cite are there, and each can be followed (seed: *Recovery procedures must be documented
//! and rehearsed*).

use super::{Lint, NO_PAGE, NO_STEPS, Pages};
use crate::alert::rule::Runbook;
use crate::document::{Problem, Source};
use crate::policy::runbooks;
use crate::vocabulary::nearest;

pub(super) fn cited(lint: &Lint<'_>, pages: &Pages) {
    for rule in lint.policy.rules() {
        missing(lint, pages, &rule.runbook, &["alert", rule.id.as_str(), "runbook"]);
    }
    for (at, entry) in lint.policy.owners.entries.iter().enumerate() {
        if let Some(runbook) = &entry.runbook {
            missing(lint, pages, runbook, &["owner", &at.to_string(), "runbook"]);
        }
    }
}

fn missing(lint: &Lint<'_>, pages: &Pages, runbook: &Runbook, place: &[&str]) {
    let Some(page) = runbook.page().filter(|page| !pages.contains_key(*page)) else { return };
    let remedy = match nearest(pages.keys().map(String::as_str), page) {
        Some(meant) => format!("did you mean `{meant}`? or write the page `runbooks/{page}.md`"),
        None => format!("write the page `runbooks/{page}.md`, or cite an https:// address"),
    };
    lint.problem(place, NO_PAGE, format!("there is no runbook page `{page}`"), &remedy);
}

/// What keeps a page from being followed: no title, or no steps.
pub(super) fn unusable(page: &Source) -> Option<Problem> {
    let (message, remedy) = if runbooks::title(&page.text).is_none() {
        ("the page has no title", "begin it with `# ` and what has happened")
    } else if runbooks::steps(&page.text) == 0 {
        ("the page has no steps", "write what to do as a numbered list: `1. …`")
    } else {
        return None;
    };
    Some(Problem {
        code: NO_STEPS,
        source: page.name.clone(),
        position: Some((1, 1)),
        line: String::new(),
        message: message.to_owned(),
        remedy: remedy.to_owned(),
    })
}
