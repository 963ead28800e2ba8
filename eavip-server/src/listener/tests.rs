//! Tests of what a connection gets before any handler is asked. The certificates that are refused are tested with the
//! authority.

use axum::routing::get;
use eavip_agent::tls::Validity;
use tokio::io::AsyncReadExt as _;

use super::*;
use crate::authority::{self, Authority, ServerIdentity};
use crate::shared::now;

struct Listening {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    served: tokio::task::JoinHandle<()>,
}

async fn listen(speaks: Speaks) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let router = Router::new().route("/", get(|| async { "hello" }));
    Listening { address, stop, served: tokio::spawn(serve(listener, speaks, router, stopped)) }
}

fn web(plain: bool) -> (Speaks, Arc<Authority>) {
    let directory = tempfile::tempdir().unwrap();
    let authority =
        Arc::new(Authority::open(&directory.path().join("ca"), uuid::Uuid::nil(), now()).unwrap());
    let identity = ServerIdentity::new(&authority, Vec::new(), now()).unwrap();
    let Validity { from, until } = identity.validity();
    assert!(from < now() && now() < until);
    (Speaks::Web { tls: Arc::new(authority::web_config(&identity).unwrap()), plain }, authority)
}

async fn plain(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn one_port_speaks_tls_and_where_allowed_plain_http() {
    let (speaks, authority) = web(true);
    let listening = listen(speaks).await;
    assert!(plain(listening.address).await.ends_with("hello"));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ca = reqwest::Certificate::from_pem(authority.ca_pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([ca]).build().unwrap();
    let url = format!("https://{}/", listening.address);
    assert_eq!(client.get(url).send().await.unwrap().text().await.unwrap(), "hello");
}

#[tokio::test]
async fn plain_http_where_it_must_not_be_is_told_to_use_https() {
    let listening = listen(web(false).0).await;
    let answer = plain(listening.address).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.ends_with("use https:// instead of http://.\n"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("Content-Length: {}", body.len())), "{answer}");
}

#[tokio::test]
async fn stopping_lets_a_request_end_and_takes_no_new_ones() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let entered = Arc::new(tokio::sync::Notify::new());
    let release = Arc::new(tokio::sync::Notify::new());
    let (inside, wait) = (Arc::clone(&entered), Arc::clone(&release));
    let slow = move || async move {
        inside.notify_one();
        wait.notified().await;
        "done"
    };
    let router = Router::new().route("/", get(slow));
    let served = tokio::spawn(serve(listener, Speaks::Plain, router, stopped));
    let asked = tokio::spawn(plain(address));
    entered.notified().await;
    stop.send(true).unwrap();
    release.notify_one();
    assert!(asked.await.unwrap().ends_with("done"));
    served.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_listener_without_connections_stops_at_once() {
    let listening = listen(Speaks::Plain).await;
    listening.stop.send(true).unwrap();
    listening.served.await.unwrap();
}
