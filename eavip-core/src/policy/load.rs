//! From declared text to a checked policy: reads every section, resolves names between them, and keeps going after a
//! mistake so that all are told at once.

mod access_review;
mod alerting;
mod anti_pattern;
mod audit;
mod backup;
mod config;
mod deployment;
mod flag;
mod incident;
mod on_call;
mod release;
mod responsibility;
mod rollout;
mod roster;
mod route;
mod slo;
mod trend;

use std::collections::{BTreeMap, BTreeSet};

use self::roster::team;
use super::lint::{self, Pages};
use super::{MAX_RULES, Parts, Policy, Service};
use crate::alert::owner::{Owner, OwnerEntry, OwnerMap};
use crate::alert::rule::{AlertRule, Condition};
use crate::document::{CONTRADICTION, Document, Merge, Problem, Section, Source, WRONG_VALUE};
use crate::environment::Environment;
use crate::id::{AlertRuleId, Digest128, ReceiverId, ServiceId};
use crate::labels::Labels;
use crate::mode::Mode;
use crate::roster::Roster;
use crate::signal::health::Objectives;
use crate::signal::indicator::{Derived, Indicator};
use crate::signal::metric::{Kind, Unit};
use crate::time::Span;

pub(super) fn load(
    sources: &[Source],
    known_receivers: Option<&BTreeSet<ReceiverId>>,
) -> Result<Policy, Vec<Problem>> {
    let document = document(sources);
    let parts = read(document.root(), known_receivers);
    let problems = document.into_problems();
    if problems.is_empty() { Ok(Policy::assemble(parts, digest(sources))) } else { Err(problems) }
}

pub(super) fn lint(sources: &[Source], pages: Option<&Pages>) -> Result<Policy, Vec<Problem>> {
    let document = document(sources);
    let policy = Policy::assemble(read(document.root(), None), digest(sources));
    let mut of_pages = Vec::new();
    // What can't be read isn't there to be looked at: its absence would be told a second time.
    if document.is_sound() {
        lint::look(&policy, &document);
        of_pages = pages.map_or_else(Vec::new, |pages| lint::look_at_pages(&policy, &document, pages));
    }
    let mut problems = document.into_problems();
    problems.append(&mut of_pages);
    if problems.is_empty() { Ok(policy) } else { Err(problems) }
}

fn document(sources: &[Source]) -> Document {
    let builtin = [Source::new("built-in policy", super::BUILTIN)];
    Document::parse(&[(&builtin, Merge::Unique), (sources, Merge::Unique)])
}

fn digest(sources: &[Source]) -> Digest128 {
    let texts = sources.iter().map(|source| source.text.as_bytes());
    Digest128::of(std::iter::once(super::BUILTIN.as_bytes()).chain(texts))
}

pub(super) fn schema() -> serde_json::Value {
    Document::schema(|root| drop(read(root, None)))
}

/// Reads every section.
fn read(root: Section<'_>, known_receivers: Option<&BTreeSet<ReceiverId>>) -> Parts {
    let roster = roster::read(&root);
    let objectives = objectives(root.section("objectives"), Objectives::default());
    let services = services(&root, &roster, &objectives);
    let owners = owners(&root, &roster);
    let alerting = alerting::read(&root, &roster);
    let routes = route::read(&root, &alerting.grouping, known_receivers);
    let on_call = on_call::read(&root, &roster);
    let mut rules = rules(&root, &roster);
    rules.sort_by(|a: &AlertRule, b: &AlertRule| a.id.cmp(&b.id));
    let release = release::read(&root, &roster);
    let rollout = rollout::read(&root);
    let capacity = rollout::capacity(&root);
    let flags = flag::read(&root, &roster);
    let backups = backup::read(&root, &roster, &services);
    let audit = audit::read(root.section("audit"));
    let incident = incident::read(&root);
    let trend = trend::read(&root);
    let access_review = access_review::read(root.section("access_review"));
    let anti_pattern = anti_pattern::read(root.section("anti_pattern"));
    let config = config::read(&root);
    let deployments = deployment::read(&root, &roster, &services);
    let responsibilities = responsibility::read(&root);
    let slo = slo::read(&root, &services);
    root.finish();
    Parts {
        roster,
        services,
        owners,
        routes,
        rules,
        objectives,
        alerting,
        on_call,
        release,
        flags,
        backups,
        audit,
        incident,
        trend,
        rollout,
        capacity,
        access_review,
        anti_pattern,
        config,
        deployments,
        responsibilities,
        slo,
    }
}

fn objectives(section: Section<'_>, default: Objectives) -> Objectives {
    let found = Objectives {
        availability: section.number("availability", 0.5..=0.999_999).unwrap_or(default.availability),
        error_ratio: section.number("error_ratio", 0.000_001..=0.5).unwrap_or(default.error_ratio),
        latency_p99: section.text("latency_p99").unwrap_or(default.latency_p99),
        backlog_age: section.text("backlog_age").unwrap_or(default.backlog_age),
    };
    section.finish();
    found
}

fn services(root: &Section<'_>, roster: &Roster, default: &Objectives) -> BTreeMap<ServiceId, Service> {
    let read = |(id, section): (ServiceId, Section<'_>)| {
        let owner = team(&section, "owner", roster, "name the team that runs the service");
        let stateless = section.flag("stateless").unwrap_or(false);
        let objectives = objectives(section.section("objectives"), *default);
        section.finish();
        Some((id, Service { owner: owner?, stateless, objectives }))
    };
    root.named_sections("service").into_iter().filter_map(read).collect()
}

fn owners(root: &Section<'_>, roster: &Roster) -> OwnerMap {
    let mut map = OwnerMap::default();
    for section in root.listed_sections("owner") {
        let matchers = matchers(&section);
        let team = team(&section, "team", roster, "name the team that owns what matches");
        let runbook = section.text("runbook");
        if matchers.is_empty() {
            let message = "an owner for everything is an owner of nothing";
            section.problem(None, CONTRADICTION, message, "add `match = { … }` with at least one label");
        }
        section.finish();
        map.entries.extend(team.map(|team| OwnerEntry { matches: matchers, team, runbook }));
    }
    for (environment, section) in root.named_sections::<Environment>("environment") {
        if let Some(owner) = owner(&section, roster) {
            for mode in Mode::ALL {
                map.environments.insert((environment, *mode), owner.in_mode(*mode).clone());
            }
        }
        section.finish();
    }
    map
}

/// `owner = "team"`, or a team for each mode.
fn owner(section: &Section<'_>, roster: &Roster) -> Option<Owner> {
    const WHY: &str = "name the team that acts: `owner = \"platform-operations\"`";
    if !section.is_table("owner") {
        return team(section, "owner", roster, WHY).map(Owner::Everywhere);
    }
    let by_mode = section.section("owner");
    let why = "name a team for each mode: saas, byoc and on-prem";
    let saas = team(&by_mode, "saas", roster, why);
    let byoc = team(&by_mode, "byoc", roster, why);
    let on_prem = team(&by_mode, "on-prem", roster, why);
    by_mode.finish();
    Some(Owner::ByMode { saas: saas?, byoc: byoc?, on_prem: on_prem? })
}

fn matchers(section: &Section<'_>) -> Labels {
    Labels::new(section.pairs("match")).unwrap_or_else(|error| {
        section.problem(Some("match"), WRONG_VALUE, error.to_string(), "correct the labels");
        Labels::default()
    })
}

fn rules(root: &Section<'_>, roster: &Roster) -> Vec<AlertRule> {
    let sections = root.named_sections::<AlertRuleId>("alert");
    if sections.len() > MAX_RULES {
        let message = format!("{} alert rules are too many", sections.len());
        root.problem(Some("alert"), WRONG_VALUE, message, &format!("keep at most {MAX_RULES}"));
        return Vec::new();
    }
    sections.into_iter().filter_map(|(id, section)| rule(id, section, roster)).collect()
}

fn rule(id: AlertRuleId, section: Section<'_>, roster: &Roster) -> Option<AlertRule> {
    let enabled = section.flag("enabled").unwrap_or(true);
    let category = section.required("category", "say how urgent it is: informational, warning or critical");
    let owner = owner(&section, roster);
    let action = section.required("action", "say in one sentence what the operator does first");
    let runbook = section.required("runbook", "name the page where it is written, such as `disk-full`");
    let indicator = section.required("indicator", "say what is watched, such as `disk_used_ratio`");
    let indicator = indicator.and_then(|indicator| comparable(&section, indicator));
    let condition = condition(&section, indicator);
    let hold_for = section.text("for").unwrap_or(Span::ZERO);
    let keep_firing_for = section.text("keep_firing_for").unwrap_or(Span::ZERO);
    let least_requests = section.number("least_requests", 0.0..=1e12);
    if least_requests.is_some() && indicator.is_some_and(|i| i != Indicator::Derived(Derived::ErrorRatio)) {
        let message = "`least_requests` says nothing about this indicator";
        section.problem(
            Some("least_requests"),
            CONTRADICTION,
            message,
            "remove it; it goes with error_ratio",
        );
    }
    let matchers = matchers(&section);
    section.finish();
    let rule = AlertRule {
        id,
        category: category?,
        owner: owner?,
        action: action?,
        runbook: runbook?,
        indicator: indicator?,
        condition: condition?,
        hold_for,
        keep_firing_for,
        least_requests: least_requests.unwrap_or(1.0),
        matchers,
    };
    enabled.then_some(rule)
}

/// A histogram has no single value to compare.
fn comparable(section: &Section<'_>, indicator: Indicator) -> Option<Indicator> {
    match indicator {
        Indicator::Metric(metric) if metric.kind() == Kind::Histogram => {
            let message = format!("`{metric}` is a distribution and has no single value");
            section.problem(
                Some("indicator"),
                CONTRADICTION,
                message,
                "watch latency_p99_seconds or its like",
            );
            None
        }
        indicator => Some(indicator),
    }
}

fn condition(section: &Section<'_>, indicator: Option<Indicator>) -> Option<Condition> {
    const ANY: std::ops::RangeInclusive<f64> = -1e15..=1e15;
    let (above, below) = (section.number("above", ANY), section.number("below", ANY));
    let clear = section.number("clear", ANY);
    let key = if above.is_some() { "above" } else { "below" };
    let bad = |clear: f64| above.is_some_and(|fire| clear > fire) || below.is_some_and(|fire| clear < fire);
    // Who moves a built-in threshold past its built-in `clear` didn't write that one: it gives way.
    let clear = clear.filter(|clear| !(bad(*clear) && section.is_inherited("clear", key)));
    let (fire, condition) = match (above, below) {
        (Some(fire), None) => (fire, Condition::Above { fire, clear: clear.unwrap_or(fire) }),
        (None, Some(fire)) => (fire, Condition::Below { fire, clear: clear.unwrap_or(fire) }),
        (None, None) => {
            if !section.has("above") && !section.has("below") {
                section.missing("above", "say which values are bad: `above = 0.9` or `below = 1.0`");
            }
            return None;
        }
        (Some(_), Some(_)) => {
            let message = "`above` and `below` are both there";
            section.problem(
                Some("below"),
                CONTRADICTION,
                message,
                "keep one; write two rules for two limits",
            );
            return None;
        }
    };
    if clear.is_some_and(bad) {
        let message = "`clear` lies on the bad side of the threshold";
        let side = if key == "above" { "below" } else { "above" };
        section.problem(Some("clear"), CONTRADICTION, message, &format!("clear at or {side} `{key}`"));
    }
    can_fire_and_clear(section, key, fire, clear.unwrap_or(fire), indicator?.unit());
    Some(condition)
}

/// A threshold beyond the unit's range can never be passed, or is always; a rule that is always bad is noise.
fn can_fire_and_clear(section: &Section<'_>, key: &'static str, fire: f64, clear: f64, unit: Unit) {
    let (least, most) = match unit {
        Unit::Ratio | Unit::Bool => (0.0, 1.0),
        Unit::Bytes | Unit::BytesPerSecond | Unit::Count => (0.0, f64::INFINITY),
        // A clock's offset and a certificate's remaining time can be negative.
        Unit::Seconds => (f64::NEG_INFINITY, f64::INFINITY),
    };
    let (never, always, stuck) = match key {
        "above" => (fire >= most, fire < least, clear < least),
        _ => (fire <= least, fire > most, clear > most),
    };
    let (at, what) = match (never, always, stuck) {
        (true, ..) => (key, format!("`{key} = {fire}` can never be")),
        (_, true, _) => (key, format!("`{key} = {fire}` is always so")),
        (_, _, true) => ("clear", format!("`clear = {clear}` can never be reached")),
        _ => return,
    };
    let range = if most.is_finite() { "from 0 to 1" } else { "0 or more" };
    let message = format!("{what}: the value is {range}");
    section.problem(Some(at), CONTRADICTION, message, "use a threshold within that range");
}
