//! Printing: tables for people, JSON for programs. Text from outside loses its control characters.

use std::io::{self, Write};

use serde::Serialize;

/// How data is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Columns for people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One JSON document per line.
    Jsonl,
}

/// Text that can't move a terminal's cursor or begin a line.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Writes rows below headings, each column as wide as its widest cell.
///
/// # Errors
/// When `out` can't be written to.
pub fn table<const N: usize>(
    out: &mut impl Write,
    headings: [&str; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let headings = headings.map(str::to_owned);
    let mut widths = headings.each_ref().map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in std::iter::once(&headings).chain(rows) {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            line.push_str(&format!("{:<width$}  ", plain(cell)));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Writes one thing: names and values for people, or a JSON document.
///
/// # Errors
/// When `out` can't be written to.
pub fn one(
    out: &mut impl Write,
    format: Format,
    rows: &[(&str, String)],
    value: &impl Serialize,
) -> io::Result<()> {
    match format {
        Format::Table => {
            let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
            rows.iter().try_for_each(|(name, value)| writeln!(out, "{name:width$}  {}", plain(value)))
        }
        Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(value)?),
        Format::Jsonl => writeln!(out, "{}", serde_json::to_string(value)?),
    }
}

/// Talks to people on stderr; nobody can be told when that fails.
pub fn talk(text: &str) {
    let _unheard = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_columns_and_defuses_control_characters() {
        let mut out = Vec::new();
        let rows = [["a".to_owned(), "1".to_owned()], ["long\u{1b}[2J".to_owned(), "2\n3".to_owned()]];
        table(&mut out, ["name", "value"], &rows).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "name      value\na         1\nlong\u{fffd}[2J  2\u{fffd}3\n");
    }
}
