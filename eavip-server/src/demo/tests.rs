//! What the simulated fleet measures: the same at the same moment, always valid, and what the demo promises to show.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::alert::Category;
use eavip_core::alert::episode::EpisodeEvent;
use eavip_core::evaluate::{Waiting, evaluate};
use eavip_core::node::Node;
use eavip_core::policy::Policy;
use eavip_core::signal::Signal;
use eavip_core::signal::metric::{Kind, Unit};
use eavip_core::signal::reading::Value;
use eavip_core::time::Timestamp;
use eavip_core::wire::v1::Body;

use super::node::INTERVAL;
use super::readings::readings;
use super::*;

/// A moment of a day, in seconds after its midnight.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis((20_783 * 86_400 + seconds) * 1_000)
}

fn body(member: &Member, at: Timestamp) -> Body {
    let readings = readings(member, at, INTERVAL);
    Body { at, interval: INTERVAL, facts: None, readings, dropped: Vec::new() }
}

/// A node of the fleet that reported at each of these moments.
fn node(member: &Member, moments: impl IntoIterator<Item = Timestamp>) -> Node {
    let place = Place {
        deployment: member.deployment.parse().unwrap(),
        mode: member.mode,
        environment: Environment::Production,
        labels: Labels::new([(LABEL, MARKED)]).unwrap(),
    };
    let mut node = Node::new(NodeId(uuid::Uuid::from_u128(member.seed.into())), place, at(0));
    moments.into_iter().for_each(|moment| node.observe(&body(member, moment), moment));
    node
}

#[test]
fn a_moment_has_one_set_of_readings() {
    for member in FLEET {
        for seconds in [0, 4_711, 43_200] {
            assert_eq!(body(member, at(seconds)), body(member, at(seconds)));
        }
        assert_ne!(body(member, at(60)).readings, body(member, at(75)).readings, "{}", member.name);
    }
    assert_ne!(body(&FLEET[0], at(0)).readings, body(&FLEET[1], at(0)).readings);
}

#[test]
fn every_reading_of_a_day_is_valid() {
    for (member, seconds) in
        FLEET.iter().flat_map(|member| (0..86_400).step_by(907).map(move |s| (member, s)))
    {
        let sent = body(member, at(seconds));
        let received = Body::decode(&sent.encode().unwrap(), "").unwrap();
        let keys =
            |body: &Body| -> BTreeSet<_> { body.readings.iter().map(|reading| reading.key()).collect() };
        assert_eq!(keys(&received), keys(&sent), "{} at {seconds} s", member.name);
        let keys = keys(&sent);
        assert_eq!(keys.len(), sent.readings.len(), "{} tells a series twice", member.name);
        for reading in &sent.readings {
            let metric = reading.metric;
            assert!(!metric.is_the_servers(), "{metric} isn't a node's to tell");
            let Value::Number(value) = reading.value else {
                assert_eq!(metric.kind(), Kind::Histogram, "{metric} is unknown");
                continue;
            };
            let most = if matches!(metric.unit(), Unit::Ratio | Unit::Bool) { 1.0 } else { f64::MAX };
            assert!((0.0..=most).contains(&value), "{metric} is {value} at {seconds} s");
        }
    }
}

#[test]
fn all_five_signals_of_each_service_are_covered() {
    let policy = Policy::builtin();
    let mut services = 0;
    for member in FLEET {
        let node = node(member, [at(36_000), at(36_015)]);
        for (service, signals) in node.service_health(&policy, at(36_015)) {
            let covered: Vec<Signal> = signals.iter().map(|signal| signal.signal).collect();
            assert_eq!(covered, Signal::GOLDEN, "{service}");
            services += 1;
        }
    }
    assert_eq!(services, FLEET.iter().map(|member| member.services.len()).sum::<usize>());
    let modes: BTreeSet<&str> = FLEET.iter().map(|member| member.mode.as_str()).collect();
    assert_eq!(modes.len(), 3);
}

/// The rules that open on the fleet over a day, with how often.
fn opened() -> BTreeMap<String, usize> {
    let policy = Policy::builtin();
    let mut opened = BTreeMap::new();
    for member in FLEET {
        let mut node = node(member, []);
        let (mut waiting, mut open) = (Waiting::default(), BTreeMap::new());
        for moment in (0..86_400).step_by(60).map(at) {
            node.observe(&body(member, moment), moment);
            let episodes = eavip_core::evaluate::open_episodes(open.values());
            let outcome = evaluate([&node], episodes, &waiting, &policy, moment);
            for transition in outcome.transitions {
                if let EpisodeEvent::Opened(opening) = &transition.event {
                    *opened.entry(opening.rule.to_string()).or_default() += 1;
                    assert_eq!(opening.labels.get(LABEL), Some(MARKED), "alerts inherit the mark");
                }
                let state = open.remove(&transition.episode);
                let evolved = eavip_core::aggregate::Aggregate::evolve(state, transition.event);
                open.extend(
                    evolved.map(|episode: eavip_core::alert::episode::Episode| (transition.episode, episode)),
                );
            }
            waiting = outcome.waiting;
        }
    }
    opened
}

#[test]
fn a_day_shows_the_alerts_that_are_promised_and_no_other() {
    let opened = opened();
    let often = opened.get("queue-dead-letters").copied().unwrap_or_default();
    assert!(often > 50, "one comes and goes: {often} times");
    let others: Vec<(&str, usize)> = opened
        .iter()
        .filter(|(rule, _)| *rule != "queue-dead-letters")
        .map(|(r, n)| (r.as_str(), *n))
        .collect();
    assert_eq!(
        others,
        [("certificate-expiring", 1), ("job-failed", 1), ("queue-slow", 1), ("queue-stuck", 1)]
    );
    let stuck = Policy::builtin();
    assert_eq!(stuck.rule("queue-stuck").unwrap().category, Category::Critical);
}
