//! Charts: nothing that isn't a number, nothing that isn't escaped, gaps that stay.

use super::*;
use crate::dashboard::fixtures;
use eavip_core::signal::metric::Metric;
use proptest::prelude::*;

fn drawn(history: &History) -> String {
    chart(history, Size::Large, None).render().unwrap()
}

#[test]
fn draws_line_objective_and_marks() {
    let html = drawn(&fixtures::latency_history());
    assert!(html.contains("<figure"), "{html}");
    assert!(html.contains("objective at most 1 s"));
    assert!(html.contains("class=\"mark mark-opened\""));
    assert!(html.contains("<table"));
}

#[test]
fn a_gap_is_not_bridged() {
    let mut history = fixtures::latency_history();
    history.points.retain(|point| !(20..30).contains(&((point.at_ms / 60_000) % 60)));
    let html = drawn(&history);
    let path = html.split("class=\"line\" d=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(path.matches('M').count() >= 2, "{path}");
    assert!(html.contains("without readings"));
}

#[test]
fn many_points_are_joined_and_keep_their_extremes() {
    let mut history = fixtures::latency_history();
    let first = history.points[0];
    history.gap_seconds = 60.0;
    history.points = (0..5_000)
        .map(|at| Point {
            at_ms: first.at_ms + at * 700,
            value: 1.0,
            min: 1.0,
            max: if at == 3_333 { 9.0 } else { 1.0 },
        })
        .collect();
    let chart = chart(&history, Size::Small, None);
    assert!(chart.rows.len() <= 97, "{}", chart.rows.len());
    assert!(chart.banded && chart.caption.contains("9 s"), "{}", chart.caption);
}

#[test]
fn says_so_when_there_is_nothing() {
    let mut history = fixtures::latency_history();
    history.points.clear();
    assert!(drawn(&history).contains("Nothing was measured in this time."));
}

#[test]
fn an_objective_far_away_is_told_and_not_drawn() {
    let mut history = fixtures::latency_history();
    history.objective = Some(1e6);
    let html = drawn(&history);
    assert!(html.contains("is outside of what is drawn") && !html.contains("class=\"objective\""));
}

fn anything() -> impl Strategy<Value = History> {
    let point = (any::<i64>(), any::<f64>(), any::<f64>(), any::<f64>())
        .prop_map(|(at_ms, value, min, max)| Point { at_ms: at_ms >> 20, value, min, max });
    let metric = prop::sample::select(Metric::ALL);
    (
        prop::collection::vec(point, 0..300),
        metric,
        any::<f64>(),
        prop::option::of(any::<f64>()),
        ".{0,40}",
        ".{0,20}",
    )
        .prop_map(|(points, metric, gap_seconds, objective, text, from)| {
            let mut history = fixtures::latency_history();
            (history.series.metric, history.series.unit) = (metric, metric.unit());
            history.series.text = text.clone();
            history.series.service = Some(text.clone());
            history.series.labels = [(String::from("mount"), text.clone())].into();
            (history.points, history.gap_seconds, history.objective) = (points, gap_seconds, objective);
            if let Some(mark) = history.marks.first_mut() {
                mark.text = text;
            }
            if !from.is_empty() {
                history.from = from;
            }
            history
        })
}

proptest! {
    #[test]
    fn never_writes_what_is_no_number(mut history in anything()) {
        history.series.text = String::new();
        history.series.service = None;
        history.series.labels.clear();
        history.marks.clear();
        let html = drawn(&history);
        prop_assert!(!html.contains("NaN") && !html.contains("inf"), "{}", html);
    }

    #[test]
    fn escapes_whatever_a_label_says(history in anything(), evil in "[<>&\"']{1,8}script") {
        let mut history = history;
        history.series.service = Some(evil.clone());
        history.series.labels = [(String::from("mount"), evil.clone())].into();
        history.series.text = evil.clone();
        let html = drawn(&history);
        prop_assert!(!html.contains(&evil), "{}", html);
    }
}
