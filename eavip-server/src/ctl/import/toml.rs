//! Writing TOML: texts of strangers become basic strings and comments of one line, whatever stands in them.

use std::fmt::Write as _;

use crate::ctl::text::{cut, shown};
use crate::foreign::is_harmful;

/// Longest comment line made of imported text, in characters.
const MAX_COMMENT: usize = 200;

/// A basic string; what can't be seen is written out.
pub(super) fn string(text: &str) -> String {
    let mut found = String::with_capacity(text.len() + 2);
    found.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => found.extend(['\\', character]),
            '\n' => found.push_str("\\n"),
            '\t' => found.push_str("\\t"),
            hidden if is_harmful(hidden) => _ = write!(found, "\\U{:08x}", u32::from(hidden)),
            character => found.push(character),
        }
    }
    found.push('"');
    found
}

pub(super) fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| string(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

/// `{ a = "b" }`; the names are checked label names.
pub(super) fn pairs<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{name} = {}", string(value))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

/// A comment, on one line.
pub(super) fn comment(text: &str) -> String {
    format!("# {}\n", cut(shown(text), MAX_COMMENT))
}

/// A name as identifiers are written here, from any text: lower case, with `-` for what can't be in one.
pub(super) fn slug(text: &str) -> String {
    let mut found = String::new();
    for character in text.chars().flat_map(char::to_lowercase) {
        match character {
            'a'..='z' | '0'..='9' | '_' | '.' => found.push(character),
            _ if found.is_empty() || found.ends_with('-') => {}
            _ => found.push('-'),
        }
        if found.len() >= MAX_SLUG {
            break;
        }
    }
    let found = found.trim_matches(['-', '_', '.']);
    if found.is_empty() { "unnamed".to_owned() } else { found.to_owned() }
}

/// Longest name that is made, in bytes; room for what is added to tell equal ones apart.
const MAX_SLUG: usize = 40;

#[cfg(test)]
mod tests;
