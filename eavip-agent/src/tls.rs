//! The cryptography of the link, as agent and server both need it: the provider, the identity in a certificate, the
//! pin of a certificate authority.
//!
//! What an agent does with it is in [`client`] and [`pin`]; what the server does (issuing, listening) is the server's
//! `authority`. Only ring does cryptography here; nothing is installed process-wide, so that embedders keep theirs.

/// The part of a verifier that ours leave to another: which signatures of a handshake count.
#[macro_export]
macro_rules! signatures_are_verified_by {
    ($verifier:ident => $other:expr) => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &rustls::pki_types::CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            let $verifier = self;
            $other.verify_tls12_signature(message, certificate, signature)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &rustls::pki_types::CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            let $verifier = self;
            $other.verify_tls13_signature(message, certificate, signature)
        }

        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            let $verifier = self;
            $other.supported_verify_schemes()
        }
    };
}

pub mod client;
pub mod pin;
mod uri;

use std::sync::{Arc, OnceLock};

use eavip_core::time::Timestamp;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

pub use pin::Pin;
pub use uri::{InvalidNodeUri, NodeUri};

/// Most certificates read from one PEM text: a chain and its CAs during a rotation.
const MAX_CERTIFICATES: usize = 16;

/// Why a key or certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A text without a readable PEM block of the kind.
    #[error("no readable {0} in the PEM text")]
    Pem(&'static str),
    /// More certificates than a chain has.
    #[error("more than {MAX_CERTIFICATES} certificates in one PEM text")]
    TooMany,
    /// Bytes that aren't an X.509 certificate.
    #[error("not an X.509 certificate")]
    Certificate,
    /// A certificate that names no node, or more than one.
    #[error("the certificate names no single node in its URI names")]
    NoNode,
    /// What rustls refused.
    #[error("the key or certificate can't be used for TLS")]
    Rustls(#[from] rustls::Error),
    /// A root store that can't verify.
    #[error("the certificate authorities can't be used")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// The only provider of cryptography: ring.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The authorities that this host trusts, read once.
#[must_use]
pub fn system_roots() -> Arc<RootCertStore> {
    static SYSTEM: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let system = SYSTEM.get_or_init(|| {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(store)
    });
    Arc::clone(system)
}

/// The certificates of a PEM text, in order; at least one.
///
/// # Errors
/// [`TlsError::Pem`], [`TlsError::TooMany`].
pub fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let list: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(pem.as_bytes()).take(MAX_CERTIFICATES + 1).collect();
    match list {
        Ok(list) if list.len() > MAX_CERTIFICATES => Err(TlsError::TooMany),
        Ok(list) if !list.is_empty() => Ok(list),
        _ => Err(TlsError::Pem("certificate")),
    }
}

/// A chain with its private key, checked to belong together.
///
/// # Errors
/// A text that can't be read, or a key that isn't the certificate's.
pub fn certified_key(chain_pem: &str, key_pem: &str) -> Result<CertifiedKey, TlsError> {
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|_| TlsError::Pem("private key"))?;
    let certified = CertifiedKey::from_der(certificates(chain_pem)?, key, &provider())?;
    certified.keys_match()?;
    Ok(certified)
}

/// When a certificate begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Its first moment.
    pub from: Timestamp,
    /// Its last moment.
    pub until: Timestamp,
}

/// When the certificate begins and ends.
///
/// # Errors
/// [`TlsError::Certificate`].
pub fn validity(certificate: &[u8]) -> Result<Validity, TlsError> {
    let parsed = parse(certificate)?;
    let moment =
        |time: x509_parser::time::ASN1Time| Timestamp::from_millis(time.timestamp().saturating_mul(1_000));
    Ok(Validity { from: moment(parsed.validity().not_before), until: moment(parsed.validity().not_after) })
}

/// The node that a certificate names: by exactly one URI name of our form. Subject and other names don't count.
///
/// # Errors
/// [`TlsError::Certificate`], [`TlsError::NoNode`].
pub fn node_of(certificate: &[u8]) -> Result<NodeUri, TlsError> {
    let parsed = parse(certificate)?;
    let names = parsed.subject_alternative_name().map_err(|_| TlsError::Certificate)?;
    let mut uris = names.iter().flat_map(|names| &names.value.general_names).filter_map(|name| match name {
        GeneralName::URI(uri) => Some(*uri),
        _ => None,
    });
    match (uris.next(), uris.next()) {
        (Some(uri), None) => uri.parse().map_err(|_| TlsError::NoNode),
        _ => Err(TlsError::NoNode),
    }
}

fn parse(certificate: &[u8]) -> Result<X509Certificate<'_>, TlsError> {
    match X509Certificate::from_der(certificate) {
        Ok(([], parsed)) => Ok(parsed),
        _ => Err(TlsError::Certificate),
    }
}
