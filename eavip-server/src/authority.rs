//! The local certificate authority: who is a node of this store, and who is its server.
//!
//! Here live the CA's key, issuing, the TLS of both listeners, and the proofs behind join tokens and reclaimed
//! certificates. What is recorded about tokens, nodes and revocations is the ledger's; HTTP is the handlers'. Serves
//! the seed's *Operational Anti-Patterns* (no shared credentials) and *Backup & Recovery* (access-controlled).

mod issue;
mod listen;
mod reclaim;
mod token;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use eavip_agent::private::{self, PrivateError};
use eavip_agent::tls::{self, Pin, TlsError, Validity};
use eavip_core::time::{Span, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SerialNumber,
};
use rustls_pki_types::CertificateDer;
use uuid::Uuid;

pub use issue::{Issued, NODE_LIFE, SERVER_LIFE};
pub use listen::{NotANode, RevokedNodes, ServerIdentity, agents_config, peer_node, web_config};
pub use reclaim::{ReclaimError, Reclaimed};
pub use token::{InvalidHash, NewToken, SecretHash};

const KEY: &str = "ca.key";
const CERTIFICATE: &str = "ca.pem";
/// Longest file read from the authority's directory.
const MAX_FILE: u64 = 64 * 1024;
/// How long the CA is good: nodes get new CAs with each certificate, so it needn't outlive the installation.
const CA_LIFE: Span = Span::from_secs(10 * 365 * 86_400);
/// How far back certificates begin, for clocks that are behind.
const BACKDATE: Span = Span::from_secs(300);

/// Why the authority can't do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Its directory or files.
    #[error(transparent)]
    File(#[from] PrivateError),
    /// A file that isn't what it should be, or doesn't fit the other.
    #[error("the CA's `{0}` is damaged or doesn't fit the other file; restore both from the backup")]
    Damaged(&'static str),
    /// The certificate is there and the key isn't.
    #[error(
        "the CA's key is missing beside its certificate; restore it from the backup, or remove `ca.pem` and let every node join anew"
    )]
    KeyMissing,
    /// A certificate request that can't be granted.
    #[error("the certificate request can't be granted: {0}")]
    Request(&'static str),
    /// A name that no certificate can carry.
    #[error("`{0}` can't be a server's name; use a DNS name or an IP address")]
    Name(String),
    /// What rcgen refused.
    #[error("the certificate can't be made")]
    Make(#[from] rcgen::Error),
    /// What TLS refused.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The client verifier can't be built.
    #[error("clients' certificates can't be verified")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
    /// The system gave no random bits.
    #[error("the system gives no random bits")]
    Random,
}

/// The CA of one store. Its key stays in here.
pub struct Authority {
    store: Uuid,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
    pin: Pin,
    validity: Validity,
}

/// Leaves the key out.
impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("store", &self.store)
            .field("pin", &self.pin)
            .finish_non_exhaustive()
    }
}

impl Authority {
    /// Opens the CA in `dir`, makes it when there is none: ECDSA P-256, key first, so that a cut-off start goes on with
    /// the same key.
    ///
    /// # Errors
    /// [`AuthorityError::Damaged`], [`AuthorityError::KeyMissing`], or the file system's.
    pub fn open(dir: &Path, store: Uuid, now: Timestamp) -> Result<Self, AuthorityError> {
        private::create_dir(dir)?;
        private::check(dir)?;
        let known = read(dir, CERTIFICATE)?;
        let key = match read(dir, KEY)? {
            Some(pem) => KeyPair::from_pem(&pem).map_err(|_| AuthorityError::Damaged(KEY))?,
            None if known.is_some() => return Err(AuthorityError::KeyMissing),
            None => {
                let key = KeyPair::generate()?;
                private::write(&dir.join(KEY), key.serialize_pem().as_bytes())?;
                key
            }
        };
        let pem = match known {
            Some(pem) => pem,
            None => {
                let pem = ca_params(store, now)?.self_signed(&key)?.pem();
                private::write(&dir.join(CERTIFICATE), pem.as_bytes())?;
                pem
            }
        };
        Self::from_parts(store, key, pem)
    }

    fn from_parts(store: Uuid, key: KeyPair, pem: String) -> Result<Self, AuthorityError> {
        tls::certified_key(&pem, &key.serialize_pem()).map_err(|_| AuthorityError::Damaged(CERTIFICATE))?;
        let mut certificates = tls::certificates(&pem)?;
        let certificate = certificates.swap_remove(0);
        let (pin, validity) = (Pin::of(&certificate)?, tls::validity(&certificate)?);
        let issuer = Issuer::from_ca_cert_der(&certificate, key)?;
        Ok(Self { store, issuer, certificate, pem, pin, validity })
    }

    /// The store whose nodes it names.
    #[must_use]
    pub fn store(&self) -> Uuid {
        self.store
    }

    /// The pin of its key, for join strings.
    #[must_use]
    pub fn pin(&self) -> Pin {
        self.pin
    }

    /// Its certificate, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.pem
    }

    /// When its certificate begins and ends.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }
}

fn ca_params(store: Uuid, now: Timestamp) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("EAVIP ops CA {store}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(serial()?);
    set_validity(&mut params, Validity { from: now - BACKDATE, until: now + CA_LIFE });
    Ok(params)
}

fn set_validity(params: &mut CertificateParams, validity: Validity) {
    let moment = |at: Timestamp| {
        let since = u64::try_from(at.as_millis()).unwrap_or_default() / 1_000;
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(since)
    };
    params.not_before = moment(validity.from);
    params.not_after = moment(validity.until);
}

/// 126 random bits: positive in DER, with the top one set so that the length is fixed (RFC 5280, 4.1.2.2).
fn serial() -> Result<SerialNumber, AuthorityError> {
    let mut bits = [0_u8; 16];
    getrandom::fill(&mut bits).map_err(|_| AuthorityError::Random)?;
    if let Some(first) = bits.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    Ok(SerialNumber::from_slice(&bits))
}

fn read(dir: &Path, name: &'static str) -> Result<Option<String>, AuthorityError> {
    let bytes = private::read(&dir.join(name), MAX_FILE)?;
    bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| AuthorityError::Damaged(name))).transpose()
}

#[cfg(test)]
mod tests;
