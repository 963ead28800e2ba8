//! `check`: a whole runbook repository, looked at without a server: what is declared, whether it makes sense together, and the
//! pages that rules cite.

use std::path::{Path, PathBuf};

use eavip_agent::cli::exit;
use eavip_agent::config::layers::UNREADABLE;
use eavip_core::document::{Problem, Source};
use eavip_core::policy::Policy as Runbook;
use eavip_core::policy::lint::Pages;

use super::failure::Failure;
use super::given;
use super::output::Output;
use super::policy::{lint, tell};
use crate::runbooks::{self, Unread};

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The repository: `*.toml`, each with its `.d` directory, and pages in `runbooks/*.md`
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl Check {
    pub(crate) fn run(self, out: &mut Output) -> Result<u8, Failure> {
        if !self.dir.is_dir() {
            let message = format!("`{}` is not a directory", self.dir.display());
            let remedy = "name the directory, or use `eavipctl policy lint FILE`";
            return Err(Failure::new(exit::USAGE, message, remedy));
        }
        tell(self.look(), out)
    }

    /// Every problem of the runbook and of its pages: those of a page that can't be read hide no other.
    fn look(self) -> Result<Runbook, Vec<Problem>> {
        let dir = self.dir.join("runbooks");
        let (pages, unread) = pages(&dir);
        let told = unread.iter().map(|(path, error)| unreadable(path, error));
        // Whether a cited page is there can't be told of a directory that can't be listed.
        let listed = unread.iter().all(|(path, _)| *path != dir);
        match lint(&[self.dir], listed.then_some(&pages)) {
            Ok(policy) if unread.is_empty() => Ok(policy),
            Ok(_) => Err(told.collect()),
            Err(problems) => Err(problems.into_iter().chain(told).collect()),
        }
    }
}

/// The server's own pages, and those of a directory over them; besides, what can't be read.
pub(super) fn pages(dir: &Path) -> (Pages, runbooks::Unreads) {
    let (pages, unread) = runbooks::all(dir);
    let pages = pages.into_iter().map(|(name, page)| (name, Source::new(page.place, page.text)));
    (stand_ins(&unread).chain(pages).collect(), unread)
}

/// Pages that are there and can't be read: a rule that cites one is told of that, not that there is none.
fn stand_ins(unread: &[(PathBuf, Unread)]) -> impl Iterator<Item = (String, Source)> + '_ {
    unread.iter().filter(|(_, error)| !matches!(error, Unread::Name)).filter_map(|(path, _)| {
        let name = path.file_stem()?.to_str()?.to_owned();
        Some((name, Source::new(path.display().to_string(), "# There\n\n1. Not to be read.\n")))
    })
}

pub(super) fn unreadable(path: &Path, error: &Unread) -> Problem {
    given::problem(UNREADABLE, &given::name(path), format!("can't be read: {error}"), error.remedy())
}

#[cfg(test)]
mod tests;
