//! Tests of the authority: issuing and proofs here, real handshakes and conversations in the rooms below.

mod conversation;
mod host;
mod running;
mod wrong_clients;

use std::path::Path;

use eavip_agent::clock;
use eavip_agent::tls::{NodeUri, node_of, validity};

use super::*;

const STORE: Uuid = Uuid::from_u128(0x0198_a000_0000_7000_8000_0000_0000_0001);

fn node(id: u128) -> eavip_core::id::NodeId {
    eavip_core::id::NodeId(Uuid::from_u128(id))
}

fn authority(dir: &Path) -> Authority {
    Authority::open(&dir.join("authority"), STORE, clock::now()).unwrap()
}

fn csr(key: &KeyPair) -> String {
    CertificateParams::default().serialize_request(key).unwrap().pem().unwrap()
}

#[test]
fn is_made_once_and_stays_private() {
    let dir = tempfile::tempdir().unwrap();
    let first = authority(dir.path());
    let second = authority(dir.path());
    assert_eq!((first.pin(), first.ca_pem()), (second.pin(), second.ca_pem()));
    assert_eq!(
        first.validity().until.since(first.validity().from),
        Span::from_millis(CA_LIFE.as_millis() + BACKDATE.as_millis())
    );
    let key = dir.path().join("authority").join(KEY);
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&key).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    assert!(!format!("{first:?}").contains("PRIVATE"));
}

#[test]
fn goes_on_with_its_key_after_a_start_that_was_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let pin = authority(dir.path()).pin();
    std::fs::remove_file(dir.path().join("authority").join(CERTIFICATE)).unwrap();
    assert_eq!(authority(dir.path()).pin(), pin);
}

#[test]
fn refuses_files_that_do_not_fit() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = |dir: &Path, name| dir.join("authority").join(name);
    authority(one.path());
    authority(two.path());
    let open = |dir: &Path| Authority::open(&dir.join("authority"), STORE, clock::now());
    std::fs::copy(at(two.path(), CERTIFICATE), at(one.path(), CERTIFICATE)).unwrap();
    assert!(matches!(open(one.path()), Err(AuthorityError::Damaged(CERTIFICATE))));
    std::fs::remove_file(at(one.path(), KEY)).unwrap();
    assert!(matches!(open(one.path()), Err(AuthorityError::KeyMissing)));
    private::write(&at(two.path(), KEY), b"no key").unwrap();
    assert!(matches!(open(two.path()), Err(AuthorityError::Damaged(KEY))));
}

#[test]
fn takes_only_the_key_from_a_request() {
    let dir = tempfile::tempdir().unwrap();
    let authority = authority(dir.path());
    let key = KeyPair::generate().unwrap();
    let mut greedy = CertificateParams::new(["evil.example".to_owned()]).unwrap();
    greedy.distinguished_name.push(DnType::CommonName, "root");
    greedy.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let request = greedy.serialize_request(&key).unwrap().pem().unwrap();
    let now = clock::now();
    let issued = authority.sign_node(&request, node(7), now).unwrap();
    let chain = tls::certificates(&issued.pem).unwrap();
    assert_eq!(node_of(&chain[0]).unwrap(), NodeUri { store: STORE, node: node(7) });
    let (_, parsed) = x509_parser::parse_x509_certificate(&chain[0]).unwrap();
    assert!(!parsed.is_ca());
    assert_eq!(parsed.subject_alternative_name().unwrap().unwrap().value.general_names.len(), 1);
    assert!(!parsed.subject().to_string().contains("root"));
    let usage = parsed.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.client_auth && !usage.server_auth && !usage.any);
    assert_eq!(validity(&chain[0]).unwrap().from.as_millis(), (now - BACKDATE).as_millis() / 1_000 * 1_000);
    assert_eq!(issued.validity.until, now + NODE_LIFE);
    let again = authority.sign_node(&request, node(7), now).unwrap();
    assert_ne!(again.pem, issued.pem, "serial numbers never repeat");
}

#[test]
fn refuses_requests_it_cannot_trust() {
    let dir = tempfile::tempdir().unwrap();
    let authority = authority(dir.path());
    let refused = |request: &str| {
        let error = authority.sign_node(request, node(1), clock::now()).unwrap_err();
        assert!(matches!(error, AuthorityError::Request(_)), "{error}");
    };
    refused("no request");
    refused(&csr(&KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap()));
    refused(&csr(&KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap()));
    // One bit of the public key changed: the request isn't signed by its own key.
    let good = CertificateParams::default().serialize_request(&KeyPair::generate().unwrap()).unwrap();
    let mut der = good.der().to_vec();
    let at = der.len() / 2;
    der[at] ^= 1;
    let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
    refused(&format!("-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n"));
}

#[test]
fn renews_its_own_certificate_at_half_life() {
    let dir = tempfile::tempdir().unwrap();
    let authority = authority(dir.path());
    let now = clock::now();
    let identity = ServerIdentity::new(&authority, vec!["ops.example".into()], now).unwrap();
    let first = identity.validity();
    assert!(!identity.refresh(&authority, now).unwrap());
    let later = now + Span::from_millis(SERVER_LIFE.as_millis() / 2);
    assert!(identity.refresh(&authority, later).unwrap());
    assert_eq!(identity.validity().until, later + SERVER_LIFE);
    assert!(identity.refresh(&authority, first.from - Span::from_secs(86_400)).unwrap(), "clock set back");
    let named = |name: &str| ServerIdentity::new(&authority, vec![name.into()], now).map(|_| ());
    assert!(matches!(named("not a name"), Err(AuthorityError::Name(_))));
    assert!(named("192.0.2.1").is_ok());
}

#[test]
fn keeps_only_the_hash_of_a_token() {
    let token = NewToken::generate().unwrap();
    let stored: SecretHash = token.hash.to_string().parse().unwrap();
    assert!(stored.matches(&token.secret));
    assert!(!stored.matches(&NewToken::generate().unwrap().secret));
    assert!(!format!("{token:?}").contains(&token.secret.expose()));
    assert_eq!("xyz".parse::<SecretHash>(), Err(InvalidHash));
}
