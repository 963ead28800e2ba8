//! The one way to call the server: HTTP/1.1 over the TLS of [`crate::tls::client`], no redirects, no proxy from the
//! environment, bounded time and bounded replies.
//!
//! What is asked and what an answer means is known in `enrol` and `push`.

use std::error::Error;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{Client, Response, redirect};

use crate::tls::pin::PinMismatch;

/// Longest wait for a connection with its handshake; a host in the same region answers within a tenth of it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a whole reply: 1 MiB on a line of 1 Mbit/s. A half-open connection costs at most this.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(12);
/// An idle connection is kept longer than the pace of reports, so that not every report needs a handshake.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// A client with this TLS configuration.
///
/// # Errors
/// What reqwest says of the configuration.
pub fn client(tls: rustls::ClientConfig) -> Result<Client, reqwest::Error> {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .https_only(true)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(1)
        .user_agent(concat!("eavip-agent/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// A reply's body, up to `most` bytes; `None` when it is longer.
///
/// # Errors
/// The connection's.
pub async fn body(mut response: Response, most: usize) -> Result<Option<Bytes>, reqwest::Error> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > most {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes.freeze()))
}

/// The innermost reason of a failed call: what people can act on, without the layers above it.
#[must_use]
pub fn reason(error: &reqwest::Error) -> String {
    let mut deepest: &(dyn Error + 'static) = error;
    while let Some(next) = inner(deepest) {
        deepest = next;
    }
    deepest.to_string()
}

/// Whether the call failed because the server isn't the pinned one.
#[must_use]
pub fn is_pin_mismatch(error: &reqwest::Error) -> bool {
    matches!(tls_error(error), Some(rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)))
        if other.0.is::<PinMismatch>())
}

/// Whether the server refused this node's certificate in the handshake.
#[must_use]
pub fn is_denied(error: &reqwest::Error) -> bool {
    use rustls::AlertDescription as Alert;
    matches!(
        tls_error(error),
        Some(rustls::Error::AlertReceived(
            Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::CertificateRequired
                | Alert::UnknownCA
                | Alert::AccessDenied
        ))
    )
}

/// What TLS said, wherever in the chain of causes it stands.
fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = inner(error);
    }
    None
}

/// The cause of an error; an I/O error hides the error it carries from `source`.
fn inner<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    let carried = error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref());
    carried.map(|carried| carried as &(dyn Error + 'static)).or_else(|| error.source())
}
