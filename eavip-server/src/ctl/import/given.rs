//! What stands in an imported file, read key by key; and what becomes of it: taken over, changed in meaning, left out, or left
//! to people to complete. Nothing is dropped without a remark.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::str::FromStr;

use eavip_core::document::{MAX_LINE, Problem};
use eavip_core::time::Span;
use eavip_core::words;
use serde::Serialize;

use super::yaml::{Node, Value};
use crate::ctl::text::{cut, shown};

/// A file that can't be read, or isn't YAML within the bounds.
pub(super) const UNREADABLE: &str = "EAVIP-Y01";
/// A value that can't be used, or that is missing.
pub(super) const UNUSABLE: &str = "EAVIP-Y02";

/// Longest text of a file that a remark repeats, in characters.
const MAX_QUOTED: usize = 120;

words! {
    /// What becomes of a thing.
    pub(super) enum Outcome ("outcome of an import") {
        /// It means here what it meant there.
        Taken = "taken",
        /// It is there, and means something else.
        Changed = "changed",
        /// It is there, and people have to complete it.
        ToComplete = "to-complete",
        /// It can't be said here.
        LeftOut = "left-out",
    }
}

/// What became of one thing, and why.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Remark {
    pub(super) outcome: Outcome,
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) why: String,
}

/// The file that is read, and what is to be said of it.
#[derive(Debug)]
pub(super) struct Import<'t> {
    pub(super) file: String,
    text: &'t str,
    pub(super) problems: RefCell<Vec<Problem>>,
    pub(super) remarks: RefCell<Vec<Remark>>,
}

impl<'t> Import<'t> {
    pub(super) fn new(file: &str, text: &'t str) -> Self {
        Self { file: shown(file), text, problems: RefCell::default(), remarks: RefCell::default() }
    }

    /// Without it nothing is imported.
    pub(super) fn problem_at(
        &self,
        (line, column): (usize, usize),
        code: &'static str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let source = self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        self.problems.borrow_mut().push(Problem {
            code,
            source: self.file.clone(),
            position: Some((line, column)),
            // The line may hold a secret, where a key says so.
            line: source
                .split_once(':')
                .map_or(source, |(key, _)| key)
                .chars()
                .take(MAX_LINE)
                .map(plain)
                .collect(),
            message: shown(&message.into()),
            remedy: remedy.into(),
        });
    }

    pub(super) fn problem(&self, node: &Node, message: impl Into<String>, remedy: impl Into<String>) {
        self.problem_at((node.line, node.column), UNUSABLE, message, remedy);
    }

    pub(super) fn remark(
        &self,
        outcome: Outcome,
        line: usize,
        what: impl Into<String>,
        why: impl Into<String>,
    ) {
        let (what, why) = (shown(&what.into()), shown(&why.into()));
        self.remarks.borrow_mut().push(Remark { outcome, file: self.file.clone(), line, what, why });
    }

    /// The reader of a map; anything else is a problem.
    pub(super) fn fields<'i>(&'i self, node: &'i Node, path: &str) -> Option<Fields<'i>> {
        let Value::Map(map) = &node.value else {
            self.problem(node, format!("{path} is {}", node.kind()), "write a map: `key: value`");
            return None;
        };
        let map = map.iter().map(|(key, node)| (key.as_str(), node)).collect();
        Some(Fields { import: self, path: path.to_owned(), node, map: RefCell::new(map) })
    }
}

/// A text of the file as a remark repeats it.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", cut(shown(text), MAX_QUOTED))
}

/// A map, read key by key: [`Fields::finish`] remarks on what nothing read.
pub(super) struct Fields<'i> {
    pub(super) import: &'i Import<'i>,
    path: String,
    pub(super) node: &'i Node,
    map: RefCell<BTreeMap<&'i str, &'i Node>>,
}

impl<'i> Fields<'i> {
    /// The value of a key, once; `None` where there is none or nothing in it.
    pub(super) fn take(&self, key: &str) -> Option<&'i Node> {
        self.map.borrow_mut().remove(key).filter(|node| !node.is_null())
    }

    fn named(&self, key: &str) -> String {
        format!("`{key}` of {}", self.path)
    }

    fn wrong(&self, key: &str, node: &Node, expected: &str) {
        let message = format!("{} is {}", self.named(key), node.kind());
        self.import.problem(node, message, format!("write {expected}"));
    }

    pub(super) fn text(&self, key: &str) -> Option<&'i str> {
        let node = self.take(key)?;
        self.text_of(key, node)
    }

    fn text_of(&self, key: &str, node: &'i Node) -> Option<&'i str> {
        match &node.value {
            Value::Text { text, .. } => Some(text),
            _ => {
                self.wrong(key, node, "a text");
                None
            }
        }
    }

    /// A text that must be there.
    pub(super) fn required(&self, key: &str) -> Option<&'i str> {
        let found = self.take(key);
        if found.is_none() {
            let message = format!("{} has no `{key}`", self.path);
            self.import.problem(self.node, message, format!("add `{key}`"));
        }
        self.text_of(key, found?)
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        let node = self.take(key)?;
        let text = self.text_of(key, node)?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => {
                self.import.problem(
                    node,
                    format!("{} is {}", self.named(key), quoted(text)),
                    "write true or false",
                );
                None
            }
        }
    }

    /// A duration as Prometheus writes it: `1w`, `1d12h`, `30s`.
    pub(super) fn span(&self, key: &str) -> Option<Span> {
        let node = self.take(key)?;
        let text = self.text_of(key, node)?;
        let found = span(text);
        if found.is_none() {
            let message = format!("{} is {}, which is no duration", self.named(key), quoted(text));
            self.import.problem(node, message, "write it like 30s, 5m or 4h");
        }
        found
    }

    pub(super) fn list(&self, key: &str) -> &'i [Node] {
        let Some(node) = self.take(key) else { return &[] };
        match &node.value {
            Value::List(list) => list,
            _ => {
                self.wrong(key, node, "a list");
                &[]
            }
        }
    }

    /// A list of texts with their places.
    pub(super) fn texts(&self, key: &str) -> Vec<(&'i str, &'i Node)> {
        self.list(key).iter().filter_map(|node| Some((self.text_of(key, node)?, node))).collect()
    }

    /// Names and texts with their places.
    pub(super) fn pairs(&self, key: &str) -> Vec<(&'i str, &'i str, &'i Node)> {
        let Some(node) = self.take(key) else { return Vec::new() };
        let Value::Map(map) = &node.value else {
            self.wrong(key, node, "a map of texts");
            return Vec::new();
        };
        map.iter().filter_map(|(name, node)| Some((name.as_str(), self.text_of(key, node)?, node))).collect()
    }

    /// What nothing has read so far.
    pub(super) fn rest(&self) -> Vec<(&'i str, &'i Node)> {
        let rest = std::mem::take(&mut *self.map.borrow_mut());
        rest.into_iter().filter(|(_, node)| !node.is_null()).collect()
    }

    /// Remarks on a key that is there and isn't taken over.
    pub(super) fn leave_out(&self, key: &str, why: &str) {
        if let Some(node) = self.take(key) {
            self.import.remark(Outcome::LeftOut, node.line, self.named(key), why);
        }
    }

    /// Remarks on what nothing read.
    pub(super) fn finish(self) {
        for (key, node) in self.map.borrow().iter().filter(|(_, node)| !node.is_null()) {
            let what = format!("{} of {}", quoted(key), self.path);
            self.import.remark(Outcome::LeftOut, node.line, what, "the importer doesn't know this key");
        }
    }
}

/// A duration in Prometheus' units: years and weeks besides ours.
fn span(text: &str) -> Option<Span> {
    const DAY: u64 = 86_400;
    let mut rest = text;
    let mut days = 0_u64;
    for (unit, length) in [('y', 365), ('w', 7)] {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        if let Some(tail) = tail.strip_prefix(unit) {
            days = days.checked_add(number.parse::<u64>().ok()?.checked_mul(length)?)?;
            rest = tail;
        }
    }
    let whole = Span::from_secs(days.checked_mul(DAY)?);
    if rest.is_empty() {
        return (!text.is_empty()).then_some(whole);
    }
    if rest == "0" {
        return Some(whole);
    }
    let rest = Span::from_str(rest).ok()?;
    Some(Span::from_millis(whole.as_millis().checked_add(rest.as_millis())?))
}
