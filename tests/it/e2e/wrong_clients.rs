//! Clients without a certificate of this server's authority never get an HTTP status from the agents' listener.

use eavip_agent::identity::Identity;
use eavip_agent::tls::client::{Credentials, agent_config, trusting_config};
use eavip_tests::http::Peer;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType};

use super::identity::{Client, PATH};
use super::site;

/// A node's certificate, with the name that a real one has.
fn params(uri: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// Certificate and key that nobody else signed.
fn self_signed(uri: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    (params(uri).self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// Certificate and key of another authority.
fn of_another_authority(uri: &str) -> (String, String) {
    let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = Issuer::new(ca, ca_key);
    (params(uri).signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
}

#[test]
fn a_wrong_certificate_never_gets_an_http_status() {
    let site = site();
    let client = Client::enrol(&site, "genuine");
    let identity = Identity::load(&client.node.state).unwrap();
    let ca = identity.ca_pem.as_str();
    let uri = format!("urn:eavip:{}:node:{}", identity.servers.store, identity.node);
    let shown =
        |(chain, key): (String, String)| agent_config(&Credentials::new(&chain, &key, ca).unwrap()).unwrap();
    let wrong = [
        ("no certificate", Peer::tls(site.agents, trusting_config(ca).unwrap())),
        ("a self-signed one", Peer::tls(site.agents, shown(self_signed(&uri)))),
        ("one of another authority", Peer::tls(site.agents, shown(of_another_authority(&uri)))),
        ("plain HTTP", Peer::plain(site.agents)),
    ];
    for (what, peer) in &wrong {
        let said = peer.ask("POST", PATH, &[], b"{}");
        assert!(said.is_err(), "{what}: {said:?}");
    }
    assert_eq!(client.send(&[], b"{}").status, 400, "the genuine one is answered");
    eprintln!("wrong clients: {} kinds, none got an HTTP status", wrong.len());
}
