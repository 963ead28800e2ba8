//! Tests of what becomes of results between reports.

use eavip_core::labels::Labels;

use super::*;

fn key(metric: Metric) -> SeriesKey {
    SeriesKey { metric, service: None, labels: Labels::default() }
}

fn values(board: &Board) -> Vec<(Metric, Value)> {
    board.drain().into_iter().map(|reading| (reading.metric, reading.value)).collect()
}

fn is_unknown(board: &Board, metric: Metric, reason: &str) -> bool {
    values(board).contains(&(metric, Value::Unknown(reason.into())))
}

fn durations(values: &[f64]) -> Reading {
    let mut histogram = Histogram::default();
    values.iter().for_each(|value| histogram.record(*value));
    Reading::distribution(Metric::ProbeDuration, histogram)
}

#[test]
fn a_gauge_repeats_and_a_delta_is_handed_out_once() {
    let board = Board::default();
    let id = board.enter("a", None, Vec::new());
    let read = |gauge, delta| {
        board.succeed(
            id,
            vec![Reading::exact(Metric::CpuBusy, gauge), Reading::exact(Metric::Requests, delta)],
        );
    };
    read(0.5, 3.0);
    read(0.6, 4.0);
    let reported = |delta| {
        vec![
            (Metric::CollectorUp, Value::Number(1.0)),
            (Metric::CpuBusy, Value::Number(0.6)),
            (Metric::Requests, Value::Number(delta)),
        ]
    };
    assert_eq!(values(&board), reported(7.0));
    assert_eq!(values(&board), reported(0.0));
}

#[test]
fn histograms_of_several_reads_become_one() {
    let board = Board::default();
    let id = board.enter("a", None, Vec::new());
    board.succeed(id, vec![durations(&[0.1, 0.2])]);
    board.succeed(id, vec![durations(&[0.3])]);
    let counts = || match &values(&board)[1].1 {
        Value::Histogram(histogram) => histogram.count(),
        other => panic!("{other:?}"),
    };
    assert_eq!((counts(), counts()), (3, 0));
}

#[test]
fn a_failing_collector_is_down_and_its_series_are_unknown() {
    let board = Board::default();
    let id = board.enter("a", None, vec![key(Metric::QueueReady)]);
    assert!(is_unknown(&board, Metric::QueueReady, "not read yet"));
    board.succeed(
        id,
        vec![Reading::exact(Metric::QueueReady, 1.0), Reading::exact(Metric::QueueOldestAge, 2.0)],
    );
    board.fail(id, "no connection");
    let found = values(&board);
    assert_eq!(found[0], (Metric::CollectorUp, Value::Number(0.0)));
    for metric in [Metric::QueueReady, Metric::QueueOldestAge] {
        assert!(found.contains(&(metric, Value::Unknown("no connection".into()))), "{found:?}");
    }
    board.succeed(id, vec![Reading::exact(Metric::QueueReady, 3.0)]);
    assert_eq!(values(&board).len(), 2, "what isn't read any more is gone");
}

#[test]
fn what_was_counted_before_a_failure_is_not_lost() {
    let board = Board::default();
    let id = board.enter("a", None, Vec::new());
    board.succeed(id, vec![Reading::exact(Metric::Requests, 5.0)]);
    board.fail(id, "gone");
    assert!(values(&board).contains(&(Metric::Requests, Value::Number(5.0))));
    assert!(is_unknown(&board, Metric::Requests, "gone"));
}

#[tokio::test]
async fn a_probe_that_changes_its_state_is_urgent() {
    let board = Board::default();
    let id = board.enter("a", None, vec![key(Metric::ProbeUp)]);
    let changes = |up: f64| {
        board.succeed(id, vec![Reading::exact(Metric::ProbeUp, up)]);
        tokio::time::timeout(std::time::Duration::ZERO, board.urgent())
    };
    assert!(changes(1.0).await.is_err(), "up at first is no news");
    assert!(changes(1.0).await.is_err());
    assert!(changes(0.0).await.is_ok());
    assert!(changes(0.0).await.is_err());
    assert!(changes(1.0).await.is_ok());
}

#[tokio::test]
async fn waits_until_each_collector_has_tried() {
    let board = Board::default();
    let (a, b) = (board.enter("a", None, Vec::new()), board.enter("b", None, Vec::new()));
    board.succeed(a, Vec::new());
    tokio::join!(board.passed(1), async { board.fail(b, "gone") });
    let standings = board.standings();
    assert_eq!(standings[1].failure.as_deref(), Some("gone"));
    assert!(standings.iter().all(|standing| standing.answered));
}

#[test]
fn one_collector_cannot_flood_a_report() {
    let board = Board::default();
    let id = board.enter("a", None, Vec::new());
    let reading = |n: usize| Reading::exact(Metric::DiskUsed, 0.1).labelled(named("mount", &n.to_string()));
    board.succeed(id, (0..5_000).map(reading).collect());
    assert_eq!(board.drain().len(), MAX_PER_COLLECTOR + 1);
}
