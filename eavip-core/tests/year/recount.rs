//! The recount: every number of a month's pack, counted again from the world's facts with nothing but lists, sorting and
//! loops. None of the library's arithmetic is used here.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::finding::Outcome as Result_;
use eavip_core::id::Digest128;
use eavip_core::incident::sev::Sev;
use eavip_core::mode::Mode;
use eavip_core::time::{Span, Timestamp};
use eavip_core::trend::dora::Dora;
use eavip_core::trend::feedback::Remedy;
use eavip_core::trend::review::Pack;
use eavip_core::trend::statistics::Summary;
use eavip_core::trend::{Outlook, Period};

use super::facts::{AlertFact, DeployFact, IncidentFact};
use super::platform::{DAY, SERVICES, SITES};
use super::recovery::DATA_SETS;
use super::upkeep::RESOURCES;
use super::world::World;
use super::{recount_capacity, recount_signals};

/// Two numbers that must be the same, and what they are called.
macro_rules! same {
    ($library:expr, $recount:expr, $($name:tt)+) => {
        assert_eq!($library, $recount, "{}: the pack has the left one", format!($($name)+))
    };
}
pub(super) use same;

/// How many, the middle one and the one that nine in ten don't exceed, in milliseconds.
pub fn summed(mut millis: Vec<u64>) -> (usize, Option<u64>, Option<u64>) {
    millis.sort_unstable();
    let n = millis.len();
    if n == 0 {
        return (0, None, None);
    }
    let median = if n % 2 == 1 { millis[n / 2] } else { (millis[n / 2 - 1] + millis[n / 2]) / 2 };
    let mut nine_in_ten = 0;
    while (nine_in_ten + 1) * 10 < n * 9 {
        nine_in_ten += 1;
    }
    (n, Some(median), Some(millis[nine_in_ten]))
}

pub fn of(summary: Summary) -> (usize, Option<u64>, Option<u64>) {
    (summary.n, summary.median.map(Span::as_millis), summary.p90.map(Span::as_millis))
}

fn apart(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_millis() - from.as_millis()).unwrap_or(0)
}

pub fn check(world: &World, pack: &Pack) {
    let month = pack.month.period();
    same!(pack.generated_at, world.now, "when it was made");
    same!(pack.left_out, 0, "rows left out");
    clocks(world, pack, month);
    patterns(world, pack, month);
    repeats(world, pack, month);
    noise(world, pack, month);
    drills(world, pack);
    recount_capacity::check(world, pack);
    delivery(world, pack, month);
    recount_signals::check(world, pack, month);
    findings(world, pack);
}

/// The incidents that count, each with its severity.
fn incidents(world: &World, month: Period) -> Vec<&IncidentFact> {
    let all = world.facts.incidents.iter();
    all.filter(|one| one.merged_into.is_none() && month.contains(one.declared)).collect()
}

/// Whether all its alerts were over before anybody had it.
fn over_by_itself(incident: &IncidentFact, alerts: &[AlertFact]) -> bool {
    let mut last = None;
    for alert in &incident.alerts {
        match alerts[*alert].over {
            None => return false,
            over => last = last.max(over),
        }
    }
    match (last, incident.taken) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(last), Some(taken)) => taken > last,
    }
}

fn clocks(world: &World, pack: &Pack, month: Period) {
    for (sev, library) in &pack.recovery {
        let number = match sev {
            Sev::Sev1 => 1,
            Sev::Sev2 => 2,
            Sev::Sev3 => 3,
            Sev::Sev4 => 4,
        };
        let (mut count, mut alone) = (0, 0);
        let (mut detect, mut acknowledge, mut mitigate, mut resolve) = (vec![], vec![], vec![], vec![]);
        for incident in incidents(world, month) {
            if incident.sev() != number {
                continue;
            }
            count += 1;
            detect.push(apart(incident.began, incident.declared));
            if over_by_itself(incident, &world.facts.alerts) {
                alone += 1;
            } else if let Some(taken) = incident.taken {
                acknowledge.push(apart(incident.declared, taken));
            }
            mitigate.extend(incident.mitigated.map(|at| apart(incident.began, at)));
            resolve.extend(incident.resolved.map(|at| apart(incident.began, at)));
        }
        let name = format!("{sev} of {}", pack.month);
        same!(library.incidents, count, "incidents of {name}");
        same!(library.auto_resolved, alone, "incidents of {name} that were over by themselves");
        same!(of(library.detect), summed(detect), "time to detect {name} (n, median, p90)");
        same!(of(library.acknowledge), summed(acknowledge), "time to acknowledge {name} (n, median, p90)");
        same!(of(library.mitigate), summed(mitigate), "time to mitigate {name} (n, median, p90)");
        same!(of(library.resolve), summed(resolve), "time to resolve {name} (n, median, p90)");
    }
    same!(pack.recovery.len(), 4, "severities");
}

/// What an incident has in common with others, in the words of the pack.
fn traits(incident: &IncidentFact) -> Vec<String> {
    let mut found: Vec<String> =
        incident.services.iter().map(|service| format!("service {service}")).collect();
    found.extend(incident.rule.map(|rule| format!("rule {rule}")));
    found.extend(incident.cause.map(|cause| format!("cause {cause}")));
    found
}

fn patterns(world: &World, pack: &Pack, month: Period) {
    let before = pack.month.previous().period();
    let mut counted: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for incident in &world.facts.incidents {
        let (was, is) = (before.contains(incident.declared), month.contains(incident.declared));
        if incident.merged_into.is_some() || !(was || is) {
            continue;
        }
        for pattern in traits(incident) {
            let row = counted.entry(pattern).or_default();
            *row = (row.0 + usize::from(was), row.1 + usize::from(is));
        }
    }
    let library: BTreeMap<String, (usize, usize)> =
        pack.trends.iter().map(|row| (row.pattern.to_string(), (row.before, row.now))).collect();
    same!(library, counted, "incidents by pattern, before and in {}", pack.month);
    let order: Vec<(usize, usize)> = pack.trends.iter().map(|row| (row.now, row.before)).collect();
    assert!(order.windows(2).all(|two| two[0] >= two[1]), "the most frequent comes first: {order:?}");
}

/// Rows of incidents of one pattern, each within 30 days of the one before, the last of them in the month.
fn rows(world: &World, month: Period) -> BTreeMap<String, Vec<Vec<&IncidentFact>>> {
    let mut by_pattern: BTreeMap<String, Vec<&IncidentFact>> = BTreeMap::new();
    for incident in &world.facts.incidents {
        if incident.merged_into.is_none() && incident.declared < month.to {
            traits(incident).into_iter().for_each(|one| by_pattern.entry(one).or_default().push(incident));
        }
    }
    let mut found = BTreeMap::new();
    for (pattern, mut list) in by_pattern {
        list.sort_by_key(|incident| incident.declared);
        let mut rows: Vec<Vec<&IncidentFact>> = Vec::new();
        for incident in list {
            match rows.last_mut() {
                Some(row)
                    if apart(row[row.len() - 1].declared, incident.declared) <= DAY.times(30).as_millis() =>
                {
                    row.push(incident);
                }
                _ => rows.push(vec![incident]),
            }
        }
        rows.retain(|row| row.len() > 1 && month.contains(row[row.len() - 1].declared));
        if !rows.is_empty() {
            found.insert(pattern, rows);
        }
    }
    found
}

/// How many incidents, which, and when the first and the last were declared.
type Row = (usize, Vec<String>, Timestamp, Timestamp);

fn repeats(world: &World, pack: &Pack, month: Period) {
    let mut library: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for one in &pack.repeats {
        let names = one.incidents.iter().map(|name| name.to_string()).collect();
        let row = (one.count, names, one.first_at, one.last_at);
        library.entry(one.pattern.to_string()).or_default().push(row);
    }
    let mut counted = BTreeMap::new();
    let mut distinct = BTreeSet::new();
    for (pattern, rows) in rows(world, month) {
        let tell = |row: Vec<&IncidentFact>| {
            let names: Vec<String> = row.iter().take(100).map(|one| one.name.clone()).collect();
            (row.len(), names, row[0].declared, row[row.len() - 1].declared)
        };
        let rows: Vec<_> = rows.into_iter().map(tell).collect();
        distinct.extend(rows.iter().map(|(_, names, ..)| names.clone()));
        counted.insert(pattern, rows);
    }
    same!(library, counted, "repeats within 30 days in {}", pack.month);
    same!(pack.proposals.len(), distinct.len(), "proposals of {}", pack.month);
    let ids: BTreeSet<Digest128> = pack.proposals.iter().map(|draft| draft.id).collect();
    same!(ids.len(), pack.proposals.len(), "proposals with an id of their own");
    for draft in &pack.proposals {
        let (remedy, owner) = match draft.repeat.count {
            0..=2 => (Remedy::RunbookChange, None),
            _ => (Remedy::ArchitectureDecision, Some("product-architecture")),
        };
        same!(draft.remedy, remedy, "the remedy of {}", draft.title);
        assert!(owner.is_none_or(|owner| draft.owner.as_str() == owner), "{}", draft.owner);
        assert!(!draft.text.contains("tried a restart"), "what didn't help isn't advice: {}", draft.text);
        let due = if remedy == Remedy::RunbookChange {
            world.now + DAY.times(7)
        } else {
            ten_working_days(world.now)
        };
        same!(draft.due, due, "when {} is due", draft.title);
    }
}

/// Ten days later that are neither Saturday nor Sunday; the epoch was a Thursday.
fn ten_working_days(from: Timestamp) -> Timestamp {
    let (mut day, mut left) = (from, 10);
    while left > 0 {
        day = day + DAY;
        let of_week = (day.as_millis() / 86_400_000 + 3) % 7;
        if of_week < 5 {
            left -= 1;
        }
    }
    day
}

fn noise(world: &World, pack: &Pack, month: Period) {
    let library = pack.noise.as_ref().unwrap();
    let mut pages: BTreeSet<(&str, u64)> = BTreeSet::new();
    let (mut worth, mut known) = (0, 0);
    for alert in world.facts.alerts.iter().filter(|alert| month.contains(alert.opened)) {
        pages.extend(alert.page.map(|page| (alert.team.as_str(), page)));
        let acted = !alert.noise && !alert.flapped && alert.taken.is_some();
        let decided =
            alert.noise || alert.second || alert.flapped || alert.taken.is_some() || alert.over.is_some();
        worth += u64::from(!alert.noise && (alert.second || acted));
        known += u64::from(decided);
    }
    let (mut told, mut all) = (0, 0);
    for incident in incidents(world, month) {
        all += 1;
        told += u64::from(incident.rule.is_some());
    }
    same!(library.pages, pages.len() as u64, "pages of {}", pack.month);
    same!(
        (library.worth.part, library.worth.whole),
        (worth, known),
        "alerts that were worth it, of {}",
        pack.month
    );
    same!(
        (library.told.part, library.told.whole),
        (told, all),
        "incidents that an alert told of, {}",
        pack.month
    );
    let mut shifts: BTreeMap<(&str, u64), BTreeSet<u64>> = BTreeMap::new();
    let mut first: BTreeMap<(&str, u64), Timestamp> = BTreeMap::new();
    for alert in world.facts.alerts.iter().filter(|alert| month.contains(alert.opened)) {
        if let Some(page) = alert.page {
            let known = first.entry((alert.team.as_str(), page)).or_insert(alert.opened);
            *known = (*known).min(alert.opened);
        }
    }
    for ((team, page), at) in first {
        shifts.entry((team, apart(month.from, at) / 43_200_000)).or_default().insert(page);
    }
    let worst = shifts.values().map(|pages| pages.len() as u64).max().unwrap_or(0);
    same!(library.worst_shift, worst, "pages of one team in its worst shift of {}", pack.month);
}

fn drills(world: &World, pack: &Pack) {
    let limits = BTreeMap::from([("invoices", 4 * 3_600_000), ("orders", 3_600_000)]);
    let mut counted = Vec::new();
    for of in DATA_SETS {
        let last = world.facts.drills.iter().rfind(|drill| drill.data_set == of);
        counted.extend(
            last.map(|drill| (of, drill.over, drill.passed, drill.took.map(Span::as_millis), limits[of])),
        );
    }
    let tell = |one: &eavip_core::trend::DrillResult| {
        let of = DATA_SETS.into_iter().find(|of| *of == one.data_set).unwrap();
        (of, one.at, one.passed, one.took.map(Span::as_millis), one.objective.as_millis())
    };
    let library: Vec<_> = pack.drills.iter().map(tell).collect();
    same!(library, counted, "the latest drills of {}", pack.month);
}

fn delivery(world: &World, pack: &Pack, month: Period) {
    five(world, pack, month, pack.dora, None);
    for mode in Mode::ALL {
        five(world, pack, month, pack.dora_by_mode[mode], Some(*mode));
    }
}

fn five(world: &World, pack: &Pack, month: Period, library: Option<Dora>, mode: Option<Mode>) {
    let counts = |one: &&DeployFact| {
        month.contains(one.deployed) && mode.is_none_or(|mode| SITES[one.site].mode == mode)
    };
    let made: Vec<&DeployFact> = world.facts.deployments.iter().filter(counts).collect();
    let name = format!("{} in {}", mode.map_or("all modes", Mode::as_str), pack.month);
    let Some(library) = library else {
        return same!(made.len(), 0, "deployments to {name}");
    };
    let lead = made.iter().map(|one| apart(one.committed, one.deployed)).collect();
    let mut recovery = Vec::new();
    let (mut failed, mut unrecovered, mut rework) = (0, 0, 0);
    for one in &made {
        rework += usize::from(one.unplanned);
        if let Some(at) = one.failed {
            failed += 1;
            match one.recovered {
                Some(over) => recovery.push(apart(at, over)),
                None => unrecovered += 1,
            }
        }
    }
    let days = apart(month.from, month.to) as f64 / 86_400_000.0;
    same!(library.deployments, made.len(), "deployments to {name}");
    same!(of(library.lead_time), summed(lead), "change lead time of {name} (n, median, p90)");
    same!(
        of(library.recovery),
        summed(recovery),
        "failed deployment recovery time of {name} (n, median, p90)"
    );
    same!(library.unrecovered, unrecovered, "failures of {name} that aren't recovered from");
    same!(library.failed, failed, "failed deployments of {name}");
    same!(library.reworked, rework, "rework deployments of {name}");
    let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
    assert!(close(library.per_day, made.len() as f64 / days), "deployments per day of {name}");
    assert!(close(library.change_fail_rate, failed as f64 / made.len() as f64), "change fail rate of {name}");
    assert!(close(library.rework_rate, rework as f64 / made.len() as f64), "rework rate of {name}");
}

/// What the rules say follows from the numbers above.
fn findings(world: &World, pack: &Pack) {
    let outcome = |bad: bool, unknown: bool| match (bad, unknown) {
        (true, _) => Result_::Fail,
        (false, true) => Result_::Undetermined,
        (false, false) => Result_::Pass,
    };
    let drill = |one: &eavip_core::trend::DrillResult| {
        !one.passed || one.took.is_some_and(|took| took > one.objective)
    };
    let horizon = world.now + DAY.times(90);
    let full = |one: &eavip_core::trend::CapacityForecast| matches!(one.outlook, Outlook::Full { earliest, .. } if earliest <= horizon);
    let unknown = pack.capacity.iter().any(|one| one.outlook == Outlook::Unknown);
    let noisy = !pack.noise.as_ref().unwrap().defects.is_empty();
    let expected = [
        outcome(noisy, false),
        outcome(pack.drills.iter().any(drill), pack.drills.is_empty()),
        outcome(pack.capacity.iter().any(full), unknown),
        outcome(!pack.repeats.is_empty(), false),
    ];
    let library: Vec<Result_> = pack.findings[5..].iter().map(|finding| finding.outcome).collect();
    same!(library, expected, "noise, drills, capacity and repeats of {}", pack.month);
    same!(pack.capacity.len(), RESOURCES.len(), "resources");
    same!(pack.signals.len(), 5 * SERVICES.len(), "signals");
}
