//! `policy self-test`: each gate of releases is shown on a case made for it, so that a runbook whose numbers have taken a
//! gate its say is noticed before a release is. Whether the people declared could approve one is another question.

use std::path::PathBuf;

use eavip_agent::cli::exit;
use eavip_core::finding::Outcome;
use eavip_core::policy::Policy as Runbook;
use eavip_core::release::gate::{self, Shown};
use eavip_core::rule;
use serde_json::{Value, json};

use crate::ctl::failure::Failure;
use crate::ctl::output::{Cell, Output, talk};

/// Arguments of `policy self-test`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It exits 3 when a gate can't stop a release, or can't let one through, 2 when the runbook can't be \
    used."
)]
pub(crate) struct SelfTest {
    /// The runbook: files, or directories of `*.toml` [default: the built-in policy alone]
    #[arg(value_name = "FILE|DIR")]
    pub(super) paths: Vec<PathBuf>,
}

impl SelfTest {
    pub(super) fn run(self, out: &mut Output) -> Result<u8, Failure> {
        Ok(show(&super::runbook(&self.paths)?, out)?)
    }
}

fn show(policy: &Runbook, out: &mut Output) -> std::io::Result<u8> {
    let shown = gate::self_test(policy);
    let speaks = |one: &Shown| one.blocks() && lets_through(&one.rule, &shown);
    let rows: Vec<Vec<Cell>> = shown.iter().map(|one| row(one, &shown)).collect();
    let items: Vec<Value> = shown.iter().map(|one| item(one, &shown)).collect();
    out.table(&["GATE", "STOPS", "LETS THROUGH", "ANSWER", "ASKS THAT"], &rows, &json!({ "items": items }))?;
    let mute: Vec<&str> = shown.iter().filter(|one| !speaks(one)).map(|one| one.rule.as_ref()).collect();
    if shown.is_empty() || !mute.is_empty() {
        talk(&format!("{} of {} gates can't speak: {}", mute.len(), shown.len(), mute.join(", ")));
        return Ok(exit::FINDINGS);
    }
    talk(&format!("each of {} gates stops a release and lets one through", shown.len()));
    Ok(exit::OK)
}

/// Whether a gate has nothing against a release, be it that another one objects.
fn lets_through(rule: &str, shown: &[Shown]) -> bool {
    let mut findings = shown.iter().flat_map(|one| &one.decision.findings);
    findings.any(|one| one.rule == rule && one.outcome == Outcome::Pass)
}

fn title(rule: &str) -> &'static str {
    rule::find(rule).map_or("", |rule| rule.title)
}

fn row(one: &Shown, shown: &[Shown]) -> Vec<Cell> {
    vec![
        Cell::from(&one.rule),
        Cell::proof(one.blocks()),
        Cell::proof(lets_through(&one.rule, shown)),
        Cell::from(one.decision.verdict),
        Cell::from(title(&one.rule)),
    ]
}

fn item(one: &Shown, shown: &[Shown]) -> Value {
    json!({
        "rule": one.rule, "title": title(&one.rule), "stops": one.blocks(),
        "lets_through": lets_through(&one.rule, shown), "decision": one.decision,
    })
}

#[cfg(test)]
mod tests;
