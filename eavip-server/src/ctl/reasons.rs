//! A decision with all its reasons in the terminal, and its exit code. Who decides is the commands' part.

use std::io;

use eavip_agent::cli::exit;
use eavip_core::decision::{Decision, Override, Verdict};
use eavip_core::finding::{Finding, Measured, Outcome};
use eavip_core::time::Timestamp;

use crate::ctl::output::{Cell, MAX_CELL, Output};
use crate::ctl::text::shown;
use crate::value;

/// The exit code of an answer.
pub(crate) const fn exit_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Allow => exit::OK,
        Verdict::Deny => exit::FINDINGS,
        Verdict::Hold => exit::UNDECIDED,
    }
}

/// The answer in short, for the head of what is printed.
pub(crate) fn summary(decision: &Decision) -> Vec<(&'static str, Cell)> {
    let blocking: Vec<&str> = decision.blocking().map(|finding| finding.rule.as_ref()).collect();
    let mut rows = vec![("verdict", Cell::verdict(decision.verdict))];
    if !blocking.is_empty() {
        rows.push(("in the way", Cell::from(blocking.join(", "))));
        let retry = match decision.retry_after {
            Some(moment) => moment_in(moment, decision.basis.at),
            None => "once the remedies are done; not everything clears by itself".to_owned(),
        };
        rows.push(("ask again", Cell::from(retry)));
    }
    if !decision.overrides.is_empty() {
        let rules: Vec<&str> = decision.overrides.iter().map(|one| one.rule.as_ref()).collect();
        rows.push(("set aside", Cell::from(rules.join(", "))));
    }
    rows
}

/// Every finding with what it says, what was measured, who acts, what to do and when it clears.
pub(crate) fn table(decision: &Decision, out: &mut Output) -> io::Result<()> {
    let rows: Vec<Vec<Cell>> = decision.findings.iter().flat_map(|finding| rows(finding, decision)).collect();
    out.rows(&["RULE", "SAYS", "WHY"], &rows)
}

fn rows(finding: &Finding, decision: &Decision) -> Vec<Vec<Cell>> {
    let overridden: Vec<&Override> =
        decision.overrides.iter().filter(|one| one.rule == finding.rule).collect();
    let mut parts = vec![(Cell::outcome(finding.outcome), finding.message.clone())];
    let mut part = |name: &str, text: Option<String>| {
        parts.extend(text.map(|text| (Cell::from(name), text)));
    };
    part("  measured", finding.measured.map(measured));
    part("  looked at", Some(finding.evidence.join(", ")).filter(|ids| !ids.is_empty()));
    part("  owner", finding.owner.as_ref().map(ToString::to_string));
    part("  remedy", Some(finding.remedy.clone()).filter(|remedy| !remedy.is_empty()));
    for one in &overridden {
        let by: Vec<&str> = one.by.iter().map(|person| person.as_str()).collect();
        part("  set aside", Some(format!("by {} until {}: {}", by.join(", "), one.until, one.reason)));
    }
    if finding.outcome >= Outcome::Undetermined && overridden.is_empty() {
        let clears = match finding.clears_at {
            Some(moment) => format!("by itself at {}", moment_in(moment, decision.basis.at)),
            None => "when the remedy is done".to_owned(),
        };
        part("  clears", Some(clears));
    }
    let mut rows = Vec::new();
    let mut rule = Cell::from(&finding.rule);
    for (mut name, text) in parts {
        for line in wrapped(&shown(&text), MAX_CELL) {
            let first = std::mem::replace(&mut name, Cell::from(""));
            rows.push(vec![std::mem::replace(&mut rule, Cell::from("")), first, Cell::from(line)]);
        }
    }
    rows
}

fn measured(measured: Measured) -> String {
    let Measured { value, limit, unit } = measured;
    format!("{}, limit {}", value::value(unit, value), value::value(unit, limit))
}

fn moment_in(moment: Timestamp, now: Timestamp) -> String {
    format!("{moment}, in {}", value::coarse(moment.since(now).as_secs_f64()))
}

/// The text in lines of at most `width` characters, broken between words where there are any; at least one line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let mut rest: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + rest.len() > width {
            lines.push(String::new());
            used = 0;
        }
        while rest.len() > width {
            let long: String = rest.drain(..width).collect();
            lines.last_mut().into_iter().for_each(|line| line.push_str(&long));
            lines.push(String::new());
        }
        let space = if used > 0 { " " } else { "" };
        used += space.len() + rest.len();
        lines.last_mut().into_iter().for_each(|line| {
            line.push_str(space);
            line.extend(&rest);
        });
    }
    lines
}

#[cfg(test)]
mod tests;
