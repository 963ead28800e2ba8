//! The policy library for a service in another language: a process beside it that answers questions, one JSON object a
//! line. It keeps nothing between two lines; whoever asks keeps the events.
//!
//! ```text
//! cargo run -p eavip-examples --example json_sidecar -- examples/shop_runbook.toml
//! cargo test -p eavip-examples --example json_sidecar
//! ```

use std::io::{BufRead, Write as _};

use eavip_core::json::{self, MAX_INPUT, Problem};
use eavip_core::policy::{Policy, Source};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One line in. The question `questions` has no input and lists the others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked<'a> {
    question: &'a str,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
}

/// One line out.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Answered {
    Answer(Box<RawValue>),
    Questions(Vec<Listed>),
    Problem(Problem),
    /// The line isn't a question at all.
    Unread(String),
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    about: &'static str,
    input: &'static [&'static str],
}

fn answer(line: &str, policy: &Policy) -> Answered {
    let asked: Asked<'_> = match serde_json::from_str(line) {
        Ok(asked) => asked,
        Err(error) => return Answered::Unread(error.to_string()),
    };
    if asked.question == "questions" {
        let list = json::questions().map(|one| Listed { name: one.name, about: one.about, input: one.input });
        return Answered::Questions(list.collect());
    }
    let input = asked.input.map_or("{}", RawValue::get);
    match json::answer(asked.question, input.as_bytes(), policy) {
        Ok(text) => RawValue::from_string(text)
            .map_or_else(|error| Answered::Unread(error.to_string()), Answered::Answer),
        Err(problem) => Answered::Problem(problem),
    }
}

fn main() -> anyhow::Result<()> {
    let path =
        std::env::args().nth(1).ok_or_else(|| anyhow::anyhow!("name the runbook: json_sidecar FILE"))?;
    let policy =
        Policy::load(&[Source::new(&path, std::fs::read_to_string(&path)?)]).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("{}", told.join("\n"))
        })?;
    let (mut lines, mut out) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut line = String::new();
    // A line may be a little longer than its input. One that is longer than that is answered in pieces, as no question.
    while std::io::Read::take(&mut lines, MAX_INPUT as u64 + 1_024).read_line(&mut line)? > 0 {
        serde_json::to_writer(&mut out, &answer(&line, &policy))?;
        writeln!(out)?;
        out.flush()?;
        line.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> String {
        serde_json::to_string(&answer(line, &Policy::builtin())).unwrap()
    }

    #[test]
    fn a_question_is_answered() {
        let line = r#"{"question": "incident.sev", "input": {"impact": {"scope": "partial", "integrity": "at-risk"}, "security": false}}"#;
        assert_eq!(told(line), r#"{"answer":{"sev":"SEV-1"}}"#);
    }

    #[test]
    fn what_is_no_question_is_told_and_ends_nothing() {
        assert!(
            told(r#"{"question": "incident.sevv", "input": {}}"#).contains("did you mean `incident.sev`?")
        );
        assert!(told(r#"{"question": "incident.sev"}"#).starts_with(r#"{"problem":{"code":"EAVIP-E04""#));
        assert!(told("who is there?").starts_with(r#"{"unread":"#));
    }

    #[test]
    fn the_questions_can_be_listed() {
        assert!(told(r#"{"question": "questions"}"#).contains(r#""name":"release.gate""#));
    }
}
