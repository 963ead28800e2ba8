//! Issuing: certificates of nodes from their requests, and of this server for its listeners.

use std::net::IpAddr;

use eavip_agent::tls::{NodeUri, Validity};
use eavip_core::id::NodeId;
use eavip_core::time::{Span, Timestamp};
use rcgen::{
    CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType,
};

use super::{Authority, AuthorityError, BACKDATE, serial, set_validity};

/// How long a node's certificate is good: long enough for a week without server, short enough to forget a lost one.
pub const NODE_LIFE: Span = Span::from_secs(14 * 86_400);
/// How long a server's certificate is good; its key lives in memory and changes with it.
pub const SERVER_LIFE: Span = Span::from_secs(90 * 86_400);
/// Length of an uncompressed P-256 point.
const P256_POINT: usize = 65;

/// A certificate that was issued to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate, PEM; nothing stands between it and the CA.
    pub pem: String,
    /// When it begins and ends.
    pub validity: Validity,
    /// SHA-256 over its public key's point, hexadecimal: what the ledger records.
    pub key: String,
}

impl Authority {
    /// Issues a node's certificate. Of the request only the public key counts, and that the asker has the private one;
    /// names, usages and times are ours.
    ///
    /// # Errors
    /// [`AuthorityError::Request`] for a request that can't be read, is not signed by its own key, or isn't for P-256.
    pub fn sign_node(&self, csr_pem: &str, node: NodeId, now: Timestamp) -> Result<Issued, AuthorityError> {
        let request = CertificateSigningRequestParams::from_pem(csr_pem)
            .map_err(|_| AuthorityError::Request("it can't be read or isn't signed by its own key"))?;
        let key = &request.public_key;
        if key.algorithm() != &PKCS_ECDSA_P256_SHA256 || key.der_bytes().len() != P256_POINT {
            return Err(AuthorityError::Request("its key must be ECDSA P-256"));
        }
        let uri = NodeUri { store: self.store, node }.to_string();
        let mut params = self.leaf(&node.to_string(), ExtendedKeyUsagePurpose::ClientAuth)?;
        params.subject_alt_names = vec![SanType::URI(uri.try_into()?)];
        let validity = self.within(now, NODE_LIFE);
        set_validity(&mut params, validity);
        let certificate = params.signed_by(key, &self.issuer)?;
        let digest = ring::digest::digest(&ring::digest::SHA256, key.der_bytes());
        Ok(Issued { pem: certificate.pem(), validity, key: hex::encode(digest) })
    }

    /// Issues a server's certificate with a new key for `names` and the loopback names: its chain with the CA (so that a
    /// joining node can see the pinned key), and its key, PEM.
    pub(super) fn sign_server(
        &self,
        names: &[String],
        now: Timestamp,
    ) -> Result<(String, String, Validity), AuthorityError> {
        let loopback = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let mut all: Vec<&String> = names.iter().chain(&loopback).collect();
        all.sort_unstable();
        all.dedup();
        let mut params = self.leaf("EAVIP ops server", ExtendedKeyUsagePurpose::ServerAuth)?;
        params.subject_alt_names = all.into_iter().map(|name| san(name)).collect::<Result<_, _>>()?;
        let validity = self.within(now, SERVER_LIFE);
        set_validity(&mut params, validity);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok((format!("{}{}", certificate.pem(), self.pem), key.serialize_pem(), validity))
    }

    fn leaf(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> Result<CertificateParams, AuthorityError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(serial()?);
        Ok(params)
    }

    /// A validity that begins a little before now and doesn't outlive the CA.
    fn within(&self, now: Timestamp, life: Span) -> Validity {
        Validity { from: now - BACKDATE, until: (now + life).min(self.validity.until) }
    }
}

fn san(name: &str) -> Result<SanType, AuthorityError> {
    let invalid = || AuthorityError::Name(name.chars().take(80).collect());
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    if rustls_pki_types::DnsName::try_from(name).is_err() {
        return Err(invalid());
    }
    Ok(SanType::DnsName(name.try_into().map_err(|_| invalid())?))
}
