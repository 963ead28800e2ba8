//! Printing: tables for people, the API's own JSON for programs.

use std::io::{self, IsTerminal as _, Write};

use eavip_core::alert::Category;
use eavip_core::decision::Verdict;
use eavip_core::finding::Outcome;
use eavip_core::signal::health::Health;
use serde_json::Value;

use crate::ctl::text::{cut, escaped, shown};

/// Longest cell of a table: a summary with its figures fits, a label of 1 KiB doesn't push the others away.
pub(crate) const MAX_CELL: usize = 100;

/// How data is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    #[default]
    Table,
    /// One JSON document
    Json,
    /// One JSON document per line
    Jsonl,
}

/// What a colour says; the words say it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
}

/// A text with its tone.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl<T: ToString> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.to_string(), tone: Tone::Plain }
    }
}

impl Cell {
    pub(crate) fn health(health: Health) -> Self {
        let tone = match health {
            Health::Healthy => Tone::Good,
            Health::Degraded | Health::Unknown => Tone::Warn,
            Health::Failing => Tone::Bad,
        };
        Self { text: health.to_string(), tone }
    }

    pub(crate) fn category(category: Category) -> Self {
        let tone = match category {
            Category::Informational => Tone::Plain,
            Category::Warning => Tone::Warn,
            Category::Critical => Tone::Bad,
        };
        Self { text: category.to_string(), tone }
    }

    pub(crate) fn outcome(outcome: Outcome) -> Self {
        let tone = match outcome {
            Outcome::NotApplicable => Tone::Plain,
            Outcome::Pass => Tone::Good,
            Outcome::Warn | Outcome::Undetermined => Tone::Warn,
            Outcome::Fail => Tone::Bad,
        };
        Self { text: outcome.to_string(), tone }
    }

    /// Whether something was shown.
    pub(crate) fn proof(shown: bool) -> Self {
        let (text, tone) = if shown { ("yes", Tone::Good) } else { ("no", Tone::Bad) };
        Self { text: text.to_owned(), tone }
    }

    pub(crate) fn verdict(verdict: Verdict) -> Self {
        let tone = match verdict {
            Verdict::Allow => Tone::Good,
            Verdict::Hold => Tone::Warn,
            Verdict::Deny => Tone::Bad,
        };
        Self { text: verdict.to_string(), tone }
    }

    /// Something that somebody has to look at.
    pub(crate) fn bad(text: impl ToString) -> Self {
        Self { text: text.to_string(), tone: Tone::Bad }
    }

    /// A text that nobody has: a dash.
    pub(crate) fn or_none(text: Option<impl ToString>) -> Self {
        text.map_or_else(|| Self::from("-"), |text| Self::from(text.to_string()))
    }
}

/// Where data goes.
pub(crate) struct Output {
    pub(crate) format: Format,
    color: bool,
    out: Box<dyn Write>,
}

impl Output {
    pub(crate) fn new(format: Format, no_color: bool) -> Self {
        let wanted = !no_color && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let out = io::stdout();
        Self { format, color: wanted && out.is_terminal(), out: Box::new(out) }
    }

    /// A document: rows below headings for people. The lines of JSON are the document's items where it has some.
    pub(crate) fn table(&mut self, headings: &[&str], rows: &[Vec<Cell>], json: &Value) -> io::Result<()> {
        match self.format {
            Format::Table => self.rows(headings, rows),
            Format::Json => self.document(json),
            Format::Jsonl => match json.get("items").or(Some(json)).and_then(Value::as_array) {
                Some(items) => items.iter().try_for_each(|item| self.json_line(item)),
                None => self.json_line(json),
            },
        }
    }

    fn document(&mut self, json: &Value) -> io::Result<()> {
        writeln!(self.out, "{}", escaped(&format!("{json:#}")))
    }

    fn json_line(&mut self, json: &Value) -> io::Result<()> {
        writeln!(self.out, "{}", escaped(&json.to_string()))
    }

    /// One thing: names and values for people.
    pub(crate) fn one(&mut self, rows: &[(&str, Cell)], json: &Value) -> io::Result<()> {
        match self.format {
            Format::Table => self.facts(rows),
            Format::Json => self.document(json),
            Format::Jsonl => self.json_line(json),
        }
    }

    /// A text for people, or the document.
    pub(crate) fn text(&mut self, text: &str, json: &Value) -> io::Result<()> {
        match self.format {
            Format::Table => writeln!(self.out, "{text}"),
            Format::Json => self.document(json),
            Format::Jsonl => self.json_line(json),
        }
    }

    /// Lines as they are, whatever the format.
    pub(crate) fn lines(&mut self, lines: impl IntoIterator<Item = String>) -> io::Result<()> {
        lines.into_iter().try_for_each(|line| writeln!(self.out, "{line}"))
    }

    /// Names and values, for people only.
    pub(crate) fn facts(&mut self, rows: &[(&str, Cell)]) -> io::Result<()> {
        let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        for (name, cell) in rows {
            let line = format!("{name:width$}  {}", self.paint(&shown(&cell.text), cell.tone));
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// Rows below headings, for people only.
    pub(crate) fn rows(&mut self, headings: &[&str], rows: &[Vec<Cell>]) -> io::Result<()> {
        let headings: Vec<Cell> = headings.iter().map(|heading| Cell::from(*heading)).collect();
        let lines: Vec<Vec<(String, Tone)>> = std::iter::once(&headings)
            .chain(rows)
            .map(|row| row.iter().map(|cell| (cut(shown(&cell.text), MAX_CELL), cell.tone)).collect())
            .collect();
        let width = |at: usize| {
            lines.iter().filter_map(|line| line.get(at)).map(|(text, _)| text.chars().count()).max()
        };
        let widths: Vec<usize> = (0..headings.len()).map_while(width).collect();
        for line in &lines {
            let mut text = String::new();
            for ((cell, tone), width) in line.iter().zip(&widths) {
                let space = " ".repeat(width.saturating_sub(cell.chars().count()) + 2);
                text += &self.paint(cell, *tone);
                text += &space;
            }
            writeln!(self.out, "{}", text.trim_end())?;
        }
        Ok(())
    }

    /// An empty line between parts, for people only.
    pub(crate) fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    fn paint(&self, text: &str, tone: Tone) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "1;31",
            Tone::Plain => return text.to_owned(),
        };
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// A document as it is, for a file or a pipe.
pub(crate) fn raw(text: &str) -> io::Result<()> {
    io::stdout().write_all(text.as_bytes())
}

/// Talks to people on stderr; nobody can be told when that fails.
pub(crate) fn talk(text: &str) {
    let _unheard = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
pub(crate) mod tests;
