//! A question as a row of a table, and how its input is read and its answer written.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Display;

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::{NOT_JSON, Problem, UNDECLARED, UNFIT};
use crate::policy::Policy;
use crate::vocabulary::nearest;

/// Something that can be asked.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Question {
    /// Its name: the module that answers it, such as `release.gate`.
    pub name: &'static str,
    /// What it asks, in a line.
    pub about: &'static str,
    /// The fields of its input.
    pub input: &'static [&'static str],
    #[serde(skip)]
    pub(super) ask: fn(&[u8], &Policy) -> Result<String, Problem>,
}

/// What holds values that may be secrets: its problems quote nothing of the input.
const HUSHED: &str = "config.secret";

impl Question {
    pub(super) fn answer(&self, input: &[u8], policy: &Policy) -> Result<String, Problem> {
        (self.ask)(input, policy).map_err(|mut problem| {
            if problem.code == UNFIT {
                let fields = self.input.join("`, `");
                problem.remedy = format!("`{}` takes `{fields}`", self.name);
            }
            if self.name.starts_with(HUSHED) {
                problem.message = "what was sent isn't what the question takes".to_owned();
                // What follows the field's name can be a key that was sent.
                let field = self.input.iter().find(|field| {
                    let rest = problem.at.strip_prefix(**field);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
                });
                problem.at = field.copied().unwrap_or_default().to_owned();
            }
            problem
        })
    }
}

/// Declares questions: what each asks, its name, its input's fields, and what answers it. An input has no other fields.
macro_rules! questions {
    ($(
        #[doc = $about:expr]
        $name:expr => { $($field:ident: $type:ty),* $(,)? }, |$policy:pat_param| $answer:expr;
    )+) => {
        pub(super) const QUESTIONS: &[$crate::json::Question] = &[$($crate::json::Question {
            name: $name,
            about: $about.trim_ascii_start(),
            input: &[$(stringify!($field)),*],
            ask: |input, policy| {
                #[derive(serde::Deserialize)]
                #[serde(deny_unknown_fields, expecting = "an object")]
                struct Input {
                    $($field: $type),*
                }
                let Input { $($field),* } = $crate::json::question::read(input)?;
                let $policy = policy;
                $crate::json::question::written(&$answer)
            },
        }),+];
    };
}

/// Reads fast; only when that fails, reads again to tell what is wrong, and where.
pub(super) fn read<T: DeserializeOwned>(input: &[u8]) -> Result<T, Problem> {
    // Serde takes the fields' values in their order for an object, too.
    let is_list = input.trim_ascii_start().starts_with(b"[");
    match serde_json::from_slice(input) {
        Ok(read) if !is_list => Ok(read),
        Ok(_) | Err(_) => Err(not_json(input).unwrap_or_else(|| unfit::<T>(input, is_list))),
    }
}

/// Asked first: by serde's own classes of errors, `null` in the place of a word isn't JSON.
fn not_json(input: &[u8]) -> Option<Problem> {
    let message = match str::from_utf8(input) {
        Ok(text) => serde_json::from_str::<IgnoredAny>(text).err()?.to_string(),
        Err(error) => error.to_string(),
    };
    Some(Problem::new(NOT_JSON, "", message, "send one JSON object, in UTF-8"))
}

fn unfit<T: DeserializeOwned>(input: &[u8], is_list: bool) -> Problem {
    let mut reader = serde_json::Deserializer::from_slice(input);
    let Some(placed) = serde_path_to_error::deserialize::<_, T>(&mut reader).err().filter(|_| !is_list)
    else {
        return Problem::new(UNFIT, "", "a list is no input", "");
    };
    let (path, message) = (placed.path().to_string(), placed.inner().to_string());
    // A dot is the whole, a question mark a place that has no name yet.
    let at = path.trim_end_matches(['?', '.']);
    // The path says it better than line and column.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
    Problem::new(UNFIT, at, message, "")
}

/// Writes an answer. Only a map with keys that aren't texts can't be written, and no answer has one.
pub(super) fn written(answer: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(answer).map_err(|error| {
        Problem::new(UNFIT, "", format!("the answer can't be written: {error}"), "report it as a defect")
    })
}

/// What the policy declares under a name.
pub(super) fn declared<'m, K, V>(
    all: &'m BTreeMap<K, V>,
    what: &str,
    name: &(impl Borrow<str> + Display),
) -> Result<&'m V, Problem>
where
    K: Borrow<str> + Ord,
{
    all.get(name.borrow()).ok_or_else(|| {
        let remedy = match nearest(all.keys().map(Borrow::borrow), name.borrow()) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "declare it, or name one that is".to_owned(),
        };
        Problem::new(UNDECLARED, what, format!("no {what} is called `{name}`"), remedy)
    })
}
