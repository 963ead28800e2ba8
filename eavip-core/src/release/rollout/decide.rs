//! Deciding commands: which moves there are, and what each needs.

use super::event::{Cause, Judgement, Observed, RolloutCommand as Command, RolloutEvent as Event};
use super::plan::{Bundle, RolloutPolicy};
use super::{CURRENT, MOVES, NOT_BLIND, RESTORED, Rollout, SAYS_WHY, SHOWN, Status};
use crate::alert::episode::MAX_REASON;
use crate::decision::{Refused, Verdict};
use crate::finding::Finding;
use crate::release::judge::{ACCEPTABLE, Look, MAX_NODES, REPORTS};
use crate::time::Timestamp;

/// Most nodes that a finding names; the message says how many there are.
const MAX_NAMED: usize = 10;

pub(super) fn decide(
    state: Option<&Rollout>,
    command: Command,
    policy: &RolloutPolicy,
    now: Timestamp,
) -> Result<Vec<Event>, Refused> {
    let Some(rollout) = state else {
        let Command::Plan(plan) = command else {
            return Err(MOVES.fail("there is no rollout yet", "plan it first").into());
        };
        Refused::when_any(plan.problems().into_iter().collect())?;
        return Ok(vec![Event::Planned { plan, at: now }]);
    };
    let mut findings: Vec<Finding> = moves(rollout.status, &command).into_iter().collect();
    findings.extend(says_why(&command));
    match &command {
        Command::Judge(judgement) if judgement.decision.verdict != Verdict::Deny => {
            findings.extend(rollout.current(judgement, policy, now));
        }
        Command::Accept { judgement, .. } => {
            findings.extend(rollout.current(judgement, policy, now));
            findings.extend(rollout.not_blind(judgement));
        }
        Command::ConfirmRolledBack { observed } => {
            findings.extend(restored(observed, &rollout.plan.previous))
        }
        Command::Verify { judgement, .. } => {
            findings.extend(rollout.current(judgement, policy, now));
            findings.extend(rollout.shown(judgement, policy));
        }
        _ => {}
    }
    Refused::when_any(findings)?;
    Ok(rollout.events(command, policy, now))
}

/// Whether the state takes the command.
fn moves(status: Status, command: &Command) -> Option<Finding> {
    use Status::{Failed, Paused, Pending, RollingBack, Running, Verifying};
    let (what, from): (_, &[Status]) = match command {
        Command::Plan(_) => ("planned again", &[]),
        Command::Start { .. } => ("started", &[Pending]),
        Command::Judge(_) => ("judged", &[Running, Paused, Verifying]),
        Command::Accept { .. } => ("accepted", &[Running, Paused]),
        Command::Pause { .. } => ("paused", &[Running]),
        Command::Resume { .. } => ("resumed", &[Paused]),
        Command::RollBack { .. } => ("rolled back", &[Running, Paused, Verifying, Failed]),
        Command::ConfirmRolledBack { .. } => ("confirmed as rolled back", &[RollingBack]),
        Command::Verify { .. } => ("verified", &[Verifying]),
        Command::Fail { .. } => ("given up", &[Pending, RollingBack]),
    };
    let remedy = match status {
        Pending => "start it, or give it up",
        Running => "let its stage end, pause it, or roll it back",
        Paused => "resume it, accept its stage, or roll it back",
        RollingBack => "wait until what was there is back, or give it up",
        Verifying => "wait for the verification window, or roll it back",
        Failed => "see to its nodes, then roll it back again",
        Status::RolledBack | Status::Verified => "plan a new one",
    };
    (!from.contains(&status)).then(|| MOVES.fail(format!("a {status} rollout can't be {what}"), remedy))
}

fn says_why(command: &Command) -> Option<Finding> {
    let (Command::Accept { reason, .. }
    | Command::Pause { reason, .. }
    | Command::Resume { reason, .. }
    | Command::RollBack { reason, .. }
    | Command::Fail { reason, .. }) = command
    else {
        return None;
    };
    let characters = reason.trim().chars().count();
    let fits = (1..=MAX_REASON).contains(&characters);
    (!fits).then(|| {
        SAYS_WHY.fail(format!("the reason has {characters} characters"), "say why in 1 to 1000 characters")
    })
}

/// Whether every node runs again what was there: artifact, configuration and flags.
fn restored(observed: &Observed, previous: &Bundle) -> Option<Finding> {
    let differing = observed.iter().filter(|(_, bundle)| bundle.as_ref() != Some(previous));
    let differing: Vec<_> = differing.map(|(node, _)| node).collect();
    let nodes = observed.len();
    let message = match differing.len() {
        0 if (1..=MAX_NODES).contains(&nodes) => return None,
        0 => format!("{nodes} nodes can't show that everything is back"),
        count => {
            format!("{count} of {nodes} nodes don't show the previous artifact, configuration and flags")
        }
    };
    let remedy = "wait for them, or see to them; the three come back together";
    Some(RESTORED.fail(message, remedy).evidence(differing.into_iter().take(MAX_NAMED)))
}

impl Rollout {
    /// Whether the judgement is of this stage, of the kind of look it needs, and recent.
    fn current(&self, judgement: &Judgement, policy: &RolloutPolicy, now: Timestamp) -> Option<Finding> {
        let at = judgement.decision.basis.at;
        let message = if judgement.stage != self.stage {
            format!(
                "the judgement is of stage {}, the rollout in stage {}",
                judgement.stage + 1,
                self.stage + 1
            )
        } else if (judgement.look == Look::Whole) != self.is_whole() {
            format!("a look of the kind `{}` says nothing about this stage", judgement.look)
        } else if at < self.since || at > now || now.since(at) > policy.judgement_lasts {
            format!("the judgement is of {at}")
        } else {
            return None;
        };
        Some(CURRENT.fail(message, "judge again"))
    }

    /// Whether all that a person would take on is doubt about evidence that is there.
    fn not_blind(&self, judgement: &Judgement) -> Vec<Finding> {
        let mut findings = Vec::new();
        let at_the_end =
            judgement.look != Look::Interim && self.is_over(judgement.exposure, judgement.decision.basis.at);
        if !at_the_end {
            let message = "the stage lacks time, exposure or the look at its end";
            findings.push(NOT_BLIND.fail(message, "wait for the end of the stage, or roll back"));
        }
        let blocking = judgement.decision.blocking();
        let blind: Vec<_> = blocking.filter(|finding| !ACCEPTABLE.contains(&finding.rule.as_ref())).collect();
        // A judgement without findings holds and says nothing that could be accepted.
        if !blind.is_empty() || judgement.decision.findings.is_empty() {
            let message = format!("{} findings are failures or of missing evidence", blind.len());
            let finding = NOT_BLIND.fail(message, "mend them and judge again, or roll back");
            findings.push(finding.evidence(blind.into_iter().map(|finding| &finding.message)));
        }
        findings
    }

    /// Whether the window is over and the release was found good after it.
    fn shown(&self, judgement: &Judgement, policy: &RolloutPolicy) -> Vec<Finding> {
        let mut findings = Vec::new();
        let until = self.since + policy.verification;
        if judgement.decision.basis.at < until {
            let message = format!("the verification window lasts until {until}");
            findings.push(SHOWN.fail(message, "wait for its end").clears_at(until));
        }
        if judgement.decision.verdict != Verdict::Allow {
            let blocking = judgement.decision.blocking().map(|finding| &finding.message);
            let finding =
                SHOWN.fail("the release isn't found good", "mend what stands in the way, or roll back");
            findings.push(finding.evidence(blocking));
        }
        findings
    }

    fn events(&self, command: Command, policy: &RolloutPolicy, at: Timestamp) -> Vec<Event> {
        let said = |reason: String| reason.trim().to_owned();
        match command {
            Command::Plan(_) => Vec::new(),
            Command::Start { by } => vec![Event::Started { by, at }],
            Command::Judge(judgement) => self.judged(*judgement, policy, at).into_iter().collect(),
            Command::Accept { by, reason, judgement } => {
                let findings = judgement.decision.blocking().cloned().collect();
                vec![Event::Accepted { by, reason: said(reason), findings, at }, self.forward(at)]
            }
            Command::Pause { by, reason } => vec![Event::Paused { by, reason: said(reason), at }],
            Command::Resume { by, reason } => vec![Event::Resumed { by, reason: said(reason), at }],
            Command::RollBack { by, reason } => {
                vec![self.back(Cause::Asked { by, reason: said(reason) }, at)]
            }
            Command::ConfirmRolledBack { observed } => {
                vec![Event::RolledBack { nodes: observed.len(), at }]
            }
            Command::Verify { notes, .. } => vec![Event::Verified { notes, at }],
            Command::Fail { by, reason } => vec![Event::Failed { by, reason: said(reason), at }],
        }
    }

    /// What follows from a judgement. Harm leads back from anywhere; only a running stage goes forward or is held.
    fn judged(&self, judgement: Judgement, policy: &RolloutPolicy, now: Timestamp) -> Option<Event> {
        let Judgement { look, exposure, decision, .. } = judgement;
        let findings = || decision.blocking().cloned().collect();
        if decision.verdict == Verdict::Deny {
            return Some(self.back(Cause::Judged { findings: findings() }, now));
        }
        if self.status != Status::Running {
            return None;
        }
        let at = decision.basis.at;
        let hold = || Some(Event::Held { findings: findings(), at: now });
        let waits = decision.blocking().any(|finding| finding.rule == REPORTS.code);
        if look != Look::Interim && self.is_over(exposure, at) && !waits {
            return if decision.verdict == Verdict::Allow { Some(self.forward(now)) } else { hold() };
        }
        if self.is_out_of_patience(policy.patience, at) { hold() } else { None }
    }

    fn forward(&self, at: Timestamp) -> Event {
        let stage = self.stage + 1;
        if stage < self.plan.stages.len() {
            Event::Advanced { stage, at }
        } else {
            Event::VerificationBegan { at }
        }
    }

    fn back(&self, cause: Cause, at: Timestamp) -> Event {
        Event::RollbackBegan { cause, to: self.plan.previous, at }
    }
}
