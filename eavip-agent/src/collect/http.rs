//! One HTTP request with its phases timed: the client of probes, scrapes and queues.
//!
//! It is made of its parts (resolve, connect, TLS, HTTP/1.1) because each is timed for itself, and because a
//! certificate that was refused must still tell when it ran out. It follows no redirect, keeps no connection, reads
//! bounded bodies, and refuses link-local addresses, where clouds keep their metadata.

mod trust;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use eavip_core::time::Timestamp;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONNECTION, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout};

use crate::config::target::{Address, Target};
use crate::secret::{Secret, SecretError};

/// How long one address may take to accept before the host's next one is tried.
const CONNECT: Duration = Duration::from_secs(2);
/// Most addresses of a host that are tried.
const MAX_ADDRESSES: usize = 4;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The host's name has no address.
    #[error("`{0}` has no address; check the name and the resolver")]
    Resolve(String),
    /// The address is one that is never asked.
    #[error("`{0}` is a link-local address, which is never asked; name the service's own address")]
    Refused(IpAddr),
    /// Nobody accepts the connection.
    #[error("can't connect to {to}: {why}")]
    Connect {
        /// Where to.
        to: String,
        /// Why not.
        why: String,
    },
    /// TLS fails.
    #[error("TLS fails: {0}")]
    Tls(String),
    /// The connection breaks, or it isn't HTTP.
    #[error("no answer of HTTP: {0}")]
    Http(String),
    /// The body is too large for what it is needed for.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// What signs in can't be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// How long each part of a request took; what didn't happen is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phases {
    /// Resolving the name.
    pub dns: Option<Duration>,
    /// Connecting.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// From sending the request to the answer's headers.
    pub first_byte: Option<Duration>,
    /// Reading the body.
    pub transfer: Option<Duration>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// One request, as far as it went.
#[derive(Debug)]
pub struct Fetched {
    /// Each phase that was reached.
    pub phases: Phases,
    /// When the certificate that was shown runs out, whether it was accepted or not.
    pub certificate_expires: Option<Timestamp>,
    /// The answer, or why there is none.
    pub answer: Result<Answer, FetchError>,
}

/// What is asked beyond the target.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// `HEAD` in place of `GET`.
    pub head: bool,
    /// Most bytes of the body.
    pub limit: usize,
    /// Whether a longer body is cut; else it is an error.
    pub cut: bool,
    /// The `Authorization` header in place of the target's.
    pub authorization: Option<&'a Secret>,
}

/// Asks a target once. The caller bounds the time; dropping the future ends the request.
pub async fn fetch(target: &Target, ask: Ask<'_>) -> Fetched {
    let (mut phases, mut certificate_expires) = (Phases::default(), None);
    let answer = run(target, ask, &mut phases, &mut certificate_expires).await;
    Fetched { phases, certificate_expires, answer }
}

/// Asks for a whole document with a good status.
///
/// # Errors
/// Says why there is no such document.
pub async fn document(target: &Target, ask: Ask<'_>) -> Result<Vec<u8>, FetchError> {
    let answer = fetch(target, ask).await.answer?;
    match answer.status {
        200..=299 => Ok(answer.body),
        status => Err(FetchError::Http(format!("status {status}"))),
    }
}

async fn run(
    target: &Target,
    ask: Ask<'_>,
    phases: &mut Phases,
    expires: &mut Option<Timestamp>,
) -> Result<Answer, FetchError> {
    let own = match (&ask.authorization, &target.authorization) {
        (None, Some(reference)) => Some(reference.resolve()?),
        _ => None,
    };
    let request = request(&target.url, ask, ask.authorization.or(own.as_ref()))?;
    if let Some(path) = &target.unix_socket {
        let started = Instant::now();
        let stream = UnixStream::connect(path).await.map_err(|error| FetchError::Connect {
            to: format!("`{}`", path.display()),
            why: error.to_string(),
        })?;
        phases.connect = Some(started.elapsed());
        secured(target, stream, request, ask, phases, expires).await
    } else {
        let stream = connect(&target.url, phases).await?;
        secured(target, stream, request, ask, phases, expires).await
    }
}

fn request(
    url: &Address,
    ask: Ask<'_>,
    authorization: Option<&Secret>,
) -> Result<Request<Empty<Bytes>>, FetchError> {
    let mut builder = Request::builder()
        .method(if ask.head { Method::HEAD } else { Method::GET })
        .uri(url.path())
        .header(HOST, url.authority())
        .header(USER_AGENT, concat!("eavip-agent/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close");
    if let Some(secret) = authorization {
        let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| {
            FetchError::Http("the authorization can't be a header; check its secret".to_owned())
        })?;
        value.set_sensitive(true);
        builder = builder.header(AUTHORIZATION, value);
    }
    builder.body(Empty::new()).map_err(|error| FetchError::Http(error.to_string()))
}

async fn connect(url: &Address, phases: &mut Phases) -> Result<TcpStream, FetchError> {
    let (host, port) = (url.host(), url.port());
    let started = Instant::now();
    let addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => {
            let found = tokio::net::lookup_host((host, port)).await;
            let found =
                found.map_err(|_| FetchError::Resolve(host.to_owned()))?.take(MAX_ADDRESSES).collect();
            phases.dns = Some(started.elapsed());
            found
        }
    };
    let mut last = FetchError::Resolve(host.to_owned());
    for address in addresses {
        if is_link_local(address.ip()) {
            last = FetchError::Refused(address.ip());
            continue;
        }
        let started = Instant::now();
        let why = match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                phases.connect = Some(started.elapsed());
                return Ok(stream);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no reply within {} s", CONNECT.as_secs()),
        };
        last = FetchError::Connect { to: format!("`{address}`"), why };
    }
    Err(last)
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => {
            v6.is_unicast_link_local() || v6.to_ipv4_mapped().is_some_and(|v4| v4.is_link_local())
        }
    }
}

async fn secured<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    target: &Target,
    stream: S,
    request: Request<Empty<Bytes>>,
    ask: Ask<'_>,
    phases: &mut Phases,
    expires: &mut Option<Timestamp>,
) -> Result<Answer, FetchError> {
    if !target.url.is_tls() {
        return exchange(stream, request, ask, phases).await;
    }
    let started = Instant::now();
    let (result, seen) = trust::handshake(target, stream).await;
    *expires = seen;
    let stream = result.map_err(FetchError::Tls)?;
    phases.tls = Some(started.elapsed());
    exchange(stream, request, ask, phases).await
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    request: Request<Empty<Bytes>>,
    ask: Ask<'_>,
    phases: &mut Phases,
) -> Result<Answer, FetchError> {
    let broken = |error: hyper::Error| FetchError::Http(error.to_string());
    let started = Instant::now();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let mut exchange = std::pin::pin!(async {
        let response = sender.send_request(request).await.map_err(broken)?;
        phases.first_byte = Some(started.elapsed());
        read(response, ask, phases).await
    });
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        answer = &mut exchange => answer,
        // The peer may close first; what it sent before is still read.
        ended = &mut connection => match ended {
            Ok(()) => exchange.await,
            Err(error) => Err(broken(error)),
        },
    }
}

async fn read(response: Response<Incoming>, ask: Ask<'_>, phases: &mut Phases) -> Result<Answer, FetchError> {
    let started = Instant::now();
    let status = response.status().as_u16();
    let mut incoming = response.into_body();
    let mut body = Vec::new();
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| FetchError::Http(error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        let room = ask.limit.saturating_sub(body.len());
        body.extend(data.iter().take(room));
        if data.len() > room {
            if ask.cut {
                break;
            }
            return Err(FetchError::TooLarge(ask.limit));
        }
    }
    phases.transfer = Some(started.elapsed());
    Ok(Answer { status, body })
}

#[cfg(test)]
mod tests;
