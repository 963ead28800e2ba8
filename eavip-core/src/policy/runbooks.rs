//! Which alerts lead to a page that is there and can be followed, and which pages no alert leads to (seed: *Recovery procedures
//! must be documented and rehearsed*).
//!
//! Whether an address elsewhere has a page behind it isn't known here, and which pages were rehearsed is the caller's evidence.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Policy;
use super::lint::Pages;
use crate::alert::concern::Concern;
use crate::alert::rule::Runbook;
use crate::id::Digest128;
use crate::time::Timestamp;
use crate::words;

words! {
    /// What is known of the runbook that an alert leads to.
    #[non_exhaustive]
    pub enum Standing ("runbook standing") {
        /// The page is there.
        There = "there",
        /// No page has this name.
        Missing = "missing",
        /// It is an address elsewhere, which nobody looked at.
        Elsewhere = "elsewhere",
        /// None is declared: each alert brings its own, or is quarantined.
        Unsaid = "unsaid",
    }
}

/// What leads to a runbook.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Citation {
    /// As it stands in the text: `[alert.disk-full]`, or `[[owner]]` with its labels; the name of a server's own alert.
    pub by: String,
    /// Where it leads.
    pub runbook: Option<Runbook>,
    /// What is known of that.
    pub standing: Standing,
}

/// A page, and what leads to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// Its name, as alerts cite it.
    pub name: String,
    /// Its first heading.
    pub title: Option<String>,
    /// Identifies its text: another text has another revision.
    pub revision: Digest128,
    /// How many steps it has.
    pub steps: usize,
    /// What leads to it, as in [`Citation::by`].
    pub cited_by: Vec<String>,
    /// When it was last rehearsed; `None` for never.
    pub rehearsed_at: Option<Timestamp>,
}

impl Page {
    /// Whether somebody who is woken up can follow it.
    #[must_use]
    pub fn can_be_followed(&self) -> bool {
        self.title.is_some() && self.steps > 0
    }
}

/// How alerts and pages fit together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// What leads to runbooks: alert rules, owners of alerts from elsewhere, what a server has to tell of its own work.
    pub citations: Vec<Citation>,
    /// Every page, by name.
    pub pages: Vec<Page>,
}

impl Coverage {
    /// Whether every alert that names a page leads to one that can be followed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let missing = self.citations.iter().any(|citation| citation.standing == Standing::Missing);
        let cited = |page: &&Page| !page.cited_by.is_empty();
        !missing && self.pages.iter().filter(cited).all(Page::can_be_followed)
    }
}

/// How the alerts of a policy and the pages there are fit together. `rehearsed` has when each page was last followed in a drill.
///
/// ```
/// use std::collections::BTreeMap;
/// use eavip_core::policy::{Policy, Source, runbooks};
///
/// let page = Source::new("runbooks/disk-full.md", "# The disk is full\n\n1. Find what grew.\n");
/// let pages = BTreeMap::from([("disk-full".to_owned(), page)]);
/// let found = runbooks::coverage(&Policy::builtin(), &pages, &BTreeMap::new());
/// assert_eq!((found.pages[0].steps, found.pages[0].cited_by.len()), (1, 4));
/// assert!(!found.is_complete(), "other rules lead to pages that aren't there");
/// ```
#[must_use]
pub fn coverage(policy: &Policy, pages: &Pages, rehearsed: &BTreeMap<String, Timestamp>) -> Coverage {
    let rules =
        policy.rules().iter().map(|rule| (format!("[alert.{}]", rule.id), Some(rule.runbook.clone())));
    let owners = policy.owners.entries.iter();
    let owners = owners.map(|entry| (format!("[[owner]] {}", entry.matches), entry.runbook.clone()));
    let own = Concern::ALL.iter().map(|concern| (concern.to_string(), concern.page().parse().ok()));
    let cite = |(by, runbook): (String, Option<Runbook>)| {
        let standing = match runbook.as_ref().map(Runbook::page) {
            None => Standing::Unsaid,
            Some(None) => Standing::Elsewhere,
            Some(Some(page)) if pages.contains_key(page) => Standing::There,
            Some(Some(_)) => Standing::Missing,
        };
        Citation { by, runbook, standing }
    };
    let citations: Vec<Citation> = rules.chain(owners).chain(own).map(cite).collect();
    let mut cited: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for citation in &citations {
        if let Some(page) = citation.runbook.as_ref().and_then(Runbook::page) {
            cited.entry(page).or_default().push(citation.by.clone());
        }
    }
    let page = |(name, source): (&String, &super::Source)| Page {
        name: name.clone(),
        title: title(&source.text).map(str::to_owned),
        revision: revision(&source.text),
        steps: steps(&source.text),
        cited_by: cited.get(name.as_str()).cloned().unwrap_or_default(),
        rehearsed_at: rehearsed.get(name).copied(),
    };
    let pages = pages.iter().map(page).collect();
    Coverage { citations, pages }
}

/// What identifies a page's text.
#[must_use]
pub fn revision(text: &str) -> Digest128 {
    Digest128::of([text.as_bytes()])
}

/// A page's title: its first line that isn't empty, where that is a heading.
pub(super) fn title(text: &str) -> Option<&str> {
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    first.strip_prefix("# ").map(str::trim).filter(|title| !title.is_empty())
}

/// How many steps a page has: items of numbered lists (`1. …`) and of task lists (`- [ ] …`), outside of code.
pub(super) fn steps(text: &str) -> usize {
    let mut is_code = false;
    let mut steps = 0;
    for line in text.lines() {
        let line = line.trim_start();
        if line.starts_with("```") || line.starts_with("~~~") {
            is_code = !is_code;
        }
        steps += usize::from(!is_code && is_step(line));
    }
    steps
}

fn is_step(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_numbered = rest.len() < line.len() && (rest.starts_with(". ") || rest.starts_with(") "));
    let item = ["- ", "* ", "+ "].iter().find_map(|bullet| line.strip_prefix(bullet));
    is_numbered || item.is_some_and(|item| ["[ ] ", "[x] ", "[X] "].iter().any(|mark| item.starts_with(mark)))
}

#[cfg(test)]
mod tests;
