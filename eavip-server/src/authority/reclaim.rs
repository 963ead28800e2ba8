//! A node whose certificate ran out proves that it still has the key.

use std::sync::Arc;
use std::time::Duration;

use eavip_agent::tls;
use eavip_core::id::NodeId;
use eavip_core::time::Timestamp;
use eavip_core::wire::enrol::{RECLAIM_SKEW, RECLAIM_WITHIN, ReclaimRequest};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls::server::danger::ClientCertVerifier as _;
use rustls_pki_types::UnixTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::listen::NodeVerifier;
use super::{Authority, AuthorityError, RevokedNodes, peer_node};

/// Why a certificate can't be reclaimed.
#[derive(Debug, thiserror::Error)]
pub enum ReclaimError {
    /// The clocks are too far apart.
    #[error(
        "the request was made at {at} by the node's clock, more than {RECLAIM_SKEW} from the server's; set the node's clock"
    )]
    Skew {
        /// The request's moment.
        at: Timestamp,
    },
    /// The certificate isn't one that this CA gave to a node that may still speak.
    #[error("the certificate isn't of a node of this store, or the node is revoked; join again")]
    Certificate,
    /// It ran out too long ago.
    #[error("the certificate ended at {until}, too long ago; join again")]
    TooLate {
        /// Its end.
        until: Timestamp,
    },
    /// The signature isn't by the certificate's key.
    #[error("the signature isn't by the certificate's key")]
    Signature,
    /// The authority itself.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

/// What a request proved. The ledger must still check that the key is the node's present one: a key that was rotated
/// away proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reclaimed {
    /// The node.
    pub node: NodeId,
    /// SHA-256 over the public key's point, hexadecimal, as in [`super::Issued::key`].
    pub key: String,
}

impl Authority {
    /// Checks the proof: our certificate, not revoked, ended no longer than 90 days ago, and a fresh signature by its key.
    ///
    /// # Errors
    /// One of [`ReclaimError`].
    pub fn check_reclaim(
        &self,
        request: &ReclaimRequest,
        revoked: &Arc<RevokedNodes>,
        now: Timestamp,
    ) -> Result<Reclaimed, ReclaimError> {
        if now.since(request.at).max(request.at.since(now)) > RECLAIM_SKEW {
            return Err(ReclaimError::Skew { at: request.at });
        }
        let certificates = tls::certificates(&request.certificate).map_err(|_| ReclaimError::Certificate)?;
        let [certificate] = certificates.as_slice() else { return Err(ReclaimError::Certificate) };
        let until = tls::validity(certificate).map_err(|_| ReclaimError::Certificate)?.until;
        // It is judged as of its last second: everything but its age must be in order.
        let last_second = u64::try_from(until.as_millis()).unwrap_or_default() / 1_000;
        let as_of = UnixTime::since_unix_epoch(Duration::from_secs(last_second));
        NodeVerifier::new(self, Arc::clone(revoked))?
            .verify_client_cert(certificate, &[], as_of)
            .map_err(|_| ReclaimError::Certificate)?;
        if now.since(until) > RECLAIM_WITHIN {
            return Err(ReclaimError::TooLate { until });
        }
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| ReclaimError::Certificate)?;
        let signature = hex::decode(&request.signature).map_err(|_| ReclaimError::Signature)?;
        let signed = ReclaimRequest::signed(&request.certificate, &request.csr, request.at);
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &parsed.public_key().subject_public_key.data)
            .verify(&signed, &signature)
            .map_err(|_| ReclaimError::Signature)?;
        let node = peer_node(&certificates, self.store).map_err(|_| ReclaimError::Certificate)?;
        let point = &parsed.public_key().subject_public_key.data;
        Ok(Reclaimed { node, key: hex::encode(ring::digest::digest(&ring::digest::SHA256, point)) })
    }
}
