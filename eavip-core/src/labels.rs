//! Label sets: sorted pairs of name and value, with bounds. Values are hostile text: whoever shows them escapes them.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most labels of one series; more is a mistake that would multiply series.
pub const MAX_LABELS: usize = 64;
/// Longest label name in bytes.
pub const MAX_LABEL_NAME: usize = 128;
/// Longest label value in bytes.
pub const MAX_LABEL_VALUE: usize = 1024;

/// Why a label set can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLabels {
    /// More than [`MAX_LABELS`].
    #[error("{count} labels are too many; send at most {MAX_LABELS}")]
    TooMany {
        /// How many there were.
        count: usize,
    },
    /// A name outside the grammar or too long.
    #[error(
        "`{name}` can't be a label name; use at most {MAX_LABEL_NAME} of a-z, A-Z, 0-9 and `_`, not starting with a digit"
    )]
    Name {
        /// The name, cut after 80 characters.
        name: String,
    },
    /// A value over [`MAX_LABEL_VALUE`].
    #[error("the value of label `{name}` has {bytes} bytes; send at most {MAX_LABEL_VALUE}")]
    Value {
        /// The label's name.
        name: String,
        /// The value's length.
        bytes: usize,
    },
    /// The same name twice.
    #[error("label `{name}` stands twice; send it once")]
    Twice {
        /// The label's name.
        name: String,
    },
}

/// A checked label set, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Labels(Box<[(Box<str>, Box<str>)]>);

impl Labels {
    /// Checks and sorts pairs of name and value.
    ///
    /// # Errors
    /// Names the first label that can't be taken.
    pub fn new<N: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, InvalidLabels> {
        let mut list: Vec<(Box<str>, Box<str>)> = Vec::new();
        for (name, value) in pairs {
            check_name(name.as_ref())?;
            check_value(name.as_ref(), value.as_ref())?;
            list.push((name.as_ref().into(), value.as_ref().into()));
        }
        Self::of(list)
    }

    /// Sorts pairs whose names and values are checked.
    fn of(mut list: Vec<(Box<str>, Box<str>)>) -> Result<Self, InvalidLabels> {
        if list.len() > MAX_LABELS {
            return Err(InvalidLabels::TooMany { count: list.len() });
        }
        list.sort_unstable();
        let twice = list.iter().zip(list.iter().skip(1)).find(|(a, b)| a.0 == b.0);
        match twice {
            Some((pair, _)) => Err(InvalidLabels::Twice { name: pair.0.to_string() }),
            None => Ok(Self(list.into())),
        }
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| &**known == name).map(|(_, value)| &**value)
    }

    /// Pairs of name and value, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// How many labels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first of each name among pairs that come from checked labels or are fixed words; at most `most`.
    pub(crate) fn first_of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>, most: usize) -> Self {
        let mut list = std::collections::BTreeMap::new();
        for (name, value) in pairs {
            if list.len() < most {
                list.entry(name).or_insert(value);
            }
        }
        Self(list.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// These labels and `more`; on a name in both, `more` wins. At the bound the rest of `more` is left out.
    #[must_use]
    pub fn with<'a>(&'a self, more: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut list: std::collections::BTreeMap<&str, &str> = self.iter().collect();
        for (name, value) in more {
            if list.len() < MAX_LABELS || list.contains_key(name) {
                list.insert(name, value);
            }
        }
        Self(list.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

fn check_name(name: &str) -> Result<(), InvalidLabels> {
    let ok = name.len() <= MAX_LABEL_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if ok { Ok(()) } else { Err(InvalidLabels::Name { name: name.chars().take(80).collect() }) }
}

fn check_value(name: &str, value: &str) -> Result<(), InvalidLabels> {
    if value.len() <= MAX_LABEL_VALUE {
        return Ok(());
    }
    Err(InvalidLabels::Value { name: name.to_owned(), bytes: value.len() })
}

/// Written as in Prometheus: `{mount="/var"}`, with quotes, backslashes and control characters escaped.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (name, value)) in self.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            write!(f, "{comma}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Labels;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of label names and text values")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
                // Most series have one label or two.
                let mut list: Vec<(Box<str>, Box<str>)> = Vec::with_capacity(2);
                while let Some((Text(name), Text(value))) = map.next_entry()? {
                    if list.len() > MAX_LABELS {
                        return Err(serde::de::Error::custom(InvalidLabels::TooMany { count: list.len() }));
                    }
                    let checked = check_name(&name).and_then(|()| check_value(&name, &value));
                    checked.map_err(serde::de::Error::custom)?;
                    list.push((name.into(), value.into()));
                }
                Labels::of(list).map_err(serde::de::Error::custom)
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// Text that is borrowed from the input where it can be.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] std::borrow::Cow<'a, str>);

#[cfg(test)]
mod tests;
