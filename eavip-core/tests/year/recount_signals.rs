//! The recount of the five signals and of error budgets: from every block of traffic, without histograms.

use std::collections::BTreeMap;

use eavip_core::finding::Outcome;
use eavip_core::signal::Signal;
use eavip_core::signal::health::Health;
use eavip_core::trend::Period;
use eavip_core::trend::review::Pack;

use super::platform::{DAY, SERVICES};
use super::recount::same;
use super::upkeep;
use super::world::World;

/// How far a percentile of a histogram may be off: half a bucket of 2^(1/32), which is 1.09 %.
const HISTOGRAM_ERROR: f64 = 0.011;

pub fn check(world: &World, pack: &Pack, month: Period) {
    let within = |at: eavip_core::time::Timestamp| month.from < at && at <= month.to;
    let mut worst: BTreeMap<Signal, Vec<Health>> = BTreeMap::new();
    for service in SERVICES {
        let row = |signal: Signal| {
            let row = pack
                .signals
                .iter()
                .find(|row| row.service.as_str() == service && row.health.signal == signal);
            let health = &row.unwrap().health;
            (health.value.unwrap(), health.health)
        };
        let (mut good, mut bad, mut durations) = (0, 0, BTreeMap::<u64, u64>::new());
        for (at, well, badly, took) in &world.facts.served[service] {
            if within(*at) {
                (good, bad) = (good + well, bad + badly);
                took.iter().for_each(|(millis, times)| *durations.entry(*millis).or_default() += times);
            }
        }
        let (mut up, mut down) = (0, 0);
        for (at, well, badly) in &world.facts.probed[service] {
            if within(*at) {
                (up, down) = (up + well, down + badly);
            }
        }
        let name = format!("{service} in {}", pack.month);
        same!(row(Signal::Availability).0, up as f64 / (up + down) as f64, "availability of {name}");
        same!(row(Signal::Errors).0, bad as f64 / (good + bad) as f64, "error ratio of {name}");
        let mut before = 0;
        let all: u64 = durations.values().sum();
        let slowest = durations.iter().find(|(_, times)| {
            before += **times;
            before * 100 >= all * 99
        });
        let (p99, found) = (*slowest.unwrap().0 as f64 / 1_000.0, row(Signal::Latency).0);
        assert!((found / p99 - 1.0).abs() <= HISTOGRAM_ERROR, "p99 of {name}: {found} s and {p99} s");
        for (signal, rule) in [(Signal::Jobs, "job-failed"), (Signal::Backlog, "queue-dead-letters")] {
            let about = format!("Some(\"{service}\")");
            let alerts =
                world.facts.alerts.iter().filter(|alert| alert.rule == rule && alert.thing.ends_with(&about));
            let count = alerts.filter(|alert| month.contains(alert.opened)).count();
            same!(row(signal).0, count as f64, "{rule} alerts of {name}");
        }
        let limits = [
            (Signal::Availability, down as f64 / (up + down) as f64, 0.001),
            (Signal::Errors, bad as f64 / (good + bad) as f64, 0.01),
            (Signal::Latency, found, 1.0),
            (Signal::Jobs, row(Signal::Jobs).0, 5.0),
            (Signal::Backlog, row(Signal::Backlog).0, 5.0),
        ];
        for (signal, value, limit) in limits {
            let health = match value / limit {
                share if share <= 1.0 => Health::Healthy,
                share if share <= 4.0 => Health::Degraded,
                _ => Health::Failing,
            };
            same!(row(signal).1, health, "how the {signal} of {name} is");
            worst.entry(signal).or_default().push(health);
        }
        budget(world, service);
    }
    for (signal, finding) in Signal::GOLDEN.iter().zip(&pack.findings) {
        let beyond = worst[signal].iter().filter(|health| **health != Health::Healthy).count();
        let expected = if beyond > 0 { Outcome::Fail } else { Outcome::Pass };
        same!(finding.outcome, expected, "whether {signal} kept its objective in {}", pack.month);
        same!(finding.evidence.len(), beyond, "services beyond the objective of {signal} in {}", pack.month);
    }
    let health: Vec<Health> = pack.signals.iter().map(|row| row.health.health).collect();
    assert!(health.windows(2).all(|two| two[0] >= two[1]), "the worst comes first");
}

/// What is left of an error budget of one in a thousand over the last 30 days.
fn budget(world: &World, service: &str) {
    let (mut all, mut bad) = (0, 0);
    for (at, well, badly, _) in &world.facts.served[service] {
        if *at > world.now - DAY.times(30) {
            (all, bad) = (all + well + badly, bad + badly);
        }
    }
    let left = 1.0 - bad as f64 * 1_000.0 / all as f64;
    let found = upkeep::standing(world, service).budget_left.unwrap();
    assert!((found - left).abs() < 1e-9, "error budget of {service} at {}: {found} and {left}", world.now);
}
