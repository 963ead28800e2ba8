//! Tests of a service's window.

use super::*;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1000)
}

#[test]
fn works_out_availability_and_errors_over_the_window() {
    let mut window = ServiceWindow::default();
    for step in 0..10 {
        let up = if step == 3 { 0.0 } else { 1.0 };
        window.observe(
            at(step * 15),
            &[
                Reading::exact(Metric::ProbeUp, up),
                Reading::exact(Metric::Requests, 100.0),
                Reading::exact(Metric::RequestErrors, 5.0),
            ],
        );
    }
    assert_eq!(window.indicator(Derived::Availability), Some(0.9));
    assert_eq!(window.indicator(Derived::ErrorRatio), Some(0.05));
    assert_eq!(window.probe_failing(), Some(false));
}

#[test]
fn forgets_what_is_older_than_the_window() {
    let mut window = ServiceWindow::default();
    window.observe(at(0), &[Reading::exact(Metric::ProbeUp, 0.0)]);
    window.observe(at(301), &[Reading::exact(Metric::ProbeUp, 1.0)]);
    assert_eq!(window.indicator(Derived::Availability), Some(1.0));
}

#[test]
fn holds_a_bounded_number_of_slots_however_fast_reports_come() {
    let mut window = ServiceWindow::default();
    for second in 0..1_000 {
        window.observe(at(second), &[Reading::exact(Metric::Requests, 1.0)]);
    }
    assert!(window.slots.len() <= MAX_SLOTS);
    let requests = window.requests().unwrap();
    assert!((285.0..=300.0).contains(&requests), "{requests} in the window, which ends at most a slot early");
}

proptest::proptest! {
    #[test]
    fn the_sum_that_is_kept_up_to_date_is_that_of_the_slots(
        reports in proptest::collection::vec((1i64..120, 0u8..3, 1e-6..1e4f64, 0u32..100), 1..60)
    ) {
        let (mut window, mut now) = (ServiceWindow::default(), 0);
        for (secs, kind, seconds, requests) in reports {
            now += secs;
            let mut seen = Histogram::default();
            seen.record_many(seconds, 3);
            let metric = [Metric::RequestDuration, Metric::ProbeDuration, Metric::QueueDrain][usize::from(kind)];
            let readings = [Reading::distribution(metric, seen), Reading::exact(Metric::Requests, f64::from(requests))];
            window.observe(at(now), &readings);
        }
        let json = serde_json::to_string(&window).unwrap();
        let rebuilt: ServiceWindow = serde_json::from_str(&json).unwrap();
        proptest::prop_assert_eq!(window.requests(), rebuilt.requests());
        for derived in Derived::ALL {
            match (window.indicator(*derived), rebuilt.indicator(*derived)) {
                (Some(kept), Some(anew)) => {
                    let error = 2.0 * window.latency().map_or(0.0, |(sum, _)| sum.relative_error()) + 1e-9;
                    proptest::prop_assert!((kept - anew).abs() <= anew * error, "{} {} {}", derived, kept, anew);
                }
                (kept, anew) => proptest::prop_assert_eq!(kept, anew),
            }
        }
    }
}

#[test]
fn a_clock_set_back_drops_what_was_measured_ahead_of_it() {
    let mut window = ServiceWindow::default();
    window.observe(at(86_400), &[Reading::exact(Metric::ProbeUp, 0.0)]);
    window.observe(at(0), &[Reading::exact(Metric::ProbeUp, 1.0)]);
    assert_eq!(window.indicator(Derived::Availability), Some(1.0));
}

#[test]
fn absurd_counts_give_a_ratio_all_the_same() {
    let mut window = ServiceWindow::default();
    let readings =
        [Reading::exact(Metric::Requests, f64::MAX), Reading::exact(Metric::RequestErrors, f64::MAX)];
    window.observe(at(0), &readings);
    window.observe(at(15), &readings);
    assert_eq!(window.indicator(Derived::ErrorRatio), Some(1.0));
}

#[test]
fn prefers_what_requests_saw_over_what_probes_saw() {
    let seen = |seconds| {
        let mut histogram = Histogram::default();
        histogram.record(seconds);
        histogram
    };
    let mut window = ServiceWindow::default();
    window.observe(at(0), &[Reading::distribution(Metric::ProbeDuration, seen(1.0))]);
    assert_eq!(window.latency().unwrap().1, Quality::Estimated);
    window.observe(at(15), &[Reading::distribution(Metric::RequestDuration, seen(2.0))]);
    assert_eq!(window.latency().unwrap().1, Quality::Approximate);
    assert_eq!(window.indicator(Derived::LatencyP99), Some(2.0));
}

#[test]
fn an_unknown_probe_is_neither_up_nor_down() {
    let mut window = ServiceWindow::default();
    window.observe(at(0), &[Reading::exact(Metric::ProbeUp, 1.0)]);
    window.observe(at(15), &[Reading::unknown(Metric::ProbeUp, "timed out")]);
    assert_eq!(window.probe_failing(), None);
}

#[test]
fn no_requests_give_no_ratio() {
    let mut window = ServiceWindow::default();
    window.observe(at(0), &[Reading::exact(Metric::Requests, 0.0)]);
    assert_eq!(window.requests(), Some(0.0));
    assert_eq!(window.indicator(Derived::ErrorRatio), None);
}
