//! A selector of series in the notation of Prometheus: `http_requests_total{code=~"5.."}`.

use std::fmt;
use std::str::FromStr;

use regex::Regex;

use super::text::{Cursor, Sample};

/// Longest selector that is read.
const MAX_TEXT: usize = 1_000;
/// Most bytes that a compiled pattern may take.
const MAX_PATTERN: usize = 64 * 1024;

/// Which series are meant.
#[derive(Debug, Clone)]
pub struct Selector {
    text: Box<str>,
    name: Box<str>,
    matchers: Vec<Matcher>,
}

#[derive(Debug, Clone)]
struct Matcher {
    label: Box<str>,
    negated: bool,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Equal(Box<str>),
    Pattern(Regex),
}

/// A text that isn't a selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a selector of series ({why}); write it like http_requests_total{{code=~\"5..\"}}")]
pub struct InvalidSelector {
    found: String,
    why: &'static str,
}

impl Selector {
    /// The name of the series.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a sample is meant.
    #[must_use]
    pub fn matches(&self, sample: &Sample<'_>) -> bool {
        sample.name == &*self.name && self.accepts(sample)
    }

    /// Whether a sample's labels are meant; a label that isn't there counts as empty, as in Prometheus.
    #[must_use]
    pub fn accepts(&self, sample: &Sample<'_>) -> bool {
        self.matchers.iter().all(|matcher| {
            let value = sample.label(&matcher.label).unwrap_or_default();
            let holds = match &matcher.test {
                Test::Equal(wanted) => value == &**wanted,
                Test::Pattern(pattern) => pattern.is_match(value),
            };
            holds != matcher.negated
        })
    }
}

impl eavip_core::document::Declared for Selector {}

impl FromStr for Selector {
    type Err = InvalidSelector;
    fn from_str(text: &str) -> Result<Self, InvalidSelector> {
        let wrong = |why| InvalidSelector { found: text.chars().take(80).collect(), why };
        if text.len() > MAX_TEXT {
            return Err(wrong("it is too long"));
        }
        let mut cursor = Cursor::new(text.trim());
        let name = cursor.name().ok_or_else(|| wrong("no name"))?.into();
        let mut matchers = Vec::new();
        if cursor.take("{") {
            while !cursor.take("}") {
                let label = cursor.name().ok_or_else(|| wrong("no label name"))?.into();
                let operators =
                    [("=~", false, true), ("!~", true, true), ("!=", true, false), ("=", false, false)];
                let found = operators.into_iter().find(|(operator, ..)| cursor.take(operator));
                let (_, negated, is_pattern) = found.ok_or_else(|| wrong("no = != =~ or !~"))?;
                let value = cursor.quoted().ok_or_else(|| wrong("no text in quotes"))?;
                let test = if is_pattern {
                    let anchored =
                        regex::RegexBuilder::new(&format!("^(?:{value})$")).size_limit(MAX_PATTERN).build();
                    Test::Pattern(anchored.map_err(|_| wrong("a pattern that can't be used"))?)
                } else {
                    Test::Equal(value.as_ref().into())
                };
                matchers.push(Matcher { label, negated, test });
                if !cursor.take(",") && !cursor.rest().starts_with('}') {
                    return Err(wrong("no end"));
                }
            }
        }
        if !cursor.rest().is_empty() {
            return Err(wrong("something behind its end"));
        }
        Ok(Self { text: text.trim().into(), name, matchers })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
