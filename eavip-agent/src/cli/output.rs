//! Writing for people and for programs.

use std::io::{self, Write as _};

use clap::ValueEnum;
use serde::Serialize;

/// How data is written; never switched by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One JSON document
    Json,
    /// One JSON document per line
    Jsonl,
}

/// Writes data to stdout. A reader that went away early is no failure.
pub(crate) fn data(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Writes talk to stderr; nobody can be told when that fails.
pub(crate) fn talk(text: &str) {
    let _unheard = writeln!(io::stderr(), "{text}");
}

/// One thing: as a table of names and values, or as JSON.
pub(crate) fn one(format: Format, rows: &[(&str, String)], value: &impl Serialize) -> io::Result<()> {
    match format {
        Format::Table => {
            let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
            let lines = rows.iter().map(|(name, value)| format!("{name:width$}  {}\n", clean(value)));
            data(&lines.collect::<String>())
        }
        Format::Json => data(&(serde_json::to_string_pretty(value)? + "\n")),
        Format::Jsonl => data(&(serde_json::to_string(value)? + "\n")),
    }
}

/// Control characters from elsewhere don't reach the terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
