//! `policy backtest`: an alert rule before and after an edit, both tried on recorded values. What counts as worse is the
//! policy library's part (seed: "Alert noise is treated as a defect").

mod history;

use std::path::{Path, PathBuf};

use eavip_agent::clock;
use eavip_core::alert::backtest;
use eavip_core::alert::rule::AlertRule;
use eavip_core::decision::{Basis, Decision};
use eavip_core::id::Digest128;
use eavip_core::time::Timestamp;

use self::history::History;
use crate::ctl::failure::Failure;
use crate::ctl::given::undecided;
use crate::ctl::output::{Cell, Format, Output};
use crate::ctl::reasons;
use crate::ctl::text::counted;

/// Arguments of `policy backtest`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It exits 0 when the edit is no worse, 3 when it adds noise or loses a true alert, 8 when the \
    history doesn't tell; with any other code nothing was decided.\n\n\
    A line of the history is one series:\n\
    {\"indicator\": \"disk_used_ratio\", \"labels\": {\"node\": \"a\"},\n \
    \"points\": [{\"at\": \"2026-01-31T13:05:00Z\", \"value\": 0.93}],\n \
    \"wrong\": [{\"from\": \"2026-01-31T13:00:00Z\", \"until\": \"2026-01-31T13:40:00Z\"}]}\n\
    `value` is null where it wasn't known, `wrong` is when something was wrong indeed.\n\n\
    eavipctl policy backtest disk-full --history disks.jsonl --runbook old.toml --with new.toml"
)]
pub(crate) struct Backtest {
    /// The rule's name, such as disk-full
    rule: String,
    /// Recorded series, one JSON object per line; `-` for standard input
    #[arg(long, value_name = "FILE|-")]
    history: PathBuf,
    /// The runbook before the edit [default: the built-in policy alone]
    #[arg(long, value_name = "FILE|DIR")]
    runbook: Vec<PathBuf>,
    /// The runbook after the edit
    #[arg(long, value_name = "FILE|DIR", required = true)]
    with: Vec<PathBuf>,
}

impl Backtest {
    pub(super) fn run(self, out: &mut Output) -> Result<u8, Failure> {
        let loaded = (super::load(&self.runbook), super::load(&self.with), history::read(&self.history));
        match loaded {
            (Ok(before), Ok(after), Ok(history)) => {
                let trial = Trial {
                    before: super::rule(&before, &self.rule, " before the edit")?,
                    after: super::rule(&after, &self.rule, " after the edit")?,
                    history: &history,
                };
                let decision = trial.decide(after.digest, clock::now());
                trial.show(&self.history, &decision, out)?;
                Ok(reasons::exit_code(decision.verdict))
            }
            (before, after, history) => {
                let problems = [before.err(), after.err(), history.err()];
                let problems: Vec<_> = problems.into_iter().flatten().flatten().collect();
                Err(undecided(&problems))
            }
        }
    }
}

/// A rule before and after, and what both are tried on.
struct Trial<'t> {
    before: &'t AlertRule,
    after: &'t AlertRule,
    history: &'t History,
}

impl Trial<'_> {
    fn decide(&self, policy: Digest128, now: Timestamp) -> Decision {
        let basis = Basis { policy, evidence: self.history.digest, at: now };
        backtest::backtest(self.before, self.after, &self.history.tracks, basis)
    }

    fn show(&self, file: &Path, decision: &Decision, out: &mut Output) -> std::io::Result<()> {
        if out.format != Format::Table {
            return out.one(&[], &serde_json::to_value(decision)?);
        }
        let History { tracks, .. } = self.history;
        let points: usize = tracks.iter().map(|track| track.points.len()).sum();
        let wrong: usize = tracks.iter().map(|track| track.wrong.len()).sum();
        let history = format!(
            "{}: {} series, {}, {} something was wrong",
            crate::ctl::given::name(file),
            tracks.len(),
            counted(points, "value"),
            counted(wrong, "time")
        );
        let mut head = vec![
            ("alert", Cell::from(&self.after.id)),
            ("before", Cell::from(in_short(self.before))),
            ("after", Cell::from(in_short(self.after))),
            ("history", Cell::from(history)),
        ];
        head.extend(reasons::summary(decision));
        out.facts(&head)?;
        out.gap()?;
        reasons::table(decision, out)
    }
}

/// What of a rule a replay looks at.
fn in_short(rule: &AlertRule) -> String {
    let AlertRule { indicator, condition, hold_for, keep_firing_for, .. } = rule;
    let matched: Vec<String> = rule.matchers.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    format!("{indicator}{} {condition}, for {hold_for}, keep_firing_for {keep_firing_for}", matched.concat())
}

#[cfg(test)]
mod tests;
