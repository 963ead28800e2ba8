//! Tests of the episode's moves: the full table of states and commands.

use proptest::prelude::*;

use super::*;
use crate::mode::Mode;
use crate::node::Place;
use crate::signal::metric::Metric;
use crate::testing;

fn now() -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000)
}

fn opened() -> Episode {
    let opening = Opening {
        id: Digest128([1; 16]),
        fingerprint: Digest128([2; 16]),
        rule: "disk-full".parse().unwrap(),
        category: Category::Critical,
        owner: "ops".parse().unwrap(),
        action: "Free space.".parse().unwrap(),
        runbook: "disk-full".parse().unwrap(),
        origin: Origin::Node(Observed {
            node: "01980000-0000-7000-8000-000000000001".parse().unwrap(),
            subject: Subject::Node,
            indicator: Indicator::Metric(Metric::DiskUsed),
            unit: Unit::Ratio,
            value: 0.99,
        }),
        labels: Labels::default(),
        summary: "full".into(),
        since: now(),
        at: now(),
    };
    Episode::evolve(None, EpisodeEvent::Opened(Box::new(opening))).unwrap()
}

fn acknowledge(reason: &str) -> EpisodeCommand {
    EpisodeCommand::Acknowledge { by: "ana".into(), reason: reason.into() }
}

fn after(mut episode: Episode, command: EpisodeCommand) -> Episode {
    for event in Episode::decide(Some(&episode), command, &(), now()).unwrap() {
        episode = Episode::evolve(Some(episode), event).unwrap();
    }
    episode
}

#[test]
fn every_state_answers_every_command() {
    let firing = opened();
    let taken = after(opened(), acknowledge("on it"));
    let over = after(opened(), EpisodeCommand::Resolve(Ending::Recovered));
    let mut table = String::new();
    for episode in [&firing, &taken, &over] {
        for command in [acknowledge("on it"), acknowledge(" "), EpisodeCommand::Resolve(Ending::Recovered)] {
            let asked = match &command {
                EpisodeCommand::Acknowledge { reason, .. } => format!("acknowledge {reason:?}"),
                EpisodeCommand::Resolve(ending) => format!("resolve {ending}"),
            };
            let answer = match Episode::decide(Some(episode), command, &(), now()) {
                Ok(events) => {
                    let state = events.into_iter().fold(Some(episode.clone()), Episode::evolve).unwrap();
                    state.status().to_string()
                }
                Err(refused) => refused.to_string(),
            };
            table += &format!("{} + {asked} -> {answer}\n", episode.status());
        }
    }
    insta::assert_snapshot!(table, @r#"
    firing + acknowledge "on it" -> acknowledged
    firing + acknowledge " " -> refused: the reason has 0 characters
    firing + resolve recovered -> resolved
    acknowledged + acknowledge "on it" -> refused: ana acknowledged it already at 2023-11-14T22:13:20.000Z
    acknowledged + acknowledge " " -> refused: ana acknowledged it already at 2023-11-14T22:13:20.000Z; the reason has 0 characters
    acknowledged + resolve recovered -> resolved
    resolved + acknowledge "on it" -> refused: the alert is already resolved
    resolved + acknowledge " " -> refused: the alert is already resolved
    resolved + resolve recovered -> refused: the alert is already resolved
    "#);
}

#[test]
fn replaying_an_event_twice_changes_nothing() {
    let event = EpisodeEvent::Acknowledged { by: "ana".into(), reason: "x".into(), at: now() };
    let once = Episode::evolve(Some(opened()), event).unwrap();
    let other = EpisodeEvent::Acknowledged { by: "ben".into(), reason: "y".into(), at: now() };
    assert_eq!(Episode::evolve(Some(once.clone()), other).unwrap(), once);
    assert_eq!(Episode::evolve(None, EpisodeEvent::Resolved { ending: Ending::Recovered, at: now() }), None);
}

#[test]
fn events_survive_json() {
    let event = EpisodeEvent::Opened(Box::new(opened().opening));
    let json = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<EpisodeEvent>(&json).unwrap(), event);
}

#[test]
fn a_rule_without_owner_action_or_runbook_cannot_be_deserialised() {
    let whole = serde_json::json!({
        "id": "x", "category": "critical", "owner": "ops", "action": "Do it.", "runbook": "x",
        "indicator": "probe_up", "condition": {"below": {"fire": 1.0, "clear": 1.0}}, "hold_for": "0s",
        "keep_firing_for": "0s", "least_requests": 0.0, "matchers": {},
    });
    assert!(serde_json::from_value::<AlertRule>(whole.clone()).is_ok());
    for key in ["owner", "action", "runbook"] {
        for value in [None, Some(""), Some(" ")] {
            let mut json = whole.clone();
            match value {
                Some(text) => json[key] = text.into(),
                None => drop(json.as_object_mut().unwrap().remove(key)),
            }
            assert!(serde_json::from_value::<AlertRule>(json).is_err(), "{key} {value:?}");
        }
    }
}

#[test]
fn a_series_cannot_claim_another_node_or_place() {
    let place = Place {
        deployment: "eu".parse().unwrap(),
        mode: Mode::Saas,
        environment: crate::environment::Environment::Production,
        labels: Labels::default(),
    };
    let node = Node::new("01980000-0000-7000-8000-000000000001".parse().unwrap(), place, now());
    let labels = Labels::new([("node", "another"), ("mount", "/")]).unwrap();
    let key = SeriesKey { metric: Metric::DiskUsed, service: None, labels };
    let labels = super::labels(&node, &Subject::Series(key));
    assert_eq!(labels.get("node"), Some("01980000-0000-7000-8000-000000000001"));
    assert_eq!(labels.get("mount"), Some("/"));
    let many = (0..MAX_LABELS).map(|at| (format!("a{at:02}"), "x"));
    let key = SeriesKey { metric: Metric::DiskUsed, service: None, labels: Labels::new(many).unwrap() };
    let labels = super::labels(&node, &Subject::Series(key));
    assert_eq!(
        labels.len(),
        MAX_LABELS - ADDED.len() - 1,
        "room is left for rule, alertname, category and owner"
    );
    assert_eq!(labels.get("node"), Some("01980000-0000-7000-8000-000000000001"), "a full set hides no node");
}

#[test]
fn an_opening_is_told_as_what_it_is() {
    let opening = opened().opening;
    let alert = crate::alert::Alert::from(&opening);
    assert_eq!(
        (alert.id, &alert.rule, alert.owner.as_ref()),
        (opening.id, &opening.rule, Some(&opening.owner))
    );
    assert_eq!((alert.category, alert.since, &alert.labels), (opening.category, opening.at, &opening.labels));
}

fn events() -> Vec<EpisodeEvent> {
    vec![
        EpisodeEvent::Opened(Box::new(opened().opening)),
        EpisodeEvent::Acknowledged { by: "ana".into(), reason: "on it".into(), at: now() },
        EpisodeEvent::Resolved { ending: Ending::Recovered, at: now() },
    ]
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    let [opened, acknowledged, resolved] = events().try_into().unwrap();
    let histories = [vec![opened.clone(), acknowledged, resolved.clone()], vec![opened, resolved]];
    insta::assert_snapshot!(testing::moves::<Episode>(&histories));
}

proptest! {
    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in testing::weeks()) {
        let commands = |_: Option<&Episode>, _| {
            vec![acknowledge("on it"), acknowledge(" "), EpisodeCommand::Resolve(Ending::Recovered)]
        };
        testing::goes_on_with_its_promises(&events()[..1], &steps, weeks, commands, &()).counts_each_event_once();
    }
}

#[test]
fn a_sender_gets_back_the_labels_that_it_sent() {
    let label = |pairs: &[(&str, &str)]| Labels::new(pairs.iter().copied()).unwrap();
    let policy = crate::policy::Policy::builtin();
    for sent in [
        &[("alertname", "DiskFull"), ("owner", "platform-operations")][..],
        &[("alertname", "DiskFull"), ("owner", "nobody"), ("rule", "theirs"), ("category", "Critical")],
        &[("alertname", "DiskFull")],
    ] {
        let alert = super::super::intake::Sent {
            labels: label(sent),
            annotations: Annotations::new([("runbook".to_owned(), "disk-full".to_owned())].into()).unwrap(),
            generator: None,
            since: now(),
            fallback: Some("platform-operations".parse().unwrap()),
        };
        let stated = super::super::intake::admit(&alert, &policy).unwrap();
        assert_eq!(stated.labels.get("rule"), Some("diskfull"));
        let opening = Opening { labels: stated.labels, origin: stated.origin, ..opened().opening };
        assert_eq!(opening.sent_labels(), label(sent));
    }
}
