//! The agent's own listener on loopback: `/metrics`, `/healthz`, `/readyz`, and `/status` for the command line.
//!
//! It only tells; nothing can be asked of the agent through it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::agent::{AgentStatus, Status};
use crate::clock;
use crate::shutdown::Shutdown;

/// Connections at once: a scraper, a probe and a person.
const MAX_CONNECTIONS: usize = 16;
/// Longest wait for a request's head, so that an idle connection doesn't hold a place.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How often histograms are condensed when nobody scrapes.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// Pause after the listener failed (no descriptors left, most likely).
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);
/// Longest answer that [`fetch_status`] reads, and longest wait for it.
const MAX_STATUS: usize = 64 * 1024;
const STATUS_TIMEOUT: Duration = Duration::from_secs(5);

/// Answers until the end is asked for, and keeps the metrics' memory bounded.
pub async fn serve(listener: TcpListener, metrics: PrometheusHandle, status: Status, mut shutdown: Shutdown) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut upkeep = tokio::time::interval(UPKEEP_EVERY);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = upkeep.tick() => {
                metrics.run_upkeep();
                continue;
            }
            () = shutdown.requested() => return,
        };
        match (accepted, Arc::clone(&places).try_acquire_owned()) {
            (Ok((stream, _)), Ok(place)) => {
                let (metrics, status) = (metrics.clone(), status.clone());
                tokio::spawn(async move {
                    converse(stream, &metrics, &status).await;
                    drop(place);
                });
            }
            // Nobody waits for a place: the connection is closed.
            (Ok(_), Err(_)) => {}
            (Err(error), _) => {
                tracing::warn!(%error, "the admin listener can't take a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, metrics: &PrometheusHandle, status: &Status) {
    let service = service_fn(async |request: Request<Incoming>| {
        Ok::<_, std::convert::Infallible>(answer(request.method(), request.uri().path(), metrics, status))
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).keep_alive(false);
    // A client that goes away early is its own business.
    let _closed = http.serve_connection(TokioIo::new(stream), service).await;
}

fn answer(method: &Method, path: &str, metrics: &PrometheusHandle, status: &Status) -> Response<Full<Bytes>> {
    const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
    let known = matches!(path, "/metrics" | "/healthz" | "/readyz" | "/status");
    if known && method != Method::GET && method != Method::HEAD {
        return reply(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET is known here\n");
    }
    match path {
        "/metrics" => reply(StatusCode::OK, TEXT, metrics.render()),
        "/healthz" if status.is_alive(clock::now()) => reply(StatusCode::OK, TEXT, "ok\n"),
        "/healthz" => reply(StatusCode::SERVICE_UNAVAILABLE, TEXT, "no report was spooled for too long\n"),
        "/readyz" if status.is_ready() => reply(StatusCode::OK, TEXT, "ready\n"),
        "/readyz" => reply(StatusCode::SERVICE_UNAVAILABLE, TEXT, "no report was spooled yet\n"),
        "/status" => match serde_json::to_vec(&status.get()) {
            Ok(json) => reply(StatusCode::OK, "application/json", json),
            Err(_) => reply(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "the status can't be written\n"),
        },
        _ => reply(StatusCode::NOT_FOUND, TEXT, "known here: /metrics /healthz /readyz /status\n"),
    }
}

fn reply(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}

/// What a running agent says of itself on its admin listener.
///
/// # Errors
/// Nobody listens there, or something else than an agent of this version.
pub async fn fetch_status(address: SocketAddr) -> io::Result<AgentStatus> {
    let fetch = async {
        let stream = TcpStream::connect(address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        let request = Request::get("/status").header("host", "localhost").body(Full::<Bytes>::default());
        let asking = async {
            let response =
                sender.send_request(request.map_err(io::Error::other)?).await.map_err(io::Error::other)?;
            let body =
                Limited::new(response.into_body(), MAX_STATUS).collect().await.map_err(io::Error::other)?;
            serde_json::from_slice(&body.to_bytes()).map_err(io::Error::other)
        };
        tokio::pin!(asking);
        tokio::select! {
            answer = &mut asking => answer,
            // The connection may end with the answer already read.
            _ = connection => asking.await,
        }
    };
    tokio::time::timeout(STATUS_TIMEOUT, fetch).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}
