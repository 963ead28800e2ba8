//! Signal 9 at any moment: what was signed stays what the ledger is, and the witness agrees.

use eavip_tests::node::Node;
use eavip_tests::site::Site;
use serde_json::json;

use super::{AGENT, SERVER, until_seen, verify};

/// Kills of the server, each after one more record than the one before.
const KILLS: usize = 6;

#[test]
fn a_server_that_is_killed_again_and_again_keeps_a_sound_log() {
    let mut site = Site::new(SERVER);
    let runbook = site.write("runbook.toml", "[audit]\ncheckpoint_every = \"1s\"\ncheckpoint_events = 2\n");
    site.configure(&format!("runbook = {runbook:?}\n"));
    site.start();
    let mut node = Node::new(AGENT, site.dir(), "witness", "");
    node.join(&site.join_string());
    node.start();
    for kill in 0..KILLS {
        for number in 0..kill {
            let token = json!({ "name": format!("{kill}-{number}"), "role": "viewer", "expires_in_days": 1 });
            assert_eq!(site.api("POST", "/tokens", &token).status, 201);
        }
        until_seen(&site, &node);
        let token = json!({ "name": format!("{kill}-last"), "role": "viewer", "expires_in_days": 1 });
        assert_eq!(site.api("POST", "/tokens", &token).status, 201);
        site.kill();
        verify(&site.data, Some(&node.state)).sees_nothing();
        site.start();
    }
    let seen = until_seen(&site, &node);
    assert_eq!(node.link()["audit"]["conflicts"], json!([]));
    drop(node);
    assert!(site.terminate().0.success());
    eprintln!(
        "kills: a server killed {KILLS} times, its log sound each time, {seen} records seen by the witness"
    );
}
