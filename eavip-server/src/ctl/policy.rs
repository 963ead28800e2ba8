//! `policy`: a runbook checked by the loader that the server uses, and a rule shown with everything that the defaults
//! add to it. No server is asked.

mod backtest;
mod self_test;

use std::path::PathBuf;

use clap::Subcommand;
use eavip_agent::cli::exit;
use eavip_agent::config::layers::{Layers, UNREADABLE};
use eavip_core::UnknownWord;
use eavip_core::alert::owner::Owner;
use eavip_core::alert::rule::{AlertRule, Condition};
use eavip_core::document::{Problem, Source};
use eavip_core::mode::Mode;
use eavip_core::policy::Policy as Runbook;
use eavip_core::policy::lint::Pages;
use serde_json::{Value, json};

use crate::ctl::failure::Failure;
use crate::ctl::given::{self, harmless, undecided};
use crate::ctl::output::{Cell, Format, Output, talk};
use crate::ctl::text::{counted, cut};

/// Longest name of a rule that is repeated, in characters.
const MAX_NAME: usize = 80;

/// Arguments of `policy`.
#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Check runbooks; every problem is told at once, and then it exits 3
    #[command(after_help = "eavipctl policy check /etc/eavip/runbook.toml\neavipctl policy check .")]
    Check {
        /// Files, each with its `.d` directory, or directories of `*.toml`; together they are one runbook
        #[arg(required = true, value_name = "FILE|DIR")]
        paths: Vec<PathBuf>,
    },
    /// Check runbooks, and whether their sections make sense together: owners without people, objectives that no alert
    /// can watch, approvals that nobody can give
    Lint {
        /// As for `policy check`
        #[arg(required = true, value_name = "FILE|DIR")]
        paths: Vec<PathBuf>,
    },
    /// Show an alert rule with all defaults
    Explain {
        /// The rule's name, such as disk-full
        rule: String,
        /// The runbook that may override it [default: the built-in policy alone]
        #[arg(value_name = "FILE|DIR")]
        paths: Vec<PathBuf>,
    },
    /// Say what a changed alert rule would have done to recorded history
    Backtest(backtest::Backtest),
    /// Show each gate of releases stop one and let one through
    #[command(name = "self-test")]
    SelfTest(self_test::SelfTest),
    /// Print the JSON Schema of runbook.toml, for editors
    Schema,
}

impl Policy {
    pub(crate) fn run(self, out: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::Check { paths } => tell(load(&paths), out),
            Self::Lint { paths } => tell(lint(&paths, None), out),
            Self::Explain { rule, paths } => explain(&rule, &paths, out),
            Self::Backtest(backtest) => backtest.run(out),
            Self::SelfTest(self_test) => self_test.run(out),
            Self::Schema => schema(out),
        }
    }
}

/// Reads paths as one runbook over the built-in policy.
pub(super) fn load(paths: &[PathBuf]) -> Result<Runbook, Vec<Problem>> {
    Runbook::load(&sources(paths)?)
}

/// As [`load`], and looks at the sections together.
pub(super) fn lint(paths: &[PathBuf], pages: Option<&Pages>) -> Result<Runbook, Vec<Problem>> {
    Runbook::lint(&sources(paths)?, pages)
}

/// As [`load`], for a command that answers about a runbook: without one there is no answer.
fn runbook(paths: &[PathBuf]) -> Result<Runbook, Failure> {
    load(paths).map_err(|problems| undecided(&problems))
}

fn sources(paths: &[PathBuf]) -> Result<Vec<Source>, Vec<Problem>> {
    let mut sources: Vec<Source> = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match given::files(path, "toml", UNREADABLE) {
            Ok(files) => files.iter().for_each(|file| match Layers::read(file, true).sources() {
                Ok(found) => sources.extend(found),
                Err(found) => problems.extend(found),
            }),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(sources) } else { Err(problems) }
}

/// Prints every problem, or how much there is that has none.
pub(super) fn tell(found: Result<Runbook, Vec<Problem>>, out: &mut Output) -> Result<u8, Failure> {
    let problems = found.as_ref().err().map_or(&[][..], Vec::as_slice);
    let items: Vec<Value> = problems.iter().map(as_json).collect();
    match out.format {
        Format::Table => {
            let told: Vec<String> = problems.iter().map(harmless).collect();
            if !told.is_empty() {
                out.text(&told.join("\n"), &Value::Null)?;
            }
        }
        Format::Json | Format::Jsonl => out.table(&[], &[], &json!({ "items": items }))?,
    }
    let Ok(policy) = found else {
        talk(&format!("{} found", counted(items.len(), "problem")));
        return Ok(exit::FINDINGS);
    };
    let rules = counted(policy.rules().len(), "alert rule");
    let (routes, teams) = (policy.routes.len(), policy.roster.teams.len());
    talk(&format!("no problem: {rules}, {}, {}", counted(routes, "route"), counted(teams, "team")));
    Ok(exit::OK)
}

fn as_json(problem: &Problem) -> Value {
    let (line, column) = problem.position.unzip();
    json!({
        "code": problem.code, "source": problem.source, "line": line, "column": column,
        "message": problem.message, "remedy": problem.remedy,
    })
}

fn explain(name: &str, paths: &[PathBuf], out: &mut Output) -> Result<u8, Failure> {
    let policy = runbook(paths)?;
    let rule = rule(&policy, name, "")?;
    let json = serde_json::to_value(rule).map_err(|error| Failure::new(exit::FAILURE, error, ""))?;
    out.one(&facts(rule), &json)?;
    Ok(exit::OK)
}

/// The rule in force of a name; `when` follows on "in force".
fn rule<'r>(runbook: &'r Runbook, name: &str, when: &str) -> Result<&'r AlertRule, Failure> {
    runbook.rule(name).ok_or_else(|| {
        let known: Vec<&str> = runbook.rules().iter().map(|rule| rule.id.as_str()).collect();
        let found = cut(name.to_owned(), MAX_NAME);
        let word = UnknownWord { what: "rule", found: found.clone(), known: known.join(", ") }.to_string();
        let remedy = word.rsplit_once("; ").map_or("", |(_, remedy)| remedy);
        Failure::new(exit::NOT_FOUND, format!("no rule in force{when} is called `{found}`"), remedy)
    })
}

fn schema(out: &mut Output) -> Result<u8, Failure> {
    let schema = Runbook::schema();
    let text =
        serde_json::to_string_pretty(&schema).map_err(|error| Failure::new(exit::FAILURE, error, ""))?;
    out.text(&text, &schema)?;
    Ok(exit::OK)
}

fn facts(rule: &AlertRule) -> Vec<(&'static str, Cell)> {
    let owner = match &rule.owner {
        Owner::Everywhere(team) => team.to_string(),
        by_mode @ Owner::ByMode { .. } => {
            let teams = Mode::ALL.iter().map(|mode| format!("{mode}: {}", by_mode.in_mode(*mode)));
            teams.collect::<Vec<_>>().join(", ")
        }
    };
    let (side, back, fire, clear) = match rule.condition {
        Condition::Above { fire, clear } => ("above", "below", fire, clear),
        Condition::Below { fire, clear } => ("below", "above", fire, clear),
    };
    let labels: Vec<String> = rule.matchers.iter().map(|(name, value)| format!("{name}={value}")).collect();
    vec![
        ("alert", Cell::from(&rule.id)),
        ("category", Cell::category(rule.category)),
        ("owner", Cell::from(owner)),
        ("action", Cell::from(&rule.action)),
        ("runbook", Cell::from(&rule.runbook)),
        ("indicator", Cell::from(format!("{} ({})", rule.indicator, rule.indicator.unit()))),
        ("signal", Cell::from(rule.indicator.signal())),
        ("bad", Cell::from(format!("{side} {fire}"))),
        ("good again", Cell::from(format!("at or {back} {clear}"))),
        ("for", Cell::from(rule.hold_for)),
        ("keep_firing_for", Cell::from(rule.keep_firing_for)),
        ("least_requests", Cell::from(rule.least_requests)),
        ("match", Cell::or_none(Some(labels.join(" ")).filter(|labels| !labels.is_empty()))),
    ]
}

#[cfg(test)]
mod tests;
