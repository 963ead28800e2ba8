//! Queue backlog from a real Redis and a real RabbitMQ: each broker is started on free loopback ports, filled, read by
//! the agent's collectors, and stopped, after which the agent says that it doesn't know.

mod rabbitmq;
mod redis;

use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use eavip_agent::collect::Collectors;
use eavip_agent::config::Config;
use eavip_agent::config::layers::Layers;
use eavip_core::id::NodeId;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::{Quality, Value};

/// How long a broker may take to start, stop or count; a slow machine needs much of it, a good one little.
const PATIENCE: Duration = Duration::from_secs(90);

/// A process of this test, ended by its id.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Tries until it works, and says after [`PATIENCE`] what the last try said.
fn until<T>(what: &str, mut attempt: impl FnMut() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        match attempt() {
            Ok(done) => return done,
            Err(why) => assert!(started.elapsed() < PATIENCE, "{what}: {why}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The agent's collectors on a configuration, and the latest figures of each queue.
struct Watcher {
    collectors: Collectors,
    seen: Vec<(String, Metric, Value, Quality)>,
}

impl Watcher {
    fn start(directory: &Path, queues: &str) -> Self {
        let file = directory.join("agent.toml");
        std::fs::write(&file, format!("interval = \"1s\"\n{queues}")).unwrap();
        let config = Config::load(&Layers::read(&file, true)).unwrap();
        let node = NodeId("0198c0de-0000-7000-8000-000000000002".parse().unwrap());
        Self { collectors: Collectors::start(&config, node), seen: Vec::new() }
    }

    /// Reads reports until one says so of a queue's metric.
    async fn sees(&mut self, queue: &str, metric: Metric, is: impl Fn(&Value, Quality) -> bool) {
        let wait = async {
            loop {
                let body = self.collectors.next_body().await;
                let named = body.readings.into_iter().filter_map(|reading| {
                    let queue = reading.labels.get("queue")?.to_owned();
                    Some((queue, reading.metric, reading.value, reading.quality))
                });
                self.seen = named.collect();
                if self
                    .seen
                    .iter()
                    .any(|(name, m, value, quality)| name == queue && *m == metric && is(value, *quality))
                {
                    return;
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, wait).await;
        assert!(found.is_ok(), "{queue} never shows that of {metric}; last: {:#?}", self.seen);
    }

    async fn counts(&mut self, queue: &str, metric: Metric, count: f64) {
        self.sees(queue, metric, |value, _| *value == Value::Number(count)).await;
    }

    async fn ages(&mut self, queue: &str, seconds: f64, quality: Quality) {
        let old =
            |value: &Value, found| found == quality && matches!(value, Value::Number(age) if *age >= seconds);
        self.sees(queue, Metric::QueueOldestAge, old).await;
    }

    async fn is_blind(&mut self, queue: &str) {
        self.sees(queue, Metric::QueueReady, |value, _| matches!(value, Value::Unknown(_))).await;
    }
}
