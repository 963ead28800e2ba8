//! Tests of deadlines, breakers and isolation, on a clock that doesn't wait.

use eavip_core::labels::Labels;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::{Reading, SeriesKey, Value};
use eavip_core::time::Timestamp;

use super::*;
use crate::collect::Failure;

/// Does what it is told, read by read; the last behaviour stays.
struct Scripted(Vec<Does>);

#[derive(Clone, Copy)]
enum Does {
    Answer,
    Fail,
    Hang,
    Panic,
}

impl Collect for Scripted {
    fn expected(&self) -> Vec<SeriesKey> {
        vec![SeriesKey { metric: Metric::QueueReady, service: None, labels: Labels::default() }]
    }

    async fn collect(&mut self, _: Timestamp) -> Result<Vec<Reading>, Failure> {
        let does = if self.0.len() > 1 { self.0.remove(0) } else { self.0[0] };
        match does {
            Does::Answer => Ok(vec![Reading::exact(Metric::QueueReady, 1.0)]),
            Does::Fail => Err(Failure("no connection".to_owned())),
            Does::Hang => std::future::pending().await,
            Does::Panic => panic!("broken"),
        }
    }
}

fn start(board: &Arc<Board>, name: &str, script: &[Does]) -> tokio::task::JoinHandle<()> {
    let collector = Scripted(script.to_vec());
    let interval = Span::from_secs(5);
    let plan = Plan {
        id: board.enter(name, None, collector.expected()),
        name: name.to_owned(),
        interval,
        schedule: Schedule::every(interval),
        deadline: Span::from_secs(2),
    };
    tokio::spawn(run(collector, plan, Arc::clone(board)))
}

fn reported(board: &Board) -> Vec<Value> {
    board.drain().into_iter().filter(|r| r.metric == Metric::QueueReady).map(|r| r.value).collect()
}

#[tokio::test(start_paused = true)]
async fn a_hung_and_a_broken_collector_delay_no_other() {
    let board = Arc::new(Board::default());
    let tasks = [
        start(&board, "hung", &[Does::Hang]),
        start(&board, "broken", &[Does::Panic]),
        start(&board, "good", &[Does::Answer]),
    ];
    board.passed(3).await;
    assert_eq!(
        reported(&board),
        [
            Value::Unknown("no result within 2s".into()),
            Value::Unknown("the collector broke off".into()),
            Value::Number(1.0)
        ]
    );
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(start_paused = true)]
async fn works_again_after_failures() {
    let board = Arc::new(Board::default());
    let task = start(&board, "a", &[Does::Fail, Does::Fail, Does::Fail, Does::Fail, Does::Answer]);
    board.passed(4).await;
    assert_eq!(reported(&board), [Value::Unknown("no connection".into())]);
    board.passed(5).await;
    assert_eq!(reported(&board), [Value::Number(1.0)]);
    task.abort();
}

#[test]
fn a_breaker_slows_down_after_three_failures_and_ends_with_one_success() {
    let mut breaker = Breaker::default();
    let interval = Span::from_secs(5);
    assert!(breaker.failed(), "the first of its row");
    assert!(!breaker.failed());
    assert_eq!(breaker.slowed(interval), None);
    breaker.failed();
    assert_eq!(breaker.slowed(interval), Some(SLOWED));
    assert_eq!(breaker.slowed(Span::from_secs(60)), Some(Span::from_secs(60)));
    assert!(breaker.succeeded() && !breaker.succeeded());
    assert_eq!(breaker.slowed(interval), None);
}
