//! Tests of reports made of real collectors.

use eavip_core::signal::reading::Value;

use super::*;

fn config() -> Config {
    Config { interval: Span::from_secs(60), ..Config::default() }
}

fn node() -> NodeId {
    NodeId("0198c0de-0000-7000-8000-000000000001".parse().unwrap())
}

#[tokio::test]
async fn reports_at_once_and_again_with_rates() {
    let mut collectors = Collectors::start(&config(), node());
    let first = collectors.next_body().await;
    assert!(first.facts.is_some(), "the first report says who the node is");
    assert!(first.readings.iter().any(|reading| reading.metric == Metric::AgentMemory));
    let second = collectors.next_body().await;
    assert_eq!(second.facts, None, "nothing changed");
    let cpu = second.readings.iter().find(|reading| reading.metric == Metric::CpuBusy);
    assert!(cpu.is_some_and(|reading| matches!(reading.value, Value::Number(_))));
    let up: Vec<&Reading> = second.readings.iter().filter(|r| r.metric == Metric::CollectorUp).collect();
    assert!(up.len() == 2 && up.iter().all(|reading| reading.value == Value::Number(1.0)), "{up:?}");
    assert!(Body::decode(&second.encode().unwrap(), "body").is_ok());
}

#[tokio::test]
async fn a_probe_that_goes_down_is_reported_before_the_interval_ends() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        // Good for the first and the second read, then gone.
        for stream in listener.incoming().take(2) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    let text = format!(
        "interval = '1h'\n[[probe]]\nname = 'a'\ninterval = '1s'\nurl = 'http://127.0.0.1:{port}/'\n"
    );
    std::fs::write(&path, text).unwrap();
    let config = Config::load(&crate::config::layers::Layers::read(&path, true)).unwrap();
    let mut collectors = Collectors::start(&config, node());
    let down = |body: &Body| {
        body.readings.iter().any(|r| r.metric == Metric::ProbeUp && r.value == Value::Number(0.0))
    };
    let within = Duration::from_secs(60);
    let seen = tokio::time::timeout(within, async { while !down(&collectors.next_body().await) {} });
    assert!(seen.await.is_ok(), "the interval is an hour, the report came at once");
    answers.join().unwrap();
}

#[test]
fn a_failure_says_its_cause() {
    let error = std::io::Error::other("disk gone");
    assert_eq!(Failure::of(&error).0, "disk gone");
}
