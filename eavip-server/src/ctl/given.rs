//! Files that a command is given: those of a directory found, JSON read within a bound, and what is wrong with them told as
//! a problem with file, line and field. What stands in them is the commands' part.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use eavip_agent::cli::exit;
use eavip_core::document::{MAX_LINE, Problem};

use crate::ctl::failure::Failure;
use crate::ctl::output::talk;
use crate::ctl::text::{counted, cut, shown};

/// A file that can't be read, or isn't JSON.
pub(crate) const UNREADABLE: &str = "EAVIP-H01";
/// A field that nothing reads.
pub(crate) const UNKNOWN_FIELD: &str = "EAVIP-H02";
/// A value that can't be used, or that is missing.
pub(crate) const WRONG_VALUE: &str = "EAVIP-H03";

/// Most files of one directory, as of a `.d` directory beside a runbook.
const MAX_FILES: usize = 500;
/// Most problems that are told; the rest is counted.
const MAX_TOLD: usize = 100;
/// Longest reason of a parser that is repeated, in characters: it may hold a text of the file.
const MAX_REASON: usize = 200;

/// A text out of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'t> {
    /// The file's name.
    pub(crate) file: &'t str,
    /// The number of its first line in the file, from 1.
    pub(crate) line: usize,
    pub(crate) text: &'t [u8],
    /// What to do when it can't be used.
    pub(crate) remedy: &'static str,
}

/// How messages call a file.
pub(crate) fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

/// The files of a directory that end in `ending`, by name, or the file itself. A directory without one is a problem under
/// `code`: who named it would get an answer about something else.
pub(crate) fn files(path: &Path, ending: &str, code: &'static str) -> Result<Vec<PathBuf>, Vec<Problem>> {
    // What can't be listed is told by the reader, as a file that can't be read.
    let Ok(entries) = std::fs::read_dir(path) else { return Ok(vec![path.to_owned()]) };
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let has_ending = |path: &PathBuf| path.extension().is_some_and(|end| end == ending) && path.is_file();
    let mut files: Vec<PathBuf> = paths.filter(has_ending).take(MAX_FILES + 1).collect();
    files.sort_unstable();
    let message = match files.len() {
        0 => format!("the directory has no file `*.{ending}`"),
        1..=MAX_FILES => return Ok(files),
        _ => format!("the directory has more than {MAX_FILES} files `*.{ending}`"),
    };
    Err(vec![problem(code, &name(path), message, "name the files, or the directory that has them alone")])
}

/// Reads a file, or standard input for `-`, of at most `most` bytes.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Vec<Problem>> {
    let mut bytes = Vec::new();
    let from: io::Result<Box<dyn Read>> = if path == Path::new("-") {
        Ok(Box::new(io::stdin()))
    } else {
        File::open(path).map(|file| Box::new(file) as Box<dyn Read>)
    };
    let done = from.and_then(|from| from.take(most.saturating_add(1)).read_to_end(&mut bytes));
    let (message, remedy) = match done {
        Err(error) => (format!("can't be read: {error}"), "check the path, and who may read it"),
        Ok(read) if read as u64 > most => {
            let limit = most / (1024 * 1024);
            (format!("more than {limit} MiB can't be taken"), "leave out what the command doesn't ask for")
        }
        Ok(_) => return Ok(bytes),
    };
    Err(vec![problem(UNREADABLE, &name(path), message, remedy)])
}

/// A problem's lines, each made harmless: they repeat what stands in the file.
pub(crate) fn harmless(problem: &Problem) -> String {
    let lines = problem.to_string();
    lines.lines().map(shown).collect::<Vec<_>>().join("\n")
}

/// Tells every problem of what was given: nothing could be decided.
pub(crate) fn undecided(problems: &[Problem]) -> Failure {
    problems.iter().take(MAX_TOLD).for_each(|problem| talk(&harmless(problem)));
    let cut =
        if problems.len() > MAX_TOLD { format!(", the first {MAX_TOLD} are told") } else { String::new() };
    let count = counted(problems.len(), "problem");
    let message = format!("nothing was decided: {count} in what was given{cut}");
    Failure::new(exit::USAGE, message, "mend what is told above, then ask again")
}

/// A problem of a file as a whole, or of a field that the message names.
pub(crate) fn problem(
    code: &'static str,
    file: &str,
    message: impl Into<String>,
    remedy: impl Into<String>,
) -> Problem {
    // A line break in a name would begin a line of its own.
    let (source, message) = (shown(file), shown(&message.into()));
    Problem { code, source, position: None, line: String::new(), message, remedy: remedy.into() }
}

/// What a parser has against the field `at`, or against the text as JSON; the text as a whole has no `at`.
pub(crate) fn unusable(given: Given<'_>, at: &str, error: &serde_json::Error) -> Problem {
    let told = error.to_string();
    // The parser's own place counts from the text, which may be one line of many.
    let reason =
        told.rsplit_once(" at line ").filter(|_| error.line() > 0).map_or(&*told, |(reason, _)| reason);
    let reason = cut(reason.to_owned(), MAX_REASON);
    let place = if at.is_empty() { String::new() } else { format!("`{at}`: ") };
    let mut problem = if !error.is_data() {
        problem(UNREADABLE, given.file, format!("isn't JSON: {reason}"), "mend this place, then look again")
    } else if reason.starts_with("unknown field") {
        problem(UNKNOWN_FIELD, given.file, format!("{place}{reason}"), given.remedy)
    } else {
        problem(WRONG_VALUE, given.file, format!("{place}{reason}"), given.remedy)
    };
    if let Some(above) = error.line().checked_sub(1) {
        let line = given.text.split(|byte| *byte == b'\n').nth(above).unwrap_or_default();
        let before = line.get(..error.column().saturating_sub(1)).unwrap_or(line);
        let column = String::from_utf8_lossy(before).chars().count() + 1;
        // A control character is shown by one column, so that the mark below stands right.
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        problem.position = Some((given.line + above, column));
        problem.line = String::from_utf8_lossy(line).chars().take(MAX_LINE).map(plain).collect();
    }
    problem
}

#[cfg(test)]
mod tests;
