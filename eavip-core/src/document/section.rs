//! Readers of one table: each key that is read is known, each value is checked, and [`Section::finish`] reports the
//! keys that nothing read.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use super::tree::{At, Document, Item, Value};
use super::{MISSING, UNKNOWN_KEY, WRONG_VALUE};
use crate::vocabulary::nearest;

/// One table of a [`Document`], read key by key. A missing table reads as an empty one.
#[derive(Debug)]
pub struct Section<'d> {
    document: &'d Document,
    path: String,
    table: Option<&'d BTreeMap<String, Item>>,
    at: Option<At>,
    read: RefCell<BTreeSet<&'static str>>,
}

impl<'d> Section<'d> {
    pub(super) fn new(
        document: &'d Document,
        path: String,
        table: Option<&'d BTreeMap<String, Item>>,
        at: Option<At>,
    ) -> Self {
        Self { document, path, table, at, read: RefCell::default() }
    }

    /// Whether the table is declared.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.table.is_some()
    }

    /// Whether the key is declared.
    #[must_use]
    pub fn has(&self, key: &'static str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Whether `key` was declared in an earlier layer than `than`: nobody who wrote the later one wrote it.
    #[must_use]
    pub fn is_inherited(&self, key: &str, than: &str) -> bool {
        let layer = |key| {
            let item = self.table.and_then(|table| table.get(key));
            item.and_then(|item| self.document.layer(item.value_at))
        };
        layer(key).zip(layer(than)).is_some_and(|(key, than)| key < than)
    }

    /// Marks a key as known without reading it.
    pub fn known(&self, key: &'static str) {
        self.read.borrow_mut().insert(key);
    }

    fn item(&self, key: &'static str) -> Option<&'d Item> {
        self.read.borrow_mut().insert(key);
        self.table.and_then(|table| table.get(key))
    }

    fn wrong(&self, key: &str, item: &Item, expected: &str) {
        let message = format!("`{}` is {}", self.named(key), item.value.kind());
        self.document.report(item.value_at, WRONG_VALUE, message, format!("write {expected}"));
    }

    fn named(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// A text that is parsed into its type; the type's error message becomes the problem.
    pub fn text<T: FromStr<Err: Display>>(&self, key: &'static str) -> Option<T> {
        let item = self.item(key)?;
        self.parse(key, item)
    }

    fn parse<T: FromStr<Err: Display>>(&self, key: &str, item: &Item) -> Option<T> {
        // A moment may stand without quotes; its type reads both.
        let (Value::Text(text) | Value::Moment(text)) = &item.value else {
            self.wrong(key, item, "a text in quotes");
            return None;
        };
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let message = error.to_string();
                let (what, remedy) = message.split_once("; ").unwrap_or((&message, "correct it"));
                let message = format!("`{}`: {what}", self.named(key));
                self.document.report(item.value_at, WRONG_VALUE, message, remedy.to_owned());
                None
            }
        }
    }

    /// A text that must be there.
    pub fn required<T: FromStr<Err: Display>>(&self, key: &'static str, remedy: &str) -> Option<T> {
        if !self.has(key) {
            self.item(key);
            self.missing(key, remedy);
            return None;
        }
        self.text(key)
    }

    /// Reports that a key must be there.
    pub fn missing(&self, key: &'static str, remedy: &str) {
        let what = if self.path.is_empty() { "the text".to_owned() } else { format!("`{}`", self.path) };
        self.problem(None, MISSING, format!("{what} has no `{key}`"), remedy);
    }

    /// A number within a range.
    pub fn number(&self, key: &'static str, range: std::ops::RangeInclusive<f64>) -> Option<f64> {
        let item = self.item(key)?;
        let number = match item.value {
            Value::Integer(number) => number as f64,
            Value::Float(number) => number,
            _ => {
                self.wrong(key, item, "a number");
                return None;
            }
        };
        if range.contains(&number) {
            return Some(number);
        }
        let message = format!("`{}` is {number}", self.named(key));
        let remedy = format!("write a number from {} to {}", range.start(), range.end());
        self.document.report(item.value_at, WRONG_VALUE, message, remedy);
        None
    }

    /// A whole number within a range.
    pub fn integer(&self, key: &'static str, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let item = self.item(key)?;
        let Value::Integer(number) = item.value else {
            self.wrong(key, item, "a whole number");
            return None;
        };
        let found = u64::try_from(number).ok().filter(|number| range.contains(number));
        if found.is_none() {
            let message = format!("`{}` is {number}", self.named(key));
            let remedy = format!("write a whole number from {} to {}", range.start(), range.end());
            self.document.report(item.value_at, WRONG_VALUE, message, remedy);
        }
        found
    }

    /// True or false.
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        let item = self.item(key)?;
        if let Value::Flag(flag) = item.value {
            return Some(flag);
        }
        self.wrong(key, item, "true or false");
        None
    }

    /// A list of texts that are parsed into their type; empty when it isn't there.
    pub fn list<T: FromStr<Err: Display>>(&self, key: &'static str) -> Vec<T> {
        let Some(item) = self.item(key) else { return Vec::new() };
        let Value::List(list) = &item.value else {
            self.wrong(key, item, "a list in brackets");
            return Vec::new();
        };
        list.iter().filter_map(|item| self.parse(key, item)).collect()
    }

    /// A list of whole numbers within a range; empty when it isn't there.
    pub fn integers(&self, key: &'static str, range: std::ops::RangeInclusive<u64>) -> Vec<u64> {
        let Some(item) = self.item(key) else { return Vec::new() };
        let Value::List(list) = &item.value else {
            self.wrong(key, item, "a list in brackets");
            return Vec::new();
        };
        let read = |item: &Item| match item.value {
            Value::Integer(number) if u64::try_from(number).is_ok_and(|n| range.contains(&n)) => {
                u64::try_from(number).ok()
            }
            _ => {
                self.wrong(key, item, &format!("whole numbers from {} to {}", range.start(), range.end()));
                None
            }
        };
        list.iter().filter_map(read).collect()
    }

    /// Pairs of a free key and a text.
    pub fn pairs(&self, key: &'static str) -> Vec<(String, String)> {
        let Some(item) = self.item(key) else { return Vec::new() };
        let Value::Table(table) = &item.value else {
            self.wrong(key, item, "a table of texts");
            return Vec::new();
        };
        let read = |(name, item): (&String, &Item)| match &item.value {
            Value::Text(text) => Some((name.clone(), text.clone())),
            _ => {
                self.wrong(&format!("{key}.{name}"), item, "a text in quotes");
                None
            }
        };
        table.iter().filter_map(read).collect()
    }

    /// Whether the value is a table, where a key can be a text or a table.
    #[must_use]
    pub fn is_table(&self, key: &'static str) -> bool {
        let item = self.table.and_then(|table| table.get(key));
        item.is_some_and(|item| matches!(item.value, Value::Table(_)))
    }

    /// The reader of a table below this one.
    #[must_use]
    pub fn section(&self, key: &'static str) -> Section<'d> {
        let item = self.item(key);
        let table = item.and_then(|item| match &item.value {
            Value::Table(table) => Some(table),
            _ => {
                self.wrong(key, item, "a table");
                None
            }
        });
        Section::new(self.document, self.named(key), table, item.map(|item| item.key_at))
    }

    /// The tables that a key holds by name: `[alert.disk-full]`. A name that can't be its type is a problem.
    pub fn named_sections<K: FromStr<Err: Display>>(&self, key: &'static str) -> Vec<(K, Section<'d>)> {
        let outer = self.section(key);
        let Some(table) = outer.table else { return Vec::new() };
        let read = |(name, item): (&String, &'d Item)| {
            let Value::Table(table) = &item.value else {
                outer.wrong(name, item, "a table");
                return None;
            };
            match name.parse::<K>() {
                Ok(id) => {
                    Some((id, Section::new(self.document, outer.named(name), Some(table), Some(item.key_at))))
                }
                Err(error) => {
                    let message = error.to_string();
                    let (what, remedy) = message.split_once("; ").unwrap_or((&message, "rename it"));
                    self.document.report(item.key_at, WRONG_VALUE, what.to_owned(), remedy.to_owned());
                    None
                }
            }
        };
        table.iter().filter_map(read).collect()
    }

    /// The tables of a list: `[[route]]`.
    pub fn listed_sections(&self, key: &'static str) -> Vec<Section<'d>> {
        let Some(item) = self.item(key) else { return Vec::new() };
        let Value::List(list) = &item.value else {
            self.wrong(key, item, &format!("a list of tables: [[{}]]", self.named(key)));
            return Vec::new();
        };
        let read = |(at, item): (usize, &'d Item)| match &item.value {
            Value::Table(table) => {
                let path = format!("{}[{at}]", self.named(key));
                Some(Section::new(self.document, path, Some(table), Some(item.value_at)))
            }
            _ => {
                self.wrong(key, item, "a table");
                None
            }
        };
        list.iter().enumerate().filter_map(read).collect()
    }

    /// Reports a problem at a key's value, or at the table itself.
    pub fn problem(&self, key: Option<&str>, code: &'static str, message: impl Into<String>, remedy: &str) {
        let item = key.and_then(|key| self.table.and_then(|table| table.get(key)));
        let at = item.map(|item| item.value_at).or(self.at).unwrap_or_else(|| self.document.start());
        self.document.report(at, code, message.into(), remedy.to_owned());
    }

    /// Reports every key of the table that nothing read.
    pub fn finish(self) {
        let read = self.read.borrow();
        for (key, item) in self.table.into_iter().flatten().filter(|(key, _)| !read.contains(key.as_str())) {
            if self.document.is_full() {
                break;
            }
            let known: Vec<&str> = read.iter().copied().collect();
            let remedy = match nearest(known.iter().copied(), key) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if known.is_empty() => "remove it".to_owned(),
                None => format!("remove it; known here: {}", known.join(", ")),
            };
            let message = format!("`{}` is not a known key", self.named(key));
            self.document.report(item.key_at, UNKNOWN_KEY, message, remedy);
        }
    }
}
