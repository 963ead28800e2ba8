//! The recount of noise: what each rule, team and responder had in a month, counted from the world's alerts.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::alert::noise::measure::Measures;
use eavip_core::alert::noise::{AlertOutcome, Scope};
use eavip_core::time::Timestamp;

use super::facts::AlertFact;
use super::recount::same;
use super::world::World;

fn outcome(alert: &AlertFact) -> Option<AlertOutcome> {
    if alert.noise {
        return Some(AlertOutcome::MarkedNoise);
    }
    if alert.second {
        return Some(AlertOutcome::Duplicate);
    }
    if alert.flapped {
        return Some(AlertOutcome::Flap);
    }
    if alert.taken.is_some() {
        return Some(AlertOutcome::Acted);
    }
    alert.over.map(|_| AlertOutcome::AutoResolved)
}

fn slice(from: Timestamp, at: Timestamp, minutes: i64) -> i64 {
    (at.as_millis() - from.as_millis()) / (minutes * 60_000)
}

pub fn check(world: &World, scope: &Scope, library: &Measures) {
    let (from, until) = (library.period.from, library.period.until);
    let name = format!("{scope} from {from}");
    let of_scope = |alert: &&AlertFact| match scope {
        Scope::Rule(rule) => alert.rule == rule.as_str(),
        Scope::Team(team) => alert.team == team.as_str(),
        Scope::Responder(person) => alert.responders.contains(person.as_str()),
        other => panic!("{other:?}"),
    };
    let known: Vec<&AlertFact> = world.facts.alerts.iter().filter(of_scope).collect();
    let began: Vec<&AlertFact> =
        known.iter().copied().filter(|alert| from <= alert.opened && alert.opened < until).collect();
    same!(library.alerts, began.len() as u64, "alerts of {name}");

    let mut outcomes: BTreeMap<AlertOutcome, u64> = BTreeMap::new();
    for outcome in began.iter().filter_map(|alert| outcome(alert)) {
        *outcomes.entry(outcome).or_default() += 1;
    }
    let missed = world.facts.incidents.iter().filter(|incident| {
        let in_month = from <= incident.declared && incident.declared < until;
        let of_team = matches!(scope, Scope::Team(team) if incident.owner == team.as_str());
        incident.rule.is_none() && incident.merged_into.is_none() && in_month && of_team
    });
    let missed = missed.count() as u64;
    if missed > 0 {
        outcomes.insert(AlertOutcome::Missed, missed);
    }
    let count = |outcome| outcomes.get(&outcome).copied().unwrap_or(0);
    let (acted, second) = (count(AlertOutcome::Acted), count(AlertOutcome::Duplicate));
    let all: u64 = outcomes.iter().filter(|(one, _)| **one != AlertOutcome::Missed).map(|(_, n)| n).sum();
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    same!(library.precision, share(acted + second, all), "precision of {name}");
    same!(library.recall, share(acted, acted + missed), "recall of {name}");
    same!(library.outcomes, outcomes, "outcomes of {name}");
    pages(library, &began, from, until, &name);
    floods(library, &began, from, until, &name);
    persistence(library, &known, &began, &name);
    responders(library, scope, &began, &name);
    silences(world, scope, library, &name);
}

fn pages(library: &Measures, began: &[&AlertFact], from: Timestamp, until: Timestamp, name: &str) {
    let mut first: BTreeMap<u64, Timestamp> = BTreeMap::new();
    for alert in began {
        if let Some(page) = alert.page {
            let known = first.entry(page).or_insert(alert.opened);
            *known = alert.opened.min(*known);
        }
    }
    let mut shifts: BTreeMap<i64, u64> = BTreeMap::new();
    first.values().for_each(|at| *shifts.entry(slice(from, *at, 720)).or_default() += 1);
    let count = (slice(from, until, 720)) as f64;
    same!(library.pages, first.len() as u64, "pages of {name}");
    same!(library.worst_shift, shifts.values().copied().max().unwrap_or(0), "worst shift of {name}");
    same!(library.pages_per_shift, Some(first.len() as f64 / count), "pages per shift of {name}");
}

fn floods(library: &Measures, began: &[&AlertFact], from: Timestamp, until: Timestamp, name: &str) {
    let mut periods: BTreeMap<i64, u64> = BTreeMap::new();
    began.iter().for_each(|alert| *periods.entry(slice(from, alert.opened, 10)).or_default() += 1);
    let flooded = periods.values().filter(|count| **count > 10).count();
    let share = flooded as f64 / slice(from, until, 10) as f64;
    same!(library.flood_share, Some(share), "share of flooded periods of {name}");
    let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
    began.iter().for_each(|alert| *rules.entry(alert.rule).or_default() += 1);
    let mut top: Vec<(&str, u64)> = rules.into_iter().collect();
    top.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let found: Vec<(&str, u64)> = library.top.iter().map(|(rule, count)| (rule.as_str(), *count)).collect();
    same!(found, top, "the rules with most alerts of {name}");
}

/// Alerts that chatter, and those that stay for more than a day.
fn persistence(library: &Measures, known: &[&AlertFact], began: &[&AlertFact], name: &str) {
    let mut things: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for alert in began {
        things.entry(&alert.thing).or_default().push(alert.opened.as_millis());
    }
    let chatters = |times: &&Vec<i64>| times.windows(3).any(|three| three[2] - three[0] <= 60_000);
    same!(library.chatter, things.values().filter(chatters).count() as u64, "chattering alerts of {name}");
    let (from, until) = (library.period.from, library.period.until);
    let stale = known.iter().filter(|alert| {
        let last = alert.over.map_or(until, |over| over.min(until));
        last > from && last.as_millis() - alert.opened.as_millis() > 86_400_000
    });
    same!(library.stale, stale.count() as u64, "stale alerts of {name}");
}

fn responders(library: &Measures, scope: &Scope, began: &[&AlertFact], name: &str) {
    let mut days: BTreeMap<(&str, i64), u64> = BTreeMap::new();
    for alert in began {
        let day = slice(library.period.from, alert.opened, 1_440);
        for person in &alert.responders {
            let counts = !matches!(scope, Scope::Responder(one) if one.as_str() != person);
            if counts {
                *days.entry((person, day)).or_default() += 1;
            }
        }
    }
    let worst = days.values().copied().max().unwrap_or(0);
    same!(library.worst_day, worst, "alerts of the busiest responder's worst day of {name}");
}

fn silences(world: &World, scope: &Scope, library: &Measures, name: &str) {
    let (from, until) = (library.period.from, library.period.until);
    // Minutes, each counted once for each rule: silences begin and end on whole ones.
    let mut minutes: BTreeSet<(&str, i64)> = BTreeSet::new();
    for silence in &world.facts.silences {
        let of_scope = match scope {
            Scope::Rule(rule) => silence.rule == rule.as_str(),
            Scope::Team(team) => silence.team == team.as_str(),
            Scope::Responder(_) => false,
            other => panic!("{other:?}"),
        };
        let (first, last) = (silence.from.max(from), silence.until.min(until).min(world.now));
        if of_scope && first < last {
            let each = first.as_millis() / 60_000..last.as_millis() / 60_000;
            minutes.extend(each.map(|minute| (silence.rule, minute)));
        }
    }
    let hours = minutes.len() as f64 / 60.0;
    assert!((library.silence_hours - hours).abs() < 1e-6, "hours of silence of {name}");
}
