//! `check`: a whole runbook repository, looked at without a server: what is declared, whether it makes sense together, and the
//! pages that rules cite.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use eavip_agent::config::layers::UNREADABLE;
use eavip_core::document::{Problem, Source};
use eavip_core::policy::lint::Pages;

use super::failure::Failure;
use super::output::Output;
use super::policy::{lint, tell};
use crate::dashboard::runbook;

/// Longest page, in bytes: nobody follows a longer one at night.
const MAX_PAGE: u64 = 256 * 1024;

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
    let builtin = |page: &runbook::Runbook<'_>| {
        (page.name.to_owned(), Source::new(format!("built-in page {}", page.name), page.text))
    };
    let mut pages: Pages = runbook::BUILTIN.iter().map(builtin).collect();
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(pages),
        Err(error) => return Err(vec![unreadable(dir, &error)]),
    };
    let mut problems = Vec::new();
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        if path.extension().is_none_or(|end| end != "md") {
            continue;
        }
        match text(&path) {
            Ok(text) => drop(pages.insert(name.to_owned(), Source::new(path.display().to_string(), text))),
            Err(error) => problems.push(unreadable(&path, &error)),
        }
    }
    problems.sort_by(|one, other| one.source.cmp(&other.source));
    if problems.is_empty() { Ok(pages) } else { Err(problems) }
}

fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let length = fs::File::open(path)?.take(MAX_PAGE + 1).read_to_string(&mut text)?;
    if length as u64 > MAX_PAGE {
        return Err(io::Error::other(format!("it is longer than {} KiB", MAX_PAGE / 1024)));
    }
    Ok(text)
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
