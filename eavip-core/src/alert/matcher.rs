//! Which alerts a route, an inhibition, a silence or a window means: labels that must have a value, or must not.
//!
//! A label that isn't there counts as empty, as in Alertmanager. Its regular expressions (`=~`, `!~`) aren't read: what a
//! silence hides must be plain to who reads it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::labels::{InvalidLabels, Labels, MAX_LABELS};

/// Most matchers of one list: one for each label that an alert can have.
pub const MAX_MATCHERS: usize = MAX_LABELS;

/// One label's value, wanted or unwanted; written `category!="critical"`, the quotes may be left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Matcher {
    name: Box<str>,
    value: Box<str>,
    differs: bool,
}

/// A text that can't be a matcher.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMatcher {
    /// There is neither `=` nor `!=`.
    #[error("`{found}` compares nothing; write it like `service=shop` or `category!=critical`")]
    Form {
        /// The text that was found, cut after 80 characters.
        found: String,
    },
    /// A regular expression.
    #[error("`{found}` is a regular expression, and those aren't read; list the values, one matcher each")]
    Pattern {
        /// The text that was found, cut after 80 characters.
        found: String,
    },
    /// No label can have this name or value.
    #[error(transparent)]
    Label(#[from] InvalidLabels),
}

impl Matcher {
    fn new(name: &str, value: &str, differs: bool) -> Result<Self, InvalidLabels> {
        Labels::new([(name, value)]).map(|_| Self { name: name.into(), value: value.into(), differs })
    }

    fn takes(&self, value: &str) -> bool {
        (*self.value == *value) != self.differs
    }
}

impl crate::document::Declared for Matcher {}

impl FromStr for Matcher {
    type Err = InvalidMatcher;
    fn from_str(text: &str) -> Result<Self, InvalidMatcher> {
        let found = || text.chars().take(80).collect();
        let at = text.find(['=', '!']).ok_or_else(|| InvalidMatcher::Form { found: found() })?;
        let (name, rest) = text.split_at(at);
        if rest.starts_with("=~") || rest.starts_with("!~") {
            return Err(InvalidMatcher::Pattern { found: found() });
        }
        let (differs, value) = match (rest.strip_prefix("!="), rest.strip_prefix('=')) {
            (Some(value), _) => (true, value.trim()),
            (None, Some(value)) => (false, value.trim()),
            (None, None) => return Err(InvalidMatcher::Form { found: found() }),
        };
        let quoted = value.strip_prefix('"').map(|rest| rest.strip_suffix('"').and_then(unescape));
        let value = quoted.unwrap_or_else(|| Some(value.to_owned()));
        let value = value.ok_or_else(|| InvalidMatcher::Form { found: found() })?;
        Ok(Self::new(name.trim(), &value, differs)?)
    }
}

/// What stands between quotes; `None` where a quote or a backslash stands alone.
fn unescape(text: &str) -> Option<String> {
    let mut found = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '"' => return None,
            '\\' => match rest.next()? {
                'n' => found.push('\n'),
                escaped @ ('"' | '\\') => found.push(escaped),
                _ => return None,
            },
            character => found.push(character),
        }
    }
    Some(found)
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}=\"", self.name, if self.differs { "!" } else { "" })?;
        for character in self.value.chars() {
            match character {
                '\n' => f.write_str("\\n")?,
                '"' | '\\' => write!(f, "\\{character}")?,
                character => write!(f, "{character}")?,
            }
        }
        f.write_str("\"")
    }
}

impl Serialize for Matcher {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

/// Matchers that must all hold; an empty list means every alert.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Matcher>", into = "Vec<Matcher>")]
pub struct Matchers(Vec<Matcher>);

/// More matchers than an alert can have labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{count} matchers are too many; write at most {MAX_MATCHERS}")]
pub struct TooManyMatchers {
    count: usize,
}

impl TryFrom<Vec<Matcher>> for Matchers {
    type Error = TooManyMatchers;
    fn try_from(list: Vec<Matcher>) -> Result<Self, TooManyMatchers> {
        let count = list.len();
        if count > MAX_MATCHERS { Err(TooManyMatchers { count }) } else { Ok(Self(list)) }
    }
}

impl From<Matchers> for Vec<Matcher> {
    fn from(matchers: Matchers) -> Self {
        matchers.0
    }
}

/// Each label with its value.
impl From<&Labels> for Matchers {
    fn from(labels: &Labels) -> Self {
        let equal =
            |(name, value): (&str, &str)| Matcher { name: name.into(), value: value.into(), differs: false };
        Self(labels.iter().map(equal).collect())
    }
}

impl Matchers {
    /// Whether an alert with these labels is meant.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|matcher| matcher.takes(labels.get(&matcher.name).unwrap_or_default()))
    }

    /// Whether an alert may be meant of whose labels only some are known; what isn't known may be anything.
    #[must_use]
    pub fn may_match(&self, known: &Labels) -> bool {
        self.0.iter().all(|matcher| known.get(&matcher.name).is_none_or(|value| matcher.takes(value)))
    }

    /// Whether no matcher demands a certain value: such a list means nearly everything, whatever it leaves out.
    #[must_use]
    pub fn is_match_all(&self) -> bool {
        self.0.iter().all(|matcher| matcher.differs || matcher.value.is_empty())
    }
}

impl fmt::Display for Matchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, matcher) in self.0.iter().enumerate() {
            write!(f, "{}{matcher}", if at > 0 { ", " } else { "" })?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests;
