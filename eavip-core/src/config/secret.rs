//! Secrets where none may be: in configuration values, in images' environments and labels, in support bundles (seed: *No
//! secrets in code or images*).
//!
//! Two rules look. A *shape* is the form of one maker's tokens, precise enough to need no context. A *key name* that says
//! "password" or the like makes a value suspect that is random enough. Digests, UUIDs and Base64 are neither. References
//! (`{credential=}`, `{file=}`, `{env=}`, vault paths) say where a secret is and pass; a token within one doesn't.
//!
//! A finding names key and rule, never the value nor its length.

mod name;
mod reference;
mod shape;

use crate::finding::Finding;

pub use self::name::{MIN_ENTROPY_BITS, MIN_LENGTH, is_random, says_secret};
pub use self::reference::{is_redacted, is_reference};
pub use self::shape::{Shape, find as find_shape};

use super::schema::Schema;

crate::rules! {
    /// The value holds a token whose form is known: revoke it where it was issued, because it has been seen; then put a
    /// reference in its place.
    SHAPE = "EAVIP-X01", "no value holds a token", "No secrets in code or images";
    /// The key's name says that the value is a secret, and the value looks like one. Change it where it is used, because it
    /// has been seen; then put a reference in its place.
    NAMED = "EAVIP-X02", "no value of a key that is named like a secret is one", "No secrets in code or images";
    /// The key is declared `secret`, and its value isn't a reference. Write `{credential=NAME}`, `{file=PATH}`,
    /// `{env=NAME}` or `vault:PATH`.
    REFERENCE = "EAVIP-X03", "a declared secret is a reference", "No secrets in code or images";
    /// The text is longer than what is searched. Split it.
    SEARCHED = "EAVIP-X04", "everything that leaves is searched to its end", "No secrets in code or images";
}

/// Longest text that is searched, in bytes: a generous file of a support bundle.
pub const MAX_TEXT: usize = 16 * 1_024 * 1_024;
/// Most findings of one search; whoever has more has to start over anyway.
pub const MAX_FINDINGS: usize = 200;
/// How much of a text's value is looked at, in characters: its beginning is as random as the rest, and a line of a
/// million pairs is still searched in time.
const MAX_VALUE: usize = 200;

/// Searches pairs of key and value, such as a configuration, an image's environment or its labels: the findings of each
/// pair in turn, or one pass for each rule. `place` is what people call the whole.
///
/// ```
/// use eavip_core::config::schema::Schema;
/// use eavip_core::config::secret::search_pairs;
/// use eavip_core::finding::Outcome;
///
/// let pairs = [("db.password", "{credential=db}"), ("smtp.password", "Tr0ub4dor&3")];
/// let findings = search_pairs("shop.toml", &Schema::default(), pairs);
/// assert_eq!(findings.len(), 1);
/// assert_eq!(findings[0].message, "`smtp.password` in shop.toml holds a secret");
/// assert_eq!(findings[0].outcome, Outcome::Fail);
/// ```
pub fn search_pairs<'a>(
    place: &str,
    schema: &Schema,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = pairs
        .into_iter()
        .filter_map(|(key, value)| judge(place, schema, key, value))
        .take(MAX_FINDINGS)
        .collect();
    if findings.is_empty() {
        findings = [SHAPE, NAMED, REFERENCE].map(|rule| rule.pass(format!("{place} holds no secret"))).into();
    }
    findings
}

/// Searches a text, such as a file of a support bundle: tokens anywhere, and lines of the form `key = value` or
/// `key: value` by their key's name. A finding for each line, or one pass for each rule.
#[must_use]
pub fn search_text(place: &str, text: &str) -> Vec<Finding> {
    if text.len() > MAX_TEXT {
        return vec![SEARCHED.undetermined(
            format!("{place} is longer than the {MAX_TEXT} bytes that are searched"),
            "split it into smaller files",
        )];
    }
    let line = |(at, line): (usize, &str)| {
        let place = format!("line {} of {place}", at + 1);
        if let Some(shape) = find_shape(line) {
            return Some(token(&format!("{place} holds"), shape));
        }
        names_secret(line).then(|| {
            NAMED.fail(format!("{place} holds a secret"), "leave it out, and change it where it is used")
        })
    };
    let mut findings: Vec<Finding> = text.lines().enumerate().filter_map(line).take(MAX_FINDINGS).collect();
    if findings.is_empty() {
        findings = [SHAPE, NAMED].map(|rule| rule.pass(format!("{place} holds no secret"))).into();
    }
    findings
}

fn judge(place: &str, schema: &Schema, key: &str, value: &str) -> Option<Finding> {
    let named = shown(key);
    let subject = format!("{named} in {place}");
    if let Some(shape) = find_shape(value) {
        return Some(token(&format!("{subject} holds"), shape));
    }
    if let Some(shape) = find_shape(key) {
        return Some(token(&format!("{subject} is"), shape));
    }
    let remedy = "change it where it is used, and write a reference such as {credential=NAME}";
    let declared = key.parse().ok().is_some_and(|key| schema.get(&key).is_some_and(|spec| spec.secret));
    if declared && !is_harmless(value) {
        return Some(REFERENCE.fail(format!("{subject} is declared a secret and isn't a reference"), remedy));
    }
    (says_secret(key) && is_suspect(value)).then(|| NAMED.fail(format!("{subject} holds a secret"), remedy))
}

fn token(what: &str, shape: Shape) -> Finding {
    SHAPE.fail(
        format!("{what} a secret of the form `{shape}`"),
        "revoke it where it was issued, and write a reference such as {credential=NAME}",
    )
}

/// A key as it can be shown: one that is itself a token isn't.
fn shown(key: &str) -> String {
    match find_shape(key) {
        Some(_) => "a key that can't be shown".to_owned(),
        None => format!("`{}`", key.chars().take(super::MAX_KEY).collect::<String>()),
    }
}

fn is_harmless(value: &str) -> bool {
    value.is_empty() || is_reference(value) || is_redacted(value)
}

fn is_suspect(value: &str) -> bool {
    !is_harmless(value) && is_random(value)
}

/// Whether a line has a pair whose key says that its value is a secret, and whose value looks like one.
fn names_secret(line: &str) -> bool {
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(['=', ':']) {
        let before = before.trim_end().trim_end_matches(['"', '\'']);
        let key =
            before.rsplit([' ', '\t', '"', '\'', '{', '(', ',', ';', '&', '?']).next().unwrap_or_default();
        if says_secret(key) && is_suspect(value(after.trim_start())) {
            return true;
        }
        rest = after;
    }
    false
}

/// The value that a text begins with: up to a closing quote or bracket, else to the end of the word, or [`MAX_VALUE`].
fn value(text: &str) -> &str {
    let text = text.char_indices().nth(MAX_VALUE).and_then(|(end, _)| text.get(..end)).unwrap_or(text);
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|inner| inner.split_once(quote));
    if let Some((found, _)) = quoted('"').or_else(|| quoted('\'')) {
        return found;
    }
    let end = match text.strip_prefix('<').and_then(|inner| inner.find('>')) {
        Some(end) => end + 2,
        None => text.find([' ', '\t', ',', ';', '&']).unwrap_or(text.len()),
    };
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests;
