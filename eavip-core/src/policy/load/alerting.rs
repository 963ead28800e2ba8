//! `[grouping]`, `[[inhibit]]`, `[intake]`, `[silence]`, `[maintenance.NAME]`, `[flapping]` and `[noise]`: how alerts become notices, and
//! how many there may be. Also what `match` says, in every section that has one.

use std::collections::{BTreeMap, BTreeSet};

use super::roster::team;
use crate::alert::AlertingPolicy;
use crate::alert::Category;
use crate::alert::flap::FlapPolicy;
use crate::alert::group::{ALL_LABELS, GroupingPolicy};
use crate::alert::inhibit::{Inhibition, MAX_INHIBITIONS};
use crate::alert::intake::IntakePolicy;
use crate::alert::maintenance::{LONGEST_WINDOW, MAX_WINDOWS, Window};
use crate::alert::matcher::{Matcher, Matchers};
use crate::alert::noise::NoisePolicy;
use crate::alert::silence::SilencePolicy;
use crate::document::{CONTRADICTION, Section, WRONG_VALUE};
use crate::id::WindowId;
use crate::labels::Labels;
use crate::roster::Roster;
use crate::time::Span;
use crate::time::calendar::Weekday;

/// No span of this part is longer: what takes longer than a year isn't about noise.
const YEAR: Span = Span::from_secs(365 * 24 * 3_600);
/// Nobody reads what is told again more often.
const LEAST_REPEAT: Span = Span::from_secs(60);

pub(super) fn read(root: &Section<'_>, roster: &Roster) -> AlertingPolicy {
    AlertingPolicy {
        grouping: grouping(root.section("grouping")),
        inhibitions: inhibitions(root),
        intake: intake(root.section("intake"), roster),
        silence: silence(root.section("silence")),
        maintenance: maintenance(root, roster),
        flapping: flapping(root.section("flapping")),
        noise: noise(root.section("noise")),
    }
}

/// `match = { service = "shop" }`, or `match = ["service=shop", "category!=critical"]`.
pub(super) fn matchers(section: &Section<'_>, key: &'static str) -> Matchers {
    if section.is_table(key) {
        return match Labels::new(section.pairs(key)) {
            Ok(labels) => Matchers::from(&labels),
            Err(error) => {
                section.problem(Some(key), WRONG_VALUE, error.to_string(), "correct the labels");
                Matchers::default()
            }
        };
    }
    Matchers::try_from(section.list::<Matcher>(key)).unwrap_or_else(|error| {
        section.problem(Some(key), WRONG_VALUE, error.to_string(), "say it with fewer");
        Matchers::default()
    })
}

/// As [`matchers`], where a list that means everything is a slip.
fn demanding(section: &Section<'_>, key: &'static str, message: &str) -> Matchers {
    let found = matchers(section, key);
    if found.is_match_all() {
        let remedy = format!("add `{key} = {{ … }}` with at least one label");
        section.problem(section.has(key).then_some(key), CONTRADICTION, message, &remedy);
    }
    found
}

fn grouping(section: Section<'_>) -> GroupingPolicy {
    let default = GroupingPolicy::default();
    let found = GroupingPolicy {
        by: label_names(&section, "by").unwrap_or(default.by),
        wait: section.span("wait", Span::ZERO..=YEAR).unwrap_or(default.wait),
        wait_critical: section.span("wait_critical", Span::ZERO..=YEAR).unwrap_or(default.wait_critical),
        interval: section.span("interval", Span::ZERO..=YEAR).unwrap_or(default.interval),
        repeat: section.span("repeat", LEAST_REPEAT..=YEAR).unwrap_or(default.repeat),
    };
    if found.wait_critical > found.wait {
        let message = "a Critical alert would wait for longer than others";
        section.problem(Some("wait_critical"), CONTRADICTION, message, "let it wait for `wait` at most");
    }
    section.finish();
    found
}

/// How the alerts that a route takes are put together; what it doesn't say is as around it.
pub(super) fn grouping_of_route(section: &Section<'_>, around: &GroupingPolicy) -> GroupingPolicy {
    let wait = section.span("group_wait", Span::ZERO..=YEAR).unwrap_or(around.wait);
    GroupingPolicy {
        by: label_names(section, "group_by").unwrap_or_else(|| around.by.clone()),
        wait,
        // A Critical alert never waits for longer than others.
        wait_critical: around.wait_critical.min(wait),
        interval: section.span("group_interval", Span::ZERO..=YEAR).unwrap_or(around.interval),
        repeat: section.span("repeat_interval", LEAST_REPEAT..=YEAR).unwrap_or(around.repeat),
    }
}

/// Names of labels, each once, or [`ALL_LABELS`] alone.
fn label_names(section: &Section<'_>, key: &'static str) -> Option<BTreeSet<String>> {
    let names = section.list::<String>(key);
    if names.iter().any(|name| name == ALL_LABELS) {
        if names.len() > 1 {
            let message = format!("`{ALL_LABELS}` means all labels, and others stand beside it");
            section.problem(Some(key), CONTRADICTION, message, "keep it alone, or name labels");
        }
    } else if let Err(error) = Labels::new(names.iter().map(|name| (name.as_str(), ""))) {
        section.problem(Some(key), WRONG_VALUE, error.to_string(), "name labels, each once");
    }
    section.has(key).then(|| names.into_iter().collect())
}

fn inhibitions(root: &Section<'_>) -> Vec<Inhibition> {
    let sections = root.listed_sections("inhibit");
    if sections.len() > MAX_INHIBITIONS {
        let message = format!("{} inhibitions are too many", sections.len());
        root.problem(Some("inhibit"), WRONG_VALUE, message, &format!("keep at most {MAX_INHIBITIONS}"));
        return Vec::new();
    }
    let read = |section: Section<'_>| {
        let found = Inhibition {
            source: demanding(&section, "source", "nearly every alert would explain others"),
            target: matchers(&section, "target"),
            equal: section.list::<String>("equal").into_iter().collect(),
        };
        if !section.has("target") {
            section.missing("target", "say which alerts are explained: `target = [\"rule!=node-silent\"]`");
        }
        section.finish();
        found
    };
    sections.into_iter().map(read).collect()
}

fn intake(section: Section<'_>, roster: &Roster) -> IntakePolicy {
    let default = IntakePolicy::default();
    let severities = section.section("severities");
    let mut words = default.severities;
    for category in Category::ALL {
        let named = severities.list::<String>(category.as_str()).into_iter();
        words.extend(named.map(|word| (word.to_lowercase(), *category)));
    }
    severities.finish();
    let found = IntakePolicy {
        strict: section.flag("strict").unwrap_or(default.strict),
        owner: team(&section, "owner", roster, "name the team that mends what has no owner"),
        resolve_timeout: section
            .span("resolve_timeout", Span::from_secs(1)..=YEAR)
            .unwrap_or(default.resolve_timeout),
        severities: words,
    };
    section.finish();
    found
}

fn silence(section: Section<'_>) -> SilencePolicy {
    let default = SilencePolicy::default();
    let longest = Span::from_secs(31 * 24 * 3_600);
    let found = SilencePolicy {
        alone: section.span("alone", Span::ZERO..=longest).unwrap_or(default.alone),
        approved: section.span("approved", Span::ZERO..=longest).unwrap_or(default.approved),
    };
    if found.alone > found.approved {
        let message = "one person could silence for longer than two";
        section.problem(Some("alone"), CONTRADICTION, message, "let `alone` be `approved` at most");
    }
    section.finish();
    found
}

fn maintenance(root: &Section<'_>, roster: &Roster) -> BTreeMap<WindowId, Window> {
    let sections = root.named_sections::<WindowId>("maintenance");
    if sections.len() > MAX_WINDOWS {
        let message = format!("{} maintenance windows are too many", sections.len());
        root.problem(Some("maintenance"), WRONG_VALUE, message, &format!("keep at most {MAX_WINDOWS}"));
        return BTreeMap::new();
    }
    sections.into_iter().filter_map(|(id, section)| Some((id, window(section, roster)?))).collect()
}

fn window(section: Section<'_>, roster: &Roster) -> Option<Window> {
    let zone = section.required("zone", "say whose clock counts: `zone = \"Europe/Berlin\"`");
    let days = section.list::<Weekday>("days").into_iter().collect();
    let at = section.required("at", "say when it begins: `at = \"02:00\"`");
    let lasts = section.span("for", Span::from_secs(60)..=LONGEST_WINDOW);
    if !section.has("for") {
        section.missing("for", "say how long it lasts: `for = \"2h\"`");
    }
    let matchers = demanding(&section, "match", "a window for everything hides everything");
    let change = section.required("change", "name the change record: `change = \"CHG-7\"`");
    let owner = team(&section, "owner", roster, "name the team that answers for it");
    let expires = section.required("expires", "say until when it recurs: `expires = 2026-12-31T00:00:00Z`");
    section.finish();
    let (zone, at, lasts) = (zone?, at?, lasts?);
    Some(Window { zone, days, at, lasts, matchers, change: change?, owner: owner?, expires: expires? })
}

fn flapping(section: Section<'_>) -> FlapPolicy {
    let default = FlapPolicy::default();
    let states = section.integer("states", 2..=100).and_then(|states| usize::try_from(states).ok());
    let found = FlapPolicy {
        states: states.unwrap_or(default.states),
        oldest: section.number("oldest", 0.1..=10.0).unwrap_or(default.oldest),
        newest: section.number("newest", 0.1..=10.0).unwrap_or(default.newest),
        start: section.number("start", 0.01..=1.0).unwrap_or(default.start),
        stop: section.number("stop", 0.01..=1.0).unwrap_or(default.stop),
        pace: section.span("pace", Span::from_secs(1)..=YEAR).unwrap_or(default.pace),
    };
    if found.stop > found.start {
        let message = "what starts to flap would stop at once";
        section.problem(Some("stop"), CONTRADICTION, message, "let `stop` be `start` at most");
    }
    if found.oldest > found.newest {
        let message = "the oldest change would weigh more than the newest";
        section.problem(Some("oldest"), CONTRADICTION, message, "let `oldest` be `newest` at most");
    }
    section.finish();
    found
}

fn noise(section: Section<'_>) -> NoisePolicy {
    let default = NoisePolicy::default();
    let second = Span::from_secs(1);
    let count = |key, least: u64, default| section.integer(key, least..=1_000_000).unwrap_or(default);
    let share = |key, default| section.number(key, 0.0..=1.0).unwrap_or(default);
    let length = |key, default| section.span(key, second..=YEAR).unwrap_or(default);
    let found = NoisePolicy {
        shift: length("shift", default.shift),
        pages_per_shift: count("pages_per_shift", 0, default.pages_per_shift),
        alerts_per_day: count("alerts_per_day", 1, default.alerts_per_day),
        flood_period: length("flood_period", default.flood_period),
        flood_over: count("flood_over", 1, default.flood_over),
        flood_share: share("flood_share", default.flood_share),
        precision: share("precision", default.precision),
        least_episodes: count("least_episodes", 1, default.least_episodes),
        chatter_times: count("chatter_times", 2, default.chatter_times),
        chatter_within: length("chatter_within", default.chatter_within),
        chatter: count("chatter", 0, default.chatter),
        stale_after: length("stale_after", default.stale_after),
        stale: count("stale", 1, default.stale),
        due: length("due", default.due),
    };
    section.finish();
    found
}

#[cfg(test)]
mod tests;
