//! Tests of what a probe says of a target.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eavip_core::signal::reading::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::config::Config;
use crate::config::layers::Layers;

/// Answers the first connections with the replies in order, and all later ones with the last; an empty reply closes.
async fn serve(replies: &'static [&'static str]) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let at = count.fetch_add(1, Ordering::SeqCst);
            let reply = replies.get(at).or(replies.last()).copied().unwrap_or_default();
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(reply.as_bytes()).await;
        }
    });
    (port, asked)
}

fn probe(port: u16, more: &str) -> Probe {
    let text =
        format!("[[probe]]\nname = 'shop'\nservice = 'shop'\nurl = 'http://127.0.0.1:{port}/'\n{more}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    std::fs::write(&path, text).unwrap();
    Probe::new(Config::load(&Layers::read(&path, true)).unwrap().probes.remove(0))
}

async fn read(probe: &mut Probe) -> (f64, f64, u64) {
    let readings = probe.collect(crate::collect::now()).await.unwrap();
    let number = |metric| {
        let found = readings.iter().find(|reading| reading.metric == metric).map(|reading| &reading.value);
        if let Some(Value::Number(value)) = found { *value } else { f64::NAN }
    };
    let count = readings.iter().find_map(|reading| match &reading.value {
        Value::Histogram(histogram) => Some(histogram.count()),
        _ => None,
    });
    let service = "shop".parse().unwrap();
    assert!(readings.iter().all(|reading| reading.service.as_ref() == Some(&service)));
    (number(Metric::ProbeUp), number(Metric::ProbeStatus), count.unwrap_or(0))
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nall good";
const BAD: &str = "HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn a_good_answer_is_up_and_counts_once() {
    let (port, asked) = serve(&[OK]).await;
    assert_eq!(read(&mut probe(port, "contains = 'good'")).await, (1.0, 200.0, 1));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn one_lost_answer_is_no_outage() {
    let (port, asked) = serve(&["", OK]).await;
    assert_eq!(read(&mut probe(port, "")).await, (1.0, 200.0, 1));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn is_down_on_a_wrong_status_a_missing_text_and_no_answer() {
    let (port, asked) = serve(&[BAD]).await;
    assert_eq!(read(&mut probe(port, "")).await, (0.0, 503.0, 1));
    assert_eq!(asked.load(Ordering::SeqCst), 2, "asked once more before it is called down");
    assert_eq!(read(&mut probe(port, "status = [503]")).await, (1.0, 503.0, 1));
    let (port, _) = serve(&[OK]).await;
    assert_eq!(read(&mut probe(port, "contains = 'bad'")).await, (0.0, 200.0, 1));
    let (port, _) = serve(&[""]).await;
    assert_eq!(read(&mut probe(port, "")).await, (0.0, 0.0, 0));
}

#[tokio::test]
async fn a_target_that_hangs_is_down_and_not_unknown() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(read(&mut probe(port, "deadline = '200ms'")).await, (0.0, 0.0, 0));
}

#[tokio::test]
async fn a_secret_that_is_missing_is_our_own_failure() {
    let (port, asked) = serve(&[OK]).await;
    let mut probe = probe(port, "authorization = { file = '/nonexistent/secret' }");
    assert!(probe.collect(crate::collect::now()).await.is_err());
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn finds_a_text_in_a_body() {
    assert!(contains(b"all good", "good") && contains(b"", "") && !contains(b"goo", "good"));
}
