//! Two hosts with one identity: one of them is refused, and somebody is told.

use eavip_tests::node::Node;
use eavip_tests::wait::{until, until_so};

use super::{AGENT, copy, node, site};

#[test]
fn of_two_hosts_with_one_identity_one_is_refused_and_its_owner_told() {
    let mut site = site();
    let mut original = node(&site, "original");
    original.start();
    original.until_acknowledged(3);
    assert!(original.terminate().0.success());
    let mut copied = Node::new(AGENT, site.dir(), "copied", "");
    copy(&original.state, &copied.state);
    original.start();
    copied.start();
    let state = |node: &Node| node.link()["state"].as_str().unwrap_or_default().to_owned();
    until_so("one of the two to be refused", || {
        let mut states = [state(&original), state(&copied)];
        states.sort();
        states == ["connected", "denied"]
    });
    let alert = until("the alert", || site.items("/alerts?rule=node-cloned").pop());
    assert_eq!((&alert["category"], &alert["node"]), (&"critical".into(), &original.id().into()));
    assert_eq!(alert["owner"]["id"], "security-compliance");
    until_so("the event in the ledger", || site.changes("node-clone-seen") == 1);
    eprintln!("clone: one of two agents refused, alert `node-cloned` open, event in the ledger");
    drop((original, copied));
    assert!(site.terminate().0.success());
}
