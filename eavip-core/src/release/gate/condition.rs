//! The gates of the target's condition: G05 incidents, G06 error budgets, G07 backups, G09 configuration, G10 freezes,
//! G13 who answers.

use super::{
    BACKED_UP, Backup, Budget, Burn, CONFIGURED, Case, ERROR_BUDGET, Holds, MAX_CITED, NO_FREEZE,
    NO_INCIDENT, OpenIncident, SOMEBODY_ANSWERS, listed, proof, worst,
};
use crate::finding::Finding;
use crate::incident::sev::Sev;
use crate::release::break_glass;
use crate::release::candidate::Surface;
use crate::release::freeze::FreezeKind;
use crate::release::version::Kind;
use crate::signal::metric::Unit;
use crate::time::Span;

pub(super) fn no_incident(case: &Case<'_>) -> Finding {
    let seen = case.evidence.incidents.as_ref();
    let Some(incidents) = case.fresh(seen) else {
        return case.unseen(&NO_INCIDENT, "which incidents are open", seen);
    };
    let found = incidents.iter().filter_map(|incident| in_the_way(case, incident)).collect();
    worst(found, || NO_INCIDENT.pass("no incident is open"))
}

fn in_the_way(case: &Case<'_>, incident: &OpenIncident) -> Option<Finding> {
    let what = format!("{} is open with {}", listed(&[&incident.id]), incident.sev);
    let mitigated = incident.mitigated_at.and_then(|at| Some((at, case.age(at)?)));
    let finding = match (incident.sev, mitigated) {
        (Sev::Sev1 | Sev::Sev2, None) if is_fixed(case, incident) => {
            NO_INCIDENT.warn(format!("{what}; this release is to end it"), "verify that it does")
        }
        (Sev::Sev1 | Sev::Sev2, None) => NO_INCIDENT.fail(
            what,
            "mitigate it first; a release that ends it names it and needs its commander's approval",
        ),
        (Sev::Sev1, Some((at, age)))
            if incident.rca_owner.is_none() && age < case.policy.release.gate.rca_owner_within =>
        {
            let message = format!("{what}, mitigated {age} ago, and nobody looks for its cause");
            NO_INCIDENT
                .undetermined(message, "name an owner of its root cause analysis")
                .clears_at(at + case.policy.release.gate.rca_owner_within)
        }
        (Sev::Sev3, _) if !incident.acknowledged => NO_INCIDENT.undetermined(
            format!("{what} and nobody has acknowledged it"),
            "acknowledge it and say how bad it is",
        ),
        (Sev::Sev1 | Sev::Sev2 | Sev::Sev3 | Sev::Sev4, _) => {
            NO_INCIDENT.warn(what, "see whether the release makes it worse")
        }
    };
    Some(finding.evidence([&incident.id]))
}

/// Whether the release is to end an incident and the incident's commander agrees.
fn is_fixed(case: &Case<'_>, incident: &OpenIncident) -> bool {
    let commander = incident.commander.as_ref();
    case.request.candidate.fixes.contains(&incident.id)
        && commander.is_some_and(|commander| case.has_approved(commander))
}

/// Whether the release ends an open SEV-1 or SEV-2, with its commander's approval.
fn is_incident_fix(case: &Case<'_>) -> bool {
    let incidents = case.fresh(case.evidence.incidents.as_ref());
    incidents.into_iter().flatten().any(|incident| incident.sev <= Sev::Sev2 && is_fixed(case, incident))
}

pub(super) fn error_budget(case: &Case<'_>) -> Finding {
    let seen = case.evidence.budgets.as_ref();
    let Some(budgets) = case.fresh(seen) else {
        return case.unseen(&ERROR_BUDGET, "the error budgets", seen);
    };
    if budgets.is_empty() {
        return ERROR_BUDGET
            .undetermined("no service has an error budget", "declare services with objectives");
    }
    let exempt = is_incident_fix(case) || proof::is_security_fix(case);
    let found = budgets.iter().flat_map(|budget| [burning(case, budget), used_up(case, budget, exempt)]);
    worst(found.flatten().collect(), || ERROR_BUDGET.pass("every error budget has room"))
}

fn burning(case: &Case<'_>, budget: &Budget) -> Option<Finding> {
    let service = &budget.service;
    let message = |level| format!("the error budget of `{service}` burns fast enough for a {level}");
    let remedy = "find out what burns it";
    match (budget.burn, case.kind) {
        (Burn::None, _) => None,
        (Burn::Ticket, Kind::Patch) => Some(ERROR_BUDGET.warn(message("ticket"), remedy)),
        (Burn::Ticket, Kind::Minor | Kind::Major) => {
            Some(ERROR_BUDGET.undetermined(message("ticket"), remedy))
        }
        (Burn::Page, _) => Some(ERROR_BUDGET.fail(message("page"), remedy)),
    }
}

fn used_up(case: &Case<'_>, budget: &Budget, exempt: bool) -> Option<Finding> {
    let (service, left) = (&budget.service, budget.left);
    let least = case.policy.release.gate.budget_for_major;
    if !left.is_finite() || left > 1.0 {
        let message = format!("the error budget of `{service}` is {left}, which can't be");
        return Some(ERROR_BUDGET.undetermined(message, "check how it is worked out"));
    }
    let share = format!("{:.0} % of the error budget of `{service}` is left", left * 100.0);
    if left <= 0.0 && !exempt {
        let remedy = "wait until it has recovered, or release a fix of an open incident or of security";
        return Some(ERROR_BUDGET.fail(share, remedy).measured(left, 0.0, Unit::Ratio));
    }
    if left < least && case.kind == Kind::Major {
        let finding = ERROR_BUDGET.undetermined(share, "wait until it has recovered");
        return Some(finding.measured(left, least, Unit::Ratio));
    }
    (left <= 0.0).then(|| ERROR_BUDGET.warn(format!("{share}; a fix may go on"), "verify that it helps"))
}

pub(super) fn backed_up(case: &Case<'_>) -> Finding {
    let seen = case.evidence.backups.as_ref();
    let Some(backups) = case.fresh(seen) else {
        return case.unseen(&BACKED_UP, "the backups", seen);
    };
    if backups.is_empty() {
        return BACKED_UP.undetermined("no data set is known to be backed up", "declare a backup plan");
    }
    let found = backups.iter().flat_map(|backup| [unverified(case, backup), undrilled(case, backup)]);
    worst(found.flatten().collect(), || BACKED_UP.pass("every data set can be restored"))
}

fn unverified(case: &Case<'_>, backup: &Backup) -> Option<Finding> {
    let numbers = &case.policy.release.gate;
    let usual = backup.rpo.min(numbers.backup_age);
    let schema = case.request.candidate.touches(Surface::Schema);
    let limit = if schema { usual.min(numbers.backup_age_schema) } else { usual };
    let data_set = listed(&[&backup.data_set]);
    let remedy = "back it up and verify the backup";
    let finding = match backup.verified_at.map(|at| case.age(at)) {
        None => BACKED_UP.fail(format!("`{data_set}` has no verified backup"), remedy),
        Some(None) => BACKED_UP
            .undetermined(format!("the backup of `{data_set}` is dated in the future"), "correct the clocks"),
        Some(Some(age)) if age > limit => BACKED_UP
            .fail(
                format!("the last verified backup of `{data_set}` is {} old, more than {limit}", age.cut()),
                remedy,
            )
            .measured(age.as_secs_f64(), limit.as_secs_f64(), Unit::Seconds),
        Some(Some(_)) => return None,
    };
    Some(finding.evidence([data_set]))
}

fn undrilled(case: &Case<'_>, backup: &Backup) -> Option<Finding> {
    let limit = case.policy.release.gate.drill_age;
    let data_set = listed(&[&backup.data_set]);
    let remedy = "run a restore drill";
    let measured = |finding: Finding, value: Span, limit: Span| {
        finding.measured(value.as_secs_f64(), limit.as_secs_f64(), Unit::Seconds)
    };
    let finding = match backup.drill.as_ref().map(|drill| (drill, case.age(drill.at))) {
        None => BACKED_UP.fail(format!("restoring `{data_set}` was never tried"), remedy),
        Some((_, None)) => BACKED_UP
            .undetermined(format!("the drill of `{data_set}` is dated in the future"), "correct the clocks"),
        Some((drill, _)) if !drill.worked => {
            BACKED_UP.fail(format!("the last restore of `{data_set}` didn't work"), remedy)
        }
        Some((_, Some(age))) if age > limit => {
            let message =
                format!("the last restore of `{data_set}` was {} ago, more than {limit}", age.cut());
            measured(BACKED_UP.fail(message, remedy), age, limit)
        }
        Some((drill, _)) if drill.took > backup.rto => {
            let message = format!("restoring `{data_set}` took {}, longer than {}", drill.took, backup.rto);
            measured(
                BACKED_UP.fail(message, "make the restore faster, then drill it"),
                drill.took,
                backup.rto,
            )
        }
        Some(_) => return None,
    };
    Some(finding.evidence([data_set]))
}

pub(super) fn configured(case: &Case<'_>) -> Finding {
    let seen = case.evidence.configuration.as_ref();
    let Some(found) = case.fresh(seen) else {
        return case.unseen(&CONFIGURED, "the configuration", seen);
    };
    let table = [
        ("differences that no record explains", &found.unaudited, "record the changes"),
        ("undeclared keys", &found.undeclared_keys, "declare or remove them"),
        ("secrets in plain sight", &found.secrets, "replace them by references, and rotate them"),
        ("unexplained drift", &found.drift, "explain it or undo it"),
    ];
    let bad = table.into_iter().filter(|(_, names, _)| !names.is_empty());
    let tell = |(what, names, remedy): (&str, &Vec<String>, &str)| {
        CONFIGURED.fail(format!("{what}: {}", listed(names)), remedy).evidence(names.iter().take(MAX_CITED))
    };
    worst(bad.map(tell).collect(), || CONFIGURED.pass("the configuration is audited and clean"))
}

pub(super) fn no_freeze(case: &Case<'_>) -> Finding {
    let seen = case.evidence.holds.as_ref();
    let Some(holds) = case.fresh(seen) else {
        return case.unseen(&NO_FREEZE, "freezes and holds", seen);
    };
    let mut found = freezes(case, holds);
    let overdue = break_glass::overdue(&holds.break_glass, case);
    if !overdue.is_empty() {
        let releases: Vec<&str> = overdue.iter().map(|one| one.release.as_str()).collect();
        let message = format!("break-glass wasn't reviewed in time: {}", listed(&releases));
        let finding = NO_FREEZE.undetermined(message, "review it; somebody who didn't use it does that");
        found.push(finding.evidence(releases.into_iter().take(MAX_CITED)));
    }
    worst(found, || NO_FREEZE.pass("no freeze or hold is in force"))
}

fn freezes(case: &Case<'_>, holds: &Holds) -> Vec<Finding> {
    let active = holds.freezes.iter().filter(|one| one.is_active(case.request.target, case.now));
    let tell = |freeze: &crate::release::freeze::Freeze| {
        let message = format!(
            "a {} by `{}` is in force until {}: {}",
            freeze.kind,
            freeze.owner,
            freeze.until,
            listed(&[&freeze.reason])
        );
        let remedy = format!("wait until then, or ask `{}` to end it", freeze.owner);
        let finding = match freeze.kind {
            FreezeKind::Freeze => NO_FREEZE.fail(message, remedy),
            FreezeKind::Hold => NO_FREEZE.undetermined(message, remedy),
        };
        finding.owned_by(&freeze.owner).clears_at(freeze.until)
    };
    active.map(tell).collect()
}

pub(super) fn somebody_answers(case: &Case<'_>) -> Finding {
    let seen = case.evidence.owners.as_ref();
    let Some(figures) = case.fresh(seen) else {
        return case.unseen(&SOMEBODY_ANSWERS, "who owns alerts and is on call", seen);
    };
    let mut found = Vec::new();
    if figures.critical == 0 || figures.groups.is_empty() || figures.critical_resolved > figures.critical {
        let message = format!("{} of {} Critical alerts", figures.critical_resolved, figures.critical);
        let message = format!("{message} and {} teams prove nothing", figures.groups.len());
        found.push(SOMEBODY_ANSWERS.undetermined(message, "declare Critical alerts and their owners"));
    }
    if figures.critical_resolved < figures.critical {
        let message =
            format!("{} of {} Critical alerts have an owner", figures.critical_resolved, figures.critical);
        let measured = (f64::from(figures.critical_resolved), f64::from(figures.critical));
        let finding = SOMEBODY_ANSWERS.fail(message, "name owners for the others");
        found.push(finding.measured(measured.0, measured.1, Unit::Count));
    }
    let least = case.policy.release.gate.group_size;
    let small = figures.groups.iter().filter(|(_, members)| *members < least);
    let small: Vec<&str> = small.map(|(team, _)| team.as_str()).collect();
    if !small.is_empty() {
        let message = format!("teams with fewer than {least} active members: {}", listed(&small));
        let finding = SOMEBODY_ANSWERS.fail(message, "add people to them");
        found.push(finding.evidence(small.into_iter().take(MAX_CITED)));
    }
    if figures.on_call_gaps > 0 {
        let message = format!("stretches of time without anybody on call: {}", figures.on_call_gaps);
        found.push(SOMEBODY_ANSWERS.fail(message, "fill the on-call schedule"));
    }
    worst(found, || SOMEBODY_ANSWERS.pass("every Critical alert reaches somebody"))
}
