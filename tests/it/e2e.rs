//! The product as its users meet it: real processes, real sockets, and what they do when something breaks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "helpers of tests, where failing loudly is the point"
)]

mod alert_path;
mod bad_input;
mod clock;
mod clone;
mod damaged_views;
mod disk_full;
mod identity;
mod kill_points;
mod metrics;
mod network_cut;
mod refused_start;
mod reports;
mod rewind;
mod shutdown;
mod signature;
mod storm;
mod wrong_clients;

use eavip_tests::node::Node;
use eavip_tests::site::Site;
use std::path::Path;

const SERVER: &str = env!("CARGO_BIN_EXE_e2e-server");
const AGENT: &str = env!("CARGO_BIN_EXE_e2e-agent");

/// A started server.
fn site() -> Site {
    let mut site = Site::new(SERVER);
    site.start();
    site
}

/// An agent beside a site's own that reports each second and belongs to it.
fn node(site: &Site, name: &str) -> Node {
    let node = Node::new(AGENT, site.dir(), name, "");
    node.join(&site.join_string());
    node
}

/// Copies a directory with everything in it.
fn copy(from: &Path, to: &Path) {
    eavip_tests::process::tool("cp", &["-a", from.to_str().unwrap(), to.to_str().unwrap()]).unwrap();
}
