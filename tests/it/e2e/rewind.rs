//! A server that was restored from an old copy of its data: nodes send again what it lost.

use eavip_tests::wait::until_so;

use super::reports::exactly_once;
use super::{copy, node, site};

#[test]
fn a_restored_server_gets_back_what_its_nodes_still_have() {
    let mut site = site();
    let mut node = node(&site, "witness");
    node.start();
    node.until_acknowledged(3);
    assert!(site.terminate().0.success());
    let backup = site.dir().join("backup");
    copy(&site.data, &backup);
    site.start();
    let before = node.link()["acknowledged"].as_u64().unwrap();
    node.until_acknowledged(before + 5);
    assert!(site.terminate().0.success());
    let lost = node.link()["acknowledged"].as_u64().unwrap();

    std::fs::rename(&site.data, site.dir().join("lost")).unwrap();
    std::fs::rename(backup, &site.data).unwrap();
    site.start();
    until_so("the server to notice", || site.changes("store-rewound") >= 1);
    node.until_acknowledged(lost + 3);
    until_so("nothing to wait", || node.link()["pending"] == 0);
    assert_eq!(site.changes("store-rewound"), 1);
    assert!(node.terminate().0.success());
    assert!(site.terminate().0.success());
    let stored = exactly_once(&site.data, &node);
    eprintln!(
        "rewind: a copy of the data from before report {before} came back after {lost}; {stored} made, {stored} stored once, in order"
    );
}
