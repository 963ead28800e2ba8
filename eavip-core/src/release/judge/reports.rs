//! Whether the evidence can be relied on: its age, who reports, and whose clock is off.

use super::evidence::{Evidence, Group, Look, MAX_NODES};
use super::{JudgePolicy, REPORTS};
use crate::finding::Finding;
use crate::id::NodeId;
use crate::signal::metric::Unit;
use crate::time::{Span, Timestamp};

/// Most nodes that a finding names; the count says how many there are.
const MAX_NAMED: usize = 10;

pub(super) fn reports(evidence: &Evidence, policy: &JudgePolicy, now: Timestamp) -> Finding {
    const REMEDY: &str = "look at these nodes and their agents; the rollout waits";
    let oldest = evidence.interval.times(policy.intervals);
    let mut problems = Vec::new();
    let mut nodes = Vec::new();
    if evidence.interval == Span::ZERO {
        problems.push("how often nodes report isn't known".to_owned());
    }
    if !is_recent(evidence.at, oldest, policy.skew, now) {
        problems.push(format!("the evidence is of {}, and now is {now}", evidence.at));
    }
    let baseline = evidence.baseline.as_ref().filter(|_| evidence.look != Look::Whole);
    for (name, group) in [("with the release", Some(&evidence.canary)), ("beside it", baseline)] {
        let Some(group) = group else { continue };
        if group.is_empty() || group.len() > MAX_NODES {
            problems.push(format!("{} nodes {name} can't be judged", group.len()));
            continue;
        }
        let silent = silent(group, oldest, policy.skew, now);
        // Written so that a limit that isn't a number lets nothing through.
        let reporting = (group.len() - silent.len()) as f64 / group.len() as f64;
        let enough = reporting >= policy.least_reporting;
        if !enough {
            problems.push(format!("{} of {} nodes {name} don't report", silent.len(), group.len()));
            nodes.extend(silent);
        }
        let skewed = skewed(group, policy.skew);
        if !skewed.is_empty() {
            problems.push(format!("the clocks of {} nodes {name} are off or unknown", skewed.len()));
            nodes.extend(skewed);
        }
    }
    let age = now.since(evidence.at).as_secs_f64();
    let finding = if problems.is_empty() {
        REPORTS.pass("the evidence is recent and whole")
    } else {
        REPORTS.undetermined(problems.join("; "), REMEDY)
    };
    finding.evidence(nodes.into_iter().take(MAX_NAMED)).measured(age, oldest.as_secs_f64(), Unit::Seconds)
}

/// Neither too old nor from later than clocks can differ.
fn is_recent(at: Timestamp, oldest: Span, skew: Span, now: Timestamp) -> bool {
    now.since(at) <= oldest && at.since(now) <= skew
}

fn silent(group: &Group, oldest: Span, skew: Span, now: Timestamp) -> Vec<NodeId> {
    let reports = |at: Option<Timestamp>| at.is_some_and(|at| is_recent(at, oldest, skew, now));
    group.iter().filter(|(_, report)| !reports(report.at)).map(|(node, _)| *node).collect()
}

/// A node that fell silent keeps the offset that was last known: falling silent mends no clock.
fn skewed(group: &Group, skew: Span) -> Vec<NodeId> {
    let fits = |offset: Option<f64>| offset.is_some_and(|offset| offset.abs() <= skew.as_secs_f64());
    group.iter().filter(|(_, report)| !fits(report.offset_s)).map(|(node, _)| *node).collect()
}
