//! The merged tree: values with the place they came from.

use std::cell::RefCell;
use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::schema::Shape;
use super::{MAX_LINE, MISSING, Problem, SYNTAX, Section, TWICE, UNRESOLVED};

/// A text and what to call it in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What people know it by: a file's path, or an environment variable's name.
    pub name: String,
    /// The text, TOML.
    pub text: String,
}

impl Source {
    /// A source of declared text.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }
}

/// What a value means that stands in two sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Merge {
    /// The later source wins: layers of configuration.
    Override,
    /// The later source wins, and lists of tables grow: a configuration file and the files of its `.d` directory.
    Extend,
    /// It is a mistake: files of one runbook.
    Unique,
}

/// Where something stands: the source's index and the byte in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub(super) source: usize,
    pub(super) offset: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Flag(bool),
    Moment(String),
    List(Vec<Item>),
    Table(BTreeMap<String, Item>),
}

impl Value {
    /// What it is called in messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Flag(_) => "true or false",
            Self::Moment(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) value: Value,
    pub(super) value_at: At,
    pub(super) key_at: At,
}

/// A tree merged from several sources, with the problems found so far.
#[derive(Debug)]
pub struct Document {
    sources: Vec<Source>,
    /// The layer of each source.
    layers: Vec<usize>,
    root: BTreeMap<String, Item>,
    problems: RefCell<Vec<Problem>>,
    /// Whether a key that may be a text or a table is read as a table, while only what is asked for is of interest.
    tables: bool,
}

/// Most problems kept; a text with more is not a text of this kind.
const MAX_PROBLEMS: usize = 200;

impl Document {
    /// Parses the sources of each layer and merges them: `Unique` within a layer's sources where asked, and later
    /// layers over earlier ones. Syntax errors are among the problems; of a text that has one nothing is merged, because
    /// what a parser recovers after a mistake isn't what somebody wrote.
    #[must_use]
    pub fn parse(layers: &[(&[Source], Merge)]) -> Self {
        let sources = layers.iter().flat_map(|(sources, _)| sources.iter().cloned()).collect();
        let mut document = Self {
            sources,
            layers: Vec::new(),
            root: BTreeMap::new(),
            problems: RefCell::default(),
            tables: false,
        };
        for (number, (sources, merge)) in layers.iter().enumerate() {
            let mut layer = BTreeMap::new();
            for source in *sources {
                let table = document.read(document.layers.len(), &source.text);
                document.merge(&mut layer, table, *merge);
                document.layers.push(number);
            }
            let mut root = std::mem::take(&mut document.root);
            document.merge(&mut root, layer, Merge::Override);
            document.root = root;
        }
        document
    }

    fn read(&self, source: usize, text: &str) -> BTreeMap<String, Item> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let whole = errors.is_empty();
        for error in errors {
            let offset = error.span().map_or(0, |span| span.start);
            let message = error.message().lines().next().unwrap_or("not TOML").to_owned();
            self.report(At { source, offset }, SYNTAX, message, "write it as TOML".to_owned());
        }
        if whole { read_table(source, table.get_ref()) } else { BTreeMap::new() }
    }

    fn merge(&self, into: &mut BTreeMap<String, Item>, from: BTreeMap<String, Item>, merge: Merge) {
        for (key, item) in from {
            match (into.get_mut(&key), item) {
                (
                    Some(Item { value: Value::Table(known), key_at, .. }),
                    Item { value: Value::Table(more), key_at: later, .. },
                ) => {
                    self.merge(known, more, merge);
                    // What is wrong with the whole table is told where somebody wrote of it last.
                    if merge == Merge::Override {
                        *key_at = later;
                    }
                }
                (Some(Item { value: Value::List(known), .. }), Item { value: Value::List(more), .. })
                    if merge != Merge::Override
                        && more.iter().all(|item| matches!(item.value, Value::Table(_))) =>
                {
                    known.extend(more);
                }
                (Some(known), item) => {
                    // Finding a place reads the text from its start: not for problems that nobody will see.
                    if merge == Merge::Unique && !self.is_full() {
                        let message =
                            format!("`{key}` is declared twice, first at {}", self.place(known.key_at));
                        self.report(item.key_at, TWICE, message, "keep one of the two".to_owned());
                    }
                    *known = item;
                }
                (None, item) => {
                    into.insert(key, item);
                }
            }
        }
    }

    /// The JSON Schema of what `read` reads: see [`Declared`](super::Declared).
    #[must_use]
    pub fn schema(read: impl Fn(Section<'_>)) -> serde_json::Value {
        let shape = Shape::default();
        for tables in [false, true] {
            let nothing = Self { tables, ..Self::parse(&[]) };
            read(Section::of_nothing(&nothing, String::new(), shape.clone()));
        }
        let mut schema = shape.schema();
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        }
        schema
    }

    pub(super) fn tables_rather_than_texts(&self) -> bool {
        self.tables
    }

    /// The reader of the whole tree.
    #[must_use]
    pub fn root(&self) -> Section<'_> {
        Section::new(self, String::new(), Some(&self.root), None)
    }

    /// Every problem found so far, in the order of sources and lines. When a text couldn't be parsed, what is missed
    /// elsewhere may stand in it and isn't told.
    #[must_use]
    pub fn into_problems(self) -> Vec<Problem> {
        let order = |problem: &Problem| {
            let source = self.sources.iter().position(|source| source.name == problem.source);
            (source, problem.position, problem.message.clone())
        };
        let mut problems = self.problems.take();
        if problems.iter().any(|problem| problem.code == SYNTAX) {
            problems.retain(|problem| ![MISSING, UNRESOLVED].contains(&problem.code));
        }
        problems.sort_by_cached_key(order);
        problems.dedup();
        problems
    }

    /// Each leaf with its dotted path, its value as TOML would write it, and where it stands.
    #[must_use]
    pub fn leaves(&self) -> Vec<(String, String, String)> {
        let mut found = Vec::new();
        self.walk("", &self.root, &mut found);
        found
    }

    fn walk(&self, path: &str, table: &BTreeMap<String, Item>, found: &mut Vec<(String, String, String)>) {
        for (key, item) in table {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match &item.value {
                Value::Table(table) => self.walk(&path, table, found),
                value => found.push((path, written(value), self.place(item.value_at))),
            }
        }
    }

    /// Whether nothing wrong was found so far.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    /// Whether no further problem would be kept.
    pub(super) fn is_full(&self) -> bool {
        self.problems.borrow().len() >= MAX_PROBLEMS
    }

    /// The layer that something was declared in; later layers are larger.
    pub(super) fn layer(&self, at: At) -> Option<usize> {
        self.layers.get(at.source).copied()
    }

    pub(super) fn report(&self, at: At, code: &'static str, message: String, remedy: String) {
        if self.is_full() {
            return;
        }
        let (source, position, line) = match self.sources.get(at.source) {
            Some(source) => {
                let (position, line) = locate(&source.text, at.offset);
                (source.name.clone(), Some(position), line)
            }
            None => ("the declared text".to_owned(), None, String::new()),
        };
        self.problems.borrow_mut().push(Problem { code, source, position, line, message, remedy });
    }

    /// Reports a problem at the deepest part of a path that is declared; `2` is the third of a list.
    pub fn problem_at(&self, path: &[&str], code: &'static str, message: String, remedy: String) {
        let mut parts = path.iter();
        let mut found = parts.next().and_then(|key| self.root.get(*key));
        let mut at = found.map(|item| item.key_at);
        while let (Some(item), Some(part)) = (found, parts.next()) {
            found = match &item.value {
                Value::Table(table) => table.get(*part),
                Value::List(list) => part.parse::<usize>().ok().and_then(|index| list.get(index)),
                _ => None,
            };
            at = found
                .map(|item| if matches!(item.value, Value::Table(_)) { item.key_at } else { item.value_at })
                .or(at);
        }
        self.report(at.unwrap_or_else(|| self.start()), code, message, remedy);
    }

    /// The place where a document without any source would begin.
    pub(super) fn start(&self) -> At {
        At { source: self.sources.len().saturating_sub(1), offset: 0 }
    }

    fn place(&self, at: At) -> String {
        match self.sources.get(at.source) {
            Some(source) => {
                let ((line, column), _) = locate(&source.text, at.offset);
                format!("{}:{line}:{column}", source.name)
            }
            None => "the declared text".to_owned(),
        }
    }
}

/// Line and column (in characters, from 1) of a byte, and the line's text.
fn locate(text: &str, offset: usize) -> ((usize, usize), String) {
    let offset = (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (before, after) = text.split_at(offset);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let (_, head) = before.split_at(start);
    let tail = after.lines().next().unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let shown = head.chars().chain(tail.chars()).map(|c| if c.is_control() { ' ' } else { c });
    ((line, head.chars().count() + 1), shown.take(MAX_LINE).collect())
}

fn read_table(source: usize, table: &DeTable<'_>) -> BTreeMap<String, Item> {
    let read = |(key, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        let key_at = At { source, offset: key.span().start };
        (key.get_ref().to_string(), read_item(source, key_at, value))
    };
    table.iter().map(read).collect()
}

fn read_item(source: usize, key_at: At, value: &Spanned<DeValue<'_>>) -> Item {
    let value_at = At { source, offset: value.span().start };
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            // Beyond 64 bits: still a number, and out of any range that is asked for.
            Err(_) => Value::Float(f64::INFINITY),
        },
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::INFINITY)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(list) => {
            let read = |item: &Spanned<DeValue<'_>>| {
                read_item(source, At { source, offset: item.span().start }, item)
            };
            Value::List(list.iter().map(read).collect())
        }
        DeValue::Table(table) => Value::Table(read_table(source, table)),
    };
    Item { value, value_at, key_at }
}

fn written(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Moment(moment) => moment.clone(),
        Value::List(list) => {
            format!("[{}]", list.iter().map(|item| written(&item.value)).collect::<Vec<_>>().join(", "))
        }
        Value::Table(table) => {
            let pairs = table.iter().map(|(key, item)| format!("{key} = {}", written(&item.value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}
