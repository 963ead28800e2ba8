//! Trust before the first contact: the fingerprint of a CA's public key, and a verifier that believes only the CA that
//! has it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};

use super::TlsError;

/// SHA-256 over a CA's public key (SubjectPublicKeyInfo, DER): it stays when the CA's certificate is issued anew.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin([u8; 32]);

impl Pin {
    /// The pin of a certificate's key.
    ///
    /// # Errors
    /// [`TlsError::Certificate`].
    pub fn of(certificate: &[u8]) -> Result<Self, TlsError> {
        let parsed = super::parse(certificate)?;
        let digest = ring::digest::digest(&ring::digest::SHA256, parsed.public_key().raw);
        digest.as_ref().try_into().map(Self).map_err(|_| TlsError::Certificate)
    }
}

/// 43 characters of base64url.
impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that isn't a pin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a pin; use 43 characters of base64url")]
pub struct InvalidPin;

impl FromStr for Pin {
    type Err = InvalidPin;
    fn from_str(text: &str) -> Result<Self, InvalidPin> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidPin)?;
        bytes.try_into().map(Self).map_err(|_| InvalidPin)
    }
}

/// The server isn't the one that the join string names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the server's certificate doesn't come from the CA with the pinned key {pin}")]
pub struct PinMismatch {
    /// The expected pin.
    pub pin: Pin,
}

/// Believes a server whose chain carries a CA with the pinned key and verifies up to it: signatures, validity, purpose
/// and the dialled name are checked as for any other root.
#[derive(Debug)]
pub struct PinnedVerifier {
    pin: Pin,
    provider: Arc<CryptoProvider>,
}

impl PinnedVerifier {
    /// A verifier for one pin.
    #[must_use]
    pub fn new(pin: Pin) -> Self {
        Self { pin, provider: super::provider() }
    }

    fn mismatch(&self) -> Error {
        let mismatch = PinMismatch { pin: self.pin };
        Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(mismatch))))
    }
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // The leaf itself is never the anchor: a server holds no CA key.
        let pinned = intermediates.iter().find(|one| Pin::of(one).is_ok_and(|pin| pin == self.pin));
        let anchor = pinned.ok_or_else(|| self.mismatch())?;
        let mut roots = RootCertStore::empty();
        roots.add(anchor.clone().into_owned())?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
                .build()
                .map_err(|error| Error::General(error.to_string()))?;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 is required".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
