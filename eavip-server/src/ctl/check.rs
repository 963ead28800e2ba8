//! `check`: a whole runbook repository, looked at without a server: what is declared, whether it makes sense together, and the
//! pages that rules cite.

use std::io;
use std::path::{Path, PathBuf};

use eavip_agent::config::layers::UNREADABLE;
use eavip_core::document::{Problem, Source};
use eavip_core::policy::lint::Pages;

use super::failure::Failure;
use super::output::Output;
use super::policy::{lint, tell};
use crate::runbooks;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The repository: `*.toml`, each with its `.d` directory, and pages in `runbooks/*.md`
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl Check {
    pub(crate) fn run(self, out: &mut Output) -> Result<u8, Failure> {
        let found = pages(&self.dir.join("runbooks"));
        tell(found.and_then(|pages| lint(&[self.dir], Some(&pages))), out)
    }
}

/// The server's own pages, and those of a directory over them.
fn pages(dir: &Path) -> Result<Pages, Vec<Problem>> {
    let (pages, unread) = runbooks::all(dir);
    if !unread.is_empty() {
        return Err(unread.iter().map(|(path, error)| unreadable(path, error)).collect());
    }
    Ok(pages.into_iter().map(|(name, page)| (name, Source::new(page.place, page.text))).collect())
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    Problem {
        code: UNREADABLE,
        source: path.display().to_string(),
        position: None,
        line: String::new(),
        message: format!("can't read it: {error}"),
        remedy: "make it a readable UTF-8 text".to_owned(),
    }
}
