//! The simulated platform: its runbook, its places and machines, and the little words that every other file uses.

use std::str::FromStr;

use eavip_core::environment::Environment;
use eavip_core::id::{Digest256, NodeId, PersonId, TeamId};
use eavip_core::labels::Labels;
use eavip_core::mode::Mode;
use eavip_core::node::{Node, Place};
use eavip_core::policy::{Policy, Source};
use eavip_core::time::{Span, Timestamp};

pub const MINUTE: Span = Span::from_secs(60);
pub const HOUR: Span = MINUTE.times(60);
pub const DAY: Span = HOUR.times(24);
pub const DAYS: u64 = 365;

pub const SERVICES: [&str; 4] = ["api", "billing", "orders", "webhooks"];
pub const OPERATORS: [&str; 4] = ["ana", "ben", "cem", "dee"];
pub const OPERATIONS: &str = "platform-operations";

/// An installation that serves customers.
pub struct Site {
    pub name: &'static str,
    pub mode: Mode,
    /// How many machines it has.
    pub nodes: u8,
    /// Who may ask for a release there.
    pub requesters: &'static [&'static str],
}

pub const SITES: [Site; 4] = [
    Site { name: "eu", mode: Mode::Saas, nodes: 20, requesters: &OPERATORS },
    Site { name: "us", mode: Mode::Saas, nodes: 10, requesters: &OPERATORS },
    Site { name: "acme", mode: Mode::Byoc, nodes: 4, requesters: &OPERATORS },
    Site { name: "hafen", mode: Mode::OnPrem, nodes: 1, requesters: &["kai", "lia"] },
];

/// Every id and moment of the test is one.
pub fn id<T: FromStr<Err: std::fmt::Debug>>(text: impl AsRef<str>) -> T {
    text.as_ref().parse().unwrap()
}

pub fn person(name: &str) -> PersonId {
    id(name)
}

pub fn operations() -> TeamId {
    id(OPERATIONS)
}

pub fn start() -> Timestamp {
    id("2027-01-01T00:00:00Z")
}

/// The first moment after the year.
pub fn end() -> Timestamp {
    start() + DAY.times(DAYS)
}

pub fn policy() -> Policy {
    let text = include_str!("runbook.toml");
    Policy::load(&[Source::new("runbook.toml", text)]).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

pub fn node_id(site: usize, number: u8) -> NodeId {
    id(format!("01980000-0000-7000-8000-{site:010}{number:02}"))
}

/// The machines that have an agent: at most four of each site, each watching every service.
pub fn watched() -> Vec<(usize, u8)> {
    let of_site = |(site, it): (usize, &Site)| (0..it.nodes.min(4)).map(move |number| (site, number));
    SITES.iter().enumerate().flat_map(of_site).collect()
}

pub fn node(site: usize, number: u8) -> Node {
    let place = Place {
        deployment: id(SITES[site].name),
        mode: SITES[site].mode,
        environment: Environment::Production,
        labels: Labels::default(),
    };
    Node::new(node_id(site, number), place, start())
}

/// A digest of something that is known by a name only.
pub fn digest(name: impl AsRef<str>) -> Digest256 {
    Digest256::of(name.as_ref().as_bytes())
}
