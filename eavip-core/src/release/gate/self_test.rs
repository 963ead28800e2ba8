//! The self-test: a case in which every gate passes, and each gate blocking once in it when one thing is bad. It shows
//! that a declared policy bites; it is also the ground on which the gates are tested.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Backup, Budget, Burn, ConfigurationFindings, Drill, GateEvidence, GateRequest, Holds, Installed,
    OpenIncident, OwnerFigures, Seen, Source, Target, Validation, decide,
};
use crate::decision::{Decision, Verdict};
use crate::environment::Environment;
use crate::id::{Digest256, TeamId};
use crate::incident::sev::Sev;
use crate::mode::Mode;
use crate::policy::Policy;
use crate::release::approval::Approval;
use crate::release::candidate::{Candidate, Change, ChangeKind};
use crate::release::freeze::{Freeze, FreezeKind};
use crate::release::notes::Notes;
use crate::release::rollback::{Rehearsal, RollbackPlan, Undo};
use crate::release::version::Kind;
use crate::roster::{Party, Person, Roster, Team};
use crate::time::{Span, Timestamp};

/// A gate shown on the case made for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shown {
    /// The gate's code.
    pub rule: Cow<'static, str>,
    /// What was decided of a release that only this gate objects to, and those that can't tell without its evidence.
    pub decision: Decision,
}

impl Shown {
    /// Whether the gate kept the release back.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.decision.verdict != Verdict::Allow && self.decision.blocking().any(|one| one.rule == self.rule)
    }
}

/// Shows each gate block once under a policy, on a minor release to Production made for the purpose. The policy's numbers,
/// checks and teams are used; people are made up. One entry for each gate, in the order of the codes.
#[must_use]
pub fn self_test(policy: &Policy) -> Vec<Shown> {
    let Some(sample) = sample(policy, Timestamp::default()) else { return Vec::new() };
    let show = |(rule, spoil): &Spoiled| {
        let mut sample = sample.clone();
        spoil(&mut sample);
        Shown { rule: Cow::Borrowed(*rule), decision: sample.decide() }
    };
    SPOILED.iter().map(show).collect()
}

/// Everything a decision needs.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) policy: Policy,
    pub(crate) request: GateRequest,
    pub(crate) evidence: GateEvidence,
    pub(crate) now: Timestamp,
}

impl Sample {
    pub(crate) fn decide(&self) -> Decision {
        decide(&self.request, &self.evidence, &self.policy, self.now)
    }

    /// Approves the request as it is now: for each team of the release type the first of its people.
    pub(crate) fn approve(&mut self, kind: Kind) {
        let request = self.request.digest();
        let teams = self.policy.release.approvals.teams.of(kind);
        let by = (0..teams.len()).filter_map(|place| person_name(place, 0).parse().ok());
        self.evidence.approvals = by.map(|by| Approval { by, request, at: self.now }).collect();
    }
}

/// A gate's code, and how its case is made bad.
type Spoiled = (&'static str, fn(&mut Sample));

/// What is bad, for each gate.
pub(super) const SPOILED: [Spoiled; 16] = [
    ("EAVIP-G00", |sample| sample.policy.roster.people.retain(|id, _| !id.as_str().ends_with("-spare"))),
    ("EAVIP-G01", |sample| {
        sample.request.source = Some(Environment::Integration);
        sample.evidence.source.iter_mut().for_each(|seen| seen.what.environment = Environment::Integration);
        sample.approve(Kind::Minor);
    }),
    ("EAVIP-G02", |sample| {
        let other = Some(Digest256::of(b"another artifact"));
        sample.evidence.source.iter_mut().for_each(|seen| seen.what.verified = other);
    }),
    ("EAVIP-G03", |sample| sample.evidence.validations.iter_mut().for_each(|one| one.passed = false)),
    ("EAVIP-G04", |sample| sample.evidence.approvals.clear()),
    ("EAVIP-G05", |sample| {
        let incident = OpenIncident {
            id: "self-test".to_owned(),
            sev: Sev::Sev1,
            acknowledged: true,
            commander: None,
            mitigated_at: None,
            rca_owner: None,
        };
        sample.evidence.incidents.iter_mut().for_each(|seen| seen.what.push(incident.clone()));
    }),
    ("EAVIP-G06", |sample| {
        sample.evidence.budgets.iter_mut().flat_map(|seen| &mut seen.what).for_each(|one| one.left = 0.0);
    }),
    ("EAVIP-G07", |sample| {
        sample
            .evidence
            .backups
            .iter_mut()
            .flat_map(|seen| &mut seen.what)
            .for_each(|one| one.verified_at = None);
    }),
    ("EAVIP-G08", |sample| sample.evidence.rehearsals.iter_mut().for_each(|one| one.worked = false)),
    ("EAVIP-G09", |sample| {
        sample
            .evidence
            .configuration
            .iter_mut()
            .for_each(|seen| seen.what.secrets.push("self-test".to_owned()));
    }),
    ("EAVIP-G10", |sample| {
        let Some(owner) = sample.policy.roster.teams.keys().next().cloned() else { return };
        let freeze = Freeze {
            kind: FreezeKind::Freeze,
            environment: Environment::Production,
            owner,
            reason: "self-test".to_owned(),
            from: sample.now,
            until: sample.now + Span::from_secs(3_600),
        };
        sample.evidence.holds.iter_mut().for_each(|seen| seen.what.freezes.push(freeze.clone()));
    }),
    ("EAVIP-G11", |sample| {
        sample.request.candidate.notes.known_issues.clear();
        sample.approve(Kind::Minor);
    }),
    ("EAVIP-G12", |sample| {
        let other = "self-test-other".parse().ok();
        sample.evidence.target.iter_mut().for_each(|seen| seen.what.rollout_in_flight.clone_from(&other));
    }),
    ("EAVIP-G13", |sample| {
        sample.evidence.owners.iter_mut().for_each(|seen| seen.what.critical_resolved = 0);
    }),
    ("EAVIP-G14", |sample| {
        sample.policy.roster.teams.values_mut().for_each(|team| team.party = Party::Customer);
    }),
    ("EAVIP-G15", |sample| {
        let now = sample.now;
        sample.evidence.source.iter_mut().for_each(|seen| seen.what.running_since = now);
    }),
];

fn person_name(place: usize, number: usize) -> String {
    let role = if number == 0 { "approver" } else { "spare" };
    format!("self-test-{place}-{role}")
}

/// A minor release to Production to which no gate objects; `None` only if the fixed names couldn't be names.
pub(crate) fn sample(policy: &Policy, now: Timestamp) -> Option<Sample> {
    let mut policy = policy.clone();
    policy.roster = roster(&policy)?;
    let request = request()?;
    let evidence = evidence(&policy, &request, now)?;
    let mut sample = Sample { policy, request, evidence, now };
    sample.approve(Kind::Minor);
    Some(sample)
}

/// Two people for each approving team, and one who asks.
fn roster(policy: &Policy) -> Option<Roster> {
    let own: TeamId = "self-test".parse().ok()?;
    let team = Team { name: "Self-test".to_owned(), party: Party::Vendor, confirmed_at: None };
    let person = |team: &TeamId| Person {
        name: "Self-test".to_owned(),
        teams: BTreeSet::from([team.clone()]),
        active: true,
    };
    let mut people = BTreeMap::from([("self-test-requester".parse().ok()?, person(&own))]);
    for kind in Kind::ALL {
        for (place, team) in policy.release.approvals.teams.of(*kind).iter().enumerate() {
            for number in [0, 1] {
                let known =
                    people.entry(person_name(place, number).parse().ok()?).or_insert_with(|| person(team));
                known.teams.insert(team.clone());
            }
        }
    }
    let mut teams = policy.roster.teams.clone();
    teams.insert(own, team);
    Some(Roster { teams, people })
}

fn request() -> Option<GateRequest> {
    let step = |text: &str| Undo::Reverse { steps: vec![text.to_owned()] };
    let change = Change {
        kind: ChangeKind::Feature,
        summary: "self-test".to_owned(),
        touches: BTreeSet::new(),
        irreversible: false,
    };
    let notes = Notes {
        what_changed: "self-test".to_owned(),
        operator_action: "none".to_owned(),
        rollback: "as planned".to_owned(),
        known_issues: "none".to_owned(),
    };
    let candidate = Candidate {
        id: "self-test".parse().ok()?,
        version: "1.1.0".parse().ok()?,
        kind: Kind::Minor,
        artifact: Digest256::of(b"the artifact"),
        authors: BTreeSet::from(["self-test-author".parse().ok()?]),
        changes: vec![change],
        notes,
        fixes: BTreeSet::new(),
    };
    let rollback = RollbackPlan {
        binary: step("install 1.0.0"),
        config: Undo::Unchanged,
        schema: Undo::Unchanged,
        flags: Undo::Unchanged,
    };
    Some(GateRequest {
        candidate,
        rollback,
        source: Some(Environment::Staging),
        target: Environment::Production,
        deployment: "self-test".parse().ok()?,
        mode: Mode::Saas,
        requester: "self-test-requester".parse().ok()?,
    })
}

fn evidence(policy: &Policy, request: &GateRequest, now: Timestamp) -> Option<GateEvidence> {
    let numbers = &policy.release.gate;
    let artifact = request.candidate.artifact;
    let back_to = "1.0.0".parse().ok()?;
    let installed = Installed::Release { version: back_to, verified: true };
    let checks = numbers.validations.iter();
    let rehearsal = Rehearsal {
        environment: Environment::Staging,
        back_to: installed.version().cloned(),
        from: request.candidate.version.clone(),
        plan: request.rollback.digest(),
        at: now,
        took: Span::ZERO,
        worked: true,
    };
    let backup = Backup {
        data_set: "self-test".to_owned(),
        verified_at: Some(now),
        rpo: numbers.backup_age,
        rto: Span::from_secs(3_600),
        drill: Some(Drill { at: now, took: Span::ZERO, worked: true }),
    };
    let source = Source {
        environment: Environment::Staging,
        verified: Some(artifact),
        running_since: now - *numbers.soak.of(Kind::Minor),
    };
    let owners = OwnerFigures {
        critical: 1,
        critical_resolved: 1,
        groups: vec![("self-test".parse().ok()?, numbers.group_size)],
        on_call_gaps: 0,
    };
    Some(GateEvidence {
        source: seen(source, now),
        target: seen(Target { mode: request.mode, installed, rollout_in_flight: None }, now),
        validations: checks
            .map(|name| Validation { name: name.clone(), artifact, at: now, passed: true })
            .collect(),
        approvals: Vec::new(),
        incidents: seen(Vec::new(), now),
        budgets: seen(vec![Budget { service: "self-test".parse().ok()?, left: 1.0, burn: Burn::None }], now),
        backups: seen(vec![backup], now),
        rehearsals: vec![rehearsal],
        configuration: seen(ConfigurationFindings::default(), now),
        holds: seen(Holds::default(), now),
        owners: seen(owners, now),
        break_glass: None,
    })
}

fn seen<T>(what: T, at: Timestamp) -> Option<Seen<T>> {
    Some(Seen { at, what })
}
