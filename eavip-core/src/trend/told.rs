//! Moments, spans and long lists as a review tells them: as exact as people talk about them.

use crate::evaluate::readable;
use crate::finding::listed;
use crate::markdown::escape;
use crate::signal::metric::Unit;
use crate::time::{Span, Timestamp};

/// Most names of one list in a sentence or a cell.
const MAX_NAMED: usize = 5;

/// To the minute: `2026-03-04 10:00 UTC`.
pub(super) fn moment(at: Timestamp) -> String {
    let text: String = at.to_string().chars().take("2026-03-04T10:00".len()).collect();
    text.replace('T', " ") + " UTC"
}

/// To the day, in UTC: `2026-03-04`.
pub(super) fn day(at: Timestamp) -> String {
    at.to_string().chars().take("2026-03-04".len()).collect()
}

/// In its two largest units: `1 h 18 min`.
pub(super) fn span(span: Span) -> String {
    if span == Span::ZERO { "0 s".to_owned() } else { readable(span.as_secs_f64(), Unit::Seconds) }
}

/// The first few names, the others counted; escaped.
pub(super) fn first(names: &[impl AsRef<str>]) -> String {
    listed(names.iter().map(|name| escape(name.as_ref())), MAX_NAMED)
}

/// The last few names of so many, those before counted; escaped.
pub(super) fn last(names: &[impl AsRef<str>], of: usize) -> String {
    let skipped = names.len().saturating_sub(MAX_NAMED);
    let named: Vec<String> = names.iter().skip(skipped).map(|name| escape(name.as_ref())).collect();
    match of.saturating_sub(named.len()) {
        0 => named.join(", "),
        before => format!("{} and {before} before", named.join(", ")),
    }
}

#[cfg(test)]
mod tests;
