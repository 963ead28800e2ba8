//! Tests of silences: the table of states and commands, who is told, and the limits.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::alert::matcher::Matcher;
use crate::policy::Source;
use crate::testing;

const DAY: i64 = 24 * 3_600;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

const RUNBOOK: &str = r#"
[person.ana]
teams = ["platform-operations"]
[person.ben]
teams = ["security-compliance"]
[person.cem]
teams = ["platform-operations"]
active = false
[team.shop]
[alert.shop-down]
category = "critical"
owner = "shop"
action = "Fail over."
runbook = "shop-down"
indicator = "probe_up"
below = 1.0
match = { service = "shop" }
"#;

fn policy() -> &'static Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| {
        let loaded = Policy::load(&[Source::new("runbook.toml", RUNBOOK)]);
        loaded.unwrap_or_else(|problems| panic!("{problems:?}"))
    });
    &POLICY
}

fn matchers(texts: &[&str]) -> Matchers {
    texts.iter().map(|text| text.parse::<Matcher>().unwrap()).collect::<Vec<_>>().try_into().unwrap()
}

fn asked(texts: &[&str], from: i64, until: i64) -> Request {
    Request {
        id: Digest128([1; 16]),
        matchers: matchers(texts),
        reason: "the disk is being replaced".into(),
        ticket: "OPS-12".into(),
        by: "ana".parse().unwrap(),
        from: at(from),
        until: at(until),
    }
}

fn decide(state: Option<&Silence>, command: SilenceCommand, now: i64) -> Result<Vec<SilenceEvent>, Refused> {
    Silence::decide(state, command, policy(), at(now))
}

fn after(state: Option<Silence>, command: SilenceCommand, now: i64) -> Option<Silence> {
    decide(state.as_ref(), command, now).unwrap().into_iter().fold(state, Silence::evolve)
}

fn approve(by: &str) -> SilenceCommand {
    SilenceCommand::Approve { by: by.parse().unwrap() }
}

fn end(by: &str, reason: &str) -> SilenceCommand {
    SilenceCommand::End { by: by.parse().unwrap(), reason: reason.into() }
}

#[test]
fn every_state_answers_every_command() {
    let short = || after(None, SilenceCommand::Request(asked(&["rule=disk-full"], 0, DAY)), 0);
    let long = || after(None, SilenceCommand::Request(asked(&["rule=disk-full"], 0, 7 * DAY)), 0);
    let later = after(None, SilenceCommand::Request(asked(&["rule=disk-full"], 600, DAY)), 0);
    let states = [
        (None, 1),
        (long(), 1),
        (after(long(), approve("ben"), 1), 1),
        (later, 1),
        (short(), 1),
        (short(), DAY),
        (after(short(), end("ben", "mended"), 1), 2),
    ];
    let mut table = String::new();
    for (state, now) in &states {
        let commands = [
            ("request", SilenceCommand::Request(asked(&["rule=disk-full"], 0, 2 * DAY))),
            ("approve by the author", approve("ana")),
            ("approve by another", approve("ben")),
            ("approve by who left", approve("cem")),
            ("end", end("ben", "mended")),
            ("end without a reason by nobody known", end("eve", " ")),
        ];
        let name = |state: &Option<Silence>| {
            state.as_ref().map_or("none".to_owned(), |silence| silence.status(at(*now)).to_string())
        };
        for (asked, command) in commands {
            let answer = match decide(state.as_ref(), command, *now) {
                Ok(events) => name(&events.into_iter().fold(state.clone(), Silence::evolve)),
                Err(refused) => refused.to_string(),
            };
            table += &format!("{} + {asked} -> {answer}\n", name(state));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn refuses_what_lacks_reason_ticket_end_or_author_all_at_once() {
    let mut request = asked(&["rule=disk-full"], 0, 7 * DAY + 1);
    request.reason = "x".repeat(MAX_REASON + 1);
    request.ticket = " ".into();
    request.by = "eve".parse().unwrap();
    let refused = decide(None, SilenceCommand::Request(request), 0).unwrap_err();
    let codes: Vec<&str> = refused.findings.iter().map(|finding| finding.rule.as_ref()).collect();
    assert_eq!(codes, ["EAVIP-A10", "EAVIP-A11", "EAVIP-A12", "EAVIP-A13"]);
    for (from, until, now) in [(0, 0, 0), (0, 5, 5), (10, 5, 0)] {
        let asked = SilenceCommand::Request(asked(&["rule=disk-full"], from, until));
        assert!(decide(None, asked, now).is_err(), "{from} {until} {now}");
    }
}

#[test]
fn a_long_silence_and_one_of_everything_wait_for_a_second_person() {
    for (texts, lasts, waits) in [
        (&["rule=disk-full"][..], DAY, false),
        (&["rule=disk-full"], DAY + 1, true),
        (&[], 60, true),
        (&["rule!=disk-full"], 60, true),
        (&["rule=~disk-.*"], DAY, false),
        (&["rule=~.*"], 60, true),
        (&["rule=~.+", "mode!~byoc"], 60, true),
    ] {
        let silence = after(None, SilenceCommand::Request(asked(texts, 0, lasts)), 0).unwrap();
        let labels = Labels::new([("rule", "disk-full")]).unwrap();
        let other = Labels::new([("rule", "other")]).unwrap();
        let meant = if silence.request.matchers.matches(&labels) { &labels } else { &other };
        assert_eq!(silence.waits, waits, "{texts:?}");
        assert_eq!(silence.holds_for(meant, at(1)), !waits, "{texts:?}");
        if waits {
            let silence = after(Some(silence), approve("ben"), 1).unwrap();
            assert!(silence.holds_for(meant, at(1)) && !silence.holds_for(meant, at(lasts)));
        }
    }
}

#[test]
fn the_owners_of_the_silenced_rules_are_told() {
    let told =
        |texts: &[&str]| owners(&matchers(texts), policy()).iter().map(TeamId::to_string).collect::<Vec<_>>();
    assert_eq!(told(&["rule=shop-down"]), ["shop"]);
    assert_eq!(told(&["service=other", "rule!=shop-down"]), ["platform-operations", "security-compliance"]);
    assert_eq!(told(&["owner=shop"]), ["shop"]);
    assert_eq!(told(&["rule=~shop-.*"]), ["shop"]);
    assert_eq!(told(&["owner!~shop|platform-.*"]), ["security-compliance"]);
    assert_eq!(told(&["service=other", "owner=shop"]), Vec::<String>::new());
    assert_eq!(told(&[]), ["platform-operations", "security-compliance", "shop"]);
}

#[test]
fn events_survive_json_and_the_unfitting_ones_change_nothing() {
    let request = SilenceCommand::Request(asked(&["rule=disk-full"], 0, DAY));
    let events = decide(None, request, 0).unwrap();
    let json = serde_json::to_string(&events).unwrap();
    assert_eq!(serde_json::from_str::<Vec<SilenceEvent>>(&json).unwrap(), events);
    let silence = Silence::replay(events.clone()).unwrap();
    let approved = SilenceEvent::Approved { by: "ben".parse().unwrap(), at: at(1) };
    assert_eq!(
        Silence::evolve(Some(silence.clone()), approved.clone()).unwrap(),
        silence,
        "it waits for nobody"
    );
    assert_eq!(Silence::evolve(None, approved), None);
    assert_eq!(Silence::evolve(Some(silence.clone()), events[0].clone()).unwrap(), silence);
}

/// Every command; those that ask begin now.
fn commands(now: Timestamp) -> Vec<SilenceCommand> {
    let lasting = |seconds: u64| {
        let until = now + crate::time::Span::from_secs(seconds);
        SilenceCommand::Request(Request { from: now, until, ..asked(&["rule=disk-full"], 0, 0) })
    };
    let others = [approve("ana"), approve("ben"), approve("cem"), end("ben", "mended"), end("eve", " ")];
    [lasting(0), lasting(86_400), lasting(7 * 86_400)].into_iter().chain(others).collect()
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    let histories = [1, 2].map(|which| {
        let steps = [(which, 0), (4, 60), (6, 60)];
        testing::play(&[], &steps, |_: Option<&Silence>, now| commands(now), policy(), testing::NOW).events
    });
    insta::assert_snapshot!(testing::moves::<Silence>(&histories));
}

proptest! {
    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in testing::weeks()) {
        testing::keeps_its_promises(&steps, weeks, |_: Option<&Silence>, now| commands(now), policy()).counts_each_event_once();
    }

    #[test]
    fn no_silence_holds_for_longer_than_allowed(from in -DAY..DAY, until in -DAY..30 * DAY, now in 0..DAY) {
        let asked = SilenceCommand::Request(asked(&["rule=disk-full"], from, until));
        if let Ok(events) = decide(None, asked, now) {
            let silence = Silence::replay(events).unwrap();
            let lasts = silence.request.until.since(silence.request.from);
            prop_assert!(lasts <= SilencePolicy::default().approved);
            prop_assert!(silence.waits || lasts <= SilencePolicy::default().alone);
            let labels = Labels::new([("rule", "disk-full")]).unwrap();
            prop_assert!(!silence.holds_for(&labels, silence.request.until));
        }
    }
}
