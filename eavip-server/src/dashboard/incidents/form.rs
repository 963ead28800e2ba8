//! What a form sent, and what became of it: shown again with everything that stands against it.

use crate::problem::{Fault, Problem};

/// The fields of a form, in the order in which they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// A field's value without the space around it; empty when it wasn't sent.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim())
    }

    /// A field's value read as something; none when it is empty.
    ///
    /// # Errors
    /// When it can't be that.
    pub fn maybe<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Problem>
    where
        T::Err: std::fmt::Display,
    {
        let text = self.get(name);
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|error: T::Err| Problem::invalid(name, error.to_string()))
    }

    /// A field's value read as something.
    ///
    /// # Errors
    /// When it is empty, or can't be that.
    pub fn must<T: std::str::FromStr>(&self, name: &str) -> Result<T, Problem>
    where
        T::Err: std::fmt::Display,
    {
        self.maybe(name)?.ok_or_else(|| Problem::invalid(name, "choose or write something"))
    }

    /// The names in a field, separated by commas, blanks or line ends.
    ///
    /// # Errors
    /// When one of them can't be one.
    pub fn list<T: std::str::FromStr, L: FromIterator<T>>(&self, name: &str) -> Result<L, Problem>
    where
        T::Err: std::fmt::Display,
    {
        let words =
            self.get(name).split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        let read = words.map(str::parse::<T>).collect::<Result<L, T::Err>>();
        read.map_err(|error| Problem::invalid(name, error.to_string()))
    }
}

/// The last attempt at one of a page's forms.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// Which form.
    pub of: String,
    /// What was sent.
    pub fields: Fields,
    /// What was wrong with it.
    pub problem: Option<Problem>,
}

impl Attempt {
    /// Whether it was at this form.
    #[must_use]
    pub fn is_of(&self, form: &str) -> bool {
        self.problem.is_some() && self.of == form
    }

    /// What was sent in a field of a form; empty when the attempt was at another.
    #[must_use]
    pub fn value(&self, form: &str, name: &str) -> &str {
        if self.is_of(form) { self.fields.get(name) } else { "" }
    }

    /// What was wrong with a form, and each reason where there are several.
    #[must_use]
    pub fn reasons(&self, form: &str) -> Option<(&str, &[Fault])> {
        let problem = self.problem.as_ref().filter(|_| self.of == form)?;
        Some(match problem.errors.as_slice() {
            [] => (problem.detail.as_str(), &[]),
            [one] => (one.detail.as_str(), &[]),
            several => ("it is refused for these reasons", several),
        })
    }
}
