//! Tests of what is made of a service's metrics.

use eavip_core::signal::reading::{Quality, Value};

use crate::config::Config;
use crate::config::layers::Layers;

use super::*;

const CONFIG: &str = r#"
[[scrape]]
name = "shop"
service = "shop"
url = "http://127.0.0.1:1/metrics"
requests = 'http_requests_total'
errors = 'http_requests_total{code=~"5.."}'
latency = 'http_duration_seconds{path!="/health"}'
[[scrape.job]]
name = "sweep"
last_success = "sweep_last_success_timestamp_seconds"
every = "1h"
[[scrape.queue]]
name = "outbox"
ready = "outbox_depth"
oldest_age = "outbox_oldest_age_seconds"
"#;

fn scrape() -> Scrape {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    std::fs::write(&path, CONFIG).unwrap();
    let config = Config::load(&Layers::read(&path, true)).unwrap();
    Scrape::new(config.scrapes[0].clone())
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_700_010_000_000)
}

fn find(readings: &[Reading], metric: Metric) -> &Value {
    &readings.iter().find(|reading| reading.metric == metric).unwrap_or_else(|| panic!("{metric}")).value
}

fn text(ok: u32, bad: u32, fast: u32, slow: u32, beyond: u32) -> String {
    format!(
        "http_requests_total{{code=\"200\"}} {ok}\nhttp_requests_total{{code=\"503\"}} {bad}\n\
         http_duration_seconds_bucket{{path=\"/\",le=\"0.1\"}} {fast}\n\
         http_duration_seconds_bucket{{path=\"/\",le=\"1\"}} {}\n\
         http_duration_seconds_bucket{{path=\"/\",le=\"+Inf\"}} {}\n\
         http_duration_seconds_bucket{{path=\"/health\",le=\"0.1\"}} 999\n\
         sweep_last_success_timestamp_seconds 1700000000\noutbox_depth 4\noutbox_oldest_age_seconds 12\n",
        fast + slow,
        fast + slow + beyond
    )
}

#[test]
fn counts_what_was_added_between_two_looks() {
    let mut scrape = scrape();
    let first = scrape.read(&text(100, 5, 80, 20, 0), now());
    assert!(first.iter().all(|reading| reading.metric != Metric::Requests), "a difference needs two looks");
    let second = scrape.read(&text(150, 7, 90, 30, 2), now());
    assert_eq!(find(&second, Metric::Requests), &Value::Number(52.0));
    assert_eq!(find(&second, Metric::RequestErrors), &Value::Number(2.0));
    let Value::Histogram(histogram) = find(&second, Metric::RequestDuration) else { panic!() };
    assert_eq!(histogram.count(), 22);
    assert!((histogram.sum() - (10.0 * 0.1 + 10.0 + 2.0)).abs() < 1e-9, "{}", histogram.sum());
    let service = "shop".parse().unwrap();
    assert!(second.iter().all(|reading| reading.service.as_ref() == Some(&service)));
}

#[test]
fn a_service_that_restarted_counts_from_nothing() {
    let mut scrape = scrape();
    scrape.read(&text(100, 5, 80, 20, 0), now());
    let readings = scrape.read(&text(3, 1, 2, 1, 0), now());
    assert_eq!(find(&readings, Metric::Requests), &Value::Number(4.0));
    let Value::Histogram(histogram) = find(&readings, Metric::RequestDuration) else { panic!() };
    assert_eq!(histogram.count(), 3);
}

#[test]
fn reads_jobs_and_queues() {
    let readings = scrape().read(&text(0, 0, 0, 0, 0), now());
    assert_eq!(find(&readings, Metric::JobSuccessAge), &Value::Number(10_000.0));
    assert_eq!(find(&readings, Metric::JobLate), &Value::Number(6_400.0));
    assert_eq!(find(&readings, Metric::QueueReady), &Value::Number(4.0));
    assert_eq!(find(&readings, Metric::QueueOldestAge), &Value::Number(12.0));
}

#[test]
fn series_that_are_not_there_are_unknown() {
    let readings = scrape().read("up 1\n", now());
    for metric in [Metric::Requests, Metric::RequestDuration, Metric::JobOk, Metric::QueueReady] {
        let reading = readings.iter().find(|reading| reading.metric == metric).unwrap();
        assert_eq!(reading.quality, Quality::Unknown, "{metric}");
    }
}

#[test]
fn selectors_choose_as_prometheus_does() {
    let line = r#"x{code="503",path="/a"} 1"#;
    let sample = text::samples(line).next().unwrap().unwrap();
    for (selector, expected) in [
        ("x", true),
        ("y", false),
        (r#"x{code="503"}"#, true),
        (r#"x{code=~"5.."}"#, true),
        (r#"x{code=~"5."}"#, false),
        (r#"x{code!~"4..|5..", path="/a"}"#, false),
        (r#"x{none=""}"#, true),
        (r#"x{none!=""}"#, false),
        (r#"x{code=~"\d+",}"#, true),
    ] {
        assert_eq!(selector.parse::<Selector>().unwrap().matches(&sample), expected, "{selector}");
    }
    for wrong in
        ["", "{a=\"b\"}", "x{", "x{a}", "x{a=b}", "x{a=\"b\"} 1", "x{a=~\"(\"}", "x{a=~\"(a{1000}){1000}\"}"]
    {
        assert!(wrong.parse::<Selector>().is_err(), "{wrong}");
    }
}
