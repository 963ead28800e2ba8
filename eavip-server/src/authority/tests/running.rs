//! A whole agent against a server: real collectors, a real spool, real TLS.

use eavip_agent::agent::{Agent, AgentStatus, Status};
use eavip_agent::config::Config;
use eavip_agent::push::LinkState;
use eavip_agent::{admin, shutdown};
use eavip_core::signal::metric::Metric;
use eavip_core::wire::v1::Body;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::conversation::Server;

async fn enrolled(server: &Server) -> Config {
    let state = server.state();
    server.joined(&state).await;
    Config { state_dir: state.path().to_owned(), ..Config::default() }
}

/// Waits for something that the agent says of itself; the test's own patience is the only clock.
async fn until(status: &Status, what: impl Fn(&AgentStatus) -> bool) {
    let mut status = status.clone();
    let seen = async { while !what(&status.get()) && status.changed().await {} };
    let _late = tokio::time::timeout(std::time::Duration::from_secs(60), seen).await;
    assert!(what(&status.get()), "{:?}", status.get());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_reports_until_it_is_told_to_end_and_then_once_more() {
    let server = Server::start().await;
    let agent = Agent::open(enrolled(&server).await).unwrap();
    let status = agent.status();
    let (trigger, shutdown) = shutdown::channel();
    let running = tokio::spawn(agent.run(shutdown));
    until(&status, |status| status.link.acknowledged >= 1).await;
    let before = server.reports.lock().unwrap().len();
    trigger.request();
    running.await.unwrap();
    let reports = server.reports.lock().unwrap();
    assert!(reports.len() > before, "the last report arrived");
    assert_eq!(*reports.last_key_value().unwrap().0 as usize, reports.len(), "none lost, none doubled");
    let first = Body::decode(reports[&1].as_bytes(), "").unwrap();
    assert!(first.facts.is_some());
    for metric in [Metric::SpoolPending, Metric::SpoolBytes, Metric::SpoolDurable] {
        assert!(first.readings.iter().any(|reading| reading.metric == metric), "{metric}");
    }
    assert_eq!((status.get().link.state, status.get().link.pending), (LinkState::Connected, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_agent_says_so_and_keeps_its_reports() {
    let server = Server::start().await;
    let config = enrolled(&server).await;
    let agent = Agent::open(config).unwrap();
    let status = agent.status();
    server.revoked.replace([status.get().node].into());
    let (trigger, shutdown) = shutdown::channel();
    let running = tokio::spawn(agent.run(shutdown));
    until(&status, |status| status.link.state == LinkState::Denied).await;
    trigger.request();
    running.await.unwrap();
    assert!(server.reports.lock().unwrap().is_empty());
    assert!(status.get().link.pending >= 1, "{:?}", status.get());
}

async fn get(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{request} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_admin_listener_tells_how_it_is() {
    let server = Server::start().await;
    let agent = Agent::open(enrolled(&server).await).unwrap();
    let status = agent.status();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle();
    let (trigger, shutdown) = shutdown::channel();
    let serving = tokio::spawn(admin::serve(listener, metrics, status.clone(), shutdown.clone()));
    assert!(get(address, "GET /readyz").await.starts_with("HTTP/1.1 503"));
    let running = tokio::spawn(agent.run(shutdown));
    until(&status, |status| status.link.acknowledged >= 1 && status.link.state == LinkState::Connected).await;
    for (request, expected) in [
        ("GET /readyz", "HTTP/1.1 200"),
        ("GET /healthz", "HTTP/1.1 200"),
        ("GET /metrics", "HTTP/1.1 200"),
        ("POST /metrics", "HTTP/1.1 405"),
        ("GET /elsewhere", "HTTP/1.1 404"),
    ] {
        let said = get(address, request).await;
        assert!(said.starts_with(expected), "{request}: {said}");
    }
    let fetched = admin::fetch_status(address).await.unwrap();
    assert_eq!((fetched.node, fetched.link.state), (status.get().node, LinkState::Connected));
    trigger.request();
    running.await.unwrap();
    serving.await.unwrap();
    assert!(admin::fetch_status(address).await.is_err());
}
