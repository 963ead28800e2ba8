//! The proof, before it is needed, that somebody would be told: gaps, people without a working channel and steps that
//! reach nobody are found while there is time to mend them.

use std::collections::{BTreeMap, BTreeSet};

use super::escalation::{Escalation, Step};
use super::{Channel, Reach};
use crate::alert::Category;
use crate::decision::{Basis, Decision};
use crate::finding::Finding;
use crate::id::{EscalationId, PersonId, ScheduleId, TeamId};
use crate::mode::Mode;
use crate::policy::Policy;
use crate::time::{Span, Timestamp};

crate::rules! {
    /// Somebody has duty in a schedule at every moment ahead. The evidence lists when nobody has: add a rotation, or an
    /// override.
    NO_GAPS = "EAVIP-O01", "a schedule has no gaps", "Platform reliability does not depend on tribal knowledge";
    /// Whoever has duty, or stands in an escalation, is active and has a channel that worked within 90 days. Send them a test
    /// message, or mend the channel.
    CHANNEL_WORKS = "EAVIP-O02", "whoever has duty can be reached", "Platform reliability does not depend on tribal knowledge";
    /// Each step of an escalation reaches somebody at every moment ahead. The evidence lists when it doesn't: add people to the
    /// step.
    STEP_REACHES = "EAVIP-O03", "each step reaches somebody", "Failures are expected and planned for";
    /// Each team that owns a Critical rule says who is told next while nobody acknowledges. Declare `[escalation.NAME]` with
    /// `team`.
    TEAM_ESCALATES = "EAVIP-O04", "critical alerts escalate", "No alert without an owner";
}

/// Most places that a finding lists: enough to see the pattern.
const MAX_LISTED: usize = 20;

/// Proves the declared duties from the basis's moment on, over [`OnCallPolicy::horizon`](super::OnCallPolicy::horizon).
/// Without any schedule and escalation only the teams are judged.
///
/// ```
/// use eavip_core::decision::{Basis, Verdict};
/// use eavip_core::id::Digest128;
/// use eavip_core::on_call::Reach;
/// use eavip_core::on_call::coverage::prove;
/// use eavip_core::policy::Policy;
/// use eavip_core::time::Timestamp;
///
/// let (policy, reach) = (Policy::builtin(), Reach::default());
/// let (evidence, at) = (Digest128::of_value(&reach), Timestamp::default());
/// let decision = prove(&policy, &reach, Basis { policy: policy.digest, evidence, at });
/// assert_eq!(decision.verdict, Verdict::Deny, "critical alerts of a team that declares no escalation");
/// ```
#[must_use]
pub fn prove(policy: &Policy, reach: &Reach, basis: Basis) -> Decision {
    let (now, horizon) = (basis.at, policy.on_call.horizon);
    let mut findings: Vec<Finding> =
        policy.on_call.schedules.keys().map(|id| gaps(id, policy, reach, now, horizon)).collect();
    findings.extend(
        on_duty(policy, reach, now, horizon).iter().map(|person| channel(person, policy, reach, now)),
    );
    for (id, escalation) in &policy.on_call.escalations {
        let steps = escalation.steps.iter().enumerate();
        findings.extend(steps.map(|(at, step)| reaches((id, escalation, at), step, policy, reach, now)));
    }
    findings.extend(teams_of_critical_rules(policy).iter().map(|team| escalates(team, policy)));
    Decision::over(findings, basis)
}

/// Lists stretches of time as evidence.
fn listed(stretches: &[(Timestamp, Timestamp)]) -> impl Iterator<Item = String> {
    stretches.iter().take(MAX_LISTED).map(|(from, until)| format!("{from} to {until}"))
}

fn gaps(id: &ScheduleId, policy: &Policy, reach: &Reach, now: Timestamp, horizon: Span) -> Finding {
    let more = reach.overrides.get(id).map_or(&[][..], Vec::as_slice);
    let shifts = policy.on_call.schedules.get(id).map(|schedule| schedule.shifts(more, now, horizon));
    let gaps = shifts.into_iter().flatten().filter(|shift| shift.person.is_none());
    let gaps: Vec<(Timestamp, Timestamp)> = gaps.map(|shift| (shift.from, shift.until)).collect();
    match gaps.first() {
        None => NO_GAPS.pass(format!("somebody has duty in `{id}` for {horizon}")),
        Some((from, until)) => {
            let message = format!("`{id}` has {} gaps, the first from {from} to {until}", gaps.len());
            NO_GAPS.fail(message, "add a rotation, or an override").evidence(listed(&gaps))
        }
    }
}

/// Everybody who will have duty, or stands in a step by name.
fn on_duty(policy: &Policy, reach: &Reach, now: Timestamp, horizon: Span) -> BTreeSet<PersonId> {
    let shifts = policy.on_call.schedules.iter().flat_map(|(id, schedule)| {
        let more = reach.overrides.get(id).map_or(&[][..], Vec::as_slice);
        schedule.shifts(more, now, horizon).into_iter().filter_map(|shift| shift.person)
    });
    let steps = policy.on_call.escalations.values().flat_map(|escalation| &escalation.steps);
    shifts.chain(steps.flat_map(|step| step.people.iter().cloned())).collect()
}

fn channel(person: &PersonId, policy: &Policy, reach: &Reach, now: Timestamp) -> Finding {
    let lasts = policy.on_call.proof_lasts;
    if !policy.roster.people.get(person).is_some_and(|person| person.active) {
        let message = format!("`{person}` is not an active person of the roster");
        return CHANNEL_WORKS.fail(message, "give the duty to somebody who is");
    }
    match reach.channel(person, &policy.roster, lasts, now) {
        Channel::Working => CHANNEL_WORKS.pass(format!("`{person}` can be reached")),
        Channel::Unproven => {
            let message = format!("no message reached `{person}` within {lasts}");
            CHANNEL_WORKS.undetermined(message, "send them a test message")
        }
        Channel::Broken => {
            let message = format!("`{person}` has no channel that works");
            CHANNEL_WORKS.fail(message, "mend the channel, then send a test message")
        }
    }
}

fn reaches(
    (id, escalation, at): (&EscalationId, &Escalation, usize),
    step: &Step,
    policy: &Policy,
    reach: &Reach,
    now: Timestamp,
) -> Finding {
    let horizon = policy.on_call.horizon;
    let edges = step.schedules.iter().filter_map(|id| {
        let more = reach.overrides.get(id).map_or(&[][..], Vec::as_slice);
        policy.on_call.schedules.get(id).map(|schedule| schedule.edges(more, now, horizon))
    });
    let edges: BTreeSet<Timestamp> = edges.flatten().chain([now]).collect();
    let ends = edges.iter().copied().skip(1).chain([now + horizon]);
    let mut found: BTreeMap<Channel, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
    for (from, until) in edges.iter().copied().zip(ends) {
        // A person's channel is what is known of it now; who has duty is looked up ahead.
        let people = step.people(policy, reach, from);
        let known = people
            .keys()
            .map(|person| reach.channel(person, &policy.roster, policy.on_call.proof_lasts, now));
        let stretches = found.entry(known.min().unwrap_or(Channel::Broken)).or_default();
        match stretches.last_mut() {
            Some(last) if last.1 == from => last.1 = until,
            _ => stretches.push((from, until)),
        }
    }
    let name = format!("step {} of `{id}`", at.saturating_add(1));
    let finding = match (found.get(&Channel::Broken), found.get(&Channel::Unproven)) {
        (Some(times), _) => {
            let first = times.first().map_or(now, |(from, _)| *from);
            let message = format!("{name} reaches nobody at {} times, the first at {first}", times.len());
            STEP_REACHES
                .fail(message, "add people to the step, or mend their channels")
                .evidence(listed(times))
        }
        (None, Some(times)) => {
            let message = format!("nobody knows whether {name} reaches anybody at {} times", times.len());
            STEP_REACHES.undetermined(message, "send test messages").evidence(listed(times))
        }
        (None, None) => STEP_REACHES.pass(format!("{name} reaches somebody for {horizon}")),
    };
    finding.owned_by(&escalation.team)
}

fn teams_of_critical_rules(policy: &Policy) -> BTreeSet<&TeamId> {
    let critical = policy.rules().iter().filter(|rule| rule.category == Category::Critical);
    critical.flat_map(|rule| Mode::ALL.iter().map(|mode| rule.owner.in_mode(*mode))).collect()
}

fn escalates(team: &TeamId, policy: &Policy) -> Finding {
    let finding = match policy.on_call.escalation_of(team) {
        Some((id, _)) => TEAM_ESCALATES.pass(format!("critical alerts of `{team}` escalate by `{id}`")),
        None => {
            let message = format!("`{team}` owns critical alerts, and nobody is told next");
            TEAM_ESCALATES.fail(message, format!("declare [escalation.NAME] with `team = \"{team}\"`"))
        }
    };
    finding.owned_by(team)
}

#[cfg(test)]
mod tests;
