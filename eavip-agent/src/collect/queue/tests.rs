//! Tests of the one shape that every queue has.

use std::path::Path;

use eavip_core::signal::reading::Value;
use eavip_core::time::Span;

use super::*;
use crate::config::Watch;
use crate::config::queue as configured;

fn queue(path: &Path) -> Queue {
    let watch = Watch {
        name: "mail".parse().unwrap(),
        service: Some("post".parse().unwrap()),
        interval: Span::from_secs(10),
        deadline: Span::from_secs(5),
    };
    let directory = configured::Directory { path: path.to_owned(), suffix: Some(".msg".to_owned()) };
    Queue::new(QueueConfig { watch, source: QueueSource::Directory(directory) })
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1_000)
}

fn sample(ready: f64, enqueued: f64, dequeued: f64) -> Sample {
    let (enqueued, dequeued) = (Some(enqueued), Some(dequeued));
    Sample { ready: Figure::exact(ready), enqueued, dequeued, ..Sample::default() }
}

fn value(readings: &[Reading], metric: Metric) -> Option<f64> {
    readings.iter().find(|reading| reading.metric == metric).and_then(|reading| match &reading.value {
        Value::Number(value) => Some(*value),
        _ => None,
    })
}

#[test]
fn tells_flow_and_drain_between_two_samples() {
    let mut queue = queue(Path::new("/"));
    let first = queue.readings(sample(100.0, 1_000.0, 900.0), at(0));
    assert_eq!(value(&first, Metric::QueueEnqueued), None, "a difference needs two samples");
    let second = queue.readings(sample(80.0, 1_010.0, 930.0), at(10));
    assert_eq!(value(&second, Metric::QueueEnqueued), Some(10.0));
    assert_eq!(value(&second, Metric::QueueDequeued), Some(30.0));
    assert_eq!(value(&second, Metric::QueueDrain), Some(40.0), "80 at 2 per second");
    let third = queue.readings(sample(90.0, 1_030.0, 940.0), at(20));
    assert_eq!(value(&third, Metric::QueueDrain), None, "it grows: there is no such time");
    let restarted = queue.readings(sample(5.0, 5.0, 0.0), at(30));
    assert_eq!(value(&restarted, Metric::QueueEnqueued), Some(5.0), "the totals began anew");
    assert!(restarted.iter().all(|reading| reading.labels.get("queue") == Some("mail")));
}

#[test]
fn what_the_source_does_not_tell_is_unknown() {
    let mut queue = queue(Path::new("/"));
    let ready = Figure::Unknown("no lag".to_owned());
    let readings = queue.readings(Sample { ready, ..Sample::default() }, at(0));
    let unknown =
        |metric| readings.iter().any(|r| r.metric == metric && matches!(r.value, Value::Unknown(_)));
    assert!(unknown(Metric::QueueReady) && unknown(Metric::QueueOldestAge));
    assert_eq!(readings.len(), 2, "what the source doesn't have is left out");
}

#[tokio::test]
async fn counts_the_files_of_a_spool_directory() {
    let directory = tempfile::tempdir().unwrap();
    let deep = directory.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    for path in [directory.path().join("1.msg"), deep.join("2.msg"), directory.path().join("x.tmp")] {
        std::fs::write(path, "x").unwrap();
    }
    std::os::unix::fs::symlink("/", directory.path().join("link.msg")).unwrap();
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    let file = std::fs::File::options().write(true).open(deep.join("2.msg")).unwrap();
    file.set_modified(old).unwrap();
    let mut queue = queue(directory.path());
    let readings = queue.collect(at(60)).await.unwrap();
    assert_eq!(value(&readings, Metric::QueueReady), Some(2.0));
    assert_eq!(value(&readings, Metric::QueueOldestAge), Some(60.0));
    std::fs::remove_dir_all(directory.path()).unwrap();
    assert!(queue.collect(at(60)).await.is_err(), "a directory that is gone isn't an empty queue");
}
