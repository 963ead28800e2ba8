//! `[backup.NAME]` and `[backups]`: what is backed up, and the numbers that hold for every plan.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::{owner, roster};
use crate::backup::plan::{Health, Key, MAX_SOURCES, Plan, Repository, Source};
use crate::backup::retention::{Counts, MAX_KEPT, Retention};
use crate::backup::schedule::{Schedule, Slot, Times};
use crate::backup::{BackupPolicy, Backups, MAX_PLANS};
use crate::document::{CONTRADICTION, Section, UNRESOLVED, WRONG_VALUE};
use crate::id::{BackupId, ServiceId, TeamId};
use crate::policy::Service;
use crate::roster::Roster;
use crate::time::Span;
use crate::vocabulary::nearest;

const MINUTE: Span = Span::from_secs(60);
const HOUR: Span = Span::from_secs(3_600);
const DAY: Span = Span::from_secs(86_400);

pub(super) fn read(root: &Section<'_>, roster: &Roster, services: &BTreeMap<ServiceId, Service>) -> Backups {
    let policy = policy(root.section("backups"));
    let sections = root.named_sections::<BackupId>("backup");
    if sections.len() > MAX_PLANS {
        let message = format!("{} backup plans are too many", sections.len());
        root.problem(Some("backup"), WRONG_VALUE, message, &format!("keep at most {MAX_PLANS}"));
        return Backups { policy, plans: BTreeMap::new() };
    }
    let plans = sections.into_iter().filter_map(|(id, section)| {
        plan(id.clone(), section, roster, services, &policy).map(|plan| (id, plan))
    });
    Backups { plans: plans.collect(), policy }
}

fn policy(section: Section<'_>) -> BackupPolicy {
    let default = BackupPolicy::default();
    let within = |key, range: RangeInclusive<Span>, default| section.span(key, range).unwrap_or(default);
    let policy = BackupPolicy {
        verify_every: within("verify_every", HOUR..=DAY.times(31), default.verify_every),
        reread_every: within("reread_every", DAY..=DAY.times(366), default.reread_every),
        drill_every: within("drill_every", DAY..=DAY.times(366), default.drill_every),
        drill_every_sev1: within("drill_every_sev1", DAY..=DAY.times(366), default.drill_every_sev1),
        grace: within("grace", MINUTE..=DAY, default.grace),
        longest_run: within("longest_run", HOUR..=DAY.times(31), default.longest_run),
        stale_after: within("stale_after", MINUTE..=DAY.times(31), default.stale_after),
    };
    section.finish();
    policy
}

fn plan(
    id: BackupId,
    section: Section<'_>,
    roster: &Roster,
    services: &BTreeMap<ServiceId, Service>,
    policy: &BackupPolicy,
) -> Option<Plan> {
    let service = service(&section, services);
    let severity =
        section.required("severity", "say what incident the loss of the data would be, such as SEV-1");
    let owner = owner(&section, roster);
    let sources = section.list::<Source>("sources");
    if sources.is_empty() || sources.len() > MAX_SOURCES {
        let message = format!("{} sources are no data set", sources.len());
        section.problem(
            Some("sources"),
            WRONG_VALUE,
            message,
            "name 1 to 64: `sources = [\"/var/lib/orders\"]`",
        );
    }
    let schedule = schedule(&section);
    let repository = section.required::<Repository>("repository", "say where backups go");
    let key =
        section.required::<Key>("key", "say where the key lies that encrypts it: `{file=/etc/backup.key}`");
    let access = access(&section, roster);
    let retention = retention(&section);
    let rpo = needed(&section, "rpo", "say how much of the newest data may be lost, such as `rpo = \"24h\"`");
    let rto = needed(&section, "rto", "say how long recovery may take, such as `rto = \"1h\"`");
    let health =
        section.required::<Health>("health", "name the command that shows that restored data is usable");
    let verify_every = section.span("verify_every", MINUTE..=policy.verify_every);
    let rarest = severity.map_or(policy.drill_every, |severity| policy.drill_every(severity));
    let drill_every = section.span("drill_every", DAY.min(rarest)..=rarest);
    keeps_its_word(&section, schedule.as_ref(), rpo, verify_every);
    section.finish();
    let rpo = rpo?;
    Some(Plan {
        id,
        service: service?,
        severity: severity?,
        owner: owner?,
        sources: sources.into_iter().collect(),
        schedule: schedule?,
        repository: repository?,
        key: key?,
        access,
        retention: retention?,
        rpo,
        rto: rto?,
        verify_every: verify_every.unwrap_or(policy.verify_every.min(rpo)),
        drill_every: drill_every.unwrap_or(rarest),
        health: health?,
    })
}

fn needed(section: &Section<'_>, key: &'static str, remedy: &str) -> Option<Span> {
    if !section.has(key) {
        section.missing(key, remedy);
    }
    section.span(key, MINUTE..=DAY.times(31))
}

fn service(section: &Section<'_>, services: &BTreeMap<ServiceId, Service>) -> Option<ServiceId> {
    let id = section.required::<ServiceId>("service", "name the service whose data it is")?;
    if services.contains_key(&id) {
        return Some(id);
    }
    let remedy = match nearest(services.keys().map(ServiceId::as_str), id.as_str()) {
        Some(service) => format!("did you mean `{service}`? or declare [service.{id}]"),
        None => format!("declare [service.{id}]"),
    };
    section.problem(Some("service"), UNRESOLVED, format!("no service is called `{id}`"), &remedy);
    None
}

fn access(section: &Section<'_>, roster: &Roster) -> std::collections::BTreeSet<TeamId> {
    let named = section.list::<TeamId>("access");
    if named.is_empty() {
        section.missing(
            "access",
            "name the teams that may reach the repository: `access = [\"platform-operations\"]`",
        );
    }
    named.into_iter().filter(|id| roster::is_declared(section, "access", id, roster)).collect()
}

fn schedule(section: &Section<'_>) -> Option<Schedule> {
    let every = section.span("every", MINUTE.times(5)..=DAY.times(7)).map(Schedule::Every);
    let slots = section.list::<Slot>("at");
    match (section.has("every"), section.has("at")) {
        (true, false) => every,
        (false, true) => Times::try_from(slots).map(Schedule::At).map_or_else(
            |error| {
                section.problem(
                    Some("at"),
                    WRONG_VALUE,
                    error.to_string(),
                    "write times such as `at = [\"02:30\"]`",
                );
                None
            },
            Some,
        ),
        (false, false) => {
            section.missing("every", "say when backups are taken: `every = \"6h\"` or `at = [\"02:30\"]`");
            None
        }
        (true, true) => {
            section.problem(Some("at"), CONTRADICTION, "`every` and `at` are both there", "keep one");
            None
        }
    }
}

fn retention(section: &Section<'_>) -> Option<Retention> {
    let keep = section.section("keep");
    let count = |key| {
        let count = keep.integer(key, 0..=u64::from(MAX_KEPT)).unwrap_or_default();
        u32::try_from(count).unwrap_or(MAX_KEPT)
    };
    let counts = Counts {
        last: count("last"),
        hourly: count("hourly"),
        daily: count("daily"),
        weekly: count("weekly"),
        monthly: count("monthly"),
        yearly: count("yearly"),
    };
    let declared = keep.exists();
    keep.finish();
    if !declared {
        if !section.has("keep") {
            section.missing("keep", "say which backups are kept: `keep = { daily = 7, monthly = 12 }`");
        }
        return None;
    }
    let retention = Retention::try_from(counts).ok();
    if retention.is_none() {
        let message = "the retention keeps nothing";
        section.problem(Some("keep"), CONTRADICTION, message, "keep at least one, such as `daily = 7`");
    }
    retention
}

/// A recovery point that schedule or checks can't keep would be broken from the first day on.
fn keeps_its_word(
    section: &Section<'_>,
    schedule: Option<&Schedule>,
    rpo: Option<Span>,
    verify_every: Option<Span>,
) {
    let Some(rpo) = rpo else { return };
    if let Some(gap) = schedule.map(Schedule::longest_gap).filter(|gap| *gap >= rpo) {
        let message = format!("backups are up to {gap} apart, and at most {rpo} of data may be lost");
        section.problem(
            Some("rpo"),
            CONTRADICTION,
            message,
            "leave time for the run and its check: take backups more often, or raise `rpo`",
        );
    }
    if let Some(every) = verify_every.filter(|every| *every > rpo) {
        let message =
            format!("a backup is good only once it was checked, up to {every} later, and `rpo` is {rpo}");
        section.problem(Some("verify_every"), CONTRADICTION, message, "check more often, or raise `rpo`");
    }
}

#[cfg(test)]
mod tests;
