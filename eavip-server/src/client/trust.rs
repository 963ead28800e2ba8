//! Where a server is and whom a connection to it trusts: the system's authorities, or those of one file. Plain HTTP
//! goes to this host only, because a token travels with every request.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use eavip_agent::tls::{certificates, provider};
use reqwest::Url;
use rustls::{ClientConfig, RootCertStore};

use super::ClientError;

/// A server's address without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    text: String,
    plain: bool,
}

impl ServerUrl {
    /// Whether it is spoken to without TLS.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.plain
    }
}

impl FromStr for ServerUrl {
    type Err = ClientError;
    fn from_str(text: &str) -> Result<Self, ClientError> {
        // Behind `#` a sign-in link carries its secret.
        let shown = || text.split('#').next().unwrap_or_default().chars().take(80).collect();
        let wrong = |why| ClientError::Url { found: shown(), why };
        let url = Url::parse(text.trim()).map_err(|_| wrong("write it like https://ops.example.com:7480"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ClientError::Url { found: "…@…".to_owned(), why: "leave the user out of it" });
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("end it before `?` and `#`"));
        }
        let host = url.host_str().ok_or_else(|| wrong("it names no host"))?;
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        let plain = match url.scheme() {
            "https" => false,
            "http" if here => true,
            "http" => return Err(wrong("plain http reaches this host only; write https://")),
            _ => return Err(wrong("write it like https://ops.example.com:7480")),
        };
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), plain })
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whom a connection trusts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trust {
    /// The system's authorities.
    #[default]
    System,
    /// The authorities of a PEM file alone, such as the server's own `authority/ca.pem`.
    File(PathBuf),
}

impl Trust {
    pub(super) fn tls(&self) -> Result<ClientConfig, ClientError> {
        let mut roots = RootCertStore::empty();
        match self {
            Self::System => {
                // A certificate that can't be read vouches for nobody; the others still count.
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            Self::File(path) => {
                let unusable =
                    |why: String| ClientError::Authorities { path: path.display().to_string(), why };
                let pem = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
                for certificate in certificates(&pem).map_err(|error| unusable(error.to_string()))? {
                    roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
                }
            }
        }
        let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| ClientError::Client(error.to_string()))?;
        Ok(builder.with_root_certificates(roots).with_no_client_auth())
    }
}
