//! The judgement over a plan: could the data set be recovered if it were lost now? Each rule is judged from what is known,
//! in a fixed order; what nobody knows is undetermined, and what should have been done by now is a failure.

use super::BackupPolicy;
use super::drill::{AS_WRITTEN, Drill, End, Passed};
use super::due::{Due, Standing, due};
use super::evidence::{Evidence, Observed, Run};
use super::plan::Plan;
use super::procedure::Procedure;
use super::verify::{Found, damage, last_intact, newest_good};
use crate::decision::{Basis, Decision};
use crate::finding::Finding;
use crate::id::Digest128;
use crate::rule::Rule;
use crate::signal::metric::Unit;
use crate::time::{Span, Timestamp};

crate::rules! {
    /// A backup should have begun by now and none did, or every run failed or got stuck. Look at the last run's messages on
    /// the node that takes it, and take a backup.
    SCHEDULED = "EAVIP-Q01", "backups are taken when they are due", "Automated backups scheduled";
    /// The newest backup that is known to be good holds data from too long ago: what was written since would be lost. Take
    /// a backup and check it.
    RECOVERABLE = "EAVIP-Q02", "the newest good backup lies within the recovery point objective", "Automated backups scheduled";
    /// No check of the repository is recent enough, the last one couldn't be carried out, or one found damage that no later
    /// check found mended. Until then no backup is good. Check the repository; after damage take a new backup elsewhere first.
    VERIFIED = "EAVIP-Q03", "the repository is checked and intact", "Backup integrity verified";
    /// Bytes that nobody reads may have been lost long ago. Let a check read the parts that are missing.
    REREAD = "EAVIP-Q04", "every byte is read again within a month", "Backup integrity verified";
    /// What lies in the repository isn't encrypted, or nobody looked of late. Move it to an encrypted repository, destroy the
    /// readable one, and treat what it held as disclosed.
    ENCRYPTED = "EAVIP-Q05", "backups are encrypted where they lie", "Backups are encrypted and access-controlled.";
    /// Somebody can reach the repository who isn't of the plan's teams, or nobody looked of late. Take the access away, or
    /// declare the team.
    ACCESS = "EAVIP-Q06", "only the declared teams reach a repository", "Backups are encrypted and access-controlled.";
    /// No drill passed within the cadence, or the last one failed. A backup that nobody has restored is a hope. Conduct a
    /// drill; after a failed one mend what it showed first.
    DRILLED = "EAVIP-Q20", "recovery is drilled", "Periodic recovery drills conducted";
    /// The last drill took longer than the recovery time objective that is declared now. Make recovery faster, or declare an
    /// objective that can be kept.
    IN_TIME = "EAVIP-Q21", "a drill recovers within the recovery time objective", "Periodic recovery drills conducted";
}

/// Most accounts that a finding names; the others are counted.
pub const MAX_NAMED: usize = 20;

/// Whether a data set could be recovered: schedule, recovery point, integrity, encryption, access and drills.
///
/// ```
/// use eavip_core::backup::evidence::Evidence;
/// use eavip_core::backup::{BackupPolicy, assess};
/// use eavip_core::decision::Verdict;
/// use eavip_core::mode::Mode;
/// use eavip_core::policy::{Policy, Source};
///
/// let text = r#"
/// [service.orders]
/// owner = "platform-operations"
///
/// [backup.orders]
/// service = "orders"
/// severity = "SEV-1"
/// owner = "platform-operations"
/// sources = ["/var/lib/orders"]
/// at = ["02:30"]
/// repository = "sftp:vault.example.com:/orders"
/// key = "{file=/etc/eavip/orders.key}"
/// access = ["platform-operations"]
/// keep = { daily = 7, monthly = 12 }
/// rpo = "30h"
/// rto = "1h"
/// health = "orders-smoke-test"
/// "#;
/// let policy = Policy::load(&[Source::new("runbook.toml", text)]).unwrap();
/// let plan = &policy.backups.plans["orders"];
///
/// let since = "2026-01-01T00:00:00Z".parse().unwrap();
/// let nothing =
///     Evidence { mode: Mode::Saas, since, backups: vec![], checks: vec![], drills: vec![], repository: None };
/// let after_a_day = "2026-01-02T00:00:00Z".parse().unwrap();
/// let decision = assess(plan, &nothing, &policy.backups.policy, after_a_day);
/// assert_eq!(decision.verdict, Verdict::Deny);
/// assert_eq!(decision.findings[0].message, "there was no backup; one was due by 2026-01-01T01:00:00.000Z");
/// ```
#[must_use]
pub fn assess(plan: &Plan, evidence: &Evidence, policy: &BackupPolicy, now: Timestamp) -> Decision {
    let owner = plan.owner.in_mode(evidence.mode);
    let [backup, verification, reread, drill] = due(plan, evidence, policy, now);
    let findings = [
        scheduled(evidence, backup, now),
        recoverable(plan, evidence, now),
        verified(evidence, verification, now),
        kept_up(&REREAD, reread, now, "reading of every byte", "let a check read the parts that are missing"),
        observed(&ENCRYPTED, evidence, policy, now, |seen| {
            let message = "what lies in the repository is not encrypted";
            let remedy = "move it to an encrypted repository and treat what it held as disclosed";
            (!seen.encrypted).then(|| ENCRYPTED.fail(message, remedy))
        }),
        observed(&ACCESS, evidence, policy, now, |seen| strangers(plan, seen)),
        drilled(plan, evidence, policy, drill, now),
        in_time(plan, evidence, now),
        as_written(plan, evidence, now),
    ];
    let findings = findings.into_iter().map(|finding| finding.owned_by(owner)).collect();
    let basis = Basis {
        policy: Digest128::of_value(&(plan, policy)),
        evidence: Digest128::of_value(evidence),
        at: now,
    };
    Decision::over(findings, basis)
}

fn within(finding: Finding, age: Span, limit: Span) -> Finding {
    finding.measured(age.as_secs_f64(), limit.as_secs_f64(), Unit::Seconds)
}

/// The outcome of a duty: what is overdue fails, what was done of late passes, and else nobody knows yet.
fn kept_up(rule: &Rule, due: Due, now: Timestamp, what: &str, remedy: &str) -> Finding {
    let last = match due.last {
        Some(last) => format!("the last {what} was at {last}"),
        None => format!("there was no {what}"),
    };
    let enough = due.enough_until.is_some_and(|until| now <= until);
    let finding = if due.standing(now) == Standing::Overdue {
        rule.fail(format!("{last}; one was due by {}", due.by), remedy)
    } else if enough {
        rule.pass(last)
    } else {
        rule.undetermined(format!("{last}; one is due by {}", due.by), remedy)
    };
    let from = due.last.unwrap_or(due.at);
    within(finding, now.since(from), due.by.since(from))
}

fn scheduled(evidence: &Evidence, due: Due, now: Timestamp) -> Finding {
    const REMEDY: &str = "look at the last run's messages, and take a backup";
    let mut finding = kept_up(&SCHEDULED, due, now, "backup", REMEDY);
    let newest = evidence.backups.iter().max_by_key(|backup| (backup.started_at, &backup.id));
    if let Some(failed) = newest.filter(|backup| matches!(backup.run, Run::Failed { .. })) {
        finding.message += &format!("; the run `{}` failed", failed.id);
        finding = finding.evidence([&failed.id]);
    }
    finding
}

fn recoverable(plan: &Plan, evidence: &Evidence, now: Timestamp) -> Finding {
    const REMEDY: &str = "take a backup and check it";
    let good = newest_good(evidence, now);
    let age = now.since(good.map_or(evidence.since, |good| good.started_at));
    let message = match good {
        Some(_) => format!("the newest good backup holds data of {age} ago"),
        None => "no backup is known to be good".to_owned(),
    };
    let finding = if good.is_some() && age <= plan.rpo {
        RECOVERABLE.pass(message)
    } else if now.since(evidence.since) <= plan.rpo {
        RECOVERABLE.undetermined(message, REMEDY)
    } else {
        RECOVERABLE.fail(message, REMEDY)
    };
    within(finding.evidence(good.map(|good| &good.id)), age, plan.rpo)
}

fn verified(evidence: &Evidence, due: Due, now: Timestamp) -> Finding {
    const REMEDY: &str = "check the repository";
    if let Some(damaged) = damage(&evidence.checks, now) {
        let part = damaged.read.map_or(String::new(), |part| format!(" reading part {part}"));
        let message = format!("the check of {}{part} found damage that none found mended since", damaged.at);
        return VERIFIED
            .fail(message, "take a new backup elsewhere, then mend the repository and check it again");
    }
    let finding = kept_up(&VERIFIED, due, now, "check that found the repository intact", REMEDY);
    let last = last_intact(&evidence.checks, now);
    let error = evidence.checks.iter().filter(|check| check.found == Found::Error && Some(check.at) > last);
    match error.map(|check| check.at).max() {
        Some(at) if due.standing(now) != Standing::Overdue => {
            VERIFIED.undetermined(format!("the check of {at} could not be carried out"), REMEDY)
        }
        _ => finding,
    }
}

/// What is bad stays bad until somebody looks again; what is good is believed for a while.
fn observed(
    rule: &Rule,
    evidence: &Evidence,
    policy: &BackupPolicy,
    now: Timestamp,
    bad: impl Fn(&Observed) -> Option<Finding>,
) -> Finding {
    const REMEDY: &str = "let the node that takes the backups report on the repository";
    let Some(seen) = &evidence.repository else {
        return rule.undetermined("nobody has looked at the repository", REMEDY);
    };
    if let Some(finding) = bad(seen) {
        return finding;
    }
    let (age, limit) = (now.since(seen.at), policy.stale_after);
    let finding = if seen.at > now {
        rule.undetermined(format!("the last look at the repository lies ahead, at {}", seen.at), REMEDY)
    } else if age > limit {
        rule.undetermined(format!("the last look at the repository was {age} ago"), REMEDY)
    } else if seen.principals.is_empty() {
        rule.undetermined("the repository was seen without anybody who can reach it", REMEDY)
    } else {
        rule.pass(format!("seen so at {}", seen.at))
    };
    within(finding, age, limit)
}

fn strangers(plan: &Plan, seen: &Observed) -> Option<Finding> {
    let declared = |team| plan.access.contains(team);
    let strangers = seen.principals.iter().filter(|one| !one.team.as_ref().is_some_and(declared));
    let names: Vec<&str> = strangers.map(|one| one.name.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    let message =
        format!("{} of the accounts that can reach the repository belong to no declared team", names.len());
    let remedy = "take their access away, or declare their team under `access`";
    let counted = ACCESS.fail(message, remedy).measured(names.len() as f64, 0.0, Unit::Count);
    Some(counted.evidence(names.into_iter().take(MAX_NAMED)))
}

/// The last drill of the plan that passed, with how it did.
fn last_passed<'e>(plan: &Plan, evidence: &'e Evidence, now: Timestamp) -> Option<(&'e Drill, &'e Passed)> {
    let own = evidence.drills.iter().filter(|drill| drill.opening.plan == plan.id);
    let passed = own.filter_map(|drill| drill.passed().map(|passed| (drill, passed)));
    passed.filter(|(_, passed)| passed.at <= now).max_by_key(|(drill, passed)| (passed.at, drill.opening.id))
}

/// When a drill is known to have failed: it ended so, or it has been running for too long.
fn failed_at(drill: &Drill, policy: &BackupPolicy, now: Timestamp) -> Option<Timestamp> {
    match (&drill.ended, &drill.started) {
        (Some(End::Passed(_)), _) => None,
        (Some(end), _) => Some(end.at()),
        (None, Some(start)) => {
            (now.since(start.at) > policy.longest_run).then(|| start.at + policy.longest_run)
        }
        (None, None) => None,
    }
}

fn drilled(plan: &Plan, evidence: &Evidence, policy: &BackupPolicy, due: Due, now: Timestamp) -> Finding {
    let own = evidence.drills.iter().filter(|drill| drill.opening.plan == plan.id);
    let failed = own.filter_map(|drill| failed_at(drill, policy, now).map(|at| (at, drill)));
    let failed = failed.max_by_key(|(at, drill)| (*at, drill.opening.id));
    if let Some((at, drill)) = failed.filter(|(at, _)| Some(*at) >= due.last) {
        let cause = match &drill.ended {
            Some(End::Failed { cause, .. }) => cause.as_str(),
            Some(_) => "abandoned",
            None => "still running",
        };
        let message = format!("the drill of {at} failed: {cause}");
        return DRILLED
            .fail(message, "remove what was restored, mend what the drill showed, and conduct another")
            .evidence([drill.opening.id]);
    }
    kept_up(&DRILLED, due, now, "drill that passed", "conduct a drill")
}

fn in_time(plan: &Plan, evidence: &Evidence, now: Timestamp) -> Finding {
    let Some((drill, passed)) = last_passed(plan, evidence, now) else {
        return IN_TIME.undetermined("no drill has measured how long recovery takes", "conduct a drill");
    };
    let message = format!("recovery took {}", passed.measured);
    let finding = if passed.measured > plan.rto {
        IN_TIME.fail(message, "make recovery faster, or declare an objective that can be kept")
    } else {
        IN_TIME.pass(message)
    };
    within(finding.evidence([drill.opening.id]), passed.measured, plan.rto)
}

fn as_written(plan: &Plan, evidence: &Evidence, now: Timestamp) -> Finding {
    let Some((drill, _)) = last_passed(plan, evidence, now) else {
        return AS_WRITTEN.undetermined("no drill has followed the restore procedure", "conduct a drill");
    };
    let finding = if drill.opening.procedure == Procedure::of(plan).digest() {
        AS_WRITTEN.pass("the last drill followed the procedure as it is written now")
    } else {
        let message = "the restore procedure has changed since it was last rehearsed";
        AS_WRITTEN.undetermined(message, "conduct a drill with the new one")
    };
    finding.evidence([drill.opening.id])
}

#[cfg(test)]
mod tests;
