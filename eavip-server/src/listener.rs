//! The listeners: TLS or not, connection by connection, with bounds on how many there are and how long each may be
//! silent. What is said on a connection is the routers' business.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use eavip_core::id::NodeId;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::authority::{RevokedNodes, peer_node};

/// Connections of browsers and API clients at the same time.
const WEB_CONNECTIONS: usize = 2_048;
/// Connections of agents at the same time: every agent of a large fleet keeps one.
const AGENT_CONNECTIONS: usize = 20_000;
/// Connections of local scrapers and probes at the same time.
const ADMIN_CONNECTIONS: usize = 64;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a connection may be silent between requests, or take for a request's head: longer than any agent's
/// interval is by default.
const SILENCE: Duration = Duration::from_secs(90);
/// A revoked node's connection is closed within this time.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long open requests may take to end when the server stops.
const DRAIN: Duration = Duration::from_secs(5);
/// The first byte of a TLS handshake record (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// Says when to stop.
pub type Stop = watch::Receiver<bool>;

/// What a listener speaks.
#[derive(Debug, Clone)]
pub enum Speaks {
    /// HTTP only; for loopback.
    Plain,
    /// HTTPS, and plain HTTP as well where that is allowed.
    Web {
        /// The TLS side.
        tls: Arc<ServerConfig>,
        /// Whether plain HTTP is answered.
        plain: bool,
    },
    /// HTTPS with a node's certificate.
    Agents {
        /// The TLS side, which requires the certificate.
        tls: Arc<ServerConfig>,
        /// The store whose nodes may speak.
        store: uuid::Uuid,
        /// Nodes that may no longer speak.
        revoked: Arc<RevokedNodes>,
    },
}

impl Speaks {
    fn connections(&self) -> usize {
        match self {
            Self::Plain => ADMIN_CONNECTIONS,
            Self::Web { .. } => WEB_CONNECTIONS,
            Self::Agents { .. } => AGENT_CONNECTIONS,
        }
    }
}

/// Accepts connections until told to stop, then lets open requests end.
pub async fn serve(listener: TcpListener, speaks: Speaks, router: Router, mut stop: Stop) {
    let places = Arc::new(Semaphore::new(speaks.connections()));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        // At the bound nothing is accepted: newcomers wait in the kernel's queue.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_ended) = connections.join_next() => continue,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, or a client that went away: neither is helped by spinning.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (speaks, router, watcher) = (speaks.clone(), router.clone(), graceful.watcher());
        connections.spawn(async move {
            connection(stream, address, speaks, router, watcher).await;
            drop(place);
        });
    }
    drop(listener);
    // What doesn't end in time is cut: clients ask again.
    let _ = tokio::time::timeout(DRAIN, graceful.shutdown()).await;
    connections.shutdown().await;
}

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    speaks: Speaks,
    router: Router,
    watcher: Watcher,
) {
    // Without it small answers wait for the client's delayed acknowledgement; it never fails on a live socket.
    let _ = stream.set_nodelay(true);
    match speaks {
        Speaks::Plain => http(stream, router, Peer { address, node: None }, watcher, None).await,
        Speaks::Web { tls, plain } => {
            let mut first = [0];
            let peeked = tokio::time::timeout(HANDSHAKE, stream.peek(&mut first)).await;
            match peeked {
                Ok(Ok(1)) if first == [TLS_HANDSHAKE] => {
                    if let Some(stream) = handshake(tls, stream).await {
                        http(stream, router, Peer { address, node: None }, watcher, None).await;
                    }
                }
                Ok(Ok(1)) if plain => {
                    http(stream, router, Peer { address, node: None }, watcher, None).await;
                }
                Ok(Ok(1)) => use_https(stream).await,
                _ => {}
            }
        }
        Speaks::Agents { tls, store, revoked } => {
            let Some(stream) = handshake(tls, stream).await else { return };
            let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let Ok(node) = peer_node(certificates, store) else { return };
            let peer = Peer { address, node: Some(node) };
            http(stream, router, peer, watcher, Some((node, revoked))).await;
        }
    }
}

async fn handshake(
    tls: Arc<ServerConfig>,
    stream: TcpStream,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    match tokio::time::timeout(HANDSHAKE, TlsAcceptor::from(tls).accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            metrics::counter!("eavip_handshakes_failed_total").increment(1);
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}

/// Tells a client that speaks plain HTTP where it must not how to go on.
async fn use_https(mut stream: TcpStream) {
    const HINT: &str = "This listener speaks TLS; use https:// instead of http://.\n";
    let length = HINT.len();
    let head = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n";
    let answer = format!("{head}Content-Length: {length}\r\n\r\n{HINT}");
    // A client that is gone doesn't need the hint. What it asks is read away first: closing with unread bytes would
    // reset the connection before the hint arrives.
    let mut asked = [0; 4_096];
    let _ = tokio::time::timeout(HANDSHAKE, stream.read(&mut asked)).await;
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

#[derive(Clone, Copy)]
struct Peer {
    address: SocketAddr,
    node: Option<NodeId>,
}

async fn http<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    router: Router,
    peer: Peer,
    watcher: Watcher,
    watched: Option<(NodeId, Arc<RevokedNodes>)>,
) {
    let service = tower::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(peer.address));
        if let Some(node) = peer.node {
            request.extensions_mut().insert(node);
        }
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(SILENCE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(64)
        .keep_alive_interval(Some(SILENCE / 3))
        .keep_alive_timeout(SILENCE / 3);
    let connection = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service))
        .into_owned();
    let connection = watcher.watch(connection);
    let revoked = async {
        match &watched {
            Some((node, revoked)) => {
                while !revoked.contains(*node) {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        // How a connection ended is the client's business: it asks again when it has to.
        _ = connection => {}
        () = revoked => {}
    }
}

#[cfg(test)]
mod tests;
