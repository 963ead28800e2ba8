//! Tests of the evaluation: when alerts open and are over, who owns them, who is told and why. Each test names the seed
//! line that it serves.

mod properties;

use super::*;
use crate::alert::Category;
use crate::alert::episode::Status;
use crate::environment::Environment;
use crate::labels::Labels;
use crate::mode::Mode;
use crate::node::{Facts, Place, SeriesMap};
use crate::policy::Source;
use crate::signal::reading::Reading;
use crate::time::Span;
use crate::wire::v1::Body;

const RULES: &str = r#"
[team.customer]
[alert.hot]
category = "warning"
owner = { saas = "platform-operations", byoc = "platform-operations", on-prem = "customer" }
action = "Cool it."
runbook = "hot"
indicator = "cpu_busy_ratio"
above = 0.9
clear = 0.7
for = "30s"
keep_firing_for = "30s"
[alert.probe-down]
owner = "platform-operations"
[[route]]
least = "warning"
receivers = ["chat"]
"#;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

fn policy(text: &str) -> Policy {
    Policy::load(&[Source::new("runbook.toml", text)]).unwrap()
}

fn new_node(number: u8) -> Node {
    let place = Place {
        deployment: "eu".parse().unwrap(),
        mode: Mode::Saas,
        environment: Environment::Production,
        labels: Labels::default(),
    };
    Node::new(format!("01980000-0000-7000-8000-0000000000{number:02x}").parse().unwrap(), place, at(0))
}

fn body(secs: i64, readings: Vec<Reading>) -> Body {
    Body { at: at(secs), interval: Span::from_secs(15), facts: None, readings, dropped: Vec::new() }
}

fn cpu(value: f64) -> Reading {
    Reading::exact(Metric::CpuBusy, value)
}

fn disk(mount: &str, value: f64) -> Reading {
    Reading::exact(Metric::DiskUsed, value).labelled(Labels::new([("mount", mount)]).unwrap())
}

/// One node and what a server keeps of its alerts between evaluations.
struct World {
    policy: Policy,
    nodes: Vec<Node>,
    episodes: Vec<Episode>,
    waiting: Waiting,
}

impl World {
    fn new(text: &str) -> Self {
        let (policy, nodes) = (policy(text), vec![new_node(1)]);
        Self { policy, nodes, episodes: Vec::new(), waiting: Waiting::default() }
    }

    /// Evaluates and applies what is found.
    fn step(&mut self, secs: i64) -> Vec<Transition> {
        let open = open_episodes(&self.episodes);
        let outcome = evaluate(&self.nodes, open, &self.waiting, &self.policy, at(secs));
        self.waiting = outcome.waiting;
        for transition in &outcome.transitions {
            apply(&mut self.episodes, transition);
        }
        outcome.transitions
    }

    /// The node reports, and is evaluated at the same moment.
    fn report(&mut self, secs: i64, readings: Vec<Reading>) -> Vec<String> {
        self.nodes[0].observe(&body(secs, readings), at(secs));
        told(&self.step(secs))
    }
}

fn apply(episodes: &mut Vec<Episode>, transition: &Transition) {
    let known = episodes.iter().position(|episode| episode.opening.id == transition.episode);
    let before = known.map(|at| episodes.remove(at));
    episodes.extend(Episode::evolve(before, transition.event.clone()));
}

/// Each transition in a few words.
fn told(transitions: &[Transition]) -> Vec<String> {
    let tell = |transition: &Transition| match &transition.event {
        EpisodeEvent::Opened(opening) => format!("{} opened", opening.rule),
        EpisodeEvent::Released { .. } => "released".to_owned(),
        EpisodeEvent::Acknowledged { by, .. } => format!("taken by {by}"),
        EpisodeEvent::Resolved { ending, .. } => format!("resolved: {ending}"),
    };
    transitions.iter().map(tell).collect()
}

const NOTHING: [String; 0] = [];

// Seed: "Alert noise is treated as a defect": a peak is no alert.
#[test]
fn opens_once_it_was_bad_for_long_enough_and_not_before() {
    let mut world = World::new(RULES);
    assert_eq!(world.report(0, vec![cpu(0.95)]), NOTHING);
    assert_eq!(world.waiting.bad_since.values().collect::<Vec<_>>(), [&at(0)]);
    assert_eq!(world.report(29, vec![cpu(0.95)]), NOTHING);
    assert_eq!(world.report(30, vec![cpu(0.95)]), ["hot opened"]);
    assert_eq!((world.episodes[0].opening.since, world.episodes[0].opening.at), (at(0), at(30)));
    assert_eq!(world.report(45, vec![cpu(0.99)]), NOTHING, "it is open already");
}

#[test]
fn a_good_value_in_between_starts_the_wait_anew() {
    let mut world = World::new(RULES);
    world.report(0, vec![cpu(0.95)]);
    world.report(15, vec![cpu(0.5)]);
    assert_eq!(world.report(30, vec![cpu(0.95)]), NOTHING);
    assert_eq!(world.report(60, vec![cpu(0.95)]), ["hot opened"]);
}

// Seed: "Alert noise is treated as a defect": what swings around a threshold is one episode.
#[test]
fn is_over_only_past_the_clearing_threshold_and_after_staying_there() {
    let mut world = World::new(RULES);
    world.report(0, vec![cpu(0.95)]);
    world.report(30, vec![cpu(0.95)]);
    for secs in [45, 90] {
        assert_eq!(world.report(secs, vec![cpu(0.8)]), NOTHING, "between the thresholds it is neither");
    }
    assert_eq!(world.report(105, vec![cpu(0.6)]), NOTHING, "good, but not for long enough");
    assert_eq!(world.report(120, vec![cpu(0.8)]), NOTHING);
    assert_eq!(world.report(135, vec![cpu(0.6)]), NOTHING, "between the thresholds it has to prove it anew");
    assert_eq!(world.report(165, vec![cpu(0.6)]), ["resolved: recovered"]);
}

#[test]
fn unknown_evidence_neither_opens_nor_resolves() {
    let unknown = || Reading::unknown(Metric::CpuBusy, "timed out");
    let mut world = World::new(RULES);
    world.report(0, vec![cpu(0.95)]);
    assert_eq!(world.report(30, vec![unknown()]), NOTHING, "not known to be bad now");
    assert_eq!(world.report(45, vec![cpu(0.95)]), ["hot opened"], "losing sight didn't start the wait anew");
    for secs in [60, 120, 180] {
        assert_eq!(world.report(secs, vec![unknown()]), NOTHING);
    }
    assert_eq!(world.report(195, vec![cpu(0.5)]), NOTHING);
    assert_eq!(world.report(210, vec![unknown()]), NOTHING);
    assert_eq!(world.report(225, vec![cpu(0.5)]), NOTHING, "what nobody saw doesn't count as good");
    assert_eq!(world.report(255, vec![cpu(0.5)]), ["resolved: recovered"]);
}

// Seed: "Platform availability" and "Failures are expected and planned for".
#[test]
fn a_silent_node_opens_an_alert_that_is_over_once_it_is_back() {
    let mut world = World::new(RULES);
    let read_only = |value| vec![Reading::exact(Metric::DiskReadOnly, value)];
    assert_eq!(world.report(60, read_only(1.0)), ["disk-read-only opened"]);
    assert_eq!(told(&world.step(120)), NOTHING);
    assert_eq!(told(&world.step(121)), ["node-silent opened"], "and what was open stays so");
    let silent = world
        .episodes
        .iter()
        .find(|episode| episode.opening.origin.observed().unwrap().subject == Subject::Node)
        .unwrap();
    let summary = format!("node_silent_seconds on {} is 1 min 1 s, above 1 min", world.nodes[0].id);
    assert_eq!(silent.opening.summary, summary);
    assert_eq!(world.report(180, read_only(0.0)).concat(), "resolved: recovered".repeat(2));
    assert!(world.episodes.iter().all(|episode| episode.status() == Status::Resolved));
}

#[test]
fn a_node_that_reports_rarely_is_not_silent_between_its_reports() {
    let mut world = World::new(RULES);
    world.nodes[0].observe(&Body { interval: Span::from_secs(300), ..body(0, vec![cpu(0.1)]) }, at(0));
    assert_eq!(told(&world.step(299)), NOTHING);
    assert_eq!(told(&world.step(901)), ["node-silent opened"], "three intervals are too long");
}

#[test]
fn a_silent_node_keeps_what_was_open_even_when_its_series_are_not_known() {
    let mut world = World::new(RULES);
    world.report(0, vec![cpu(0.95)]);
    world.report(30, vec![cpu(0.95)]);
    world.nodes = vec![new_node(1)];
    world.nodes[0].seen_at = Some(at(30));
    assert_eq!(told(&world.step(100)), ["node-silent opened"], "a rebuilt view that lags resolves nothing");
}

// Seed: "Alert noise is treated as a defect": nothing stays open that can't be over.
#[test]
fn ends_what_can_no_longer_be_measured() {
    for (change, ending) in [
        ("the node is removed", "resolved: node-removed"),
        ("the rule is removed", "resolved: rule-changed"),
        ("the rule looks elsewhere", "resolved: rule-changed"),
        ("the rule no longer matches", "resolved: rule-changed"),
        ("the series is gone", "resolved: series-gone"),
    ] {
        let mut world = World::new(RULES);
        world.report(0, vec![cpu(0.95)]);
        world.report(30, vec![cpu(0.95)]);
        match change {
            "the node is removed" => world.nodes.clear(),
            "the rule is removed" => {
                world.policy = policy(&RULES.replace("[alert.hot]", "[alert.hot]\nenabled = false"))
            }
            "the rule looks elsewhere" => world.policy = policy(&RULES.replace("cpu_busy", "memory_used")),
            "the rule no longer matches" => {
                world.policy =
                    policy(&RULES.replace("[alert.hot]", "[alert.hot]\nmatch = { deployment = \"us\" }"));
            }
            _ => world.nodes[0].series = SeriesMap::default(),
        }
        assert_eq!(told(&world.step(31)), [ending], "{change}");
        assert_eq!(told(&world.step(31)), NOTHING, "{change}: once");
    }
}

// Seed: "No alert without an owner"; "Clear responsibility boundaries defined".
#[test]
fn the_owner_is_the_one_of_the_deployments_mode() {
    for (mode, owner) in [(Mode::Saas, "platform-operations"), (Mode::OnPrem, "customer")] {
        let mut world = World::new(RULES);
        world.nodes[0].place.mode = mode;
        world.report(0, vec![cpu(0.95)]);
        world.report(30, vec![cpu(0.95)]);
        let opening = &world.episodes[0].opening;
        assert_eq!((opening.owner.as_str(), opening.labels.get("owner")), (owner, Some(owner)));
        assert_eq!((opening.action.as_str(), opening.runbook.as_str()), ("Cool it.", "hot"));
    }
}

fn stated(n: u8) -> Stated {
    Stated {
        fingerprint: Digest128([n; 16]),
        rule: "disk".parse().unwrap(),
        category: Category::Critical,
        owner: "platform-operations".parse().unwrap(),
        action: "Free space.".parse().unwrap(),
        runbook: "disk-full".parse().unwrap(),
        labels: Labels::default(),
        summary: "the disk is full".into(),
        since: at(0),
        origin: Origin::Server { path: "/".into() },
    }
}

#[test]
fn a_stated_alert_is_open_while_it_is_shown() {
    let (policy, mut episodes) = (Policy::builtin(), Vec::<Episode>::new());
    let mut step = |secs, shown: &[u8], over: &[(u8, Ending)]| {
        let (before, waiting) = (episodes.clone(), Waiting::default());
        let mut evaluation = Evaluation::new(&policy, open_episodes(&before), &waiting, at(secs));
        over.iter().for_each(|(n, ending)| evaluation.over(Digest128([*n; 16]), *ending));
        shown.iter().for_each(|n| evaluation.stated(stated(*n)));
        let moves = evaluation.finish().transitions;
        for Transition { episode, event } in &moves {
            let place = episodes.iter().position(|known| known.opening.id == *episode);
            let known = place.map(|place| episodes.remove(place));
            episodes.extend(Episode::evolve(known, event.clone()));
        }
        told(&moves)
    };
    assert_eq!(step(0, &[1, 2], &[]), ["disk opened", "disk opened"]);
    assert_eq!(step(1, &[1, 2], &[]), [""; 0]);
    assert_eq!(step(2, &[2], &[(1, Ending::Lapsed)]), ["resolved: lapsed"]);
    assert_eq!(step(3, &[], &[]), ["resolved: recovered"]);
    assert_eq!(step(4, &[1], &[(2, Ending::Lapsed)]), ["disk opened"], "what isn't open can't be over");
}

#[test]
fn firing_again_is_a_new_episode_with_the_same_fingerprint() {
    let mut world = World::new(RULES);
    for secs in [0, 30, 45, 75, 90, 120] {
        world.report(secs, vec![cpu(if (45..=75).contains(&secs) { 0.1 } else { 0.95 })]);
    }
    let [first, second] = &world.episodes[..] else { panic!("{:?}", world.episodes) };
    assert_eq!(first.opening.fingerprint, second.opening.fingerprint);
    assert_ne!(first.opening.id, second.opening.id);
    assert_eq!((first.status(), second.status()), (Status::Resolved, Status::Firing));
}

// Seed: "Error rates": a share of hardly any requests says nothing.
#[test]
fn an_error_ratio_counts_only_with_enough_requests() {
    let of = |metric, value| Reading::exact(metric, value).of(Some(&"shop".parse().unwrap()));
    let traffic = |requests, errors| vec![of(Metric::Requests, requests), of(Metric::RequestErrors, errors)];
    let text = format!("{RULES}[alert.error-rate-high]\nfor = \"0s\"\n");
    let mut world = World::new(&text);
    assert_eq!(world.report(0, traffic(19.0, 19.0)), NOTHING);
    assert_eq!(world.report(15, traffic(1.0, 1.0)), ["error-rate-high opened"]);
    assert_eq!(world.episodes[0].opening.summary.split(" on ").next(), Some("error_ratio of shop"));
    assert_eq!(world.report(400, traffic(5.0, 0.0)), NOTHING, "too few requests end nothing either");
    assert_eq!(world.report(415, traffic(100.0, 0.0)), ["resolved: recovered"]);
}

// Seed: "Latency percentiles".
#[test]
fn a_latency_percentile_over_its_limit_opens_an_alert() {
    let slow = |seconds| {
        let mut histogram = crate::signal::histogram::Histogram::default();
        histogram.record_many(seconds, 100);
        vec![Reading::distribution(Metric::RequestDuration, histogram).of(Some(&"shop".parse().unwrap()))]
    };
    let mut world = World::new(&format!("{RULES}[alert.latency-high]\nfor = \"0s\"\n"));
    assert_eq!(world.report(0, slow(0.5)), NOTHING);
    assert_eq!(world.report(400, slow(5.0)), ["latency-high opened"]);
}

// Seed: "Background job health" and "Queue backlog"; "Webhook and queue endpoints monitored".
#[test]
fn jobs_queues_and_probes_open_their_alerts_at_once() {
    for (reading, rule) in [
        (Reading::exact(Metric::JobOk, 0.0), "job-failed opened"),
        (Reading::exact(Metric::QueueOldestAge, 2_000.0), "queue-stuck opened"),
        (Reading::exact(Metric::QueueDeadLetter, 1.0), "queue-dead-letters opened"),
        (Reading::exact(Metric::ProbeUp, 0.0), "probe-down opened"),
        (Reading::exact(Metric::DiskReadOnly, 1.0), "disk-read-only opened"),
    ] {
        assert_eq!(World::new(RULES).report(0, vec![reading]), [rule]);
    }
}

#[test]
fn a_server_clock_that_runs_backwards_ends_or_opens_nothing_early() {
    let mut world = World::new(RULES);
    world.report(0, vec![cpu(0.95)]);
    assert_eq!(told(&world.step(-3_600)), NOTHING);
    assert_eq!(told(&world.step(-3_571)), NOTHING, "the wait begins anew where the clock now is");
    assert_eq!(told(&world.step(-3_570)), ["hot opened"]);
    assert_eq!(told(&world.step(-7_200)), NOTHING);
    assert_eq!(world.episodes[0].status(), Status::Firing);
}

#[test]
fn series_that_differ_only_where_the_node_overrides_them_are_two_episodes() {
    let full = |claimed: &str| {
        let labels = Labels::new([("mount", "/"), ("node", claimed)]).unwrap();
        Reading::exact(Metric::DiskReadOnly, 1.0).labelled(labels)
    };
    let mut world = World::new(RULES);
    assert_eq!(world.report(0, vec![full("x"), full("y")]).len(), 2);
    assert_eq!(world.episodes.len(), 2);
    assert_ne!(world.episodes[0].opening.fingerprint, world.episodes[1].opening.fingerprint);
}

#[test]
fn two_nodes_with_label_sets_at_the_bound_share_no_episode() {
    let labels = (0..crate::labels::MAX_LABELS).map(|at| (format!("a{at:02}"), "x"));
    let reading = Reading::exact(Metric::DiskReadOnly, 1.0).labelled(Labels::new(labels).unwrap());
    let mut world = World::new(RULES);
    world.nodes.push(new_node(2));
    world.nodes.iter_mut().for_each(|node| node.observe(&body(0, vec![reading.clone()]), at(0)));
    assert_eq!(world.step(0).len(), 2);
    assert_ne!(world.episodes[0].opening.id, world.episodes[1].opening.id);
    for episode in &world.episodes {
        assert_eq!(episode.opening.labels.get("rule"), Some("disk-read-only"), "routes still see the rule");
        assert_eq!(
            episode.opening.labels.get("node"),
            Some(episode.opening.origin.node().unwrap().to_string().as_str())
        );
    }
}

#[test]
fn a_summary_stays_one_short_line_whatever_the_names_are() {
    let mut world = World::new(RULES);
    world.nodes[0].facts = Facts { hostname: "a\nb\u{1b}[31m".repeat(50), ..Facts::default() };
    world.report(0, vec![disk(&"/\r\n".repeat(300), 0.99)]);
    world.report(60, vec![disk(&"/\r\n".repeat(300), 0.99)]);
    let summary = &world.episodes[0].opening.summary;
    assert!(!summary.contains(char::is_control) && summary.chars().count() < 400, "{summary}");
    assert!(summary.ends_with("is 99 %, above 95 %"), "{summary}");
}

#[test]
fn writes_values_as_people_read_them() {
    use crate::signal::metric::Unit;
    for (value, unit, text) in [
        (0.972, Unit::Ratio, "97.2 %"),
        (0.001_234, Unit::Seconds, "1.23 ms"),
        (12.345, Unit::Seconds, "12.35 s"),
        (5_400.0, Unit::Seconds, "1 h 30 min"),
        (-90.0, Unit::Seconds, "-1 min 30 s"),
        (1_536.0, Unit::Bytes, "1.5 KiB"),
        (5e15, Unit::BytesPerSecond, "4547.5 TiB/s"),
        (1.0, Unit::Bool, "yes"),
        (1_000.0, Unit::Count, "1000"),
        (300.0, Unit::Seconds, "5 min"),
        (86_460.0, Unit::Seconds, "1 d"),
        (f64::MAX, Unit::Seconds, "213503982334601 d 7 h"),
    ] {
        assert_eq!(readable(value, unit), text);
    }
}
