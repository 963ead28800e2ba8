//! The simulated fleet of `quickstart --demo`: it joins and reports as any node, is marked, goes on after a restart, and
//! goes without a trace of it among the nodes that stay.

use std::collections::BTreeSet;
use std::process::Command;

use eavip_tests::node::Node;
use eavip_tests::process::run;
use eavip_tests::site::Site;
use eavip_tests::wait;
use serde_json::{Value, json};

const SERVER: &str = env!("CARGO_BIN_EXE_e2e-server");
const AGENT: &str = env!("CARGO_BIN_EXE_e2e-agent");

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn demo_nodes(site: &Site) -> Vec<Value> {
    let nodes = site.items("/nodes");
    nodes.into_iter().filter(|node| text(&node["hostname"]).starts_with("demo-")).collect()
}

fn ids(nodes: &[Value]) -> BTreeSet<String> {
    nodes.iter().map(|node| text(&node["id"])).collect()
}

/// A node that somebody labelled like those of the demo.
fn labelled_by_hand(site: &Site) -> String {
    let place = json!({ "deployment": "acme", "environment": "staging", "mode": "saas", "labels": { "demo": "true" } });
    let made = site.api("POST", "/join-tokens", &place);
    let node = Node::new(AGENT, site.dir(), "labelled", "");
    node.join(made.json()["join"].as_str().unwrap());
    node.id()
}

fn remove(site: &Site) -> (Option<i32>, String) {
    let mut command = Command::new(SERVER);
    let done = run(command.args(["quickstart", "--remove-demo", "--data"]).arg(&site.data));
    (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
}

#[test]
fn a_demo_shows_three_modes_goes_on_after_a_restart_and_is_removed_by_one_command() {
    let mut site = Site::new(SERVER);
    site.flags(&["--demo"]);
    site.start();
    let nodes = wait::until("every simulated node to report", || {
        let nodes = demo_nodes(&site);
        (nodes.len() == 6).then_some(nodes)
    });
    let modes: BTreeSet<String> = nodes.iter().map(|node| text(&node["mode"])).collect();
    assert_eq!(modes, ["byoc", "on-prem", "saas"].map(str::to_owned).into());
    assert!(nodes.iter().all(|node| node["labels"]["demo"] == "true"), "{nodes:?}");
    assert!(site.server().log().contains("6 simulated nodes run here"), "{}", site.server().log());
    an_alert_of_each_kind_is_there(&site);
    let hand = labelled_by_hand(&site);
    assert_eq!(site.get("/overview")["now"]["demo_nodes"], 6);

    let (code, said) = remove(&site);
    assert_eq!(code, Some(6), "{said}");
    assert!(said.contains("is in use by a running server; stop it first"), "{said}");

    // The same nodes go on, whether they are asked for again or not.
    for flags in [&["--demo"][..], &[]] {
        site.terminate();
        site.flags(flags);
        let joined = site_started(&mut site);
        assert_eq!(ids(&demo_nodes(&site)), ids(&nodes), "{flags:?}");
        assert_eq!(joined, 8, "six, this host, and the one by hand");
    }

    site.terminate();
    let (code, said) = remove(&site);
    assert_eq!((code, said.contains("6 simulated nodes are removed")), (Some(0), true), "{said}");
    assert!(!site.data.join("demo").exists() && site.data.join("agent").exists());
    site.start();
    let left = ids(&site.items("/nodes"));
    assert!(left.len() == 2 && left.contains(&hand) && left.is_disjoint(&ids(&nodes)), "{left:?}");
    assert_eq!(site.get("/overview")["now"]["demo_nodes"], 0);
    their_alerts_are_over(&site, &nodes);
}

/// Starts it again and counts who ever joined.
fn site_started(site: &mut Site) -> usize {
    site.start();
    site.changes("node-enrolled")
}

fn an_alert_of_each_kind_is_there(site: &Site) {
    let critical = wait::until("a Critical that nobody has", || {
        site.items("/alerts?status=firing&category=critical").into_iter().next()
    });
    assert_eq!((&critical["rule"], &critical["labels"]["demo"]), (&json!("queue-stuck"), &json!("true")));
    assert_eq!(critical["owner"]["id"], "platform-operations");
    assert_eq!(critical["runbook_url"], "/runbooks/queue-slow");
    let taken = wait::until("a Warning that somebody has", || {
        site.items("/alerts?status=acknowledged&category=warning").into_iter().next()
    });
    assert_eq!((&taken["rule"], &taken["acknowledged"]["by"]), (&json!("job-failed"), &json!("Dana (demo)")));
    let points = |alert: &Value| {
        let detail = site.get(&format!("/alerts/{}", text(&alert["id"])));
        let path = format!("/nodes/{}/series/{}/history", text(&alert["node"]), text(&detail["series"]));
        site.get(&path)["points"].as_array().unwrap().len()
    };
    assert!(points(&critical) > 10, "a history of the last hour");
}

fn their_alerts_are_over(site: &Site, nodes: &[Value]) {
    for id in ids(nodes) {
        wait::until_so("the alerts of removed nodes to end", || {
            site.items(&format!("/alerts?node={id}&limit=500"))
                .iter()
                .all(|alert| !alert["resolved"].is_null())
        });
    }
    let stuck = site.items("/alerts?rule=queue-stuck").remove(0);
    assert_eq!(stuck["resolved"]["ending"], "node-removed");
}
