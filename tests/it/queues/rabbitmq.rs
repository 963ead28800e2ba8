//! Queues of RabbitMQ, through the management API of a broker with a node, ports and state of its own.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Quality;

use super::{Process, Watcher, free_port, until};

/// Where Debian's package keeps the script itself; the one on the path changes user and directory.
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
/// `guest:guest`, whom a broker accepts from loopback.
const GUEST: &str = "Basic Z3Vlc3Q6Z3Vlc3Q=";

struct Broker {
    // In the order they are ended: the broker, then its port mapper.
    _server: Process,
    _mapper: Process,
}

fn start(directory: &Path, management: u16) -> Broker {
    let [amqp, distribution, mapper] = [free_port(), free_port(), free_port()];
    let mapper_process = Command::new("epmd")
        .args(["-address", "127.0.0.1", "-port", &mapper.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("epmd is installed");
    let mapper_process = Process(mapper_process);
    until("epmd starts", || TcpStream::connect(("127.0.0.1", mapper)).map_err(|error| error.to_string()));
    let config = format!(
        "listeners.tcp.1 = 127.0.0.1:{amqp}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n\
         collect_statistics_interval = 1000\n"
    );
    std::fs::write(directory.join("rabbitmq.conf"), config).unwrap();
    std::fs::write(directory.join("plugins"), "[rabbitmq_management].\n").unwrap();
    let server = Command::new(SERVER)
        // Has the script become the broker itself, so that the process ended here is the broker.
        .env("RUNNING_UNDER_SYSTEMD", "1")
        .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-start_epmd false")
        .env("HOME", directory)
        .env("ERL_EPMD_PORT", mapper.to_string())
        .env("RABBITMQ_NODENAME", format!("eavip-test-{amqp}@localhost"))
        .env("RABBITMQ_DIST_PORT", distribution.to_string())
        .env("RABBITMQ_CONFIG_FILE", directory.join("rabbitmq.conf"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", directory.join("plugins"))
        .env("RABBITMQ_MNESIA_BASE", directory.join("mnesia"))
        .env("RABBITMQ_LOG_BASE", directory.join("log"))
        .env("RABBITMQ_PID_FILE", directory.join("pid"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("rabbitmq-server is installed");
    let broker = Broker { _server: Process(server), _mapper: mapper_process };
    until("rabbitmq-server starts", || request(management, "GET", "/api/overview", ""));
    broker
}

/// One request to the management API; its body, when the status is a good one.
fn request(port: u16, method: &str, path: &str, body: &str) -> Result<String, String> {
    let exchange = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {GUEST}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        Ok::<String, std::io::Error>(reply)
    };
    let reply = exchange().map_err(|error| error.to_string())?;
    if reply.starts_with("HTTP/1.1 2") { Ok(reply) } else { Err(reply) }
}

#[tokio::test(flavor = "multi_thread")]
async fn sees_a_rabbitmq_backlog_with_its_age_and_goes_blind_with_the_broker() {
    let directory = tempfile::tempdir().unwrap();
    let management = free_port();
    let broker = start(directory.path(), management);
    let api = |method: &str, path: &str, body: &str| request(management, method, path, body).unwrap();
    api("PUT", "/api/queues/%2F/orders%2Fnew", r#"{"durable": true}"#);
    let mut watcher = Watcher::start(
        directory.path(),
        &format!(
            "[[queue]]\nname = \"orders\"\nkind = \"rabbitmq\"\nurl = \"http://127.0.0.1:{management}\"\n\
             queue = \"orders/new\"\ninterval = \"1s\"\n"
        ),
    );
    watcher.counts("orders", Metric::QueueReady, 0.0).await;

    let message =
        r#"{"properties": {}, "routing_key": "orders/new", "payload": "x", "payload_encoding": "string"}"#;
    for _ in 0..7 {
        api("POST", "/api/exchanges/%2F/amq.default/publish", message);
    }
    watcher.counts("orders", Metric::QueueReady, 7.0).await;
    watcher.ages("orders", 3.0, Quality::Estimated).await;

    let take = r#"{"count": 4, "ackmode": "ack_requeue_false", "encoding": "auto"}"#;
    api("POST", "/api/queues/%2F/orders%2Fnew/get", take);
    watcher.counts("orders", Metric::QueueReady, 3.0).await;
    watcher.counts("orders", Metric::QueueConsumers, 0.0).await;

    drop(broker);
    watcher.is_blind("orders").await;
}
