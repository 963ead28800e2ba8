//! The JSON Schema of a declared text, for editors. It isn't written anywhere: the readers are run over nothing and each
//! key that they ask for is noted, so the schema can't say anything else than what is read.
//!
//! What it can't say: which keys must be there, because a declaration may override a built-in one by a single key, and
//! how values depend on each other. Reading tells both.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::rc::Rc;
use std::str::FromStr;

use serde_json::{Map, Value, json};

/// A type whose values stand in declared texts.
pub trait Declared: FromStr<Err: Display> {
    /// The JSON Schema of the texts that can be one; as far as a schema can tell.
    #[must_use]
    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

impl Declared for String {}
impl Declared for std::path::PathBuf {}
impl Declared for std::net::SocketAddr {}
impl Declared for crate::alert::rule::Action {}
impl Declared for crate::alert::rule::Runbook {}
impl Declared for crate::signal::indicator::Indicator {
    fn schema() -> Value {
        use crate::signal::indicator::Derived;
        use crate::signal::metric::Metric;
        let words = Metric::ALL.iter().map(|metric| metric.as_str());
        json!({ "enum": words.chain(Derived::ALL.iter().map(|derived| derived.as_str())).collect::<Vec<_>>() })
    }
}
impl Declared for crate::time::Span {
    fn schema() -> Value {
        json!({ "type": "string", "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$", "examples": ["30s", "5m", "14d"] })
    }
}
impl Declared for crate::time::Timestamp {
    fn schema() -> Value {
        json!({ "type": "string", "format": "date-time" })
    }
}

/// How the tables below a key are named.
#[derive(Debug)]
enum Tables {
    /// One table: `[objectives]`.
    One,
    /// Tables by a name of this schema: `[alert.disk-full]`.
    Named(Value),
    /// A list of tables: `[[route]]`.
    Listed,
}

/// What was asked for of one table.
#[derive(Debug, Default)]
struct Asked {
    values: BTreeMap<String, Vec<Value>>,
    tables: BTreeMap<String, (Tables, Shape)>,
}

/// The note of what is asked of a table; shared by the sections that read it.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape(Rc<RefCell<Asked>>);

impl Shape {
    /// A value was asked for.
    pub(super) fn value(&self, key: &str, schema: Value) {
        let mut asked = self.0.borrow_mut();
        let known = asked.values.entry(key.to_owned()).or_default();
        if !known.contains(&schema) {
            known.push(schema);
        }
    }

    /// A table was asked for.
    pub(super) fn table(&self, key: &str) -> Self {
        self.child(key, Tables::One)
    }

    /// Tables by name were asked for.
    pub(super) fn named<K: Declared>(&self, key: &str) -> Self {
        self.child(key, Tables::Named(K::schema()))
    }

    /// A list of tables was asked for.
    pub(super) fn listed(&self, key: &str) -> Self {
        self.child(key, Tables::Listed)
    }

    fn child(&self, key: &str, tables: Tables) -> Self {
        let mut asked = self.0.borrow_mut();
        let (_, shape) = asked.tables.entry(key.to_owned()).or_insert_with(|| (tables, Self::default()));
        shape.clone()
    }

    /// The schema of the table.
    pub(super) fn schema(&self) -> Value {
        let asked = self.0.borrow();
        let mut properties: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for (key, schemas) in &asked.values {
            properties.entry(key).or_default().extend(schemas.iter().cloned());
        }
        for (key, (tables, shape)) in &asked.tables {
            let table = shape.schema();
            properties.entry(key).or_default().push(match tables {
                Tables::One => table,
                Tables::Listed => json!({ "type": "array", "items": table }),
                Tables::Named(names) => {
                    json!({ "type": "object", "propertyNames": names, "additionalProperties": table })
                }
            });
        }
        let properties: Map<String, Value> = properties
            .into_iter()
            .map(|(key, mut schemas)| {
                let one = if schemas.len() == 1 { schemas.pop() } else { None };
                (key.to_owned(), one.unwrap_or_else(|| json!({ "anyOf": schemas })))
            })
            .collect();
        json!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}

/// A name that is one of the type's, to look into a table of its kind.
pub(super) fn sample<K: Declared>() -> Option<K> {
    let schema = K::schema();
    let word = schema.get("enum").and_then(|words| words.get(0)).and_then(Value::as_str);
    word.unwrap_or("x").parse().ok()
}
