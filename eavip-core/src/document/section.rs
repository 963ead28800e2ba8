//! Readers of one table: each key that is read is known, each value is checked, and [`Section::finish`] reports the
//! keys that nothing read.

use serde_json::json;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::schema::{self, Declared, Shape};
use super::tree::{At, Document, Item, Value};
use super::{MISSING, UNKNOWN_KEY, WRONG_VALUE};
use crate::time::Span;
use crate::vocabulary::nearest;

/// One table of a [`Document`], read key by key. A missing table reads as an empty one.
#[derive(Debug)]
pub struct Section<'d> {
    document: &'d Document,
    path: String,
    table: Option<&'d BTreeMap<String, Item>>,
    at: Option<At>,
    read: RefCell<BTreeSet<&'static str>>,
    /// Where it is noted what is asked for, when that alone is of interest.
    shape: Option<Shape>,
}

impl<'d> Section<'d> {
    pub(super) fn new(
        document: &'d Document,
        path: String,
        table: Option<&'d BTreeMap<String, Item>>,
        at: Option<At>,
    ) -> Self {
        Self { document, path, table, at, read: RefCell::default(), shape: None }
    }

    /// The reader of nothing, which notes what is asked for.
    pub(super) fn of_nothing(document: &'d Document, path: String, shape: Shape) -> Self {
        Self { document, path, table: None, at: None, read: RefCell::default(), shape: Some(shape) }
    }

    fn note(&self, key: &str, schema: impl FnOnce() -> serde_json::Value) {
        if let Some(shape) = &self.shape {
            shape.value(key, schema());
        }
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
    pub fn text<T: Declared>(&self, key: &'static str) -> Option<T> {
        self.note(key, T::schema);
        let item = self.item(key)?;
        self.parse(key, item)
    }

    fn parse<T: Declared>(&self, key: &str, item: &Item) -> Option<T> {
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
    pub fn required<T: Declared>(&self, key: &'static str, remedy: &str) -> Option<T> {
        if !self.has(key) {
            self.missing(key, remedy);
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
        self.note(key, || json!({ "type": "number", "minimum": range.start(), "maximum": range.end() }));
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
        self.note(key, || json!({ "type": "integer", "minimum": range.start(), "maximum": range.end() }));
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

    /// A span of time within a range.
    pub fn span(&self, key: &'static str, range: std::ops::RangeInclusive<Span>) -> Option<Span> {
        let span = self.text::<Span>(key)?;
        if range.contains(&span) {
            return Some(span);
        }
        let remedy = format!("write a duration from {} to {}", range.start(), range.end());
        self.problem(Some(key), WRONG_VALUE, format!("`{key}` is {span}"), &remedy);
        None
    }

    /// True or false.
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        self.note(key, || json!({ "type": "boolean" }));
        let item = self.item(key)?;
        if let Value::Flag(flag) = item.value {
            return Some(flag);
        }
        self.wrong(key, item, "true or false");
        None
    }

    /// A list of texts that are parsed into their type; empty when it isn't there.
    pub fn list<T: Declared>(&self, key: &'static str) -> Vec<T> {
        self.note(key, || json!({ "type": "array", "items": T::schema() }));
        let Some(item) = self.item(key) else { return Vec::new() };
        let Value::List(list) = &item.value else {
            self.wrong(key, item, "a list in brackets");
            return Vec::new();
        };
        list.iter().filter_map(|item| self.parse(key, item)).collect()
    }

    /// A list of whole numbers within a range; empty when it isn't there.
    pub fn integers(&self, key: &'static str, range: std::ops::RangeInclusive<u64>) -> Vec<u64> {
        let item = || json!({ "type": "integer", "minimum": range.start(), "maximum": range.end() });
        self.note(key, || json!({ "type": "array", "items": item() }));
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
        self.note(key, || json!({ "type": "object", "additionalProperties": { "type": "string" } }));
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
        if self.shape.is_some() {
            return self.document.tables_rather_than_texts();
        }
        let item = self.table.and_then(|table| table.get(key));
        item.is_some_and(|item| matches!(item.value, Value::Table(_)))
    }

    /// The reader of a table below this one.
    #[must_use]
    pub fn section(&self, key: &'static str) -> Section<'d> {
        if let Some(shape) = &self.shape {
            return Section::of_nothing(self.document, self.named(key), shape.table(key));
        }
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
    pub fn named_sections<K: Declared>(&self, key: &'static str) -> Vec<(K, Section<'d>)> {
        if let Some(shape) = &self.shape {
            let section = || Section::of_nothing(self.document, self.named(key), shape.named::<K>(key));
            return schema::sample().map(|name| (name, section())).into_iter().collect();
        }
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
        if let Some(shape) = &self.shape {
            return vec![Section::of_nothing(self.document, self.named(key), shape.listed(key))];
        }
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
