//! Clients that the agents' listener must not talk to: none of them ever gets an HTTP status.

use std::sync::Arc;

use eavip_agent::tls::client::{Credentials, agent_config};
use eavip_agent::tls::provider;
use rcgen::{ExtendedKeyUsagePurpose, NameConstraints, SanType, SubjectPublicKeyInfo};
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{ClientConfig, RootCertStore, SignatureAlgorithm, SignatureScheme};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::host::Host;
use super::*;

const REQUEST: &[u8] = b"POST /agent/v1/reports HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n";
/// An RSA key of 1024 bits, public part.
const WEAK_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCY0HHS9I9Q1hLjPigKPu1TIz/S
8e+k850BKE5CiDA1Ir1QAgx4AfKmnTggkRwnHQ6Vk7pYBuB7D4/02Tlm0IRQgemC
TXiM4mhH9teEDhQ0Knp8BgmCmxHTR6BMQRZvY5QRKH1pd7Rrm9c/WU1PbO25l8Wo
IQlEKCAYh0XE/SdKewIDAQAB
-----END PUBLIC KEY-----
";

/// A listener whose every answer is a 204, and what is needed to talk to it.
struct Site {
    authority: Authority,
    revoked: Arc<RevokedNodes>,
    host: Host,
    _dir: tempfile::TempDir,
}

impl Site {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let authority = authority(dir.path());
        Self::of(dir, authority).await
    }

    async fn of(dir: tempfile::TempDir, authority: Authority) -> Self {
        let revoked = Arc::new(RevokedNodes::default());
        let identity = ServerIdentity::new(&authority, Vec::new(), clock::now()).unwrap();
        let config = agents_config(&authority, &identity, &revoked).unwrap();
        let host = Host::start(config, |_| Some((204, Vec::new()))).await;
        Self { authority, revoked, host, _dir: dir }
    }

    /// What the server says to a client that shows this, in bytes after decryption; empty when it says nothing.
    async fn says(&self, shown: Option<CertifiedKey>) -> Vec<u8> {
        self.says_to(self.client(shown, &[&rustls::version::TLS13])).await
    }

    async fn says_to(&self, config: ClientConfig) -> Vec<u8> {
        let stream = TcpStream::connect(self.host.address).await.unwrap();
        let name = "localhost".try_into().unwrap();
        let Ok(mut stream) = TlsConnector::from(Arc::new(config)).connect(name, stream).await else {
            return Vec::new();
        };
        let mut said = Vec::new();
        // With TLS 1.3 the client learns of the refusal only when it reads.
        let _refused = stream.write_all(REQUEST).await;
        let mut buffer = [0; 1024];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            said.extend_from_slice(&buffer[..count]);
            if said.ends_with(b"\r\n\r\n") {
                break;
            }
        }
        said
    }

    fn client(
        &self,
        shown: Option<CertifiedKey>,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.certificate.clone()).unwrap();
        let verifier: Arc<dyn ServerCertVerifier> =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap();
        let builder =
            ClientConfig::builder_with_provider(provider()).with_protocol_versions(versions).unwrap();
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        match shown {
            Some(key) => builder.with_client_cert_resolver(Arc::new(Always(Arc::new(key)))),
            None => builder.with_no_client_auth(),
        }
    }

    /// What a good node's certificate says.
    fn params(&self) -> CertificateParams {
        let now = clock::now();
        let mut params = CertificateParams::default();
        let uri = NodeUri { store: STORE, node: node(1) }.to_string();
        params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        set_validity(&mut params, Validity { from: now - BACKDATE, until: now + NODE_LIFE });
        params
    }

    /// A certificate that our CA really signed, with one thing changed.
    fn signed(&self, edit: impl FnOnce(&mut CertificateParams)) -> CertifiedKey {
        let key = KeyPair::generate().unwrap();
        let mut params = self.params();
        edit(&mut params);
        let certificate = params.signed_by(&key, &self.authority.issuer).unwrap();
        tls::certified_key(&certificate.pem(), &key.serialize_pem()).unwrap()
    }
}

/// Shows its certificate whatever the server asks for.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesClientCert for Always {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Signs with nothing: stands for a key that this library can't even load.
#[derive(Debug)]
struct Forger;

impl SigningKey for Forger {
    fn choose_scheme(&self, _offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(Self))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for Forger {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        Ok(vec![1; 128])
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PSS_SHA256
    }
}

#[tokio::test]
async fn a_node_of_this_store_gets_an_answer() {
    let site = Site::start().await;
    let said = site.says(Some(site.signed(|_| {}))).await;
    assert!(said.starts_with(b"HTTP/1.1 204"), "{}", String::from_utf8_lossy(&said));
}

#[tokio::test]
async fn a_client_without_a_good_certificate_gets_none() {
    let site = Site::start().await;
    let now = clock::now();
    let day = Span::from_secs(86_400);
    let own_key = KeyPair::generate().unwrap();
    let self_signed = site.params().self_signed(&own_key).unwrap();
    let other_dir = tempfile::tempdir().unwrap();
    let other = Authority::open(&other_dir.path().join("authority"), STORE, now).unwrap();
    let other_key = KeyPair::generate().unwrap();
    let foreign = site.params().signed_by(&other_key, &other.issuer).unwrap();
    let (server_chain, server_key, _) = site.authority.sign_server(&[], now).unwrap();
    let certified = |chain: &str, key: &str| Some(tls::certified_key(chain, key).unwrap());
    for (who, shown) in [
        ("no certificate", None),
        ("self-signed", certified(&self_signed.pem(), &own_key.serialize_pem())),
        ("another CA", certified(&foreign.pem(), &other_key.serialize_pem())),
        (
            "expired",
            Some(site.signed(|p| set_validity(p, Validity { from: now - day.times(2), until: now - day }))),
        ),
        (
            "not yet valid",
            Some(site.signed(|p| set_validity(p, Validity { from: now + day, until: now + day.times(2) }))),
        ),
        (
            "wrong usage",
            Some(site.signed(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth])),
        ),
        ("a server's certificate", certified(&server_chain, &server_key)),
        ("no node's name", Some(site.signed(|p| p.subject_alt_names.clear()))),
        ("two names", Some(site.signed(|p| p.subject_alt_names.extend(p.subject_alt_names.clone())))),
        (
            "a node of another store",
            Some(site.signed(|p| {
                let uri = NodeUri { store: Uuid::from_u128(9), node: node(1) }.to_string();
                p.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
            })),
        ),
    ] {
        let said = site.says(shown).await;
        assert!(said.is_empty(), "{who}: {}", String::from_utf8_lossy(&said));
    }
}

#[tokio::test]
async fn a_revoked_node_gets_none_from_the_next_handshake_on() {
    let site = Site::start().await;
    let shown = site.signed(|_| {});
    assert!(!site.says(Some(shown.clone())).await.is_empty());
    site.revoked.replace([node(1)].into());
    assert!(site.says(Some(shown.clone())).await.is_empty());
    site.revoked.replace([node(2)].into());
    assert!(!site.says(Some(shown)).await.is_empty());
}

#[tokio::test]
async fn a_name_out_of_the_constraints_of_the_ca_gets_none() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = ca_params(STORE, clock::now()).unwrap();
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("nodes.example".into())],
        excluded_subtrees: Vec::new(),
    });
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    // The listener's own names lie outside these constraints, so its certificate comes from a CA without them.
    let constrained = Authority::from_parts(STORE, key, pem).unwrap();
    let plain = authority(dir.path());
    let revoked = Arc::new(RevokedNodes::default());
    let identity = ServerIdentity::new(&plain, Vec::new(), clock::now()).unwrap();
    let config = agents_config(&constrained, &identity, &revoked).unwrap();
    let host = Host::start(config, |_| Some((204, Vec::new()))).await;
    let site = Site { authority: plain, revoked, host, _dir: dir };
    let shown = |name: Option<&str>| {
        let key = KeyPair::generate().unwrap();
        let mut params = site.params();
        params.subject_alt_names.extend(name.map(|name| SanType::DnsName(name.try_into().unwrap())));
        let certificate = params.signed_by(&key, &constrained.issuer).unwrap();
        tls::certified_key(&certificate.pem(), &key.serialize_pem()).unwrap()
    };
    assert!(site.says(Some(shown(Some("evil.example")))).await.is_empty());
    assert!(!site.says(Some(shown(Some("db.nodes.example")))).await.is_empty());
}

#[tokio::test]
async fn a_weak_signature_gets_none() {
    let site = Site::start().await;
    let good = site.signed(|_| {});
    // ECDSA with SHA-224 in place of SHA-256, in both places that name the algorithm.
    let (sha256, sha224) = (b"\x2a\x86\x48\xce\x3d\x04\x03\x02", b"\x2a\x86\x48\xce\x3d\x04\x03\x01");
    let mut der = good.cert[0].to_vec();
    let at: Vec<usize> = (0..der.len() - 8).filter(|at| der[*at..].starts_with(sha256)).collect();
    assert_eq!(at.len(), 2);
    for at in at {
        der[at..at + 8].copy_from_slice(sha224);
    }
    let weak = CertifiedKey::new(vec![der.into()], good.key);
    assert!(site.says(Some(weak)).await.is_empty());
}

#[tokio::test]
async fn a_weak_key_gets_none() {
    let site = Site::start().await;
    let weak = SubjectPublicKeyInfo::from_pem(WEAK_KEY).unwrap();
    let certificate = site.params().signed_by(&weak, &site.authority.issuer).unwrap();
    let shown = CertifiedKey::new(vec![certificate.der().clone()], Arc::new(Forger));
    assert!(site.says(Some(shown)).await.is_empty());
}

#[tokio::test]
async fn a_client_without_tls_or_with_an_old_one_gets_none() {
    let site = Site::start().await;
    let mut stream = TcpStream::connect(site.host.address).await.unwrap();
    stream.write_all(REQUEST).await.unwrap();
    let mut said = Vec::new();
    let _reset = stream.read_to_end(&mut said).await;
    assert!(!said.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&said));
    let old = site.client(Some(site.signed(|_| {})), &[&rustls::version::TLS12]);
    assert!(site.says_to(old).await.is_empty());
}

#[tokio::test]
async fn no_session_outlives_its_connection() {
    let site = Site::start().await;
    let mut config = site.client(Some(site.signed(|_| {})), &[&rustls::version::TLS13]);
    config.resumption = rustls::client::Resumption::in_memory_sessions(8);
    config.enable_early_data = true;
    assert!(!site.says_to(config.clone()).await.is_empty());
    site.revoked.replace([node(1)].into());
    assert!(site.says_to(config).await.is_empty(), "a resumed session would pass over the revocation");
}

#[tokio::test]
async fn an_agent_refuses_a_server_of_another_ca_or_name() {
    let site = Site::start().await;
    let key = KeyPair::generate().unwrap();
    let issued = site.authority.sign_node(&csr(&key), node(1), clock::now()).unwrap();
    let connect = async |ca: &str, name: &'static str| {
        let credentials = Credentials::new(&issued.pem, &key.serialize_pem(), ca).unwrap();
        let config = agent_config(&credentials).unwrap();
        let stream = TcpStream::connect(site.host.address).await.unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name.try_into().unwrap(), stream).await.is_ok()
    };
    let other_dir = tempfile::tempdir().unwrap();
    let other = authority(other_dir.path());
    assert!(connect(site.authority.ca_pem(), "localhost").await);
    assert!(connect(site.authority.ca_pem(), "127.0.0.1").await);
    assert!(!connect(site.authority.ca_pem(), "elsewhere.example").await);
    assert!(!connect(other.ca_pem(), "localhost").await);
}
