//! `explain`: what the codes in messages mean, from this binary alone. The runbook's rules bring their own texts, those of
//! other problems stand in `explain/codes.md`; the words of the API's problems are the server's own.

use std::sync::LazyLock;

use crate::problem::Code;
use eavip_agent::cli::exit;
use eavip_core::rule;
use serde_json::json;

use crate::ctl::failure::Failure;
use crate::ctl::output::{Cell, Output};

const PAGE: &str = include_str!("explain/codes.md");

/// What the codes of messages begin with; those of the API don't.
const PREFIX: &str = "EAVIP-";

/// A code with its meaning.
struct Entry {
    code: String,
    title: String,
    text: String,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let own = PAGE.split("\n## ").skip(1).filter_map(|part| {
        let (heading, text) = part.split_once('\n')?;
        let (code, title) = heading.split_once(": ")?;
        Some(Entry { code: code.to_owned(), title: title.to_owned(), text: text.trim().to_owned() })
    });
    let rules = rule::all().map(|rule| {
        let text = format!("{}\n\nIt serves this line of the runbook: {}.", rule.text.trim(), rule.serves);
        Entry { code: rule.code.to_owned(), title: rule.title.to_owned(), text }
    });
    let problems = Code::ALL.iter().map(|code| {
        let text = format!("HTTP status {}. {}", code.status().as_u16(), code.remedy());
        Entry { code: code.to_string(), title: code.title().to_owned(), text }
    });
    rules.chain(own).chain(problems).collect()
});

/// The entry of a code, in any case, and with or without what all codes of messages begin with.
fn find(asked: &str) -> Option<&'static Entry> {
    let is_it = |code: &str| {
        let short = code.strip_prefix(PREFIX);
        [Some(code), short].into_iter().flatten().any(|code| code.eq_ignore_ascii_case(asked))
    };
    ENTRIES.iter().find(|entry| is_it(&entry.code))
}

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// The code, such as EAVIP-P02, P02 or not-found [default: list them]
    code: Option<String>,
}

impl Explain {
    pub(crate) fn run(self, out: &mut Output) -> Result<u8, Failure> {
        let entries = &*ENTRIES;
        let Some(asked) = self.code else {
            let rows: Vec<Vec<Cell>> =
                entries.iter().map(|entry| vec![Cell::from(&entry.code), Cell::from(&entry.title)]).collect();
            let items: Vec<_> =
                entries.iter().map(|entry| json!({ "code": entry.code, "title": entry.title })).collect();
            out.table(&["CODE", "MEANS"], &rows, &json!({ "items": items }))?;
            return Ok(exit::OK);
        };
        let Some(entry) = find(&asked) else {
            let message = format!("there is no code `{asked}`");
            return Err(Failure::new(exit::NOT_FOUND, message, "`eavipctl explain` lists them"));
        };
        let json = json!({ "code": entry.code, "title": entry.title, "text": entry.text });
        out.text(&format!("{}: {}\n\n{}", entry.code, entry.title, entry.text), &json)?;
        Ok(exit::OK)
    }
}

#[cfg(test)]
mod tests;
