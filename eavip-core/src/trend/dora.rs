//! The five measures of software delivery that DORA defines (<https://dora.dev/guides/dora-metrics/>), over deployments to
//! production: change lead time, deployment frequency, failed deployment recovery time, change fail rate, rework rate.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Period;
use super::statistics::Summary;
use crate::environment::Environment;
use crate::mode::Mode;
use crate::time::{Span, Timestamp};

/// One deployment of a release to one installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// What identifies it; of two with the same the later in the list counts.
    pub id: String,
    /// Who runs the installation.
    pub mode: Mode,
    /// Where it went.
    pub environment: Environment,
    /// When the change in it was committed, where that is known.
    pub committed_at: Option<Timestamp>,
    /// When it was there.
    pub deployed_at: Timestamp,
    /// How it failed, when it needed somebody at once.
    pub failure: Option<Failure>,
    /// Whether it was unplanned work for a defect that users saw.
    pub rework: bool,
}

/// A deployment's failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When it failed.
    pub at: Timestamp,
    /// When it had been recovered from: rolled back, fixed or forwarded.
    pub recovered_at: Option<Timestamp>,
}

/// The five, over a period in which there was at least one deployment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dora {
    /// How many deployments there were.
    pub deployments: usize,
    /// From commit to production, of those whose commit is known.
    pub lead_time: Summary,
    /// Deployments per day.
    pub per_day: f64,
    /// From failure to recovery, of those that were recovered from.
    pub recovery: Summary,
    /// How many failed ones aren't recovered from.
    pub unrecovered: usize,
    /// The share that failed, 0 to 1.
    pub change_fail_rate: f64,
    /// The share that was rework, 0 to 1.
    pub rework_rate: f64,
}

/// The five over a period and all modes; `None` when nothing was deployed to production.
#[must_use]
pub fn measure(deployments: &[Deployment], period: Period) -> Option<Dora> {
    over(deployments, period, |_| true)
}

/// The five by mode; every mode is there.
#[must_use]
pub fn by_mode(deployments: &[Deployment], period: Period) -> BTreeMap<Mode, Option<Dora>> {
    Mode::ALL.iter().map(|mode| (*mode, over(deployments, period, |one| one.mode == *mode))).collect()
}

const DAY: Span = Span::from_secs(86_400);

fn over(deployments: &[Deployment], period: Period, counts: impl Fn(&Deployment) -> bool) -> Option<Dora> {
    let each: BTreeMap<&str, &Deployment> = deployments.iter().map(|one| (one.id.as_str(), one)).collect();
    let in_production = |one: &&&Deployment| {
        one.environment == Environment::Production && period.contains(one.deployed_at) && counts(one)
    };
    let made: Vec<&Deployment> = each.values().filter(in_production).copied().collect();
    if made.is_empty() {
        return None;
    }
    let failures = || made.iter().filter_map(|one| one.failure);
    let share = |count: usize| count as f64 / made.len() as f64;
    let lead_time =
        made.iter().filter_map(|one| one.committed_at.map(|committed| one.deployed_at.since(committed)));
    let recovery = failures().filter_map(|failure| failure.recovered_at.map(|over| over.since(failure.at)));
    Some(Dora {
        deployments: made.len(),
        lead_time: Summary::of(lead_time),
        // A period that holds a deployment isn't empty.
        per_day: made.len() as f64 * DAY.as_secs_f64() / period.to.since(period.from).as_secs_f64(),
        recovery: Summary::of(recovery),
        unrecovered: failures().filter(|failure| failure.recovered_at.is_none()).count(),
        change_fail_rate: share(failures().count()),
        rework_rate: share(made.iter().filter(|one| one.rework).count()),
    })
}

#[cfg(test)]
mod tests;
