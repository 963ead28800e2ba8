//! `runbooks`: the pages of the server, and how the alerts and the pages of a repository fit together. For the latter no server is
//! asked; which pages were rehearsed is in no file, so there it is none of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use eavip_agent::cli::exit;
use eavip_core::alert::rule::Runbook as Reference;
use eavip_core::policy::runbooks::{Coverage, Page, Standing, coverage};
use serde_json::json;

use crate::client::model::Runbook;
use crate::ctl::check;
use crate::ctl::failure::Failure;
use crate::ctl::given::{harmless, undecided};
use crate::ctl::output::{Cell, Format, Output, talk};
use crate::ctl::policy;
use crate::ctl::session::Session;
use crate::ctl::text::{counted, shown};

/// Characters of a revision that tell two apart for people.
const SHORT: usize = 12;

/// Arguments of `runbooks`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The server's pages, with their steps and what leads to them
    List,
    /// A page of the server, as it is written
    Show {
        /// Its name, as alerts cite it
        name: String,
    },
    /// List the pages with their steps and what leads to them, and what leads to none; exits 3 when an alert leads to a page that
    /// isn't there or can't be followed
    #[command(after_help = "eavipctl runbooks coverage examples/runbook\n\n\
                            Whether there is a page behind an address elsewhere can't be looked up here. Who rehearsed a page is \
                            known\nto a server only.")]
    Coverage {
        /// The repository, as for `check`
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
}

impl Command {
    pub(crate) async fn run(
        self,
        session: impl FnOnce() -> Result<Session, Failure>,
        out: &mut Output,
    ) -> Result<u8, Failure> {
        match self {
            Self::List => {
                let found = session()?.client.runbooks().await?;
                let rows: Vec<Vec<Cell>> = found.items.iter().map(listed).collect();
                out.table(&["PAGE", "TITLE", "STEPS", "REVISION", "LED TO BY"], &rows, &found.json)?;
                let missing = found.citations.iter().filter(|one| one.standing == Standing::Missing);
                missing.for_each(|one| {
                    let page = one.runbook.as_deref().unwrap_or_default();
                    talk(&shown(&format!("{} leads to {page}, which isn't there", one.by)));
                });
                Ok(exit::OK)
            }
            Self::Show { name } => {
                let page = session()?.client.runbook(&name).await?;
                // Its lines stay lines; whatever else could harm a terminal is written out.
                let text = page.text.lines().map(shown).collect::<Vec<_>>().join("\n");
                out.text(&text, &page.json)?;
                Ok(exit::OK)
            }
            Self::Coverage { dir } => covered(&dir, out),
        }
    }
}

fn covered(dir: &Path, out: &mut Output) -> Result<u8, Failure> {
    let policy = policy::load(&[dir.to_owned()]).map_err(|problems| undecided(&problems))?;
    let (pages, unread) = check::pages(&dir.join("runbooks"));
    unread.iter().for_each(|(path, error)| talk(&harmless(&check::unreadable(path, error))));
    let found = coverage(&policy, &pages, &BTreeMap::new());
    print(&found, out)?;
    let complete = found.is_complete() && unread.is_empty();
    Ok(if complete { exit::OK } else { exit::FINDINGS })
}

fn listed(page: &Runbook) -> Vec<Cell> {
    let cited = if page.cited_by.is_empty() { "nothing".to_owned() } else { page.cited_by.join(", ") };
    vec![
        Cell::from(&page.name),
        Cell::or_none(page.title.as_ref()),
        Cell::from(page.step_count.to_string()),
        Cell::from(&page.revision),
        Cell::from(cited),
    ]
}

fn print(found: &Coverage, out: &mut Output) -> Result<(), Failure> {
    let json = json!({ "items": found.pages, "citations": found.citations });
    let rows: Vec<Vec<Cell>> = found.pages.iter().map(row).collect();
    out.table(&["PAGE", "STEPS", "REHEARSED", "REVISION", "LED TO BY"], &rows, &json)?;
    let loose: Vec<_> = found.citations.iter().filter(|one| one.standing != Standing::There).collect();
    if out.format == Format::Table && !loose.is_empty() {
        let rows = loose.iter().map(|one| {
            let runbook = one.runbook.as_ref().map(Reference::as_str);
            vec![Cell::from(&one.by), Cell::or_none(runbook), Cell::from(one.standing)]
        });
        out.gap()?;
        out.rows(&["ALERT", "LEADS TO", "WHICH IS"], &rows.collect::<Vec<_>>())?;
    }
    let count = |standing: Standing| found.citations.iter().filter(|one| one.standing == standing).count();
    let uncited = found.pages.iter().filter(|page| page.cited_by.is_empty()).count();
    let stepless = found.pages.iter().filter(|page| !page.can_be_followed()).count();
    talk(&format!(
        "{}: {uncited} that no alert leads to, {stepless} that can't be followed; {}: {} missing, {} elsewhere",
        counted(found.pages.len(), "page"),
        counted(found.citations.len(), "alert"),
        count(Standing::Missing),
        count(Standing::Elsewhere),
    ));
    Ok(())
}

fn row(page: &Page) -> Vec<Cell> {
    let revision: String = page.revision.to_string().chars().take(SHORT).collect();
    let steps = match (page.steps, &page.title) {
        (0, _) => "none".to_owned(),
        (steps, Some(_)) => steps.to_string(),
        (steps, None) => format!("{steps}, no title"),
    };
    let rehearsed = page.rehearsed_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let cited = if page.cited_by.is_empty() { "nothing".to_owned() } else { page.cited_by.join(", ") };
    vec![
        Cell::from(&page.name),
        Cell::from(steps),
        Cell::from(rehearsed),
        Cell::from(revision),
        Cell::from(cited),
    ]
}

#[cfg(test)]
mod tests;
