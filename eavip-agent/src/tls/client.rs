//! The client's side of a connection: to our own servers TLS 1.3 only, no early data, no resumption (a resumed session would outlive a
//! rotated or revoked certificate).
//!
//! A client's configuration is fixed when it is built; what changes (own certificate, trusted CAs) is looked up for
//! each handshake, so that a rotation needs no new client.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption, WebPkiServerVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, Error, RootCertStore, SignatureScheme};

use super::pin::{Pin, PinnedVerifier};
use super::{TlsError, certificates, certified_key, provider, system_roots};

/// What an agent shows and whom it believes; replaced as one by [`Credentials::replace`].
#[derive(Debug)]
pub struct Credentials(ArcSwap<Current>);

#[derive(Debug)]
struct Current {
    key: Arc<CertifiedKey>,
    servers: Arc<WebPkiServerVerifier>,
}

impl Current {
    fn new(chain_pem: &str, key_pem: &str, ca_pem: &str) -> Result<Self, TlsError> {
        let key = Arc::new(certified_key(chain_pem, key_pem)?);
        Ok(Self { key, servers: server_verifier(ca_pem)? })
    }
}

impl Credentials {
    /// Credentials from PEM texts: own chain and key, trusted CAs.
    ///
    /// # Errors
    /// A text that can't be read, or a key that isn't the certificate's.
    pub fn new(chain_pem: &str, key_pem: &str, ca_pem: &str) -> Result<Arc<Self>, TlsError> {
        Ok(Arc::new(Self(ArcSwap::from_pointee(Current::new(chain_pem, key_pem, ca_pem)?))))
    }

    /// Uses others from the next handshake on.
    ///
    /// # Errors
    /// As [`Credentials::new`]; the old ones then stay.
    pub fn replace(&self, chain_pem: &str, key_pem: &str, ca_pem: &str) -> Result<(), TlsError> {
        self.0.store(Arc::new(Current::new(chain_pem, key_pem, ca_pem)?));
        Ok(())
    }
}

fn server_verifier(ca_pem: &str) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for ca in certificates(ca_pem)? {
        roots.add(ca)?;
    }
    Ok(WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build()?)
}

impl ResolvesClientCert for Credentials {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.load().key))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl ServerCertVerifier for Credentials {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let servers = &self.0.load().servers;
        servers.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    crate::signatures_are_verified_by!(verifier => verifier.0.load().servers);
}

/// For an enrolled agent: shows its certificate, believes its CAs.
///
/// # Errors
/// Only when the provider lacks TLS 1.3.
pub fn agent_config(credentials: &Arc<Credentials>) -> Result<ClientConfig, TlsError> {
    let verifier: Arc<dyn ServerCertVerifier> = Arc::clone(credentials) as _;
    let config = builder(verifier)?.with_client_cert_resolver(Arc::clone(credentials) as _);
    Ok(settled(config))
}

/// For a node whose certificate ran out: shows none, believes the CAs of `ca_pem`.
///
/// # Errors
/// A text that can't be read.
pub fn trusting_config(ca_pem: &str) -> Result<ClientConfig, TlsError> {
    Ok(settled(builder(server_verifier(ca_pem)?)?.with_no_client_auth()))
}

/// For a node that joins: shows no certificate, believes the pinned CA only.
///
/// # Errors
/// Only when the provider lacks TLS 1.3.
pub fn pinned_config(pin: Pin) -> Result<ClientConfig, TlsError> {
    Ok(settled(builder(Arc::new(PinnedVerifier::new(pin)))?.with_no_client_auth()))
}

/// For a service that isn't ours, such as a webhook's receiver: shows no certificate, believes the authorities that
/// this host trusts, and speaks TLS 1.2 too.
///
/// # Errors
/// Only when the provider lacks both versions.
pub fn public_config() -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    Ok(settled(builder.with_root_certificates(system_roots()).with_no_client_auth()))
}

type Verified = rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>;

fn builder(verifier: Arc<dyn ServerCertVerifier>) -> Result<Verified, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider());
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS13])?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier))
}

fn settled(mut config: ClientConfig) -> ClientConfig {
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}
