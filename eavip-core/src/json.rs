//! The whole library for services in other languages: a question with its input as JSON in, the answer as JSON out. A
//! sidecar, a foreign function or a wasm host needs [`answer`] and [`Policy::load`], and nothing else of this crate.
//!
//! A question is named after the module that answers it: `release.gate` is [`release::gate`](crate::release::gate). The
//! question `questions` lists them all.
//! What changes over time has two questions each, of one shape everywhere: `incident.decide` takes
//! `{"state": …, "command": …, "now": …}` and gives `{"events": […], "state": …}` or `{"refused": […]}`, and
//! `incident.replay` takes `{"events": […]}` and gives `{"state": …}`. `null` is the state before the first event. A
//! command is an object with one key, what is asked: `{"acknowledge": {"by": "ann"}}`, or the word alone where nothing
//! is to be said; so the place of a mistake within it can be named.
//!
//! A judgement that says no is an answer. A [`Problem`] is only what keeps a question from being answered. Reading
//! input from anywhere, and bounding how long an answer may take, is the host's part.
//!
//! ```
//! use eavip_core::json::answer;
//! use eavip_core::policy::Policy;
//!
//! let policy = Policy::builtin();
//! let input = br#"{"impact": {"scope": "partial", "integrity": "at-risk"}, "security": false}"#;
//! assert_eq!(answer("incident.sev", input, &policy).unwrap(), r#"{"sev":"SEV-1"}"#);
//!
//! let problem = answer("incident.sev", br#"{"impact": {"scope": "part"}}"#, &policy).unwrap_err();
//! assert_eq!((problem.code, problem.at.as_str()), ("EAVIP-E04", "impact.scope"));
//! assert_eq!(answer("incident.sevv", b"{}", &policy).unwrap_err().remedy, "did you mean `incident.sev`?");
//! ```

#[macro_use]
mod question;
mod changing;
mod room;
mod running;

use serde::Serialize;

pub use self::question::Question;

use crate::policy::Policy;
use crate::vocabulary::nearest;

/// Longest input, in bytes: the evidence on a fleet of 10 000 nodes has a few millions.
pub const MAX_INPUT: usize = 16 * 1_024 * 1_024;
/// Longest message and place of a problem, in characters: both can quote what was sent.
const MAX_TEXT: usize = 300;

/// A question that isn't one.
pub const UNKNOWN_QUESTION: &str = "EAVIP-E01";
/// An input over [`MAX_INPUT`].
pub const TOO_LONG: &str = "EAVIP-E02";
/// An input that isn't JSON.
pub const NOT_JSON: &str = "EAVIP-E03";
/// An input that isn't what the question takes.
pub const UNFIT: &str = "EAVIP-E04";
/// A name that the policy doesn't declare.
pub const UNDECLARED: &str = "EAVIP-E05";

/// Why a question can't be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}{}; {remedy}", if at.is_empty() { String::new() } else { format!(" at `{at}`") })]
#[non_exhaustive]
pub struct Problem {
    /// A stable code, such as `EAVIP-E04`.
    pub code: &'static str,
    /// Where in the input, as a path such as `evidence.backups.what[0].rpo`; empty for the whole.
    pub at: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl Problem {
    /// What a host says that doesn't read an input of so many bytes to its end.
    pub fn too_long(bytes: usize) -> Self {
        let message = format!("an input of {bytes} bytes is over the limit of {MAX_INPUT}");
        Self::new(TOO_LONG, "", message, "ask about less at a time")
    }

    fn new(
        code: &'static str,
        at: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let cut = |text: String| match text.char_indices().nth(MAX_TEXT) {
            Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
            None => text,
        };
        Self { code, at: cut(at.into()), message: cut(message.into()), remedy: remedy.into() }
    }
}

#[derive(Serialize)]
struct Listed {
    questions: Vec<&'static Question>,
}

questions! {
    /// What can be asked, and with which fields?
    "questions" => {}, |_policy| Listed { questions: questions().collect() };
}

/// Everything that can be asked: this list, what goes on, what is changed, and what has a history.
pub fn questions() -> impl Iterator<Item = &'static Question> {
    [QUESTIONS, running::QUESTIONS, changing::QUESTIONS, room::QUESTIONS].into_iter().flatten()
}

/// Answers a question.
///
/// The same question with the same input under the same policy has the same answer, byte for byte.
///
/// # Errors
/// The question is unknown, or the input too long, no JSON, not what the question takes, or names something that the
/// policy doesn't declare.
pub fn answer(question: &str, input: &[u8], policy: &Policy) -> Result<String, Problem> {
    let Some(known) = questions().find(|one| one.name == question) else {
        let remedy = match nearest(questions().map(|one| one.name), question) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "ask `questions` for the list".to_owned(),
        };
        return Err(Problem::new(UNKNOWN_QUESTION, "", format!("`{question}` is no question"), remedy));
    };
    if input.len() > MAX_INPUT {
        return Err(Problem::too_long(input.len()));
    }
    known.answer(input, policy)
}

#[cfg(test)]
mod tests;
