//! A real enrolled identity in the hands of a client that says what it likes.

use eavip_agent::identity::Identity;
use eavip_agent::tls::client::agent_config;
use eavip_tests::http::{Answer, Peer};
use eavip_tests::node::Node;
use eavip_tests::site::Site;

use super::node;
use super::reports::{digest, hex};

/// Where agents send.
pub(super) const PATH: &str = "/agent/v1/reports";

/// A body with one reading.
pub(super) const BODY: &str =
    r#"{"at":"2026-01-01T00:00:00Z","interval":"1s","readings":[{"metric":"cpu_busy_ratio","value":0.5}]}"#;

/// An enrolled node whose agent never runs.
pub(super) struct Client {
    pub(super) node: Node,
    pub(super) id: String,
    peer: Peer,
}

impl Client {
    pub(super) fn enrol(site: &Site, name: &str) -> Self {
        let node = node(site, name);
        let credentials = Identity::load(&node.state).unwrap().credentials().unwrap();
        let peer = Peer::tls(site.agents, agent_config(&credentials).unwrap());
        Self { id: node.id(), node, peer }
    }

    pub(super) fn send(&self, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let json = ("content-type", "application/json");
        self.peer.ask("POST", PATH, &[headers, &[json]].concat(), body).unwrap()
    }

    /// A batch of reports with these numbers and bodies, digests right.
    pub(super) fn batch(&self, reports: &[(u64, &str)]) -> String {
        batch(&self.id, reports)
    }
}

/// The same in the name of any node.
pub(super) fn batch(node: &str, reports: &[(u64, &str)]) -> String {
    let envelopes: Vec<String> = reports
        .iter()
        .map(|(seq, body)| {
            format!(r#"{{"seq":{seq},"digest":"{}","body":{body}}}"#, hex(&digest(body.as_bytes())))
        })
        .collect();
    format!(r#"{{"node":"{node}","epoch":1,"acknowledged":0,"reports":[{}]}}"#, envelopes.join(","))
}
