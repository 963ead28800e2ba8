//! Tests of the golden signals' health.

use proptest::prelude::*;

use super::*;
use crate::labels::Labels;
use crate::signal::reading::Reading;
use crate::time::Timestamp;

fn assess_one(readings: &[Reading]) -> Vec<(Signal, Health, Option<f64>)> {
    let mut window = ServiceWindow::default();
    window.observe(Timestamp::from_millis(0), readings);
    let keys: Vec<SeriesKey> = readings
        .iter()
        .map(|r| SeriesKey { metric: r.metric, service: r.service.clone(), labels: r.labels.clone() })
        .collect();
    let latest: Vec<Latest<'_>> = readings
        .iter()
        .zip(&keys)
        .map(|(reading, key)| Latest { key, value: &reading.value, quality: reading.quality })
        .collect();
    let found = assess(&window, false, &latest, &Objectives::default());
    found.into_iter().map(|signal| (signal.signal, signal.health, signal.value)).collect()
}

fn queue(metric: Metric, value: f64) -> Reading {
    Reading::exact(metric, value).labelled(Labels::new([("queue", "orders")]).unwrap())
}

#[test]
fn grades_each_golden_signal_against_its_objective() {
    let cases: [(&str, Vec<Reading>, Signal, Health); 10] = [
        ("probe passes", vec![Reading::exact(Metric::ProbeUp, 1.0)], Signal::Availability, Health::Healthy),
        ("probe fails", vec![Reading::exact(Metric::ProbeUp, 0.0)], Signal::Availability, Health::Failing),
        (
            "probe unknown",
            vec![Reading::unknown(Metric::ProbeUp, "the collector timed out")],
            Signal::Availability,
            Health::Unknown,
        ),
        (
            "3 % errors",
            vec![Reading::exact(Metric::Requests, 100.0), Reading::exact(Metric::RequestErrors, 3.0)],
            Signal::Errors,
            Health::Degraded,
        ),
        ("idle", vec![Reading::exact(Metric::Requests, 0.0)], Signal::Errors, Health::Healthy),
        ("job failed", vec![Reading::exact(Metric::JobOk, 0.0)], Signal::Jobs, Health::Failing),
        (
            "job late",
            vec![Reading::exact(Metric::JobOk, 1.0), Reading::exact(Metric::JobLate, 5.0)],
            Signal::Jobs,
            Health::Degraded,
        ),
        (
            "old message",
            vec![queue(Metric::QueueReady, 5.0), queue(Metric::QueueOldestAge, 2000.0)],
            Signal::Backlog,
            Health::Failing,
        ),
        ("age not known", vec![queue(Metric::QueueReady, 5.0)], Signal::Backlog, Health::Unknown),
        (
            "dead letters",
            vec![queue(Metric::QueueReady, 0.0), queue(Metric::QueueDeadLetter, 1.0)],
            Signal::Backlog,
            Health::Degraded,
        ),
    ];
    for (what, readings, signal, health) in cases {
        let found = assess_one(&readings);
        assert_eq!(found.len(), 1, "{what}: only what was measured is told: {found:?}");
        assert_eq!((found[0].0, found[0].1), (signal, health), "{what}");
    }
}

#[test]
fn a_stopped_broker_is_unknown_never_healthy() {
    let mut stopped = Reading::unknown(Metric::QueueReady, "connection refused");
    stopped.labels = Labels::new([("queue", "orders")]).unwrap();
    assert_eq!(assess_one(&[stopped]), [(Signal::Backlog, Health::Unknown, None)]);
}

#[test]
fn what_is_known_to_fail_outranks_what_is_unknown() {
    let labelled = |reading: Reading, name: &str| reading.labelled(Labels::new([("name", name)]).unwrap());
    for (metric, signal) in [(Metric::ProbeUp, Signal::Availability), (Metric::JobOk, Signal::Jobs)] {
        let blind = labelled(Reading::unknown(metric, "timed out"), "a");
        let down = labelled(Reading::exact(metric, 0.0), "b");
        let found = assess_one(&[blind, down]);
        assert_eq!((found[0].0, found[0].1), (signal, Health::Failing));
    }
}

#[test]
fn a_queue_of_unknown_age_is_not_covered_by_another_that_is_fast() {
    let of = |reading: Reading, queue: &str| reading.labelled(Labels::new([("queue", queue)]).unwrap());
    let other = of(Reading::exact(Metric::QueueReady, 7.0), "mail");
    let fast = [queue(Metric::QueueReady, 1.0), queue(Metric::QueueOldestAge, 1.0), other.clone()];
    assert_eq!(assess_one(&fast), [(Signal::Backlog, Health::Unknown, None)]);
    let slow = [queue(Metric::QueueReady, 1.0), queue(Metric::QueueOldestAge, 9_000.0), other];
    assert_eq!(assess_one(&slow)[0].1, Health::Failing);
}

#[test]
fn a_service_that_stopped_reporting_is_unknown_in_every_signal() {
    let window = ServiceWindow::default();
    let key = SeriesKey { metric: Metric::JobOk, service: None, labels: Labels::default() };
    let latest = [Latest { key: &key, value: &Value::Number(1.0), quality: Quality::Exact }];
    let found = assess(&window, true, &latest, &Objectives::default());
    assert!(found.iter().all(|signal| signal.health == Health::Unknown), "{found:?}");
}

/// The metrics that one signal is made of.
const SIGNALS: [&[Metric]; 4] = [
    &[Metric::ProbeUp],
    &[Metric::Requests, Metric::RequestErrors],
    &[Metric::JobOk, Metric::JobLate],
    &[Metric::QueueReady, Metric::QueueOldestAge, Metric::QueueDeadLetter],
];

fn reading(metric: Metric, value: Option<f64>) -> Reading {
    let value = match (metric, value) {
        // A yes or a no.
        (Metric::ProbeUp | Metric::JobOk, Some(value)) => Some(if value < 100.0 { 1.0 } else { 0.0 }),
        (_, value) => value,
    };
    value.map_or_else(|| Reading::unknown(metric, "timed out"), |value| Reading::exact(metric, value))
}

/// How the one signal of these readings is; `None` when nothing measures it.
fn health(readings: &[Reading]) -> Option<Health> {
    assess_one(readings).first().map(|(_, health, _)| *health)
}

proptest! {
    #[test]
    fn what_is_no_longer_known_is_never_healthy_and_worse_values_never_look_better(
        which in 0..SIGNALS.len(), values in prop::collection::vec(prop::option::weighted(0.9, 0.0_f64..900.0), 3),
        gone in 0_usize..3, more in 0.0_f64..9_000.0,
    ) {
        let metrics = SIGNALS[which];
        let readings: Vec<Reading> = metrics.iter().zip(&values).map(|(metric, value)| reading(*metric, *value)).collect();
        let before = health(&readings);
        let gone = gone % metrics.len();
        let mut blind = readings.clone();
        blind[gone] = Reading::unknown(metrics[gone], "timed out");
        prop_assert!(health(&blind) >= before.min(Some(Health::Unknown)), "{before:?} became {:?}: {readings:?}", health(&blind));
        // More requests and more that waits aren't worse of themselves.
        if !matches!(metrics[gone], Metric::Requests | Metric::QueueReady) {
            let mut worse = readings.clone();
            worse[gone] = reading(metrics[gone], values[gone].map(|value| value + more));
            prop_assert!(health(&worse) >= before, "{before:?} became {:?}: {readings:?}", health(&worse));
        }
    }
}

#[test]
fn numbers_that_are_none_are_unknown_and_never_healthy() {
    for metrics in SIGNALS {
        for metric in metrics {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let readings: Vec<Reading> = metrics
                    .iter()
                    .map(|one| Reading::exact(*one, if one == metric { bad } else { 1.0 }))
                    .collect();
                assert_ne!(health(&readings), Some(Health::Healthy), "{metric} {bad}");
            }
        }
    }
}

fn took(metric: Metric, seconds: &[f64]) -> Reading {
    let mut histogram = crate::signal::histogram::Histogram::default();
    seconds.iter().for_each(|value| histogram.record(*value));
    Reading::distribution(metric, histogram)
}

#[test]
fn grades_the_time_that_answers_take() {
    use Health::{Degraded, Failing, Healthy, Unknown};
    let table = [
        (vec![took(Metric::RequestDuration, &[0.1; 50])], Healthy),
        (vec![took(Metric::RequestDuration, &[2.0; 50])], Degraded),
        (vec![took(Metric::RequestDuration, &[9.0; 50])], Failing),
        (vec![took(Metric::ProbeDuration, &[9.0])], Failing),
        (vec![took(Metric::RequestDuration, &[])], Healthy),
        (vec![Reading::unknown(Metric::RequestDuration, "timed out")], Unknown),
        (
            vec![took(Metric::RequestDuration, &[0.1]), Reading::unknown(Metric::ProbeDuration, "timed out")],
            Healthy,
        ),
    ];
    for (readings, expected) in table {
        let found = assess_one(&readings);
        assert_eq!((found.len(), found[0].0, found[0].1), (1, Signal::Latency, expected), "{readings:?}");
    }
}

#[test]
fn a_probe_that_failed_a_moment_ago_and_a_queue_that_moves() {
    let mut window = ServiceWindow::default();
    let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
    let (down, up) = (Reading::exact(Metric::ProbeUp, 0.0), Reading::exact(Metric::ProbeUp, 1.0));
    window.observe(at(0), std::slice::from_ref(&down));
    window.observe(at(60), std::slice::from_ref(&up));
    let key = up.key();
    let latest = [Latest { key: &key, value: &up.value, quality: up.quality }];
    let found = assess(&window, false, &latest, &Objectives::default());
    assert_eq!(
        (found[0].health, found[0].detail.as_str()),
        (Health::Degraded, "probes failed within the last 5 minutes")
    );

    let moves = [queue(Metric::QueueReady, 5.0), queue(Metric::QueueOldestAge, 2.0)];
    assert_eq!(assess_one(&moves), [(Signal::Backlog, Health::Healthy, Some(2.0))]);
}
