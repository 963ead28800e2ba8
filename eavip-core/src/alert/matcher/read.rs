//! How matchers are written, as `amtool` takes them: `name`, operator, value; a list with commas, in braces or without.
//!
//! Braces come in pairs. Alertmanager takes one alone as well, and cuts the end off `zone=~b{2}`.

use super::{Operator, TooCostly};
use crate::labels::InvalidLabels;

/// A text that can't be a matcher, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMatcher {
    /// There is none of the four operators.
    #[error(
        "`{found}` compares nothing; write it like `service=shop`, `category!=critical` or `rule=~\"disk-.*\"`"
    )]
    Form {
        /// The text that was found, cut after 80 characters.
        found: String,
    },
    /// A quote that neither begins nor ends the value.
    #[error(
        "a quote in `{found}` stands alone; put the whole value in quotes, and `\\` before a quote within it"
    )]
    Quote {
        /// The text that was found, cut after 80 characters.
        found: String,
    },
    /// A brace that is opened and not closed.
    #[error("`{found}` opens a brace and doesn't close it; end it with `}}`")]
    Brace {
        /// The text that was found, cut after 80 characters.
        found: String,
    },
    /// A regular expression that isn't one, or not of the kinds that are read.
    #[error(
        "`{found}` can't be used as a regular expression: {problem}; write it as RE2 does, without `\\p`, `\\Q` and look-around"
    )]
    Pattern {
        /// The pattern, cut after 80 characters.
        found: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A regular expression that would cost too much to hold and to match.
    #[error(
        "`{found}` grows too large for a regular expression; repeat less in it, as `a+` rather than `a{{1000}}`"
    )]
    TooLarge {
        /// The pattern, cut after 80 characters.
        found: String,
    },
    /// No label can have this name or value.
    #[error(transparent)]
    Label(#[from] InvalidLabels),
    /// More matchers than an alert can have labels.
    #[error(transparent)]
    TooMany(#[from] TooCostly),
}

impl InvalidMatcher {
    /// As much of a text as a message shows.
    pub(super) fn cut(text: &str) -> String {
        text.chars().take(80).collect()
    }
}

/// Those that others begin with come after them.
const OPERATORS: [Operator; 4] =
    [Operator::Matches, Operator::NotMatches, Operator::NotEqual, Operator::Equal];

/// Name, operator and value of one matcher's text.
pub(super) fn parts(text: &str) -> Result<(&str, Operator, String), InvalidMatcher> {
    let form = || InvalidMatcher::Form { found: InvalidMatcher::cut(text) };
    let (name, rest) = text.split_at(text.find(['=', '!']).ok_or_else(form)?);
    let compared = |operator: &Operator| Some((*operator, rest.strip_prefix(operator.as_str())?));
    let (operator, value) = OPERATORS.iter().find_map(compared).ok_or_else(form)?;
    let value = unquoted(value.trim());
    let value = value.ok_or_else(|| InvalidMatcher::Quote { found: InvalidMatcher::cut(text) })?;
    Ok((name.trim(), operator, value))
}

/// What a value means; `None` where a quote stands alone.
///
/// As in Alertmanager, a backslash before anything but `n`, `"` and `\` stands for itself: `"10\.0\..*"` needs no second
/// one.
fn unquoted(text: &str) -> Option<String> {
    let (text, is_quoted) = match text.strip_prefix('"') {
        Some(rest) => (rest.strip_suffix('"')?, true),
        None => (text, false),
    };
    let mut found = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match (character, if character == '\\' { rest.next() } else { None }) {
            ('"', _) => return None,
            // It stood before the last quote, which therefore ended nothing.
            ('\\', None) if is_quoted => return None,
            ('\\', Some('n')) => found.push('\n'),
            ('\\', Some(escaped @ ('"' | '\\'))) => found.push(escaped),
            (character, next) => found.extend([Some(character), next].into_iter().flatten()),
        }
    }
    Some(found)
}

/// The texts of a list's matchers.
pub(super) fn pieces(text: &str) -> Result<Vec<&str>, InvalidMatcher> {
    let text = text.trim();
    let list = match text.strip_prefix('{') {
        Some(rest) => {
            let closed = rest.strip_suffix('}');
            closed.ok_or_else(|| InvalidMatcher::Brace { found: InvalidMatcher::cut(text) })?
        }
        None => text,
    };
    let (mut is_quoted, mut is_escaped) = (false, false);
    let separates = |character: char| {
        is_quoted ^= character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        character == ',' && !is_quoted
    };
    let mut pieces: Vec<&str> = list.split(separates).collect();
    if pieces.last().is_some_and(|last| last.trim().is_empty()) {
        pieces.pop();
    }
    Ok(pieces)
}
