//! Ending in order: the server while agents talk to it, and an agent with its last report.

use std::time::Duration;

use eavip_server::log::{Log, Options, Stream};
use eavip_server::store::Store as _;
use eavip_server::store::embedded::EmbeddedStore;

use super::reports::exactly_once;
use super::{node, site};

#[test]
fn a_server_that_is_asked_to_end_ends_soon_with_a_checkpoint() {
    let mut site = site();
    let mut nodes = ["one", "two", "three"].map(|name| node(&site, name));
    nodes.iter_mut().for_each(|node| node.start());
    nodes.iter().for_each(|node| node.until_acknowledged(2));
    let (ended, took) = site.terminate();
    assert!(ended.success() && took < Duration::from_secs(10), "{ended} after {took:?}");
    let store = EmbeddedStore::open(&site.data).unwrap();
    let checkpoint = store.load_checkpoint().unwrap().expect("a checkpoint");
    drop(store);
    let (log, _) = Log::open(&site.data.join("log"), &Options::default()).unwrap();
    assert_eq!(
        (checkpoint.ledger, checkpoint.reports),
        (log.next(Stream::Ledger).0, log.next(Stream::Reports).0)
    );
    eprintln!(
        "SIGTERM: server with four agents ended after {took:.1?} with 0, its checkpoint covers everything"
    );
}

#[test]
fn an_agent_that_is_asked_to_end_delivers_its_last_report() {
    let mut site = site();
    let mut node = node(&site, "leaving");
    node.start();
    node.until_acknowledged(2);
    let (ended, took) = node.terminate();
    assert!(ended.success(), "{ended}");
    assert!(site.terminate().0.success());
    let stored = exactly_once(&site.data, &node);
    eprintln!("SIGTERM: agent ended after {took:.1?} with 0, its last report is number {stored} and stored");
}
