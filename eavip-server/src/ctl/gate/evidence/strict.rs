//! JSON read so that nothing in it is passed over. The policy library's types take what they know and leave the rest, as
//! suits programs of different versions; what a person or a job wrote for a decision has to be known to the last field.

use std::fmt;

use eavip_core::UnknownWord;
use eavip_core::document::Problem;
use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::ctl::given::{self, Given};

/// Most unknown fields told of one part; who reads twenty knows what is wrong.
const MAX_TOLD: usize = 20;
/// Longest name of a field that is repeated, in characters.
const MAX_NAME: usize = 80;

/// The fields of a text that is an object.
pub(super) fn object(given: Given<'_>) -> Result<Map<String, Value>, Vec<Problem>> {
    match serde_json::from_slice(given.text) {
        Ok(Once(Value::Object(fields))) => Ok(fields),
        Ok(Once(_)) => {
            let message = "the document has to be an object with `request` and `evidence`";
            Err(vec![given::problem(given::WRONG_VALUE, given.file, message, given.remedy)])
        }
        Err(error) => Err(vec![given::unusable(given, "", &error)]),
    }
}

/// Reads a value that stands at `at`: the first thing that can't be used, or every field that nothing reads.
pub(super) fn read<T: DeserializeOwned + Serialize>(
    given: Given<'_>,
    at: &str,
    value: &Value,
) -> Result<T, Vec<Problem>> {
    let read: T = serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let at = if path == "." { at.to_owned() } else { format!("{at}.{path}") };
        vec![given::unusable(given, &at, error.inner())]
    })?;
    // What was read and is written again has every field that it was read from.
    let written = serde_json::to_value(&read).unwrap_or_default();
    let mut problems = Vec::new();
    compare(given, at, value, &written, &mut problems);
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

fn compare(given: Given<'_>, at: &str, value: &Value, written: &Value, problems: &mut Vec<Problem>) {
    match (value, written) {
        (Value::Object(fields), Value::Object(known)) => {
            for (name, field) in fields {
                match known.get(name) {
                    Some(written) => compare(given, &format!("{at}.{name}"), field, written, problems),
                    None if problems.len() < MAX_TOLD => {
                        problems.push(unknown(given, at, name, known.keys().map(String::as_str)));
                    }
                    None => {}
                }
            }
        }
        (Value::Array(values), Value::Array(written)) => {
            for (place, (value, written)) in values.iter().zip(written).enumerate() {
                compare(given, &format!("{at}[{place}]"), value, written, problems);
            }
        }
        // A list in the order of the fields would be read, and hardly by who wrote it.
        (Value::Array(_), Value::Object(_)) => {
            let message = format!("`{at}`: a list stands where an object has to");
            problems.push(given::problem(given::WRONG_VALUE, given.file, message, given.remedy));
        }
        _ => {}
    }
}

/// That nothing reads the field `name` of the object at `at`.
pub(super) fn unknown<'k>(
    given: Given<'_>,
    at: &str,
    name: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Problem {
    let known: Vec<&str> = known.into_iter().collect();
    let found = name.chars().take(MAX_NAME).collect();
    let word = UnknownWord { what: "field", found, known: known.join(", ") };
    let place = if at.is_empty() { String::new() } else { format!("`{at}`: ") };
    let remedy = "mend the name or remove the field: evidence under another name would count as not seen";
    given::problem(given::UNKNOWN_FIELD, given.file, format!("{place}{word}"), remedy)
}

/// A value in which no object has a field twice.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Self)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Once(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if fields.contains_key(&name) {
                let name: String = name.chars().take(MAX_NAME).collect();
                return Err(A::Error::custom(format_args!("the field `{name}` stands twice")));
            }
            let Once(value) = map.next_value()?;
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests;
