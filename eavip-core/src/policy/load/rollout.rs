//! `[rollout]` and `[capacity]`: the stages of a rollout, what is compared in them, and how far ahead is looked.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::capacity::CapacityPolicy;
use crate::document::{CONTRADICTION, Section, WRONG_VALUE};
use crate::release::judge::{Counted, Gauge, JudgePolicy};
use crate::release::rollout::{MAX_STAGES, Reach, RolloutPolicy, Stage};
use crate::stats::rank::MAX_VALUES;
use crate::stats::slope::MAX_POINTS;
use crate::time::Span;

/// Shortest time of a stage or a wait: below a minute no report came in.
const LEAST: Span = Span::from_secs(60);
/// Longest time of a stage, a wait or a verification: past a month the next release is due.
const MOST: Span = Span::from_secs(31 * 86_400);
/// Most exposure that a stage may ask for, and most events that roll back: more than any stage sees.
const MOST_EVENTS: u64 = 1_000_000_000;

pub(super) fn read(root: &Section<'_>) -> RolloutPolicy {
    let default = RolloutPolicy::default();
    let section = root.section("rollout");
    let found = RolloutPolicy {
        stages: stages(&section).unwrap_or(default.stages),
        verification: section.span("verification", LEAST..=MOST).unwrap_or(default.verification),
        patience: section.span("patience", LEAST..=MOST).unwrap_or(default.patience),
        judgement_lasts: section.span("judgement_lasts", LEAST..=MOST).unwrap_or(default.judgement_lasts),
        judge: judge(&section, default.judge),
    };
    section.finish();
    found
}

fn stages(section: &Section<'_>) -> Option<Vec<Stage>> {
    let declared = section.has("stage");
    let stages: Vec<Stage> = section.listed_sections("stage").into_iter().filter_map(stage).collect();
    if !declared {
        return None;
    }
    let shares: Vec<u8> = stages.iter().filter_map(|stage| stage.reach.percent()).collect();
    if shares.len() > MAX_STAGES || shares.last() != Some(&100) || !shares.is_sorted_by(|a, b| a < b) {
        let remedy = format!("declare 1 to {MAX_STAGES} stages whose `percent` rises to 100");
        section.problem(Some("stage"), CONTRADICTION, "the shares don't rise to 100 %", &remedy);
    }
    Some(stages)
}

fn stage(section: Section<'_>) -> Option<Stage> {
    let percent = section.integer("percent", 1..=100).and_then(|percent| u8::try_from(percent).ok());
    if !section.has("percent") {
        section.missing("percent", "say how many of the nodes it reaches: `percent = 25`");
    }
    let least_time = section.span("least_time", LEAST..=MOST).unwrap_or(Span::from_secs(900));
    let least_exposure = section.integer("least_exposure", 1..=MOST_EVENTS).unwrap_or(1_000);
    section.finish();
    Some(Stage { reach: Reach::Percent(percent?), least_time, least_exposure })
}

fn judge(section: &Section<'_>, default: JudgePolicy) -> JudgePolicy {
    let number = |key, range: RangeInclusive<f64>, default| section.number(key, range).unwrap_or(default);
    let integer = |key, range: RangeInclusive<u64>, default| section.integer(key, range).unwrap_or(default);
    let probes = section.integer("kill_probes", 1..=100).and_then(|probes| u32::try_from(probes).ok());
    JudgePolicy {
        intervals: integer("intervals", 1..=100, default.intervals),
        least_reporting: number("least_reporting", 0.5..=1.0, default.least_reporting),
        skew: section.span("skew", Span::ZERO..=Span::from_secs(300)).unwrap_or(default.skew),
        kill_burn: number("kill_burn", 1.0..=1_000.0, default.kill_burn),
        kill_events: integer("kill_events", 1..=MOST_EVENTS, default.kill_events),
        kill_probes: probes.unwrap_or(default.kill_probes),
        counts: counts(section).unwrap_or(default.counts),
        alpha: number("alpha", 0.000_001..=0.2, default.alpha),
        rate_ratio: number("rate_ratio", 1.01..=10.0, default.rate_ratio),
        gauges: gauges(section, &default.gauges),
        gauge_points: integer("gauge_points", 10..=MAX_VALUES as u64, default.gauge_points),
        gauge_confidence: number("gauge_confidence", 0.8..=0.999_999, default.gauge_confidence),
        gauge_ratio: number("gauge_ratio", 1.0..=10.0, default.gauge_ratio),
        gauge_superiority: number("gauge_superiority", 0.5..=1.0, default.gauge_superiority),
    }
}

/// What is counted; at least one thing, or a release would never be compared.
fn counts(section: &Section<'_>) -> Option<BTreeSet<Counted>> {
    let declared = section.has("counts");
    let counts: BTreeSet<Counted> = section.list("counts").into_iter().collect();
    if declared && counts.is_empty() {
        let remedy = "name at least one: `counts = [\"failed-requests\"]`";
        section.problem(Some("counts"), WRONG_VALUE, "nothing is counted", remedy);
    }
    declared.then_some(counts)
}

/// What is measured, each with the least difference that matters.
fn gauges(section: &Section<'_>, default: &BTreeMap<Gauge, f64>) -> BTreeMap<Gauge, f64> {
    let declared = section.has("gauges");
    let named: BTreeSet<Gauge> = section.list("gauges").into_iter().collect();
    let least = section.section("least_difference");
    let read = |gauge: &Gauge| {
        let found = least.number(gauge.as_str(), 0.0..=1e15);
        (*gauge, found.or_else(|| default.get(gauge).copied()).unwrap_or_default())
    };
    let gauges: BTreeMap<Gauge, f64> = Gauge::ALL.iter().map(read).collect();
    least.finish();
    let is_kept = |gauge: &Gauge| if declared { named.contains(gauge) } else { default.contains_key(gauge) };
    gauges.into_iter().filter(|(gauge, _)| is_kept(gauge)).collect()
}

pub(super) fn capacity(root: &Section<'_>) -> CapacityPolicy {
    let default = CapacityPolicy::default();
    let section = root.section("capacity");
    let points = section.integer("least_points", 5..=MAX_POINTS as u64);
    let confidence = section.number("confidence", 0.5..=0.999_999);
    let found = CapacityPolicy {
        least_points: points.unwrap_or(default.least_points),
        confidence: confidence.unwrap_or(default.confidence),
        lead_time: section
            .span("lead_time", LEAST..=Span::from_secs(3_650 * 86_400))
            .unwrap_or(default.lead_time),
        stale_after: section
            .span("stale_after", LEAST..=Span::from_secs(3_650 * 86_400))
            .unwrap_or(default.stale_after),
    };
    section.finish();
    found
}
