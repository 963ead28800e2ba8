//! The gates of the path: G00 whether the policy can be met, G01 and G02 where a release comes from, G12 what is in its
//! way there, G14 whose installation it is, G15 how long it ran before.

use super::{
    BOUNDARY, Case, Installed, NEXT_ENVIRONMENT, ONE_AT_A_TIME, SAME_ARTIFACT, SATISFIABLE, SOAKED, Source,
    worst,
};
use crate::environment::Environment;
use crate::finding::Finding;
use crate::mode::Mode;
use crate::release::approval::{self, ENOUGH};
use crate::roster::Party;
use crate::rule::Rule;
use crate::signal::metric::Unit;

pub(super) fn satisfiable(case: &Case<'_>) -> Finding {
    let mut found = Vec::new();
    if case.policy.release.gate.validations.is_empty() {
        let message = "the policy asks for no automated check";
        found.push(SATISFIABLE.undetermined(message, "name at least one under `validations` in [gate]"));
    }
    if case.request.target == Environment::Production {
        found.extend(unapprovable(case));
    }
    worst(found, || SATISFIABLE.pass("the policy can be met"))
}

fn unapprovable(case: &Case<'_>) -> Option<Finding> {
    let approvals = &case.policy.release.approvals;
    if approvals.teams.of(case.kind).is_empty() {
        let message = format!("the policy asks for no approval of {} releases", case.kind);
        return Some(SATISFIABLE.undetermined(message, format!("name teams under [approval.{}]", case.kind)));
    }
    let mut excluded = case.request.candidate.authors.clone();
    excluded.insert(case.request.requester.clone());
    let ways = approval::satisfiable(&case.policy.roster, case.kind, approvals, &excluded);
    let message = format!("the roster has {ways} of {ENOUGH} ways to approve a {}", case.release_told());
    let remedy = "declare more people in the approving teams, or let somebody else ask";
    (ways < ENOUGH)
        .then(|| SATISFIABLE.undetermined(message, remedy).measured(ways as f64, ENOUGH as f64, Unit::Count))
}

pub(super) fn next_environment(case: &Case<'_>) -> Finding {
    let target = case.request.target;
    let next = case.request.source.map_or(Some(Environment::Development), Environment::next);
    if next == Some(target) {
        return NEXT_ENVIRONMENT.pass(format!("{target} is next"));
    }
    let come_from = case.request.source.map_or("nowhere", Environment::as_str);
    let remedy = match next {
        Some(next) => format!("release it to {next} first"),
        None => "nothing comes after production".to_owned(),
    };
    NEXT_ENVIRONMENT.fail(format!("{target} doesn't come after {come_from}"), remedy)
}

/// What runs where the release comes from, or why that isn't known.
fn source<'c>(case: &Case<'c>, rule: &Rule) -> Result<&'c Source, Box<Finding>> {
    let seen = case.evidence.source.as_ref();
    match (case.fresh(seen), case.request.source) {
        (None, _) => Err(Box::new(case.unseen(rule, "the environment before", seen))),
        (Some(source), Some(asked)) if source.environment == asked => Ok(source),
        (Some(source), _) => {
            let message =
                format!("the evidence is about {}, not where the release comes from", source.environment);
            Err(Box::new(rule.undetermined(message, "gather the evidence again, then ask again")))
        }
    }
}

pub(super) fn same_artifact(case: &Case<'_>) -> Finding {
    if case.request.source.is_none() && case.request.target == Environment::Development {
        return SAME_ARTIFACT.not_applicable("no environment comes before");
    }
    let source = match source(case, &SAME_ARTIFACT) {
        Ok(source) => source,
        Err(finding) => return *finding,
    };
    let asked = case.request.candidate.artifact;
    match source.verified {
        Some(verified) if verified == asked => {
            SAME_ARTIFACT.pass(format!("{asked} was verified in {}", source.environment))
        }
        Some(verified) => SAME_ARTIFACT
            .fail(
                format!("{asked} isn't {verified}, which was verified in {}", source.environment),
                "release the verified artifact, or verify this one first",
            )
            .evidence([verified, asked]),
        None => SAME_ARTIFACT.undetermined(
            format!("nothing was verified in {}", source.environment),
            "verify the release there first",
        ),
    }
}

pub(super) fn one_at_a_time(case: &Case<'_>) -> Finding {
    let seen = case.evidence.target.as_ref();
    let Some(target) = case.fresh(seen) else {
        return case.unseen(&ONE_AT_A_TIME, "what runs in the target", seen);
    };
    if let Some(release) = &target.rollout_in_flight {
        let message = format!("the rollout of `{release}` is in flight there");
        return ONE_AT_A_TIME.fail(message, "let it end, or roll it back").evidence([release]);
    }
    match &target.installed {
        Installed::Release { version, verified: false } => ONE_AT_A_TIME.undetermined(
            format!("{version}, which runs there, isn't verified"),
            "verify it or roll it back",
        ),
        Installed::Release { version, verified: true } => {
            ONE_AT_A_TIME.pass(format!("{version}, which runs there, is verified"))
        }
        Installed::Nothing => ONE_AT_A_TIME.pass("nothing runs there yet"),
    }
}

pub(super) fn boundary(case: &Case<'_>) -> Finding {
    let request = case.request;
    let seen = case.evidence.target.as_ref();
    let Some(target) = case.fresh(seen) else {
        return case.unseen(&BOUNDARY, "who runs the target", seen);
    };
    if target.mode != request.mode {
        let message =
            format!("the target is declared as {}, and the request says {}", target.mode, request.mode);
        return BOUNDARY.fail(message, "ask for it again with the declared mode");
    }
    let applies = match request.mode {
        Mode::Saas | Mode::Byoc => Party::Vendor,
        Mode::OnPrem => Party::Customer,
    };
    let who = &request.requester;
    if case.policy.roster.parties(who).contains(&applies) {
        return BOUNDARY
            .pass(format!("`{who}` acts for the {applies}, who applies releases in {}", request.mode));
    }
    let message = format!("`{who}` doesn't act for the {applies}, who applies releases in {}", request.mode);
    let remedy = format!("let a person of the {applies} ask");
    match (request.mode, case.policy.release.gate.installation) {
        (Mode::OnPrem, Party::Vendor) => BOUNDARY.warn(message, remedy),
        _ => BOUNDARY.fail(message, remedy),
    }
}

pub(super) fn soaked(case: &Case<'_>) -> Finding {
    let source = match source(case, &SOAKED) {
        Ok(source) => source,
        Err(finding) => return *finding,
    };
    let environment = source.environment;
    if source.verified != Some(case.request.candidate.artifact) {
        let message = format!("another artifact runs in {environment}");
        return SOAKED.undetermined(message, "verify this release there and let it run");
    }
    let Some(ran) = case.age(source.running_since) else {
        let message = format!("it runs in {environment} since a moment in the future");
        return SOAKED.undetermined(message, "correct the clocks, then ask again");
    };
    let needed = *case.policy.release.gate.soak.of(case.kind);
    let message =
        format!("it has run in {environment} for {}; a {} needs {needed}", ran.cut(), case.release_told());
    let finding =
        if ran >= needed { SOAKED.pass(message) } else { SOAKED.undetermined(message, "let it run longer") };
    let finding = finding.measured(ran.as_secs_f64(), needed.as_secs_f64(), Unit::Seconds);
    if ran >= needed { finding } else { finding.clears_at(source.running_since + needed) }
}
