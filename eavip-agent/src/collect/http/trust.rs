//! Whom a TLS client trusts, and a look at the certificate it was shown.
//!
//! The look never weakens the check: the verifier hands every question on to rustls' own.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use eavip_core::time::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::target::Target;

/// Most authorities read from one file.
const MAX_AUTHORITIES: usize = 1_000;

/// Greets the target over TLS; with when the certificate it showed runs out.
pub(super) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    target: &Target,
    stream: S,
) -> (Result<TlsStream<S>, String>, Option<Timestamp>) {
    let prepare = || {
        let provider = crate::tls::provider();
        let roots = roots(target.ca_file.as_deref())?;
        let inner = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
            .build()
            .map_err(|error| error.to_string())?;
        let witness = Arc::new(Witness { inner, expires: Mutex::default() });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        let name = ServerName::try_from(target.url.host().to_owned()).map_err(|error| error.to_string())?;
        Ok::<_, String>((witness, TlsConnector::from(Arc::new(config)), name))
    };
    let (witness, connector, name) = match prepare() {
        Ok(ready) => ready,
        Err(why) => return (Err(why), None),
    };
    let result = connector.connect(name, stream).await.map_err(|error| error.to_string());
    let expires = *witness.expires.lock().unwrap_or_else(PoisonError::into_inner);
    (result, expires)
}

/// The authorities of a file, read each time so that a replaced file counts; else the system's, read once.
fn roots(file: Option<&Path>) -> Result<Arc<RootCertStore>, String> {
    let Some(path) = file else { return Ok(crate::tls::system_roots()) };
    let unreadable = |error: &dyn std::fmt::Display| format!("`{}` can't be read: {error}", path.display());
    let mut store = RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))?.take(MAX_AUTHORITIES)
    {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        store.add(certificate).map_err(|error| unreadable(&error))?;
    }
    Ok(Arc::new(store))
}

#[derive(Debug)]
struct Witness {
    inner: Arc<WebPkiServerVerifier>,
    expires: Mutex<Option<Timestamp>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Ok((_, certificate)) = x509_parser::parse_x509_certificate(end_entity) {
            let seconds = certificate.validity().not_after.timestamp();
            let expires = Timestamp::from_millis(seconds.saturating_mul(1_000));
            *self.expires.lock().unwrap_or_else(PoisonError::into_inner) = Some(expires);
        }
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    crate::signatures_are_verified_by!(verifier => verifier.inner);
}
