//! The Prometheus text format, read tolerantly: a line that can't be read is passed over and counted, comments and
//! timestamps are ignored.

use std::borrow::Cow;

/// Most labels of a sample that are kept.
const MAX_LABELS: usize = 64;

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample<'a> {
    /// The series' name.
    pub name: &'a str,
    /// Its labels in the order of the text.
    pub labels: Vec<(&'a str, Cow<'a, str>)>,
    /// Its value.
    pub value: f64,
    /// Name and labels as they were written: tells series of one source apart.
    pub series: &'a str,
}

impl Sample<'_> {
    /// The value of a label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_ref())
    }
}

/// The samples of a text, line by line; `None` stands for a line that can't be read.
pub fn samples(text: &str) -> impl Iterator<Item = Option<Sample<'_>>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(sample)
}

fn sample(line: &str) -> Option<Sample<'_>> {
    let mut cursor = Cursor::new(line);
    let name = cursor.name()?;
    let mut labels = Vec::new();
    if cursor.take("{") {
        while !cursor.take("}") {
            let label = cursor.name()?;
            if !cursor.take("=") || labels.len() >= MAX_LABELS {
                return None;
            }
            labels.push((label, cursor.quoted()?));
            if !cursor.take(",") && !cursor.rest().starts_with('}') {
                return None;
            }
        }
    }
    let series = line.strip_suffix(cursor.rest())?.trim_end();
    let value = cursor.rest().split_whitespace().next()?;
    Some(Sample { name, labels, value: value.parse().ok()?, series })
}

/// A place in a line; what it takes, it takes without the space before it.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// What is left, without the space before it.
    pub(super) fn rest(&self) -> &'a str {
        self.rest.trim_start()
    }

    /// Takes a mark, if it comes next.
    pub(super) fn take(&mut self, mark: &str) -> bool {
        let rest = self.rest().strip_prefix(mark);
        rest.inspect(|rest| self.rest = rest).is_some()
    }

    /// Takes a name of a series or a label.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let end =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let ok = name.starts_with(|c: char| !c.is_ascii_digit());
        self.rest = rest;
        ok.then_some(name)
    }

    /// Takes a text in quotes, with its escapes resolved.
    pub(super) fn quoted(&mut self) -> Option<Cow<'a, str>> {
        let inner = self.rest().strip_prefix('"')?;
        let mut escaped = false;
        let end = inner.find(|c: char| {
            let end = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            end
        })?;
        let (raw, rest) = inner.split_at(end);
        self.rest = rest.strip_prefix('"')?;
        if !raw.contains('\\') {
            return Some(Cow::Borrowed(raw));
        }
        let mut text = String::with_capacity(raw.len());
        let mut chars = raw.chars();
        while let Some(c) = chars.next() {
            match (c, c == '\\') {
                (_, true) => match chars.next() {
                    Some('n') => text.push('\n'),
                    Some(other @ ('\\' | '"')) => text.push(other),
                    // An escape that the format doesn't know stands for itself: `\d` in a pattern.
                    Some(other) => text.extend(['\\', other]),
                    None => {}
                },
                (c, false) => text.push(c),
            }
        }
        Some(Cow::Owned(text))
    }
}

#[cfg(test)]
mod tests;
