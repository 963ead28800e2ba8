//! Where an HTTP request goes: the address, a unix socket in its place, whom to trust, and how to sign in.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use eavip_core::document::{CONTRADICTION, Section};
use hyper::Uri;

use crate::secret::SecretRef;

/// An `http` or `https` address with a host and without a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Uri);

/// A text that can't be an [`Address`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// Not an absolute URL of HTTP.
    #[error("not an address of HTTP; write it like https://host:8443/path")]
    NotHttp,
    /// It has a user or a password in it.
    #[error("it contains a user; give `authorization` as a secret instead")]
    User,
}

impl eavip_core::document::Declared for Address {}

impl FromStr for Address {
    type Err = InvalidAddress;
    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let uri: Uri = text.parse().map_err(|_| InvalidAddress::NotHttp)?;
        let http = matches!(uri.scheme_str(), Some("http" | "https"));
        if !http || uri.host().is_none_or(str::is_empty) {
            return Err(InvalidAddress::NotHttp);
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(InvalidAddress::User);
        }
        Ok(Self(uri))
    }
}

impl Address {
    /// Whether it is spoken to over TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// The host's name or address; an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, by default that of the scheme.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(if self.is_tls() { 443 } else { 80 })
    }

    /// Host and port as they stand in the address, for the `Host` header.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.authority().map_or("", |authority| authority.as_str())
    }

    /// Path and query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.path_and_query().map_or("/", |path| path.as_str())
    }

    /// The same host with another path and query.
    #[must_use]
    pub fn with_path(&self, path: &str) -> Option<Self> {
        let mut parts = self.0.clone().into_parts();
        parts.path_and_query = Some(path.parse().ok()?);
        Uri::from_parts(parts).ok().map(Self)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a request goes and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The address.
    pub url: Address,
    /// A unix socket to connect to in place of the address's host.
    pub unix_socket: Option<PathBuf>,
    /// A PEM file of the authorities to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// The value of the `Authorization` header, such as `Bearer …`.
    pub authorization: Option<SecretRef>,
}

impl Target {
    /// Reads `url`, `unix_socket`, `ca_file` and `authorization`.
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let url: Option<Address> = section.required("url", "write it like url = \"https://host:8443/path\"");
        let unix_socket = section.text("unix_socket");
        let ca_file = section.text("ca_file");
        let authorization = SecretRef::read(section, "authorization");
        let url = url?;
        if ca_file.is_some() && !url.is_tls() {
            let message = "`ca_file` is given for an address without TLS";
            section.problem(Some("ca_file"), CONTRADICTION, message, "write https:// or remove `ca_file`");
        }
        Some(Self { url, unix_socket, ca_file, authorization })
    }
}
