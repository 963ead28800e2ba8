//! Evidence for the gates from files: one document in one file, or its parts in several, so that each job of a pipeline
//! writes its own. A part that no file has wasn't seen. Nothing is guessed: a field that nothing reads, a field that
//! stands twice and a value of another form are problems with file and dotted path.

mod strict;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eavip_core::document::Problem;
use eavip_core::release::gate::{GateEvidence, GateRequest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ctl::given::{self, Given};

/// A part of the evidence that two files have.
const TWICE: &str = "EAVIP-H04";
/// What to do about a file that can't be used.
const REMEDY: &str = "write it as `eavipctl gate --example` does";
/// Largest file in bytes: the evidence of a platform with thousands of data sets.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// Everything that the gates are given, as it stands in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Question {
    pub(super) request: GateRequest,
    pub(super) evidence: GateEvidence,
}

/// Reads the files as one document; with it the name of the file that the request stands in.
pub(super) fn read(paths: &[PathBuf]) -> Result<(Question, String), Vec<Problem>> {
    if paths.iter().filter(|path| *path == Path::new("-")).count() > 1 {
        let message = "`-` is given twice, and it can be read once";
        return Err(vec![given::problem(given::UNREADABLE, "standard input", message, "give it once")]);
    }
    let mut parts = Parts::new();
    for path in paths {
        match given::files(path, "json", given::UNREADABLE) {
            Ok(files) => files.iter().for_each(|file| parts.add(file)),
            Err(problems) => parts.problems.extend(problems),
        }
    }
    parts.finish(paths)
}

/// The parts of the document that were found, each with the name of its file.
#[derive(Debug)]
struct Parts {
    /// Evidence of which nothing was seen, as it is written.
    unseen: Map<String, Value>,
    request: Option<(String, GateRequest)>,
    evidence: BTreeMap<String, (String, Value)>,
    problems: Vec<Problem>,
}

impl Parts {
    fn new() -> Self {
        let unseen = match serde_json::to_value(GateEvidence::default()) {
            Ok(Value::Object(parts)) => parts,
            _ => Map::new(),
        };
        Self { unseen, request: None, evidence: BTreeMap::new(), problems: Vec::new() }
    }

    fn add(&mut self, path: &Path) {
        let file = given::name(path);
        let text = match given::read(path, MAX_FILE) {
            Ok(text) => text,
            Err(problems) => return self.problems.extend(problems),
        };
        let given = Given { file: &file, line: 1, text: &text, remedy: REMEDY };
        match strict::object(given) {
            Ok(document) => document.into_iter().for_each(|(key, value)| self.take(given, &key, value)),
            Err(problems) => self.problems.extend(problems),
        }
    }

    fn take(&mut self, given: Given<'_>, key: &str, value: Value) {
        match (key, value) {
            ("request", value) => match (&self.request, strict::read(given, "request", &value)) {
                (Some((other, _)), _) => self.problems.push(twice(given.file, "request", other)),
                (None, Ok(request)) => self.request = Some((given.file.to_owned(), request)),
                (None, Err(problems)) => self.problems.extend(problems),
            },
            ("evidence", Value::Object(parts)) => {
                parts.into_iter().for_each(|(name, part)| self.take_part(given, name, part));
            }
            ("evidence", _) => {
                let message = "`evidence` has to be an object of parts";
                self.problems.push(given::problem(given::WRONG_VALUE, given.file, message, REMEDY));
            }
            (key, _) => self.problems.push(strict::unknown(given, "", key, ["request", "evidence"])),
        }
    }

    /// Takes one part, held against the form of evidence in which nothing else was seen.
    fn take_part(&mut self, given: Given<'_>, name: String, part: Value) {
        if !self.unseen.contains_key(&name) {
            let problem = strict::unknown(given, "evidence", &name, self.unseen.keys().map(String::as_str));
            return self.problems.push(problem);
        }
        if let Some((other, _)) = self.evidence.get(&name) {
            let problem = twice(given.file, &format!("evidence.{name}"), other);
            return self.problems.push(problem);
        }
        let mut form = self.unseen.clone();
        form.insert(name.clone(), part.clone());
        match strict::read::<GateEvidence>(given, "evidence", &Value::Object(form)) {
            Ok(_) => drop(self.evidence.insert(name, (given.file.to_owned(), part))),
            Err(problems) => self.problems.extend(problems),
        }
    }

    fn finish(mut self, paths: &[PathBuf]) -> Result<(Question, String), Vec<Problem>> {
        let names: Vec<String> = paths.iter().map(|path| given::name(path)).collect();
        let files = names.join(", ");
        if self.request.is_none() && self.problems.is_empty() {
            let message = "there is no `request`, so nobody knows what is asked";
            self.problems.push(given::problem(given::WRONG_VALUE, &files, message, REMEDY));
        }
        let mut form = self.unseen;
        form.extend(self.evidence.into_iter().map(|(name, (_, part))| (name, part)));
        match (self.request, serde_json::from_value(Value::Object(form))) {
            (Some((file, request)), Ok(evidence)) if self.problems.is_empty() => {
                Ok((Question { request, evidence }, file))
            }
            (_, Err(error)) if self.problems.is_empty() => {
                Err(vec![given::problem(given::WRONG_VALUE, &files, error.to_string(), REMEDY)])
            }
            _ => Err(self.problems),
        }
    }
}

fn twice(file: &str, part: &str, other: &str) -> Problem {
    given::problem(TWICE, file, format!("`{part}` stands in {other} too"), "let one file have it")
}

#[cfg(test)]
mod tests;
