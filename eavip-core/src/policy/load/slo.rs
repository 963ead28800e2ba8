//! `[slo.NAME]`: objectives, whose target is the service's own where none is written; `[burn.NAME]`: the burn rules.

use std::collections::BTreeMap;

use super::deployment::is_service;
use crate::document::{CONTRADICTION, Section, WRONG_VALUE};
use crate::id::{ObjectiveId, ServiceId};
use crate::policy::Service;
use crate::signal::health::Objectives;
use crate::slo::burn::BurnRule;
use crate::slo::{
    BelowFloor, BelowKind, Declared, Floor, MAX_OBJECTIVES, MAX_WINDOW, MIN_WINDOW, Measure, MeasureKind,
    Objective, REFERENCE_WINDOW, SloPolicy,
};
use crate::time::Span;

pub(super) fn read(root: &Section<'_>, services: &BTreeMap<ServiceId, Service>) -> SloPolicy {
    let default = SloPolicy::default();
    let burn = root.section("burn");
    let rules = default.rules.into_iter().map(|rule| burn_rule(&burn, rule)).collect();
    let stale_after = burn.span("stale_after", Span::from_secs(60)..=Span::from_secs(3_600));
    let stale_after = stale_after.unwrap_or(default.stale_after);
    burn.finish();
    let sections = root.named_sections::<ObjectiveId>("slo");
    if sections.len() > MAX_OBJECTIVES {
        let message = format!("{} objectives are too many", sections.len());
        root.problem(Some("slo"), WRONG_VALUE, message, &format!("keep at most {MAX_OBJECTIVES}"));
        return SloPolicy { objectives: BTreeMap::new(), rules, stale_after };
    }
    let objective = |(id, section): (ObjectiveId, Section<'_>)| {
        let found = objective(&section, services);
        section.finish();
        found.map(|found| (id, found))
    };
    let objectives = sections.into_iter().filter_map(objective).collect();
    SloPolicy { objectives, rules, stale_after }
}

fn burn_rule(burn: &Section<'_>, rule: BurnRule) -> BurnRule {
    let section = burn.section(rule.alert.as_str());
    let within = |key| section.span(key, Span::from_secs(60)..=MIN_WINDOW);
    let found = BurnRule {
        alert: rule.alert,
        long: within("long").unwrap_or(rule.long),
        short: within("short").unwrap_or(rule.short),
        burn: section.number("burn", 1.0..=1_000.0).unwrap_or(rule.burn),
    };
    if found.short >= found.long {
        let message =
            format!("the short window of {} isn't shorter than the long one of {}", found.short, found.long);
        let key = if section.has("short") { "short" } else { "long" };
        section.problem(Some(key), CONTRADICTION, message, "a twelfth of the long one is usual");
    }
    section.finish();
    found
}

fn objective(section: &Section<'_>, services: &BTreeMap<ServiceId, Service>) -> Option<Declared> {
    let service: Option<ServiceId> = section.required("service", "name the service that keeps it");
    let service = service.filter(|id| is_service(section, "service", id, services));
    let measure = section.required("measure", "say what is counted: availability, errors or latency");
    let goal = service.as_ref().and_then(|id| services.get(id)).map(|service| service.objectives);
    let goal = goal.unwrap_or_default();
    let measure = measure.map(|word| self::measure(section, word, &goal));
    let target = section.number("target", 0.5..=0.999_999);
    let window = section.span("window", MIN_WINDOW..=MAX_WINDOW);
    let floor = floor(section);
    let measure = measure?;
    let objective = Objective {
        measure,
        target: target.unwrap_or_else(|| own_target(measure, &goal)),
        window: window.unwrap_or(REFERENCE_WINDOW),
        floor: floor?,
    };
    Some(Declared { service: service?, objective })
}

fn measure(section: &Section<'_>, word: MeasureKind, goal: &Objectives) -> Measure {
    const LEAST: Span = Span::from_millis(1);
    const MOST: Span = Span::from_secs(3_600);
    let within = section.span("within", LEAST..=MOST);
    let other = match word {
        MeasureKind::Latency => return Measure::Latency { within: within.unwrap_or(goal.latency_p99) },
        MeasureKind::Availability => Measure::Availability,
        MeasureKind::Errors => Measure::Errors,
    };
    if section.has("within") {
        let message = format!("`within` says nothing about {word}");
        section.problem(Some("within"), CONTRADICTION, message, "remove it; it goes with latency");
    }
    other
}

/// What the service is expected to keep anyway.
fn own_target(measure: Measure, goal: &Objectives) -> f64 {
    match measure {
        Measure::Availability => goal.availability,
        Measure::Errors => 1.0 - goal.error_ratio,
        Measure::Latency { .. } => 0.99,
    }
}

fn floor(section: &Section<'_>) -> Option<Floor> {
    const MOST: u64 = 1_000_000_000;
    let why = "say how many events a share needs, such as 100; with fewer it isn't looked at";
    let events = section.integer("least_events", 1..=MOST);
    if !section.has("least_events") {
        section.missing("least_events", why);
    }
    let below = section.required("below", "say what decides with fewer events: counts or probe");
    let bad_events = section.integer("bad_events", 1..=MOST);
    let below = match below? {
        BelowKind::Counts => {
            if !section.has("bad_events") {
                section.missing("bad_events", "say how many bad events are too many");
            }
            BelowFloor::Counts { bad_events: bad_events? }
        }
        BelowKind::Probe => {
            if section.has("bad_events") {
                let message = "`bad_events` says nothing where a probe decides";
                section.problem(Some("bad_events"), CONTRADICTION, message, "remove it");
            }
            BelowFloor::Probe
        }
    };
    Some(Floor { events: events?, below })
}

#[cfg(test)]
mod tests;
