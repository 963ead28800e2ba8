//! What evaluating costs in memory: nothing for a node in which nothing changed. This program's allocator counts; it is one
//! of its own so that the other tests keep theirs (seed: *Health & Monitoring Signals*).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking; helper functions are outside the `#[test]` items that clippy exempts"
)]

use allocation_counter::measure;
use eavip_core::aggregate::Aggregate;
use eavip_core::alert::episode::Episode;
use eavip_core::environment::Environment;
use eavip_core::evaluate::{Evaluation, OpenEpisodes, Outcome, Waiting, open_episodes};
use eavip_core::id::Digest128;
use eavip_core::labels::Labels;
use eavip_core::mode::Mode;
use eavip_core::node::{Node, Place};
use eavip_core::policy::Policy;
use eavip_core::signal::histogram::Histogram;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::{Reading, Value};
use eavip_core::time::{Span, Timestamp};
use eavip_core::wire::v1::Body;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

fn disk(mount: &str) -> Reading {
    Reading::exact(Metric::DiskUsed, 0.5).labelled(Labels::new([("mount", mount)]).unwrap())
}

/// A healthy host with a service, and readings on top of that.
fn node(more: &[Reading]) -> Node {
    let place = Place {
        deployment: "eu".parse().unwrap(),
        mode: Mode::Saas,
        environment: Environment::Production,
        labels: Labels::new([("region", "west")]).unwrap(),
    };
    let shop = "shop".parse().unwrap();
    let mut seconds = Histogram::default();
    seconds.record_many(0.02, 100);
    let mut readings = vec![Reading::exact(Metric::CpuBusy, 0.3), disk("/"), disk("/var")];
    readings.extend(
        [
            Reading::exact(Metric::ProbeUp, 1.0),
            Reading::exact(Metric::Requests, 100.0),
            Reading::exact(Metric::RequestErrors, 0.0),
            Reading::distribution(Metric::RequestDuration, seconds),
        ]
        .map(|reading| reading.of(Some(&shop))),
    );
    readings.extend_from_slice(more);
    let mut node = Node::new("01980000-0000-7000-8000-000000000001".parse().unwrap(), place, at(0));
    for secs in [0, 15, 30] {
        let interval = Span::from_secs(15);
        let body =
            Body { at: at(secs), interval, facts: None, readings: readings.clone(), dropped: Vec::new() };
        node.observe(&body, at(secs));
    }
    node
}

/// The allocations of looking at a node, and what came of it.
fn looked_at(node: &Node, open: OpenEpisodes<'_>, waiting: &Waiting, secs: i64) -> (u64, Outcome) {
    let policy = Policy::builtin();
    let mut evaluation = Evaluation::new(&policy, open, waiting, at(secs));
    let counted = measure(|| evaluation.node(node)).count_total;
    (counted, evaluation.finish())
}

/// A node with a full disk, and the alerts that it raised after a while.
fn alerting() -> (Node, Vec<Episode>) {
    let node = node(&[Reading { value: Value::Number(0.99), ..disk("/srv") }]);
    let (_, mut seen) = looked_at(&node, OpenEpisodes::default(), &Waiting::default(), 31);
    seen.waiting.bad_since.values_mut().for_each(|since| *since = at(-3_600));
    let (_, opened) = looked_at(&node, OpenEpisodes::default(), &seen.waiting, 31);
    let episodes = opened.transitions.into_iter().map(|transition| Episode::evolve(None, transition.event));
    (node, episodes.map(Option::unwrap).collect())
}

#[test]
fn a_node_in_which_nothing_changed_is_evaluated_without_an_allocation() {
    let (nothing, quiet) = ((0, Outcome::default()), Waiting::default());
    assert_eq!(looked_at(&node(&[]), OpenEpisodes::default(), &quiet, 31), nothing, "all is well");

    let (bad, episodes) = alerting();
    assert!(!episodes.is_empty());
    assert_eq!(looked_at(&bad, open_episodes(&episodes), &quiet, 31), nothing, "its alerts are open already");

    let unseen = node(&[Reading { value: Value::Unknown("not readable".into()), ..disk("/mnt") }]);
    let elsewhere = episodes.iter().map(|episode| (Digest128::of([episode.opening.id.0.as_slice()]), at(0)));
    let waiting = Waiting { bad_since: elsewhere.collect(), ..Waiting::default() };
    assert_eq!(looked_at(&unseen, OpenEpisodes::default(), &waiting, 31), nothing, "unseen, and others wait");
}

#[test]
fn what_becomes_bad_is_counted() {
    let (bad, episodes) = alerting();
    let (counted, outcome) = looked_at(&bad, OpenEpisodes::default(), &Waiting::default(), 31);
    assert!(counted > 0, "or the allocator doesn't count");
    assert_eq!(outcome.waiting.bad_since.len(), episodes.len());
}
