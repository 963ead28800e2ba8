//! Tests of jobs: announcements, what follows from them, and what survives.

use std::os::unix::fs::PermissionsExt as _;

use eavip_core::signal::reading::Value;

use super::client::{AnnounceError, announce};
use super::line::{Announcement, What};
use super::*;
use crate::config::Watch;
use crate::config::job::JobConfig;
use crate::schedule::Schedule;

fn job() -> JobConfig {
    let watch =
        Watch { name: "backup".parse().unwrap(), service: None, interval: INTERVAL, deadline: DEADLINE };
    JobConfig { watch, schedule: Schedule::every(Span::from_secs(3_600)), grace: Span::from_secs(60) }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1_000)
}

fn say(text: &str) -> Announcement {
    text.parse().unwrap()
}

async fn value(jobs: &mut Jobs, metric: Metric, now: Timestamp) -> Option<Value> {
    let readings = jobs.collect(now).await.unwrap();
    readings.into_iter().find(|reading| reading.metric == metric).map(|reading| reading.value)
}

#[test]
fn reads_announcements_and_nothing_else() {
    for text in ["start backup", "ok backup", "fail backup", "fail backup -3"] {
        assert_eq!(say(text).to_string(), text);
    }
    assert_eq!(say("fail backup 7\n").what, What::Fail(Some(7)));
    for wrong in ["", "ok", "ok Backup", "ok a b", "fail a b", "fail a 1 2", "stop a", "ok ../x"] {
        assert!(wrong.parse::<Announcement>().is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_job_is_unknown_then_good_then_late_then_failed() {
    let directory = tempfile::tempdir().unwrap();
    let book = Arc::new(Book::open(directory.path(), &[job()], at(0)));
    let mut jobs = Jobs::new(Arc::clone(&book));
    assert!(matches!(value(&mut jobs, Metric::JobOk, at(1)).await, Some(Value::Unknown(_))));
    assert_eq!(value(&mut jobs, Metric::JobLate, at(3_660)).await, Some(Value::Number(0.0)));
    assert_eq!(value(&mut jobs, Metric::JobLate, at(3_670)).await, Some(Value::Number(10.0)), "it never ran");
    book.take(&say("start backup"), at(3_700)).unwrap();
    book.take(&say("ok backup"), at(3_730)).unwrap();
    assert_eq!(value(&mut jobs, Metric::JobOk, at(3_740)).await, Some(Value::Number(1.0)));
    assert_eq!(value(&mut jobs, Metric::JobDuration, at(3_740)).await, Some(Value::Number(30.0)));
    assert_eq!(value(&mut jobs, Metric::JobSuccessAge, at(3_740)).await, Some(Value::Number(10.0)));
    assert_eq!(value(&mut jobs, Metric::JobLate, at(3_740)).await, Some(Value::Number(0.0)));
    book.take(&say("fail backup 2"), at(3_800)).unwrap();
    assert_eq!(value(&mut jobs, Metric::JobOk, at(3_800)).await, Some(Value::Number(0.0)));
    assert_eq!(value(&mut jobs, Metric::JobSuccessAge, at(3_830)).await, Some(Value::Number(100.0)));
}

#[test]
fn what_is_known_survives_a_restart_and_a_damaged_file_does_not_stop_one() {
    let directory = tempfile::tempdir().unwrap();
    let name = "backup".parse().unwrap();
    let book = Book::open(directory.path(), &[job()], at(0));
    book.take(&say("ok backup"), at(5)).unwrap();
    let again = Book::open(directory.path(), &[job()], at(10));
    assert_eq!(again.known(&name).succeeded_at, Some(at(5)));
    std::fs::write(directory.path().join("jobs.json"), "{torn").unwrap();
    let damaged = Book::open(directory.path(), &[job()], at(20));
    assert_eq!(damaged.known(&name).since, at(20));
    assert!(directory.path().join("jobs.json.damaged").exists());
    assert!(matches!(damaged.take(&say("ok other"), at(21)), Err(BookError::Undeclared(_))));
}

#[tokio::test]
async fn a_job_announces_itself_over_the_socket() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("jobs.sock");
    // What a dead agent left behind.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(matches!(announce(&socket, &say("ok backup")).await, Err(AnnounceError::Unreachable { .. })));
    let book = Arc::new(Book::open(directory.path(), &[job()], at(0)));
    let server = tokio::spawn(listen::serve(socket.clone(), Arc::clone(&book)));
    while announce(&socket, &say("ok backup")).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(book.known(&"backup".parse().unwrap()).ok, Some(true));
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o660);
    let refused = announce(&socket, &say("ok other")).await.unwrap_err().to_string();
    assert!(refused.contains("`other` isn't declared"), "{refused}");
    server.abort();
}

#[tokio::test]
async fn a_line_that_is_too_long_is_refused() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("jobs.sock");
    let book = Arc::new(Book::open(directory.path(), &[job()], at(0)));
    let server = tokio::spawn(listen::serve(socket.clone(), book));
    let mut stream = loop {
        match tokio::net::UnixStream::connect(&socket).await {
            Ok(stream) => break stream,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    stream.write_all("x".repeat(line::MAX_LINE).as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("refused"), "{reply}");
    server.abort();
}
