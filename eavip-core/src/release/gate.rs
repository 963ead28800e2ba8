//! The sixteen gates between a release and an environment: each looks at the evidence once, none is skipped, and the
//! decision keeps them all (seed: *Release Process*, "Automated validation gates").
//!
//! Gates judge; they change nothing. [`decide`] is a pure function of request, evidence, policy and moment. What wasn't
//! seen, or was seen too long ago, holds. Where RULES speak of a look that time alone mends (a soak, an approval still
//! to come) the answer is *hold*; where the evidence itself is bad it is *deny*.

mod condition;
mod evidence;
mod path;
mod policy;
mod proof;
mod request;
mod self_test;

pub use evidence::{
    Backup, Budget, Burn, ConfigurationFindings, Drill, GateEvidence, Holds, Installed, OpenIncident,
    OwnerFigures, Seen, Source, Target, Validation,
};
pub use policy::{GatePolicy, VALIDATIONS};
pub use request::GateRequest;
#[cfg(test)]
pub(crate) use self_test::sample;
pub use self_test::{Shown, self_test};

use super::approval::{self, Standing, Terms};
use super::break_glass;
use super::version::Kind;
use crate::decision::{Basis, Decision};
use crate::environment::Environment;
use crate::finding::{Finding, Outcome};
use crate::id::{Digest128, PersonId};
use crate::policy::Policy;
use crate::rule::Rule;
use crate::time::{Span, Timestamp};

crate::rules! {
    /// The policy asks for no checks or no approvals, or the roster has fewer than two sets of people who could give them.
    /// Declare checks, teams and people.
    SATISFIABLE = "EAVIP-G00", "the policy asks for something, and the roster can give it", "Automated validation gates";
    /// A release goes from Development to Integration, Staging and Production, one step at a time. Release it to the
    /// environment in between first.
    NEXT_ENVIRONMENT = "EAVIP-G01", "the target is the next environment", "Promotions are environment-driven";
    /// The artifact must be the one that was verified in the environment before, bit for bit. Release what was verified, or
    /// verify what is to be released.
    SAME_ARTIFACT = "EAVIP-G02", "the artifact is the one that was verified", "Configuration differs, code does not";
    /// Each required check must have passed for this artifact within 24 hours. Run it again.
    VALIDATED = "EAVIP-G03", "every required check passed lately for this artifact", "Build and test in lower environments";
    /// A patch needs Platform Operations, a minor release also Product & Architecture, a major one also Security & Compliance:
    /// different people, who neither wrote the release nor ask for it. An approval counts for 72 hours and for what was seen.
    APPROVED = "EAVIP-G04", "the right people have approved this request", "Change approval";
    /// An open SEV-1 or SEV-2 stops releases, unless the release ends it and the incident's commander approved; an
    /// unacknowledged SEV-3 and a SEV-1 whose cause nobody looks for hold them. Mitigate, acknowledge, name an owner.
    NO_INCIDENT = "EAVIP-G05", "no incident is in the way", "Failures are expected and planned for";
    /// A used-up error budget or one that burns at the rate of a page stops releases; at the rate of a ticket it holds minor and
    /// major ones, and with less than a quarter left major ones. Fixes of open incidents and of security are free of the first.
    ERROR_BUDGET = "EAVIP-G06", "the error budget has room", "Error rates";
    /// The last verified backup is younger than its RPO and 24 hours, or 1 hour when the schema changes; a restore drill of the
    /// last 90 days worked within its RTO. Back up and verify, or drill.
    BACKED_UP = "EAVIP-G07", "what the release may damage can be restored", "Backup integrity verified";
    /// The plan brings back binary, configuration, schema and flags. It was rehearsed in Staging for exactly these versions
    /// within 14 days, and took at most 15 minutes, On-Prem 60. What can't be reversed is restored, and Security approved that.
    CAN_GO_BACK = "EAVIP-G08", "the way back is complete and rehearsed", "Rollback is mandatory for every release";
    /// Unaudited differences, undeclared keys, secrets in plain sight and unexplained drift stop releases. Record, declare,
    /// remove, explain.
    CONFIGURED = "EAVIP-G09", "the configuration is audited and clean", "Configuration changes are auditable";
    /// A freeze denies and a hold holds until its end; so does a use of break-glass that nobody reviewed within 24 hours. Wait,
    /// talk to the owner, or review.
    NO_FREEZE = "EAVIP-G10", "no freeze, hold or overdue review", "Staged rollout";
    /// The notes say what changed, what operators do, how to go back and what is known not to work; the version is higher than
    /// the installed one by as much as the declared changes ask for. Complete the notes, raise the version.
    TOLD = "EAVIP-G11", "notes are complete and the version tells the truth", "Release notes published";
    /// One rollout at a time in one place, and the release before has to be verified. Finish it first.
    ONE_AT_A_TIME = "EAVIP-G12", "the previous release is finished", "Post-release verification";
    /// Every Critical alert has an owner, owning teams have two active members and somebody is on call throughout. Fill the gaps.
    SOMEBODY_ANSWERS = "EAVIP-G13", "alerts and pages reach somebody", "No alert without an owner";
    /// In SaaS and BYOC the vendor applies releases. On-Prem the vendor publishes and the customer applies: this binds in the
    /// customer's installation and is advice in the vendor's.
    BOUNDARY = "EAVIP-G14", "the side that runs the installation releases to it", "Clear responsibility boundaries defined";
    /// The artifact ran in the environment before without a break: 4 hours for a patch, 24 for a minor release, 72 for a major
    /// one. Wait.
    SOAKED = "EAVIP-G15", "the artifact has run long enough where it comes from", "Build and test in lower environments";
}

/// Which environments a gate speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Everywhere,
    Production,
}

type Gate = (Rule, Reach, fn(&Case<'_>) -> Finding);

/// Every gate in the order of the codes. RULES give the numbers of those that protect customers for Production alone.
const GATES: [Gate; 16] = [
    (SATISFIABLE, Reach::Everywhere, path::satisfiable),
    (NEXT_ENVIRONMENT, Reach::Everywhere, path::next_environment),
    (SAME_ARTIFACT, Reach::Everywhere, path::same_artifact),
    (VALIDATED, Reach::Everywhere, proof::validated),
    (APPROVED, Reach::Production, proof::approved),
    (NO_INCIDENT, Reach::Production, condition::no_incident),
    (ERROR_BUDGET, Reach::Production, condition::error_budget),
    (BACKED_UP, Reach::Production, condition::backed_up),
    (CAN_GO_BACK, Reach::Everywhere, proof::can_go_back),
    (CONFIGURED, Reach::Everywhere, condition::configured),
    (NO_FREEZE, Reach::Everywhere, condition::no_freeze),
    (TOLD, Reach::Everywhere, proof::told),
    (ONE_AT_A_TIME, Reach::Everywhere, path::one_at_a_time),
    (SOMEBODY_ANSWERS, Reach::Production, condition::somebody_answers),
    (BOUNDARY, Reach::Everywhere, path::boundary),
    (SOAKED, Reach::Production, path::soaked),
];

/// Decides whether a release may go to a place.
///
/// The decision has one finding of each gate, G00 to G15 in order, and after them those of B01 to B05 when break-glass
/// is asked for. Break-glass that one of these refuses sets nothing aside.
///
/// ```
/// use eavip_core::decision::Verdict;
/// use eavip_core::release::gate::{self_test, GatePolicy};
/// use eavip_core::policy::Policy;
///
/// // Every gate on a case made for it: all evidence is good but one thing.
/// for shown in self_test(&Policy::builtin()) {
///     assert!(shown.blocks(), "{} let something through", shown.rule);
///     assert_ne!(shown.decision.verdict, Verdict::Allow);
/// }
/// ```
#[must_use]
pub fn decide(request: &GateRequest, evidence: &GateEvidence, policy: &Policy, now: Timestamp) -> Decision {
    let case = Case::new(request, evidence, policy, now);
    let judge = |(rule, reach, gate): &Gate| match (reach, request.target) {
        (Reach::Everywhere, _) | (Reach::Production, Environment::Production) => gate(&case),
        (Reach::Production, _) => rule.not_applicable("it speaks of production"),
    };
    let mut findings: Vec<Finding> = GATES.iter().map(judge).map(bounded).collect();
    let mut overrides = Vec::new();
    if let Some(break_glass) = &evidence.break_glass {
        let judged = break_glass.judge(&case);
        overrides = break_glass.overrides(&judged);
        findings.extend(judged.into_iter().map(bounded));
    }
    let seen = Digest128::of_value(evidence);
    let basis = Basis {
        policy: policy.digest,
        evidence: Digest128::of([case.digest.0.as_slice(), seen.0.as_slice()]),
        at: now,
    };
    Decision::with_overrides(findings, overrides, basis)
}

/// Whether break-glass may set a gate aside in this case. Never the path of promotion and the artifact; an incomplete
/// way back, secrets and an overdue review neither, nor when they weren't looked for.
pub(super) fn may_be_set_aside(code: &str, case: &Case<'_>) -> bool {
    match GATES.iter().map(|(rule, ..)| rule.code).find(|known| *known == code) {
        None => false,
        Some(code) if code == NEXT_ENVIRONMENT.code || code == SAME_ARTIFACT.code => false,
        Some(code) if code == CAN_GO_BACK.code => {
            case.request.rollback.gaps(&case.request.candidate).is_empty()
        }
        Some(code) if code == CONFIGURED.code => {
            case.fresh(case.evidence.configuration.as_ref()).is_some_and(|found| found.secrets.is_empty())
        }
        Some(code) if code == NO_FREEZE.code => break_glass::is_reviewed(case.evidence.holds.as_ref(), case),
        Some(_) => true,
    }
}

/// One question to the gates, with what several of them need.
pub(super) struct Case<'c> {
    pub(super) request: &'c GateRequest,
    pub(super) evidence: &'c GateEvidence,
    pub(super) policy: &'c Policy,
    pub(super) now: Timestamp,
    digest: Digest128,
    /// The release type that decides: the largest of what is declared, what the changes ask for and the step from the
    /// installed version. Where that version isn't known it is the largest there is.
    kind: Kind,
    installed_seen: bool,
    approvals: Standing<'c>,
}

impl<'c> Case<'c> {
    fn new(request: &'c GateRequest, evidence: &'c GateEvidence, policy: &'c Policy, now: Timestamp) -> Self {
        let digest = request.digest();
        let numbers = &policy.release.gate;
        let installed =
            fresh(evidence.target.as_ref(), numbers, now).map(|target| target.installed.version());
        let candidate = &request.candidate;
        let declared =
            candidate.required_kind().map_or(candidate.kind, |required| required.max(candidate.kind));
        let kind = match installed {
            None => Kind::Major,
            Some(version) => {
                let step = version.and_then(|version| version.step_to(&candidate.version));
                step.map_or(declared, |step| step.max(declared))
            }
        };
        let terms =
            Terms { roster: &policy.roster, lasts: policy.release.approvals.lasts, skew: numbers.skew, now };
        let teams = policy.release.approvals.teams.of(kind);
        let approvals = approval::standing(&evidence.approvals, request, digest, teams, terms);
        Self { request, evidence, policy, now, digest, kind, installed_seen: installed.is_some(), approvals }
    }

    /// The release type that decides, and why it is larger than anybody said.
    pub(super) fn release_told(&self) -> String {
        let why = if self.installed_seen { "" } else { " (what is installed wasn't seen)" };
        format!("{} release{why}", self.kind)
    }

    /// What was seen, unless that was too long ago or in the future.
    pub(super) fn fresh<'e, T>(&self, seen: Option<&'e Seen<T>>) -> Option<&'e T> {
        fresh(seen, &self.policy.release.gate, self.now)
    }

    /// The finding for what isn't fresh.
    pub(super) fn unseen<T>(&self, rule: &Rule, what: &str, seen: Option<&Seen<T>>) -> Finding {
        let message = match seen {
            None => format!("nobody looked at {what}"),
            Some(seen) if seen.at > self.now => {
                format!("the look at {what} is dated in the future, {}", seen.at)
            }
            Some(seen) => {
                let lasts = self.policy.release.gate.evidence_lasts;
                format!("the look at {what} is {} old, more than {lasts}", self.now.since(seen.at).cut())
            }
        };
        rule.undetermined(message, "gather the evidence again, then ask again")
    }

    /// How old something is; `None` when it is dated in the future.
    fn age(&self, at: Timestamp) -> Option<Span> {
        (at <= self.now + self.policy.release.gate.skew).then(|| self.now.since(at))
    }

    fn has_approved(&self, person: &PersonId) -> bool {
        self.approvals.counted.contains(&person)
    }

    fn team_has_approved(&self, team: &str) -> bool {
        self.approvals.counted.iter().any(|person| self.policy.roster.is_member(person, team))
    }
}

fn fresh<'e, T>(seen: Option<&'e Seen<T>>, numbers: &GatePolicy, now: Timestamp) -> Option<&'e T> {
    let seen = seen?;
    let dated_right = seen.at <= now + numbers.skew && now.since(seen.at) <= numbers.evidence_lasts;
    dated_right.then_some(&seen.what)
}

/// Most things that a message names, and most ids that a finding cites; the rest is counted.
pub(super) const MAX_CITED: usize = 8;
/// Longest name in a message, in characters; names come from outside.
const MAX_NAME: usize = 80;

/// Names in a sentence: the first [`MAX_CITED`] of them, the rest counted.
pub(super) fn listed(names: &[impl AsRef<str>]) -> String {
    let cut = |name: &str| name.chars().take(MAX_NAME).collect::<String>();
    crate::finding::listed(names.iter().map(|name| cut(name.as_ref())), MAX_CITED)
}

/// A finding cites a few short ids, whatever the evidence holds.
fn bounded(mut finding: Finding) -> Finding {
    finding.evidence.truncate(MAX_CITED);
    for id in &mut finding.evidence {
        *id = id.chars().take(MAX_NAME).collect();
    }
    finding
}

/// One finding for everything that a gate found: the worst outcome, and what is as decisive, the worst first. It clears by
/// itself when all that is in the way does.
fn worst(mut found: Vec<Finding>, otherwise: impl FnOnce() -> Finding) -> Finding {
    let Some(outcome) = found.iter().map(|finding| finding.outcome).max() else { return otherwise() };
    found.retain(|one| one.outcome >= outcome.min(Outcome::Undetermined));
    found.sort_by_key(|one| std::cmp::Reverse(one.outcome));
    let clears: Option<Vec<Timestamp>> = found.iter().map(|one| one.clears_at).collect();
    let more = found.len().saturating_sub(MAX_CITED);
    let mut rest = found.into_iter().take(MAX_CITED);
    let Some(mut finding) = rest.next() else { return otherwise() };
    for one in rest {
        finding.message = format!("{}; {}", finding.message, one.message);
        if !finding.remedy.contains(&one.remedy) {
            finding.remedy = format!("{}; {}", finding.remedy, one.remedy);
        }
        finding.evidence.extend(one.evidence);
    }
    if more > 0 {
        finding.message = format!("{}; and {more} more", finding.message);
    }
    finding.clears_at = clears.and_then(|moments| moments.into_iter().max());
    finding
}

#[cfg(test)]
mod tests;
