//! Manual hotfixes: what runs isn't what was released there.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::AntiPatternPolicy;
use crate::environment::Environment;
use crate::finding::Finding;
use crate::freshness::{age, is_within};
use crate::id::{DeploymentId, Digest256};
use crate::time::{Span, Timestamp};

crate::rules! {
    /// Two reports in a row show an artifact that was never released to the environment, or that another than the last
    /// rollout put there. Release it, or roll back to what was released. A rollout of the same artifact in flight is no
    /// hotfix; neither is break-glass during an open incident, as long as it becomes a release within 72 hours.
    RELEASED = "EAVIP-AP1", "what runs was released", "Manual hotfixes in production";
}

/// What one report says runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When.
    pub at: Timestamp,
    /// The artifact; `None` when the agent couldn't tell.
    pub artifact: Option<Digest256>,
}

/// Rules set aside during an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakGlass {
    /// Since when.
    pub at: Timestamp,
    /// Whether an incident was open then.
    pub during_incident: bool,
}

/// What is known of one thing that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// What people call it: a service on a node.
    pub subject: String,
    /// In which deployment.
    pub deployment: DeploymentId,
    /// In which of its environments.
    pub environment: Environment,
    /// The latest reports, the newest last.
    pub reports: Vec<Report>,
    /// Every artifact that was released to the environment.
    pub released: BTreeSet<Digest256>,
    /// What the last finished rollout put there; `None` before the first.
    pub placed: Option<Digest256>,
    /// What rollouts in flight put there.
    pub in_flight: BTreeSet<Digest256>,
    /// The latest break-glass there.
    pub break_glass: Option<BreakGlass>,
}

/// Looks at what runs; one finding.
///
/// ```
/// use std::collections::BTreeSet;
///
/// use eavip_core::anti_pattern::AntiPatternPolicy;
/// use eavip_core::anti_pattern::manual_hotfix::{Report, Running, detect};
/// use eavip_core::environment::Environment;
/// use eavip_core::finding::Outcome;
/// use eavip_core::id::Digest256;
/// use eavip_core::time::Timestamp;
///
/// let now = Timestamp::default();
/// let report = Report { at: now, artifact: Some(Digest256::of(b"patched by hand")) };
/// let running = Running {
///     subject: "checkout on n1".into(),
///     deployment: "eu".parse().unwrap(),
///     environment: Environment::Production,
///     reports: vec![report, report],
///     released: BTreeSet::from([Digest256::of(b"1.2.0")]),
///     placed: Some(Digest256::of(b"1.2.0")),
///     in_flight: BTreeSet::new(),
///     break_glass: None,
/// };
/// assert_eq!(detect(&running, &AntiPatternPolicy::default(), now)[0].outcome, Outcome::Fail);
/// ```
#[must_use]
pub fn detect(running: &Running, policy: &AntiPatternPolicy, now: Timestamp) -> Vec<Finding> {
    let place = format!("{} in {} of {}", running.subject, running.environment, running.deployment);
    let wanted = policy.hotfix_reports.max(1);
    let is_foreign = |artifact: Digest256| {
        let put_there = running.released.contains(&artifact) && running.placed == Some(artifact);
        !put_there && !running.in_flight.contains(&artifact)
    };
    let latest = running.reports.iter().rev();
    let row = latest.clone().take_while(|report| report.artifact.is_some_and(is_foreign)).count();
    let known =
        |report: &Report| report.artifact.is_some() && is_within(report.at, now, policy.reports_stale_after);
    let finding = match running.reports.last() {
        _ if row >= wanted => foreign(running, &place, policy, now),
        Some(last) if !known(last) => RELEASED.undetermined(
            format!("what runs as {place} isn't known since {}", last.at),
            "look whether the node's agent reports, and whether it can read the artifact",
        ),
        None => RELEASED.undetermined(
            format!("what runs as {place} was never reported"),
            "install an agent there, or let it watch the service",
        ),
        Some(_) if row > 0 => RELEASED.warn(
            format!("{place} runs an artifact that no rollout put there, in {row} of {wanted} reports"),
            "wait for the next report",
        ),
        Some(_) => RELEASED.pass(format!("{place} runs what was released there")),
    };
    vec![finding]
}

/// Break-glass gives a hotfix time, counted from the moment at which the rules were set aside.
fn foreign(running: &Running, place: &str, policy: &AntiPatternPolicy, now: Timestamp) -> Finding {
    let limit: Span = policy.hotfix_release_within;
    let in_time = running
        .break_glass
        .filter(|one| one.during_incident && age(one.at, now).is_some_and(|age| age <= limit));
    match in_time {
        Some(one) => RELEASED.warn(
            format!("{place} runs what break-glass put there at {}", one.at),
            format!("make it a release until {}", one.at + limit),
        ),
        None => RELEASED.fail(
            format!("{place} runs an artifact that no rollout put there"),
            "release it, or roll back to what was released",
        ),
    }
}

#[cfg(test)]
mod tests;
