//! The TLS of both listeners, and who is at the other end.
//!
//! On the agents' listener a client that isn't a node of this store fails in the handshake: it never gets to speak
//! HTTP. No session outlives its connection: a resumed one would pass over a revocation.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use eavip_agent::tls::{self, NodeUri, Validity, provider};
use eavip_core::id::NodeId;
use eavip_core::time::{Span, Timestamp};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DistinguishedName, Error, OtherError, RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, UnixTime};
use uuid::Uuid;

use super::{Authority, AuthorityError};

/// This server's certificate for its listeners, renewed in place.
#[derive(Debug)]
pub struct ServerIdentity {
    names: Vec<String>,
    current: ArcSwap<(Arc<CertifiedKey>, Validity)>,
}

impl ServerIdentity {
    /// A certificate for these DNS names and addresses, and for loopback.
    ///
    /// # Errors
    /// [`AuthorityError::Name`], or the certificate can't be made.
    pub fn new(
        authority: &Authority,
        names: Vec<String>,
        now: Timestamp,
    ) -> Result<Arc<Self>, AuthorityError> {
        let current = ArcSwap::from_pointee(certified(authority, &names, now)?);
        Ok(Arc::new(Self { names, current }))
    }

    /// Gets a new certificate when half of the present one's life is over; whether it did.
    ///
    /// # Errors
    /// The certificate can't be made; the present one then stays.
    pub fn refresh(&self, authority: &Authority, now: Timestamp) -> Result<bool, AuthorityError> {
        let validity = self.validity();
        let half = Span::from_millis(validity.until.since(validity.from).as_millis() / 2);
        // A clock that jumped back before the beginning also needs a new one.
        if now < validity.from + half && now >= validity.from {
            return Ok(false);
        }
        self.current.store(Arc::new(certified(authority, &self.names, now)?));
        Ok(true)
    }

    /// When the present certificate begins and ends.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.current.load().1
    }
}

fn certified(
    authority: &Authority,
    names: &[String],
    now: Timestamp,
) -> Result<(Arc<CertifiedKey>, Validity), AuthorityError> {
    let (chain, key, validity) = authority.sign_server(names, now)?;
    Ok((Arc::new(tls::certified_key(&chain, &key)?), validity))
}

impl ResolvesServerCert for ServerIdentity {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.load().0))
    }
}

/// The nodes whose certificates no longer count. Handshakes ask it; who has connections open closes them.
#[derive(Debug, Default)]
pub struct RevokedNodes(ArcSwap<BTreeSet<NodeId>>);

impl RevokedNodes {
    /// Replaces the set.
    pub fn replace(&self, nodes: BTreeSet<NodeId>) {
        self.0.store(Arc::new(nodes));
    }

    /// Whether the node is revoked.
    #[must_use]
    pub fn contains(&self, node: NodeId) -> bool {
        self.0.load().contains(&node)
    }
}

/// The TLS of the agents' listener: 1.3 only, a certificate of a node of this store required, nothing resumable.
///
/// # Errors
/// The CA can't verify clients.
pub fn agents_config(
    authority: &Authority,
    identity: &Arc<ServerIdentity>,
    revoked: &Arc<RevokedNodes>,
) -> Result<ServerConfig, AuthorityError> {
    let verifier = NodeVerifier::new(authority, Arc::clone(revoked))?;
    let builder = ServerConfig::builder_with_provider(provider());
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS13]).map_err(tls::TlsError::from)?;
    let resolver = Arc::clone(identity) as Arc<dyn ResolvesServerCert>;
    let mut config = builder.with_client_cert_verifier(Arc::new(verifier)).with_cert_resolver(resolver);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The TLS of the web listener: 1.2 for older clients of its APIs, 1.3; no client certificates.
///
/// # Errors
/// Only when the provider lacks the versions.
pub fn web_config(identity: &Arc<ServerIdentity>) -> Result<ServerConfig, AuthorityError> {
    let builder = ServerConfig::builder_with_provider(provider());
    let builder = builder.with_safe_default_protocol_versions().map_err(tls::TlsError::from)?;
    let resolver = Arc::clone(identity) as Arc<dyn ResolvesServerCert>;
    let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
    config.max_early_data_size = 0;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Why a certificate that the CA signed isn't a node's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotANode {
    /// It names no node, several, or one of another store.
    #[error("the certificate names no node of this store")]
    Stranger,
    /// Its node was revoked.
    #[error("node {0} is revoked")]
    Revoked(NodeId),
}

/// The node at the other end of a connection of the agents' listener, from the URI name of its certificate only.
///
/// # Errors
/// [`NotANode::Stranger`].
pub fn peer_node(certificates: &[CertificateDer<'_>], store: Uuid) -> Result<NodeId, NotANode> {
    let leaf = certificates.first().ok_or(NotANode::Stranger)?;
    match tls::node_of(leaf) {
        Ok(NodeUri { store: named, node }) if named == store => Ok(node),
        _ => Err(NotANode::Stranger),
    }
}

/// Verifies as webpki does (signatures, validity, purpose, constraints), then that it is a node that may speak.
#[derive(Debug)]
pub(super) struct NodeVerifier {
    store: Uuid,
    chains: Arc<dyn ClientCertVerifier>,
    revoked: Arc<RevokedNodes>,
}

impl NodeVerifier {
    pub(super) fn new(authority: &Authority, revoked: Arc<RevokedNodes>) -> Result<Self, AuthorityError> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate.clone()).map_err(tls::TlsError::from)?;
        let chains = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build()?;
        Ok(Self { store: authority.store, chains, revoked })
    }

    fn admit(&self, certificate: &CertificateDer<'_>) -> Result<(), NotANode> {
        let node = peer_node(std::slice::from_ref(certificate), self.store)?;
        if self.revoked.contains(node) { Err(NotANode::Revoked(node)) } else { Ok(()) }
    }
}

impl ClientCertVerifier for NodeVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chains.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.chains.verify_client_cert(end_entity, intermediates, now)?;
        self.admit(end_entity).map_err(|error| match error {
            NotANode::Revoked(_) => Error::InvalidCertificate(CertificateError::Revoked),
            NotANode::Stranger => {
                Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(error))))
            }
        })?;
        Ok(verified)
    }

    eavip_agent::signatures_are_verified_by!(verifier => verifier.chains);
}
