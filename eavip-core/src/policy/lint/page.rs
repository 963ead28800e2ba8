//! Runbook pages: those that rules cite are there, and each can be followed (seed: *Recovery procedures must be documented
//! and rehearsed*).

use super::{Lint, NO_PAGE, NO_STEPS, Pages};
use crate::document::{Problem, Source};
use crate::vocabulary::nearest;

pub(super) fn cited(lint: &Lint<'_>, pages: &Pages) {
    for rule in lint.policy.rules() {
        let Some(page) = rule.runbook.page().filter(|page| !pages.contains_key(*page)) else { continue };
        let remedy = match nearest(pages.keys().map(String::as_str), page) {
            Some(meant) => format!("did you mean `{meant}`? or write the page `runbooks/{page}.md`"),
            None => format!("write the page `runbooks/{page}.md`, or cite an https:// address"),
        };
        let message = format!("there is no runbook page `{page}`");
        lint.problem(&["alert", rule.id.as_str(), "runbook"], NO_PAGE, message, &remedy);
    }
}

/// What keeps a page from being followed: no title, or no numbered steps.
pub(super) fn unusable(page: &Source) -> Option<Problem> {
    let first = page.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let title = first.strip_prefix("# ").map_or("", str::trim);
    let (message, remedy) = if title.is_empty() {
        ("the page has no title", "begin it with `# ` and what has happened")
    } else if !page.text.lines().any(is_step) {
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

fn is_step(line: &str) -> bool {
    let number = line.trim_start();
    let rest = number.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < number.len() && (rest.starts_with(". ") || rest.starts_with(") "))
}
