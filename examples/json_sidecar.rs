//! The policy library for a service in another language: a process beside it that answers questions, one JSON object a
//! line. It keeps nothing between two lines; whoever asks keeps the events.
//!
//! ```text
//! cargo run -p eavip-examples --example json_sidecar -- examples/shop_runbook.toml
//! cargo test -p eavip-examples --example json_sidecar
//! ```

use std::borrow::Cow;
use std::io::{self, BufRead, Read as _, Write};

use eavip_core::json::{self, MAX_INPUT, Problem};
use eavip_core::policy::{Policy, Source};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Longest line, in bytes: an input, and room for the question around it.
const MAX_LINE: usize = MAX_INPUT + 1_024;

/// One line in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked<'a> {
    #[serde(borrow)]
    question: Cow<'a, str>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
}

/// One line out.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Answered {
    Answer(Box<RawValue>),
    Problem(Problem),
    /// The line isn't a question at all.
    Unread(String),
}

fn answer(line: &[u8], policy: &Policy) -> Answered {
    let asked: Asked<'_> = match serde_json::from_slice(line) {
        Ok(asked) => asked,
        // What serde says of a value quotes it, whatever its length, and it may be a secret.
        Err(error) if error.is_data() => {
            return Answered::Unread(r#"a line is `{"question": NAME, "input": {...}}`"#.to_owned());
        }
        Err(error) => return Answered::Unread(error.to_string()),
    };
    let input = asked.input.map_or("{}", RawValue::get);
    match json::answer(&asked.question, input.as_bytes(), policy) {
        Ok(text) => RawValue::from_string(text)
            .map_or_else(|error| Answered::Unread(error.to_string()), Answered::Answer),
        Err(problem) => Answered::Problem(problem),
    }
}

/// Reads the next line, or tells how long it is when that is too much: then nothing of it is taken for a question.
/// `None` is the end.
fn next_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<Result<(), usize>>> {
    line.clear();
    let mut length = 0;
    let mut is_whole = true;
    loop {
        let read = lines.take(MAX_LINE as u64 + 1).read_until(b'\n', line)?;
        length += read;
        if line.len() <= MAX_LINE || line.ends_with(b"\n") {
            let told = if is_whole { Ok(()) } else { Err(length) };
            return Ok((length > 0).then_some(told));
        }
        is_whole = false;
        line.clear();
    }
}

/// Answers each line with one line, until there are no more.
fn serve(mut lines: impl BufRead, mut out: impl Write, policy: &Policy) -> io::Result<()> {
    let mut line = Vec::new();
    while let Some(read) = next_line(&mut lines, &mut line)? {
        let answered = match read {
            Ok(()) => answer(&line, policy),
            Err(length) => Answered::Problem(Problem::too_long(length)),
        };
        serde_json::to_writer(&mut out, &answered)?;
        writeln!(out)?;
        out.flush()?;
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let path =
        std::env::args().nth(1).ok_or_else(|| anyhow::anyhow!("name the runbook: json_sidecar FILE"))?;
    let policy =
        Policy::load(&[Source::new(&path, std::fs::read_to_string(&path)?)]).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("{}", told.join("\n"))
        })?;
    serve(io::stdin().lock(), io::stdout().lock(), &policy)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that answer what is sent.
    fn told(sent: &[u8]) -> Vec<String> {
        let mut out = Vec::new();
        serve(sent, &mut out, &Policy::builtin()).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    const SEV: &str = r#"{"question": "incident.sev", "input": {"impact": {"scope": "partial", "integrity": "at-risk"}, "security": false}}"#;
    const SEV_ANSWER: &str = r#"{"answer":{"sev":"SEV-1"}}"#;

    #[test]
    fn a_question_is_answered() {
        assert_eq!(told(SEV.as_bytes()), [SEV_ANSWER]);
        assert_eq!(told(SEV.replace("incident", r"\u0069ncident").as_bytes()), [SEV_ANSWER]);
        assert!(told(b"").is_empty());
    }

    #[test]
    fn what_is_no_question_is_told_and_ends_nothing() {
        let mut sent = Vec::new();
        for line in [
            &br#"{"question": "incident.sevv", "input": {}}"#[..],
            br#"{"question": "incident.sev"}"#,
            b"who is there?",
            b"{\"question\": \"incident.sev\xff\"}",
            b"{\"question\": \"incident.sev\", \"input\": \"\xff\"}",
            br#"{"question": "config.secret", "hunter2": 1}"#,
            br#""hunter2""#,
            b"",
            SEV.as_bytes(),
        ] {
            sent.extend([line, b"\n"].concat());
        }
        let told = told(&sent);
        assert!(told[0].contains("did you mean `incident.sev`?"), "{told:?}");
        assert!(told[1].starts_with(r#"{"problem":{"code":"EAVIP-E04""#), "{told:?}");
        assert!(told[2..8].iter().all(|line| line.starts_with(r#"{"unread":"#)), "{told:?}");
        assert!(!told.concat().contains("hunter2"), "{told:?}");
        assert_eq!(told[8..], [SEV_ANSWER]);
    }

    /// Neither a piece of it that would be a question is answered, nor a character in two parts an end.
    #[test]
    fn a_line_that_is_too_long_has_one_answer() {
        for filling in [" ", "\u{e9}", "\u{20ac}"] {
            let pieces = 2 * MAX_LINE / filling.len() + 1;
            let told = told(format!("{}{SEV}\n{SEV}\n", filling.repeat(pieces)).as_bytes());
            let length = pieces * filling.len() + SEV.len() + 1;
            assert!(
                told[0].contains(&format!(r#""EAVIP-E02","at":"","message":"an input of {length} bytes"#))
            );
            assert_eq!(told[1..], [SEV_ANSWER]);
        }
        // The longest line, with and without its end, and a byte more.
        for (more, is_answered) in [(0, true), (1, false)] {
            let line = format!("{}{SEV}", " ".repeat(MAX_LINE - SEV.len() + more));
            for sent in [format!("{line}\n{SEV}"), line] {
                let told = told(sent.as_bytes());
                assert_eq!(told[0] == SEV_ANSWER, is_answered, "{}", told[0]);
                assert!(told[1..].iter().all(|line| line == SEV_ANSWER) && told.len() <= 2, "{told:?}");
            }
        }
    }

    #[test]
    fn the_questions_can_be_listed() {
        let told = told(br#"{"question": "questions"}"#);
        assert!(told[0].starts_with(r#"{"answer":{"questions":[{"name":"questions","#), "{told:?}");
        assert!(told[0].contains(r#""name":"release.gate""#), "{told:?}");
    }
}
