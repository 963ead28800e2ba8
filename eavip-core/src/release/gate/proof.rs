//! The gates of what comes with a release: G03 its checks, G04 its approvals, G08 its way back, G11 its notes and version.

use super::{APPROVED, CAN_GO_BACK, Case, TOLD, VALIDATED, Validation, listed, worst};
use crate::environment::Environment;
use crate::finding::Finding;
use crate::id::ValidationId;
use crate::release::candidate::{ChangeKind, Surface};
use crate::release::rollback::Rehearsal;
use crate::roster::SECURITY_COMPLIANCE;
use crate::signal::metric::Unit;

pub(super) fn validated(case: &Case<'_>) -> Finding {
    let required = &case.policy.release.gate.validations;
    let found: Vec<Finding> = required.iter().filter_map(|name| unvalidated(case, name)).collect();
    if required.is_empty() {
        return VALIDATED
            .undetermined("no check is required, so none proves anything", "name the checks in [gate]");
    }
    worst(found, || VALIDATED.pass("every required check passed for this artifact"))
}

/// Why a required check isn't passed. The latest result for the artifact counts; of two at one moment, the worse.
fn unvalidated(case: &Case<'_>, name: &ValidationId) -> Option<Finding> {
    let artifact = case.request.candidate.artifact;
    let of_name = |one: &&Validation| one.name == *name;
    let of_artifact = case.evidence.validations.iter().filter(of_name).filter(|one| one.artifact == artifact);
    let remedy = format!("run `{name}` for this artifact");
    let Some(latest) = of_artifact.max_by_key(|one| (one.at, !one.passed)) else {
        let elsewhere = case.evidence.validations.iter().any(|one| of_name(&one));
        let what = if elsewhere { "run for another artifact only" } else { "never run" };
        return Some(VALIDATED.undetermined(format!("`{name}` was {what}"), remedy));
    };
    let lasts = case.policy.release.gate.validation_lasts;
    match case.age(latest.at) {
        None => {
            Some(VALIDATED.undetermined(format!("`{name}` is dated in the future, {}", latest.at), remedy))
        }
        Some(_) if !latest.passed => Some(
            VALIDATED
                .fail(format!("`{name}` failed at {}", latest.at), format!("mend what fails, then {remedy}")),
        ),
        Some(age) if age > lasts => Some(
            VALIDATED.undetermined(format!("`{name}` passed {} ago, more than {lasts}", age.cut()), remedy),
        ),
        Some(_) => None,
    }
}

pub(super) fn approved(case: &Case<'_>) -> Finding {
    let standing = &case.approvals;
    let teams = case.policy.release.approvals.teams.of(case.kind);
    let requester = &case.request.requester;
    let mut found = Vec::new();
    if case.request.candidate.authors.contains(requester) {
        let message = format!("`{requester}` wrote the release and asks for it");
        found.push(APPROVED.fail(message, "let somebody ask who didn't write it"));
    }
    if teams.is_empty() {
        let message = format!("the policy names nobody who approves {} releases", case.kind);
        found.push(APPROVED.undetermined(message, format!("name teams under [approval.{}]", case.kind)));
    }
    if let Some(first) = standing.missing.first() {
        let missing: Vec<&str> = standing.missing.iter().map(|team| team.as_str()).collect();
        let mut message = format!("a {} lacks approval by {}", case.release_told(), listed(&missing));
        if !standing.void.is_empty() {
            let void: Vec<String> = standing.void.iter().map(|(by, why)| format!("{by} ({why})")).collect();
            message = format!("{message}; these don't count: {}", listed(&void));
        }
        let remedy = "ask somebody of each who neither wrote the release nor asks for it";
        let filled = teams.len().saturating_sub(missing.len());
        let finding = APPROVED.undetermined(message, remedy).owned_by(first);
        found.push(finding.measured(filled as f64, teams.len() as f64, Unit::Count));
    }
    worst(found, || {
        let by: Vec<&str> = standing.counted.iter().map(|person| person.as_str()).collect();
        APPROVED.pass(format!("approved by {}", listed(&by)))
    })
}

pub(super) fn can_go_back(case: &Case<'_>) -> Finding {
    let request = case.request;
    let gaps = request.rollback.gaps(&request.candidate);
    if !gaps.is_empty() {
        return CAN_GO_BACK.fail(gaps.join("; "), "complete the rollback plan");
    }
    // Staging is where it is rehearsed, so only Production can ask for it.
    if request.target != Environment::Production {
        return CAN_GO_BACK.pass("the rollback plan is complete");
    }
    let mut found = Vec::new();
    let irreversible = Surface::ALL.iter().any(|surface| request.candidate.is_irreversible(*surface));
    if (irreversible || request.rollback.restores()) && !case.team_has_approved(SECURITY_COMPLIANCE) {
        let message = "the way back restores from a backup and Security & Compliance hasn't approved";
        found.push(CAN_GO_BACK.undetermined(message, "ask Security & Compliance to approve the request"));
    }
    let rehearsal = rehearsal(case);
    found.extend(rehearsal.and_then(|rehearsal| unproven(case, rehearsal)));
    if rehearsal.is_none() {
        let message = "this rollback was never rehearsed in staging for exactly these versions";
        found.push(CAN_GO_BACK.undetermined(message, "rehearse it in staging"));
    }
    let proof = rehearsal.map(|rehearsal| format!("rehearsed at {}, took {}", rehearsal.at, rehearsal.took));
    worst(found, || CAN_GO_BACK.pass(proof.unwrap_or_default()))
}

/// The latest rehearsal of this plan for these versions; of two at one moment, the worse.
fn rehearsal<'c>(case: &Case<'c>) -> Option<&'c Rehearsal> {
    let installed = &case.fresh(case.evidence.target.as_ref())?.installed;
    let plan = case.request.rollback.digest();
    let fits = |one: &&Rehearsal| {
        one.environment == Environment::Staging
            && one.from == case.request.candidate.version
            && one.back_to.as_ref() == installed.version()
            && one.plan == plan
    };
    let rehearsals = case.evidence.rehearsals.iter().filter(fits);
    rehearsals.max_by_key(|one| (one.at, !one.worked, one.took))
}

fn unproven(case: &Case<'_>, rehearsal: &Rehearsal) -> Option<Finding> {
    let numbers = &case.policy.release.gate;
    let limit = numbers.rollback_limit(case.request.mode);
    let lasts = numbers.rehearsal_lasts;
    let remedy = "mend the plan and rehearse it again in staging";
    match case.age(rehearsal.at) {
        None => Some(CAN_GO_BACK.undetermined("its rehearsal is dated in the future", "correct the clocks")),
        Some(_) if !rehearsal.worked => {
            Some(CAN_GO_BACK.fail(format!("its rehearsal at {} didn't work", rehearsal.at), remedy))
        }
        Some(_) if rehearsal.took > limit => {
            let message = format!("its rehearsal took {}, longer than {limit}", rehearsal.took);
            let measured = (rehearsal.took.as_secs_f64(), limit.as_secs_f64());
            Some(CAN_GO_BACK.fail(message, remedy).measured(measured.0, measured.1, Unit::Seconds))
        }
        Some(age) if age > lasts => {
            let message = format!("its rehearsal is {} old, more than {lasts}", age.cut());
            Some(CAN_GO_BACK.undetermined(message, "rehearse it again in staging"))
        }
        Some(_) => None,
    }
}

pub(super) fn told(case: &Case<'_>) -> Finding {
    let candidate = &case.request.candidate;
    let mut found = Vec::new();
    let lacks = candidate.notes.lacks();
    if !lacks.is_empty() {
        let message = format!("the notes say nothing of {}", listed(&lacks));
        found.push(TOLD.fail(message, "complete the notes; write `none` where there is nothing to tell"));
    }
    match candidate.required_kind() {
        None => found.push(TOLD.fail("no change is declared", "declare what changes")),
        Some(required) => {
            if candidate.kind < required {
                let message =
                    format!("the changes ask for a {required} release, and this is a {}", candidate.kind);
                found.push(TOLD.fail(message, format!("declare it as {required}")));
            }
            found.extend(understated(case, required.max(candidate.kind)));
        }
    }
    worst(found, || TOLD.pass(format!("the notes are complete, and {} is high enough", candidate.version)))
}

/// Whether the version rises by less than the release's type.
fn understated(case: &Case<'_>, required: crate::release::version::Kind) -> Option<Finding> {
    let seen = case.evidence.target.as_ref();
    let version = &case.request.candidate.version;
    let Some(target) = case.fresh(seen) else {
        return Some(case.unseen(&TOLD, "the installed version", seen));
    };
    let installed = target.installed.version()?;
    match installed.step_to(version) {
        None => Some(TOLD.fail(
            format!("{version} doesn't come after {installed}, which is installed"),
            "raise the version, or roll back instead",
        )),
        Some(step) if step < required => Some(TOLD.fail(
            format!(
                "from {installed} to {version} is a {step} step, and the changes ask for a {required} one"
            ),
            "raise the version by more",
        )),
        Some(_) => None,
    }
}

/// Whether the release closes a weakness, and Security & Compliance has said so.
pub(super) fn is_security_fix(case: &Case<'_>) -> bool {
    let closes = case.request.candidate.changes.iter().any(|change| change.kind == ChangeKind::Security);
    closes && case.team_has_approved(SECURITY_COMPLIANCE)
}
