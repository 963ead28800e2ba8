//! Tests of what a node is known by: its latest values, their age, and the bounds that hold whatever it reports.

use super::*;
use crate::signal::health::Health;
use crate::signal::indicator::Derived;
use crate::signal::reading::Value;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

fn new_node() -> Node {
    let place = Place {
        deployment: "eu".parse().unwrap(),
        mode: Mode::Saas,
        environment: Environment::Production,
        labels: Labels::default(),
    };
    Node::new("01980000-0000-7000-8000-000000000001".parse().unwrap(), place, at(0))
}

fn body(secs: i64, readings: Vec<Reading>) -> Body {
    Body { at: at(secs), interval: Span::from_secs(15), facts: None, readings, dropped: Vec::new() }
}

fn report(node: &mut Node, secs: i64, readings: Vec<Reading>) {
    node.observe(&body(secs, readings), at(secs));
}

fn cpu(value: f64) -> Reading {
    Reading::exact(Metric::CpuBusy, value)
}

fn disk(mount: &str, value: f64) -> Reading {
    Reading::exact(Metric::DiskUsed, value).labelled(Labels::new([("mount", mount)]).unwrap())
}

fn value(node: &Node, metric: Metric) -> Option<&Value> {
    node.series_of(metric).next().map(|(_, series)| &series.value)
}

#[test]
fn keeps_the_latest_value_of_each_series() {
    let mut node = new_node();
    report(&mut node, 0, vec![cpu(0.1), disk("/", 0.5), disk("/var", 0.6)]);
    report(&mut node, 15, vec![cpu(0.2), disk("/var", 0.7)]);
    assert_eq!(value(&node, Metric::CpuBusy), Some(&Value::Number(0.2)));
    let disks: Vec<_> =
        node.series_of(Metric::DiskUsed).map(|(_, series)| (&series.value, series.at)).collect();
    assert_eq!(disks, [(&Value::Number(0.5), at(0)), (&Value::Number(0.7), at(15))]);
}

#[test]
fn an_older_report_is_history_and_overwrites_nothing() {
    let mut node = new_node();
    report(&mut node, 30, vec![cpu(0.9)]);
    let late = Body {
        facts: Some(Facts { hostname: "old".into(), ..Facts::default() }),
        ..body(15, vec![cpu(0.1)])
    };
    node.observe(&late, at(40));
    assert_eq!(value(&node, Metric::CpuBusy), Some(&Value::Number(0.9)));
    assert_eq!((node.reported_at, node.facts.hostname.as_str()), (Some(at(30)), ""));
    assert_eq!(node.seen_at, Some(at(40)), "it shows that the node is there");
}

#[test]
fn a_server_clock_that_runs_backwards_takes_nothing_back() {
    let mut node = new_node();
    report(&mut node, 30, vec![cpu(0.9)]);
    node.observe(&body(45, vec![cpu(0.5)]), at(10));
    assert_eq!(node.seen_at, Some(at(30)));
    assert_eq!(node.silent(at(5)), Span::ZERO);
}

#[test]
fn a_node_whose_clock_was_set_back_is_believed_again() {
    let mut node = new_node();
    let year = 365 * 86_400;
    node.observe(&body(year, vec![cpu(0.1), disk("/", 0.5)]), at(0));
    node.observe(&body(15, vec![cpu(0.99)]), at(15));
    assert_eq!(value(&node, Metric::CpuBusy), Some(&Value::Number(0.99)), "not frozen for a year");
    for secs in (30..=90).step_by(15) {
        report(&mut node, secs, vec![cpu(0.99)]);
    }
    let (_, disk) = node.series_of(Metric::DiskUsed).next().unwrap();
    assert_eq!(node.quality(disk, at(90)), Quality::Unknown, "what is no longer named goes stale as usual");
}

#[test]
fn what_is_not_heard_of_goes_stale() {
    let mut node = new_node();
    assert!(node.is_stale(at(46)), "a node that never reported is measured from its enrolment");
    report(&mut node, 100, vec![cpu(0.1)]);
    let (_, series) = node.series_of(Metric::CpuBusy).next().unwrap();
    for (now, stale, quality) in [(145, false, Quality::Exact), (146, true, Quality::Unknown)] {
        assert_eq!((node.is_stale(at(now)), node.quality(series, at(now))), (stale, quality), "{now}");
    }
}

#[test]
fn a_fast_node_is_not_stale_before_ten_seconds() {
    let mut node = new_node();
    node.observe(&Body { interval: Span::from_secs(1), ..body(0, vec![]) }, at(0));
    assert!(!node.is_stale(at(10)));
    assert!(node.is_stale(at(11)));
}

#[test]
fn a_series_that_reports_no_longer_name_is_stale_and_then_forgotten() {
    let mut node = new_node();
    let shop = "shop".parse().unwrap();
    report(&mut node, 0, vec![cpu(0.1), Reading::exact(Metric::ProbeUp, 1.0).of(Some(&shop))]);
    report(&mut node, 60, vec![cpu(0.1)]);
    let (_, probe) = node.series_of(Metric::ProbeUp).next().unwrap();
    assert_eq!(node.quality(probe, at(60)), Quality::Unknown);
    report(&mut node, 3_500, vec![cpu(0.1)]);
    assert_eq!((node.series.len(), node.services.len()), (2, 1));
    report(&mut node, 3_700, vec![cpu(0.1)]);
    assert_eq!((node.series.len(), node.services.len()), (1, 0), "the service goes with its last series");
}

#[test]
fn series_and_services_are_bounded_and_known_ones_stay_current() {
    let mut node = new_node();
    let many =
        |from: usize| (from..from + MAX_SERIES).map(|at| disk(&format!("/{at}"), 0.5)).collect::<Vec<_>>();
    report(&mut node, 0, many(0));
    report(&mut node, 15, many(MAX_SERIES));
    assert_eq!(node.series.len(), MAX_SERIES);
    report(&mut node, 30, vec![disk("/7", 0.75)]);
    let key = SeriesKey {
        metric: Metric::DiskUsed,
        service: None,
        labels: Labels::new([("mount", "/7")]).unwrap(),
    };
    assert_eq!(node.series.get(&key).map(|series| &series.value), Some(&Value::Number(0.75)));

    let mut node = new_node();
    let service =
        |at: usize| Reading::exact(Metric::ProbeUp, 1.0).of(Some(&format!("s{at}").parse().unwrap()));
    report(&mut node, 0, (0..MAX_SERIES).map(service).collect());
    assert_eq!(node.services.len(), MAX_SERVICES);
}

#[test]
fn a_reading_is_found_by_its_parts_in_the_order_of_keys() {
    let labels = [vec![], vec![("a", "1")], vec![("a", "1"), ("b", "2")], vec![("a", "2")]];
    let services = [None, Some("a"), Some("b")];
    let mut readings = Vec::new();
    for metric in [Metric::CpuBusy, Metric::DiskUsed, Metric::ProbeUp] {
        for service in services.map(|service| service.map(|service| service.parse().unwrap())) {
            for labels in &labels {
                let labels = Labels::new(labels.iter().copied()).unwrap();
                readings.push(Reading::exact(metric, 0.0).of(service.as_ref()).labelled(labels));
            }
        }
    }
    let mut node = new_node();
    report(&mut node, 0, readings.clone());
    report(&mut node, 15, readings.iter().rev().cloned().collect());
    assert_eq!(node.series.len(), readings.len(), "each is found again");
    assert!(node.series.iter().all(|(_, series)| series.at == at(15)));
}

#[test]
fn a_node_cannot_claim_its_own_silence() {
    let mut node = new_node();
    report(&mut node, 0, vec![Reading::exact(Metric::NodeSilent, 1e9)]);
    assert!(node.series.is_empty());
}

#[test]
fn readings_of_several_services_reach_each_its_own_window() {
    let mut node = new_node();
    let of = |service: &str, metric, value| Reading::exact(metric, value).of(Some(&service.parse().unwrap()));
    report(
        &mut node,
        0,
        vec![
            of("shop", Metric::Requests, 100.0),
            of("mail", Metric::Requests, 10.0),
            of("shop", Metric::RequestErrors, 50.0),
            cpu(0.1),
        ],
    );
    assert_eq!(node.services["shop"].indicator(Derived::ErrorRatio), Some(0.5));
    assert_eq!(node.services["mail"].indicator(Derived::ErrorRatio), Some(0.0));
}

// Seed: "Health signals are visible in a single operational dashboard".
#[test]
fn tells_the_health_of_each_service_it_watches() {
    let mut node = new_node();
    let of =
        |service: &str, value| Reading::exact(Metric::ProbeUp, value).of(Some(&service.parse().unwrap()));
    report(&mut node, 0, vec![of("shop", 1.0), of("mail", 0.0)]);
    let policy = Policy::builtin();
    let health = |now| -> Vec<(String, Health)> {
        let found = node.service_health(&policy, at(now));
        found.into_iter().map(|(service, signals)| (service.to_string(), signals[0].health)).collect()
    };
    assert_eq!(health(0), [("mail".to_owned(), Health::Failing), ("shop".to_owned(), Health::Healthy)]);
    assert!(health(60).iter().all(|(_, health)| *health == Health::Unknown), "silence is never healthy");
}

#[test]
fn facts_are_cut_to_their_bound() {
    let facts = Facts { hostname: "ä".repeat(10_000), ..Facts::default() };
    let bytes = Body { facts: Some(facts), ..body(0, vec![]) }.encode().unwrap();
    let mut node = new_node();
    node.observe(&Body::decode(&bytes, "").unwrap(), at(0));
    assert_eq!(node.facts.hostname.chars().count(), Facts::LONGEST);
}
