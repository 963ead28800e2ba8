//! Regular expressions of matchers: anchored, compiled once, and bounded in what they cost.
//!
//! The syntax is RE2's as far as `regex-lite` reads it; what it doesn't read (`\pL`, `\Q…\E`, sets within sets) it refuses
//! and never takes for something else. One difference is silent: `(?i)` folds the letters of ASCII only.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use regex_lite::{Regex, RegexBuilder};

use super::InvalidMatcher;

/// Bounds on the bytes of a compiled pattern, from one to the next. Within the last every text that a label can have fits as a
/// pattern; a match looks at each state once per character, so this and the longest value bound it, to some 2 million steps.
const SIZES: [usize; 4] = [1 << 10, 4 << 10, 16 << 10, 64 << 10];
/// What `regex-lite` says of a larger one.
const OVER_SIZE: &str = "compiled regex exceeded size limit";

/// A regular expression that is equal to another when both are written alike.
#[derive(Clone)]
pub(super) struct Pattern {
    text: Box<str>,
    compiled: Arc<Regex>,
    bytes: usize,
}

/// A compiled pattern, and the least of [`SIZES`] within which it fits.
fn compile(text: &str) -> Result<(Regex, usize), regex_lite::Error> {
    let within = |bytes: usize| RegexBuilder::new(text).size_limit(bytes).build().map(|regex| (regex, bytes));
    let [small @ .., largest] = SIZES;
    let fits = small
        .into_iter()
        .map(within)
        .find(|built| !built.as_ref().is_err_and(|error| error.to_string() == OVER_SIZE));
    fits.unwrap_or_else(|| within(largest))
}

impl Pattern {
    pub(super) fn new(text: &str) -> Result<Self, InvalidMatcher> {
        let refused = |error: regex_lite::Error| {
            let (found, problem) = (InvalidMatcher::cut(text), error.to_string());
            if problem == OVER_SIZE {
                InvalidMatcher::TooLarge { found }
            } else {
                InvalidMatcher::Pattern { found, problem }
            }
        };
        // By itself first: `a)|(?:b` is no pattern, and between the anchors it would be one.
        let (compiled, bytes) =
            compile(text).and_then(|_| compile(&format!("^(?:{text})$"))).map_err(refused)?;
        Ok(Self { text: text.into(), compiled: Arc::new(compiled), bytes })
    }

    /// At most so many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the whole value fits.
    pub(super) fn fits(&self, value: &str) -> bool {
        self.compiled.is_match(value)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
mod tests;
