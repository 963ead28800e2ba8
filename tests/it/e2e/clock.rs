//! A node whose clock is wrong: its owner is told, and its reports are taken all the same. The clock is libfaketime's;
//! skipped with the reason where that isn't installed.

use std::path::PathBuf;

use eavip_tests::node::Node;
use eavip_tests::site::Site;
use eavip_tests::wait::{until, until_so};

use super::{AGENT, SERVER};

fn library() -> Option<PathBuf> {
    let directories = std::fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
    directories.map(|entry| entry.path().join("faketime/libfaketime.so.1")).find(|path| path.exists())
}

/// The offset that a node's page shows.
fn offset(site: &Site, node: &str) -> Option<f64> {
    let node = site.get(&format!("/nodes/{node}"));
    let series =
        node["series"].as_array().unwrap().iter().find(|one| one["metric"] == "clock_offset_seconds")?;
    series["value"].as_f64()
}

#[test]
fn a_node_whose_clock_is_off_opens_an_alert_and_one_whose_clock_is_right_does_not() {
    let Some(library) = library() else { return eprintln!("clock: skipped: libfaketime isn't installed") };
    let mut site = Site::new(SERVER);
    let runbook = site.write("runbook.toml", "[alert.clock-off]\nfor = \"0s\"\n");
    site.configure(&format!("runbook = {runbook:?}\n"));
    site.start();
    let mut nodes = ["ahead", "behind", "right"].map(|name| {
        let node = Node::new(AGENT, site.dir(), name, "");
        node.join(&site.join_string());
        match name {
            "ahead" => node.with_clock(&library, "+20s"),
            "behind" => node.with_clock(&library, "-20s"),
            _ => node,
        }
    });
    nodes.iter_mut().for_each(Node::start);
    let mut shown = Vec::new();
    for node in &nodes {
        shown.push(until("the clock's offset", || offset(&site, &node.id())));
    }
    let [ahead, behind, right] = &nodes;
    for wrong in [ahead, behind] {
        let alert = format!("/alerts?rule=clock-off&node={}", wrong.id());
        let alert = until("the alert", || site.items(&alert).pop());
        assert_eq!(alert["owner"]["id"], "platform-operations");
        wrong.until_acknowledged(3);
    }
    assert!(shown.iter().take(2).all(|off| (0.5..=20.5).contains(off)), "{shown:?}");
    assert!(shown[2] < 0.5, "{shown:?}");
    until_so("a later report of the right one", || offset(&site, &right.id()).is_some());
    assert!(site.items(&format!("/alerts?rule=clock-off&node={}", right.id())).is_empty());
    eprintln!(
        "clock: 20 s ahead and behind told as {:.1} and {:.1} s off, a right one as {:.3} s",
        shown[0], shown[1], shown[2]
    );
    drop(nodes);
    assert!(site.terminate().0.success());
}
