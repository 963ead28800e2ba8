//! Runbook pages as the API sends them: what they say, and what leads to them.

use eavip_core::policy::runbooks::{self, Standing};
use serde::Serialize;
use utoipa::ToSchema;

use super::words;
use crate::incidents::steps;

/// A page, without its text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Runbook {
    /// Its name, as alerts cite it.
    pub name: String,
    /// Its title; none where its first line is no heading.
    pub title: Option<String>,
    /// Identifies its text, as the ticks of incidents do.
    pub revision: String,
    /// How many steps it has.
    pub step_count: usize,
    /// What leads to it: `[alert.disk-full]`, or `[[owner]]` with its labels; the name of one of the server's own alerts.
    pub cited_by: Vec<String>,
    /// When it was last rehearsed, RFC 3339; none for never.
    pub rehearsed_at: Option<String>,
}

/// A page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunbookDetail {
    /// What is known of it.
    #[serde(flatten)]
    pub runbook: Runbook,
    /// Its steps, in their order: what incidents tick.
    pub steps: Vec<String>,
    /// Its Markdown.
    pub text: String,
}

/// Every page, and what leads to pages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Runbooks {
    /// The pages, by name.
    pub items: Vec<Runbook>,
    /// What leads to pages.
    pub citations: Vec<RunbookCitation>,
    /// Pages that are there and can't be read: the server's log says why.
    pub unread: usize,
}

/// An alert that leads to a page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunbookCitation {
    /// Which, as in `cited_by`.
    pub by: String,
    /// Where it leads.
    pub runbook: Option<String>,
    /// What is known of that.
    #[schema(schema_with = words::<Standing>)]
    pub standing: Standing,
}

impl Runbook {
    /// A page as the outside sees it.
    #[must_use]
    pub fn of(page: &runbooks::Page, text: &str) -> Self {
        Self {
            name: page.name.clone(),
            title: page.title.clone(),
            revision: steps::revision(text),
            step_count: steps::steps(text).len(),
            cited_by: page.cited_by.clone(),
            rehearsed_at: page.rehearsed_at.map(|at| at.to_string()),
        }
    }
}

impl From<&runbooks::Citation> for RunbookCitation {
    fn from(citation: &runbooks::Citation) -> Self {
        Self {
            by: citation.by.clone(),
            runbook: citation.runbook.as_ref().map(ToString::to_string),
            standing: citation.standing,
        }
    }
}
