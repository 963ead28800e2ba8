//! A node behind a network that is cut, with an agent and a server that are killed meanwhile: every report arrives
//! once and in order. Needs root for a network namespace; skipped with the reason where there is none.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use eavip_tests::node::Node;
use eavip_tests::process::tool;
use eavip_tests::site::Site;
use eavip_tests::wait::until_so;

use super::reports::exactly_once;
use super::{AGENT, SERVER};

/// Reports that the cut keeps back: ten minutes and more at an interval of 10 s.
const MISSED: u64 = 64;

/// A network namespace with one link to this host. It goes when this is dropped.
struct Network {
    namespace: String,
    host: Ipv4Addr,
}

impl Network {
    /// Addresses come from those set aside for tests of networks (RFC 2544), names and addresses from this process's id.
    fn new() -> Result<Self, String> {
        let [.., high, low] = std::process::id().to_be_bytes();
        let address = |last| Ipv4Addr::new(198, 18, high, (low & 0xFC) | last);
        let (inside, outside) = (format!("ea{high:02x}{low:02x}in"), format!("ea{high:02x}{low:02x}out"));
        let network = Self { namespace: format!("eavip-{high:02x}{low:02x}"), host: address(1) };
        let ns = network.namespace.as_str();
        tool("ip", &["netns", "add", ns])?;
        tool("ip", &["link", "add", &outside, "type", "veth", "peer", "name", &inside, "netns", ns])?;
        tool("ip", &["address", "add", &format!("{}/30", address(1)), "dev", &outside])?;
        tool("ip", &["link", "set", &outside, "up"])?;
        tool("ip", &["-n", ns, "address", "add", &format!("{}/30", address(2)), "dev", &inside])?;
        tool("ip", &["-n", ns, "link", "set", &inside, "up"])?;
        tool("ip", &["-n", ns, "link", "set", "lo", "up"])?;
        Ok(network)
    }

    fn nft(&self, command: &str) {
        tool("ip", &["netns", "exec", &self.namespace, "nft", command]).unwrap();
    }

    /// Drops whatever leaves for or comes from elsewhere, silently: connections stay half open.
    fn cut(&self) {
        self.nft(
            "add table inet cut; \
             add chain inet cut in { type filter hook input priority 0; policy drop; }; \
             add chain inet cut out { type filter hook output priority 0; policy drop; }; \
             add rule inet cut in iif lo accept; add rule inet cut out oif lo accept",
        );
    }

    fn restore(&self) {
        self.nft("delete table inet cut");
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The links go with the namespace.
        drop(tool("ip", &["netns", "delete", &self.namespace]));
    }
}

#[test]
fn a_network_cut_and_two_kills_lose_nothing_and_double_nothing() {
    let network = match Network::new() {
        Ok(network) => network,
        Err(why) => return eprintln!("network cut: skipped: {why}"),
    };
    let mut site = Site::on(SERVER, IpAddr::V4(network.host));
    site.start();
    let mut node = Node::new(AGENT, site.dir(), "remote", "").within(&network.namespace);
    node.join(&site.join_string());
    node.start();
    node.until_acknowledged(3);
    let id = node.id();
    let shown = site.get(&format!("/nodes/{id}"));
    assert_eq!((&shown["deployment"], &shown["mode"]), (&"e2e".into(), &"byoc".into()));

    let pending = |node: &Node| node.link()["pending"].as_u64().unwrap_or(0);
    network.cut();
    until_so("a third of the cut", || pending(&node) >= MISSED / 3);
    node.kill();
    node.start();
    until_so("two thirds of the cut", || pending(&node) >= MISSED * 2 / 3);
    site.kill();
    site.start();
    until_so("the end of the cut", || pending(&node) >= MISSED);
    let missed = pending(&node);
    network.restore();
    let restored = Instant::now();
    until_so("everything to be delivered", || node.link()["state"] == "connected" && pending(&node) == 0);
    let took = restored.elapsed();
    let (ended, _) = node.terminate();
    assert!(ended.success());
    assert!(site.terminate().0.success());
    let stored = exactly_once(&site.data, &node);
    assert!(missed >= MISSED && stored > missed);
    eprintln!(
        "network cut: {missed} reports waited, agent and server killed meanwhile, all delivered {took:.1?} after it; \
         {stored} made, {stored} stored once, in order, byte for byte"
    );
}
