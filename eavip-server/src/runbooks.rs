//! Runbook pages, Markdown: the built-in ones, and over them those of the directory `runbooks` beside the declared runbook.
//! Read when they are asked for, so that a mended page is there at once. What a page looks like is the dashboard's part.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Longest page, in bytes: nobody follows a longer one at night.
const MAX_PAGE: u64 = 256 * 1024;
/// Longest name of a page: file systems take no longer one with its ending.
const MAX_NAME: usize = 200;
/// Most pages of a directory; a handbook of more isn't found through by a list.
const MAX_PAGES: usize = 2_000;
/// What is read of a page for its title, in bytes: a list of all of them is asked for by a click.
const MAX_BEGINNING: u64 = 4 * 1024;

/// Why a page, or the directory of them, can't be read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// It is longer than a page may be.
    #[error("it is longer than {} KiB", MAX_PAGE / 1024)]
    TooLong,
    /// It isn't a text.
    #[error("it isn't UTF-8")]
    NotUtf8,
    /// A directory, or a device.
    #[error("it isn't a file")]
    NotAFile,
    /// No rule can cite it.
    #[error("no rule can cite a page of this name")]
    Name,
    /// The directory has too many.
    #[error("it has more than {MAX_PAGES} pages")]
    TooMany,
    /// What the system says.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Unread {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::TooLong => "split it: nobody follows a longer page at night",
            Self::NotUtf8 => "save it as UTF-8",
            Self::NotAFile => "write the page as a file, or rename what stands in its place",
            Self::Name => "a page's name has letters, digits, `-` and `_`; rename it",
            Self::TooMany => "leave the pages that rules cite, and keep the others elsewhere",
            Self::Io(_) => "check the path, and who may read it",
        }
    }

    fn is_absent(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// What couldn't be read, and why.
pub type Unreads = Vec<(PathBuf, Unread)>;

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
        /// The pages that the built-in alert rules and the server's own concerns cite, by name.
        pub const BUILTIN: &[(&str, &str)] =
            &[$( ($name, include_str!(concat!("../runbooks/", $name, ".md"))) ),+];
    };
}

builtin![
    "alert-intake",
    "audit-conflict",
    "certificate-expiring",
    "clock-off",
    "collector-blind",
    "disk-full",
    "error-rate-high",
    "host-saturated",
    "incident-overdue",
    "job-failed",
    "latency-high",
    "node-cloned",
    "node-silent",
    "noise-defect",
    "notification-undelivered",
    "operations-review",
    "probe-down",
    "queue-slow",
];

/// The directory of the pages that come with a declared runbook.
#[must_use]
pub fn beside(runbook: &Path) -> PathBuf {
    runbook.with_file_name("runbooks")
}

/// Every page by name, and what couldn't be read: there a built-in page of that name stays. A directory that isn't there
/// has none.
#[must_use]
pub fn all(dir: &Path) -> (BTreeMap<String, Page>, Unreads) {
    every(dir, Part::Whole)
}

/// As [`all`], with the beginning of each page alone, which has its title.
#[must_use]
pub fn beginnings(dir: &Path) -> (BTreeMap<String, Page>, Unreads) {
    every(dir, Part::Beginning)
}

fn every(dir: &Path, part: Part) -> (BTreeMap<String, Page>, Unreads) {
    let known = BUILTIN.iter().filter_map(|(name, _)| Some(((*name).to_owned(), builtin(name)?)));
    let mut pages: BTreeMap<String, Page> = known.collect();
    let mut unread = Vec::new();
    match names(dir, &mut unread) {
        Ok(names) => {
            for name in names {
                match read(dir, &name, part) {
                    Ok(page) => drop(pages.insert(name, page)),
                    Err(error) => unread.push((file(dir, &name), error)),
                }
            }
        }
        Err(error) if error.is_absent() => {}
        Err(error) => unread.push((dir.to_owned(), error)),
    }
    (pages, unread)
}

/// The page of a name, where there is one; and why the directory's can't be read, where a built-in one may stand in for it.
#[must_use]
pub fn find(dir: &Path, name: &str) -> (Option<Page>, Option<Unread>) {
    if is_name(name) {
        match read(dir, name, Part::Whole) {
            Ok(page) => return (Some(page), None),
            Err(error) if error.is_absent() => {}
            Err(error) => return (builtin(name), Some(error)),
        }
    }
    (builtin(name), None)
}

fn builtin(name: &str) -> Option<Page> {
    let (name, text) = BUILTIN.iter().find(|(known, _)| *known == name)?;
    Some(Page { place: format!("built-in page {name}"), text: Cow::Borrowed(*text) })
}

/// The names of a directory's pages, in order; pages that can't be cited are added to what can't be read.
fn names(dir: &Path, unread: &mut Unreads) -> Result<Vec<String>, Unread> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let Some(name) = path.file_stem().map(|name| name.to_string_lossy().into_owned()) else { continue };
        // A hidden file is an editor's.
        if path.extension().is_none_or(|end| end != "md") || name.starts_with('.') {
            continue;
        }
        if is_name(&name) {
            names.push(name)
        } else {
            unread.push((path, Unread::Name))
        }
        if names.len() + unread.len() > MAX_PAGES {
            unread.clear();
            return Err(Unread::TooMany);
        }
    }
    names.sort_unstable();
    unread.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Ok(names)
}

/// What a rule can cite: never a path to elsewhere.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn file(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.md"))
}

/// How much of a page is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Beginning,
}

fn read(dir: &Path, name: &str, part: Part) -> Result<Page, Unread> {
    let path = file(dir, name);
    let about = std::fs::metadata(&path)?;
    if !about.is_file() {
        return Err(Unread::NotAFile);
    }
    if about.len() > MAX_PAGE {
        return Err(Unread::TooLong);
    }
    let most = if part == Part::Whole { MAX_PAGE + 1 } else { MAX_BEGINNING };
    let mut bytes = Vec::new();
    let length = File::open(&path)?.take(most).read_to_end(&mut bytes)?;
    if length as u64 > MAX_PAGE {
        return Err(Unread::TooLong);
    }
    if let Err(error) = std::str::from_utf8(&bytes) {
        // The bound may have cut a character.
        let is_cut = part == Part::Beginning && length as u64 == most && error.error_len().is_none();
        bytes.truncate(if is_cut { error.valid_up_to() } else { length });
    }
    let text = String::from_utf8(bytes).map_err(|_| Unread::NotUtf8)?;
    Ok(Page { place: path.display().to_string(), text: Cow::Owned(text) })
}

#[cfg(test)]
mod tests;
