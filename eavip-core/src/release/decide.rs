//! What a release answers to each command: an event, or every reason why not.

use super::approval::Approval;
use super::break_glass::REVIEWED;
use super::candidate::Candidate;
use super::gate::{self, GateEvidence};
use super::rollback::RollbackPlan;
use super::{
    BOUNDS, DRAFTED, IN_PLACE, MAX_KEPT_APPROVALS, MAX_PLACES, ONE_REQUEST, Pending, Place, Progress,
    Promotion, Release, ReleaseCommand, ReleaseEvent, STILL_WANTED, WAY_BACK, WHO,
};
use crate::alert::episode::MAX_REASON;
use crate::decision::{Refused, Verdict};
use crate::finding::Finding;
use crate::id::{Digest128, PersonId};
use crate::policy::Policy;
use crate::time::Timestamp;

pub(super) fn decide(
    state: Option<&Release>,
    command: ReleaseCommand,
    policy: &Policy,
    now: Timestamp,
) -> Result<ReleaseEvent, Refused> {
    let mut findings = Vec::new();
    let by = command.by();
    if policy.roster.people.get(by).is_none_or(|person| !person.active) {
        let message = format!("`{by}` is no active person of the roster");
        findings.push(WHO.fail(message, "let somebody act who is"));
    }
    match (state, command) {
        (None, ReleaseCommand::Draft { candidate, rollback, by }) => {
            findings.extend(incomplete(&candidate, &rollback));
            Refused::when_any(findings)?;
            Ok(ReleaseEvent::Drafted { candidate, rollback, by, at: now })
        }
        (None, _) => {
            findings.push(DRAFTED.fail("there is no such release", "draft it first"));
            Err(Refused { findings })
        }
        (Some(release), command) => Answer { release, policy, now, findings }.to(command),
    }
}

/// What a draft or an amendment lacks, or has too much of.
fn incomplete(candidate: &Candidate, rollback: &RollbackPlan) -> Vec<Finding> {
    let gaps =
        rollback.gaps(candidate).into_iter().map(|gap| WAY_BACK.fail(gap, "complete the rollback plan"));
    let over = candidate.excesses().into_iter().chain(rollback.excesses());
    let over = over.map(|what| BOUNDS.fail(what, "shorten it, or split the release"));
    gaps.chain(over).collect()
}

/// The answer of a drafted release, with the reasons against it so far.
struct Answer<'a> {
    release: &'a Release,
    policy: &'a Policy,
    now: Timestamp,
    findings: Vec<Finding>,
}

impl Answer<'_> {
    fn to(mut self, command: ReleaseCommand) -> Result<ReleaseEvent, Refused> {
        let at = self.now;
        match command {
            ReleaseCommand::Draft { .. } => {
                let message = format!("it was drafted at {}", self.release.drafted_at);
                self.findings.push(DRAFTED.fail(message, "amend it, or draft a release of another name"));
                Err(Refused { findings: self.findings })
            }
            ReleaseCommand::Amend { notes, rollback, by } => {
                self.still_wanted();
                self.not_rolling_out("amended");
                let candidate = Candidate { notes: (*notes).clone(), ..self.release.candidate.clone() };
                self.findings.extend(incomplete(&candidate, &rollback));
                self.give(ReleaseEvent::Amended { notes, rollback, by, at })
            }
            ReleaseCommand::Request { place, by } => {
                self.still_wanted();
                self.requestable(&place);
                self.give(ReleaseEvent::Requested { place, by, at })
            }
            ReleaseCommand::Approve { request, by } => {
                self.approvable(request, &by);
                self.give(ReleaseEvent::Approved(Approval { by, request, at }))
            }
            ReleaseCommand::Cancel { reason, by } => {
                if self.release.pending.is_none() {
                    self.findings.push(ONE_REQUEST.fail("nobody has asked for it", "nothing has to be done"));
                }
                let reason = self.said("reason", reason);
                self.give(ReleaseEvent::Cancelled { reason, by, at })
            }
            ReleaseCommand::Promote { evidence, by } => self.promote(*evidence, by),
            ReleaseCommand::Verify { place, proof, by } => {
                self.still_wanted();
                self.placed(&place, &[Progress::RollingOut], "verified");
                let proof = self.said("proof", proof);
                self.give(ReleaseEvent::Verified { place, proof, by, at })
            }
            ReleaseCommand::RollBack { place, reason, by } => {
                self.placed(&place, &[Progress::RollingOut, Progress::Verified], "rolled back");
                let reason = self.said("reason", reason);
                self.give(ReleaseEvent::RolledBack { place, reason, by, at })
            }
            ReleaseCommand::ReviewBreakGlass { conclusion, by } => {
                self.reviewable(&by);
                let conclusion = self.said("conclusion", conclusion);
                self.give(ReleaseEvent::BreakGlassReviewed { conclusion, by, at })
            }
            ReleaseCommand::Withdraw { reason, by } => {
                self.still_wanted();
                self.not_rolling_out("withdrawn");
                let reason = self.said("reason", reason);
                self.give(ReleaseEvent::Withdrawn { reason, by, at })
            }
        }
    }

    fn give(self, event: ReleaseEvent) -> Result<ReleaseEvent, Refused> {
        Refused::when_any(self.findings).map(|()| event)
    }

    fn still_wanted(&mut self) {
        if let Some(at) = self.release.withdrawn_at {
            self.findings.push(STILL_WANTED.fail(format!("it was withdrawn at {at}"), "draft a new release"));
        }
    }

    fn not_rolling_out(&mut self, what: &str) {
        let mut placements = self.release.placements.iter();
        if let Some(one) = placements.find(|one| one.progress == Progress::RollingOut) {
            let message = format!("it can't be {what} while it rolls out to `{}`", one.place.deployment);
            self.findings.push(ONE_REQUEST.fail(message, "verify it or roll it back first"));
        }
    }

    fn requestable(&mut self, place: &Place) {
        if let Some(Pending { place, requester, .. }) = &self.release.pending {
            let message = format!("`{requester}` has asked for it in `{}`", place.deployment);
            self.findings.push(ONE_REQUEST.fail(message, "promote or cancel that first"));
        }
        self.not_rolling_out("asked for");
        if self.release.progress(place) == Some(Progress::Verified) {
            let message = format!("it runs in `{}` already", place.deployment);
            self.findings.push(ONE_REQUEST.fail(message, "nothing has to be done"));
        }
        if self.release.placements.len() >= MAX_PLACES {
            let message = format!("it went to {MAX_PLACES} places, the most there may be");
            self.findings.push(BOUNDS.fail(message, "draft another release for the others"));
        }
    }

    fn approvable(&mut self, request: Digest128, by: &PersonId) {
        self.still_wanted();
        let (Some(pending), Some(asked)) = (&self.release.pending, self.release.request()) else {
            self.findings.push(ONE_REQUEST.fail("nobody has asked for it", "ask for it in a place first"));
            return;
        };
        let wrote = self.release.candidate.authors.contains(by);
        let lasts = self.policy.release.approvals.lasts;
        let holds = |one: &&Approval| one.request == request && self.now.since(one.at) < lasts;
        let twice = pending.approvals.iter().filter(holds).any(|one| one.by == *by);
        let table = [
            (wrote, format!("`{by}` wrote it"), "let somebody approve who neither wrote it nor asks for it"),
            (
                pending.requester == *by,
                format!("`{by}` asks for it"),
                "let somebody approve who neither wrote it nor asks for it",
            ),
            (twice, format!("`{by}` has approved it"), "let somebody else approve"),
            (
                asked.digest() != request,
                "what was approved isn't what is asked for now".to_owned(),
                "read the request again, then approve",
            ),
        ];
        let held = table.into_iter().filter(|(holds, ..)| *holds);
        self.findings.extend(held.map(|(_, message, remedy)| WHO.fail(message, remedy)));
        if pending.approvals.len() >= MAX_KEPT_APPROVALS {
            let message = format!("it has {MAX_KEPT_APPROVALS} approvals, the most there may be");
            self.findings.push(BOUNDS.fail(message, "promote it, or cancel it and ask again"));
        }
    }

    /// Asks the gates. Approvals and uses of break-glass are the release's own: no caller can leave them out or make
    /// them up.
    fn promote(mut self, mut evidence: GateEvidence, by: PersonId) -> Result<ReleaseEvent, Refused> {
        self.still_wanted();
        let (Some(pending), Some(request)) = (&self.release.pending, self.release.request()) else {
            self.findings.push(ONE_REQUEST.fail("nobody has asked for it", "ask for it in a place first"));
            return Err(Refused { findings: self.findings });
        };
        evidence.approvals.clone_from(&pending.approvals);
        if let Some(holds) = &mut evidence.holds {
            holds.what.break_glass.extend_from_slice(&self.release.break_glass);
        }
        let decision = gate::decide(&request, &evidence, self.policy, self.now);
        self.findings.extend(decision.blocking().cloned());
        let place = pending.place.clone();
        let break_glass = evidence.break_glass;
        let at = self.now;
        if decision.verdict != Verdict::Allow || !self.findings.is_empty() {
            return Err(Refused { findings: self.findings });
        }
        Ok(ReleaseEvent::Promoted(Box::new(Promotion { place, decision, break_glass, by, at })))
    }

    fn placed(&mut self, place: &Place, from: &[Progress], what: &str) {
        let progress = self.release.progress(place);
        if progress.is_some_and(|progress| from.contains(&progress)) {
            return;
        }
        let deployment = &place.deployment;
        let (message, remedy) = match progress {
            None => (format!("it was never promoted to `{deployment}`"), "promote it first"),
            Some(progress) => {
                (format!("it can't be {what} in `{deployment}`: it is {progress}"), "nothing has to be done")
            }
        };
        self.findings.push(IN_PLACE.fail(message, remedy));
    }

    fn reviewable(&mut self, by: &PersonId) {
        let open: Vec<_> = self.release.break_glass.iter().filter(|one| one.reviewed_at.is_none()).collect();
        if open.is_empty() {
            let message = "no use of break-glass waits for a review";
            self.findings.push(REVIEWED.fail(message, "nothing has to be done"));
        }
        if open.iter().any(|one| one.by.contains(by)) {
            let message = format!("`{by}` used it");
            self.findings.push(REVIEWED.fail(message, "let somebody review it who didn't"));
        }
    }

    fn said(&mut self, what: &str, text: String) -> String {
        let characters = text.trim().chars().count();
        if characters == 0 || characters > MAX_REASON {
            let message = format!("the {what} has {characters} characters");
            self.findings.push(BOUNDS.fail(message, format!("write 1 to {MAX_REASON} characters")));
        }
        text.trim().to_owned()
    }
}
