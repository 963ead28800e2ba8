//! `gate`: may a release go to an environment? The answer is worked out from files of evidence by the gates of the policy
//! library, and no server is asked, so that a pipeline can stop where a person would (seed: "Automated validation gates").

mod evidence;
mod example;

use std::io;
use std::path::PathBuf;

use eavip_agent::cli::exit;
use eavip_agent::clock;
use eavip_core::decision::Decision;
use eavip_core::document::Problem;
use eavip_core::environment::Environment;
use eavip_core::id::{Digest128, ReleaseId};
use eavip_core::release::gate;
use eavip_core::release::version::Version;
use eavip_core::time::Timestamp;
use serde::Serialize;

use self::evidence::Question;
use self::example::Example;
use crate::ctl::failure::Failure;
use crate::ctl::given;
use crate::ctl::output::{Cell, Format, Output};
use crate::ctl::{policy, reasons};

/// A file about another release, or another place, than the one that was asked for.
const ANOTHER: &str = "EAVIP-H05";

/// Arguments of `gate`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It exits 0 when the release may go, 3 when it may not, 8 when something needed isn't known, or not \
    yet; with any other code nothing was decided.\n\n\
    eavipctl gate --example runbook > runbook.toml\n\
    eavipctl gate --example > evidence.json\n\
    eavipctl gate 1.5.0 --to production --evidence evidence.json --runbook runbook.toml"
)]
pub(crate) struct Gate {
    /// The release: its version or its id
    #[arg(required_unless_present = "example")]
    release: Option<String>,
    /// Where it is to go: development, integration, staging or production
    #[arg(long, value_name = "ENVIRONMENT", required_unless_present = "example")]
    to: Option<Environment>,
    /// What the gates look at: files, directories of `*.json`, `-` for standard input; together they are one document
    #[arg(long, value_name = "FILE|DIR|-", required_unless_present = "example")]
    evidence: Vec<PathBuf>,
    /// The runbook with people and numbers: files, or directories of `*.toml` [default: the built-in policy alone]
    #[arg(long, value_name = "FILE|DIR")]
    runbook: Vec<PathBuf>,
    /// The moment to judge at, such as 2026-01-31T13:05:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// Print files to begin with, which let a release through for five minutes
    #[arg(
        long, value_enum, num_args = 0..=1, default_missing_value = "evidence",
        conflicts_with_all = ["release", "to", "evidence", "runbook"],
    )]
    example: Option<Example>,
}

impl Gate {
    pub(crate) fn run(self, out: &mut Output) -> Result<u8, Failure> {
        let now = self.now.unwrap_or_else(clock::now);
        let (release, to) = match (self.example, self.release, self.to) {
            (Some(example), ..) => return example.print(now, out),
            (None, Some(release), Some(to)) => (release, to),
            (None, ..) => return Err(Failure::new(exit::USAGE, "no release is named", "see --help")),
        };
        let asked = Asked { release: &release, to, evidence: &self.evidence, runbook: &self.runbook };
        match asked.decide(now) {
            Ok((question, decision)) => {
                show(&question, &decision, out)?;
                Ok(reasons::exit_code(decision.verdict))
            }
            Err(problems) => Err(given::undecided(&problems)),
        }
    }
}

/// What the command line asks.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    release: &'a str,
    to: Environment,
    evidence: &'a [PathBuf],
    runbook: &'a [PathBuf],
}

impl Asked<'_> {
    /// Reads everything and asks the gates; or every problem that stands against asking.
    fn decide(self, now: Timestamp) -> Result<(Question, Decision), Vec<Problem>> {
        match (policy::load(self.runbook), evidence::read(self.evidence)) {
            (Ok(policy), Ok((question, file))) => {
                let others = self.others(&question, &file);
                if !others.is_empty() {
                    return Err(others);
                }
                let decision = gate::decide(&question.request, &question.evidence, &policy, now);
                Ok((question, decision))
            }
            (runbook, evidence) => {
                let mut problems = runbook.err().unwrap_or_default();
                problems.extend(evidence.err().unwrap_or_default());
                Err(problems)
            }
        }
    }

    /// Where the file with the request is about something else.
    fn others(self, question: &Question, file: &str) -> Vec<Problem> {
        let Self { release, to, .. } = self;
        let mut problems = Vec::new();
        let candidate = &question.request.candidate;
        if release != candidate.id.as_str() && release != candidate.version.to_string() {
            let message = format!(
                "`{release}` is asked for, and `request.candidate` is `{}`, version {}",
                candidate.id, candidate.version
            );
            let remedy = "name this release, or gather the evidence of the other one";
            problems.push(given::problem(ANOTHER, file, message, remedy));
        }
        if to != question.request.target {
            let target = question.request.target;
            let message = format!("`--to {to}` is asked for, and `request.target` is {target}");
            let remedy = format!("ask `--to {target}`, or write the request for {to}");
            problems.push(given::problem(ANOTHER, file, message, remedy));
        }
        problems
    }
}

/// A decision with what it was asked of, for programs.
#[derive(Serialize)]
struct Answer<'a> {
    release: &'a ReleaseId,
    version: &'a Version,
    target: Environment,
    /// What approvals of the request carry.
    request: Digest128,
    /// What rehearsals of its rollback plan carry.
    plan: Digest128,
    #[serde(flatten)]
    decision: &'a Decision,
}

fn show(question: &Question, decision: &Decision, out: &mut Output) -> io::Result<()> {
    let request = &question.request;
    let candidate = &request.candidate;
    let (digest, plan) = (request.digest(), request.rollback.digest());
    if out.format != Format::Table {
        let (release, version, target) = (&candidate.id, &candidate.version, request.target);
        let answer = Answer { release, version, target, request: digest, plan, decision };
        return out.one(&[], &serde_json::to_value(answer)?);
    }
    let from = request.source.map_or_else(String::new, |source| format!(", from {source}"));
    let mut head = vec![
        (
            "release",
            Cell::from(format!("{}, version {} ({})", candidate.id, candidate.version, candidate.kind)),
        ),
        ("to", Cell::from(format!("{} of {} ({}){from}", request.target, request.deployment, request.mode))),
        ("asked by", Cell::from(&request.requester)),
        ("request", Cell::from(format!("{digest} (approvals of it carry this)"))),
        ("plan", Cell::from(format!("{plan} (rehearsals of the way back carry this)"))),
        ("judged at", Cell::from(decision.basis.at)),
    ];
    head.extend(reasons::summary(decision));
    out.facts(&head)?;
    out.gap()?;
    reasons::table(decision, out)
}

#[cfg(test)]
mod tests;
