//! The checkpoint of the views gone or damaged between two runs: the server starts, and the log has everything.

use std::path::{Path, PathBuf};

use eavip_tests::chance::Chance;
use eavip_tests::site::Site;

use super::reports::exactly_once;
use super::{node, site};

/// What must be the same before and after.
fn known(site: &Site) -> (Vec<String>, usize, usize) {
    let mut nodes: Vec<String> =
        site.items("/nodes").iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
    nodes.sort();
    (nodes, site.items("/tokens").len(), site.changes("node-enrolled"))
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() { found.extend(files(&entry.path())) } else { found.push(entry.path()) }
    }
    found.sort();
    found
}

fn damage(what: &str, views: &Path) {
    let mut chance = Chance::new(7);
    match what {
        "deleted" => std::fs::remove_dir_all(views).unwrap(),
        "emptied" => files(views).iter().for_each(|file| drop(std::fs::File::create(file).unwrap())),
        "cut in half" => files(views).iter().for_each(|path| {
            let file = std::fs::File::options().write(true).open(path).unwrap();
            file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        }),
        _ => files(views).iter().for_each(|path| {
            let mut bytes = std::fs::read(path).unwrap();
            for _ in 0..bytes.len().min(4_096) / 8 {
                let at = chance.below(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << chance.below(8);
            }
            std::fs::write(path, bytes).unwrap();
        }),
    }
}

#[test]
fn a_damaged_checkpoint_costs_nothing() {
    let mut site = site();
    let mut node = node(&site, "steady");
    node.start();
    node.until_acknowledged(2);
    let before = known(&site);
    for what in ["deleted", "emptied", "cut in half", "with flipped bits"] {
        assert!(site.terminate().0.success());
        damage(what, &site.data.join("views"));
        site.start();
        assert_eq!(known(&site), before, "views {what}");
        let acknowledged = node.link()["acknowledged"].as_u64().unwrap();
        node.until_acknowledged(acknowledged + 1);
        eprintln!(
            "views {what}: started, nothing is missing, {} repairs told so far",
            site.changes("store-repaired")
        );
    }
    assert!(node.terminate().0.success());
    assert!(site.terminate().0.success());
    let stored = exactly_once(&site.data, &node);
    eprintln!("views damaged four times: {stored} reports made, {stored} stored once, in order");
}
