//! Runbook pages, Markdown: the built-in ones, and over them those of the directory `runbooks` beside the declared runbook.
//! Read when they are asked for, so that a mended page is there at once. What a page looks like is the dashboard's part.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Longest page, in bytes: nobody follows a longer one at night.
const MAX_PAGE: u64 = 256 * 1024;
/// Most pages of a directory; a handbook of more isn't found through by a list.
const MAX_PAGES: usize = 2_000;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Where its text stands: a file's path, or that it is built in.
    pub place: String,
    /// Its Markdown.
    pub text: Cow<'static, str>,
}

macro_rules! builtin {
    ($($name:literal),+ $(,)?) => {
        /// The pages that the built-in alert rules cite, by name.
        pub const BUILTIN: &[(&str, &str)] =
            &[$( ($name, include_str!(concat!("../runbooks/", $name, ".md"))) ),+];
    };
}

builtin![
    "certificate-expiring",
    "clock-off",
    "collector-blind",
    "disk-full",
    "error-rate-high",
    "host-saturated",
    "job-failed",
    "latency-high",
    "node-cloned",
    "node-silent",
    "probe-down",
    "queue-slow",
];

/// The directory of the pages that come with a declared runbook.
#[must_use]
pub fn beside(runbook: &Path) -> PathBuf {
    runbook.with_file_name("runbooks")
}

/// Every page by name, and what couldn't be read. A directory that isn't there has none.
#[must_use]
pub fn all(dir: &Path) -> (BTreeMap<String, Page>, Vec<(PathBuf, io::Error)>) {
    let builtin = |(name, text): &(&str, &'static str)| {
        ((*name).to_owned(), Page { place: format!("built-in page {name}"), text: Cow::Borrowed(*text) })
    };
    let mut pages: BTreeMap<String, Page> = BUILTIN.iter().map(builtin).collect();
    let mut unread = Vec::new();
    match names(dir) {
        Ok(names) => {
            for name in names {
                match read(dir, &name) {
                    Ok(page) => drop(pages.insert(name, page)),
                    Err(error) => unread.push((file(dir, &name), error)),
                }
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => unread.push((dir.to_owned(), error)),
    }
    (pages, unread)
}

/// The page of a name, where there is one.
///
/// # Errors
/// When it is there and can't be read.
pub fn find(dir: &Path, name: &str) -> io::Result<Option<Page>> {
    if is_name(name) {
        match read(dir, name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found.map(Some),
        }
    }
    let builtin = BUILTIN.iter().find(|(known, _)| *known == name);
    Ok(builtin.map(|(_, text)| Page { place: format!("built-in page {name}"), text: Cow::Borrowed(*text) }))
}

/// The names of a directory's pages, in order.
fn names(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).filter(|name| is_name(name));
        if path.extension().is_some_and(|end| end == "md") {
            names.extend(name.map(str::to_owned));
        }
        if names.len() > MAX_PAGES {
            return Err(io::Error::other(format!("it has more than {MAX_PAGES} pages")));
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// What a rule can cite: never a path to elsewhere.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn file(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.md"))
}

fn read(dir: &Path, name: &str) -> io::Result<Page> {
    let path = file(dir, name);
    let mut text = String::new();
    let length = File::open(&path)?.take(MAX_PAGE + 1).read_to_string(&mut text)?;
    if length as u64 > MAX_PAGE {
        return Err(io::Error::other(format!("it is longer than {} KiB", MAX_PAGE / 1024)));
    }
    Ok(Page { place: path.display().to_string(), text: Cow::Owned(text) })
}

#[cfg(test)]
mod tests;
