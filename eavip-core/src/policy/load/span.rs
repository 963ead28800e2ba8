//! Spans that must lie within a range.

use std::ops::RangeInclusive;

use crate::document::{Section, WRONG_VALUE};
use crate::time::Span;

/// A span within a range, which is part of what is told when it isn't.
pub(super) fn read(section: &Section<'_>, key: &'static str, range: &RangeInclusive<Span>) -> Option<Span> {
    let span: Span = section.text(key)?;
    if range.contains(&span) {
        return Some(span);
    }
    let remedy = format!("write a duration from {} to {}", range.start(), range.end());
    section.problem(Some(key), WRONG_VALUE, format!("`{key}` is {span}"), &remedy);
    None
}
