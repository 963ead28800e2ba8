//! Tests of pages: the table of states and commands, time passing, and what holds for every history.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::on_call::Contact;
use crate::policy::Source;
use crate::testing;

const RUNBOOK: &str = r#"
[person.ana]
teams = ["platform-operations"]
[person.ben]
teams = ["platform-operations"]
[person.cem]
teams = ["security-compliance"]
[person.dan]
teams = ["security-compliance"]
active = false

[schedule.primary]
zone = "UTC"
[[schedule.primary.rotation]]
people = ["ana"]
turn = "weekly"
since = 2020-01-06
at = "09:00"

[escalation.platform]
team = "platform-operations"
repeat = 1
[[escalation.platform.step]]
schedules = ["primary"]
[[escalation.platform.step]]
after = "5m"
people = ["ben"]
[[escalation.platform.step]]
after = "10m"
teams = ["security-compliance"]

[escalation.other]
team = "security-compliance"
[[escalation.other.step]]
people = ["cem"]
"#;

fn policy() -> &'static Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| {
        let loaded = Policy::load(&[Source::new("runbook.toml", RUNBOOK)]);
        loaded.unwrap_or_else(|problems| panic!("{problems:?}"))
    });
    &POLICY
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

fn id(text: &str) -> PersonId {
    text.parse().unwrap()
}

fn reach(people: &[&str]) -> Box<Reach> {
    let contacts = people.iter().map(|name| (id(name), Contact { proven_at: Some(at(0)), failed_at: None }));
    Box::new(Reach { contacts: contacts.collect(), ..Reach::default() })
}

fn everybody() -> PageCommand {
    PageCommand::Advance(reach(&["ana", "ben", "cem", "dan"]))
}

fn start(category: Category) -> PageCommand {
    let alert = Digest128([1; 16]);
    PageCommand::Start { alert, category, escalation: "platform".parse().unwrap() }
}

fn acknowledge(by: &str) -> PageCommand {
    PageCommand::Acknowledge { by: id(by) }
}

fn hand_over(by: &str, to: &str) -> PageCommand {
    PageCommand::HandOver { by: id(by), to: id(to) }
}

fn after(state: Option<Page>, command: PageCommand, now: i64) -> Option<Page> {
    let events = Page::decide(state.as_ref(), command, policy(), at(now)).unwrap();
    events.into_iter().fold(state, Page::evolve)
}

/// What events say, in brief.
fn brief(events: &[PageEvent]) -> String {
    let names =
        |people: &BTreeSet<PersonId>| people.iter().map(PersonId::as_str).collect::<Vec<_>>().join(",");
    let one = |event: &PageEvent| match event {
        PageEvent::Started { .. } => "started".to_owned(),
        PageEvent::Told { position, people, .. } => {
            format!("{}.{} {}", position.round, position.step, names(people))
        }
        PageEvent::NobodyReachable { steps, .. } => format!("nobody{steps:?}"),
        PageEvent::Acknowledged { by, .. } => format!("{by} has it"),
        PageEvent::Lapsed { by, .. } => format!("{by} lapsed"),
        PageEvent::HandedOver { by, to, .. } => format!("{by} to {to}"),
        PageEvent::Moved { escalation, .. } => format!("moved to {escalation}"),
        PageEvent::Stopped { .. } => "stopped".to_owned(),
    };
    events.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Plays commands at their seconds; what happened, each line with its second.
fn play(commands: Vec<(i64, PageCommand)>) -> Vec<String> {
    let mut state = None;
    let mut lines = Vec::new();
    for (now, command) in commands {
        let events = Page::decide(state.as_ref(), command, policy(), at(now)).unwrap();
        if !events.is_empty() {
            lines.push(format!("{now} {}", brief(&events)));
        }
        state = events.into_iter().fold(state, Page::evolve);
    }
    lines
}

#[test]
fn every_state_answers_every_command() {
    let started = || after(None, start(Category::Critical), 0);
    let taken = || after(after(started(), everybody(), 0), acknowledge("ana"), 1);
    let mut exhausted = started();
    for minute in 0..60 {
        exhausted = after(exhausted, everybody(), minute * 60);
    }
    let states = [None, started(), taken(), exhausted, after(taken(), PageCommand::Stop, 2)];
    let mut table = String::new();
    for state in &states {
        let name = state.as_ref().map_or("none".to_owned(), |page| page.status().to_string());
        for (asked, command) in [
            ("start", start(Category::Critical)),
            ("advance", everybody()),
            ("acknowledge by ana", acknowledge("ana")),
            ("acknowledge by ben", acknowledge("ben")),
            ("acknowledge by who left", acknowledge("dan")),
            ("hand over to ben", hand_over("ana", "ben")),
            ("hand over to oneself", hand_over("ana", "ana")),
            ("hand over by and to the wrong ones", hand_over("ben", "dan")),
            ("move", PageCommand::Move { escalation: "other".parse().unwrap() }),
            ("move to where it is", PageCommand::Move { escalation: "platform".parse().unwrap() }),
            ("move to what isn't declared", PageCommand::Move { escalation: "none".parse().unwrap() }),
            ("stop", PageCommand::Stop),
        ] {
            let answer = match Page::decide(state.as_ref(), command, policy(), at(60)) {
                Ok(events) if events.is_empty() => "nothing".to_owned(),
                Ok(events) => {
                    let brief = brief(&events);
                    let page = events.into_iter().fold(state.clone(), Page::evolve).unwrap();
                    format!("{brief}, {}", page.status())
                }
                Err(refused) => refused.to_string(),
            };
            table += &format!("{name} + {asked} -> {answer}\n");
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn tells_further_people_until_somebody_has_it_and_begins_again_as_often_as_declared() {
    let ticks = (0..80).map(|minute| (minute * 60, everybody()));
    let lines = play([(0, start(Category::Warning))].into_iter().chain(ticks).collect());
    let expected = [
        "0 started",
        "0 0.0 ana",
        "300 0.1 ben",
        "900 0.2 cem",
        "1500 1.0 ana",
        "1800 1.1 ben",
        "2400 1.2 cem",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn an_acknowledgement_stops_it_and_one_of_a_critical_alert_lapses_unless_renewed() {
    let critical = vec![
        (0, start(Category::Critical)),
        (0, everybody()),
        (10, acknowledge("ana")),
        (1_800, everybody()),
        (1_805, acknowledge("ana")),
        (3_604, everybody()),
        (3_605, everybody()),
        (3_610, acknowledge("ben")),
        (3_620, hand_over("ben", "cem")),
        (5_419, everybody()),
        (5_420, everybody()),
        (5_430, PageCommand::Stop),
        (9_999, everybody()),
    ];
    assert_eq!(
        play(critical),
        [
            "0 started",
            "0 0.0 ana",
            "10 ana has it",
            "1805 ana has it",
            "3605 ana lapsed; 0.1 ben",
            "3610 ben has it",
            "3620 ben to cem",
            "5420 cem lapsed; 0.2 cem",
            "5430 stopped",
        ]
    );
    let warning =
        vec![(0, start(Category::Warning)), (0, everybody()), (1, acknowledge("ana")), (99_999, everybody())];
    assert_eq!(play(warning).len(), 3, "that of a Warning holds");
}

#[test]
fn a_step_that_reaches_nobody_is_skipped_at_once_and_said() {
    let only = |people: &[&str]| PageCommand::Advance(reach(people));
    assert_eq!(
        play(vec![(0, start(Category::Critical)), (0, only(&["cem"])), (600, only(&["cem"]))]),
        ["0 started", "0 nobody[0, 1]; 0.2 cem", "600 nobody[0, 1]; 1.2 cem"]
    );
    let none = [(0, start(Category::Critical)), (0, only(&[])), (299, only(&["ana"])), (300, only(&["ana"]))];
    assert_eq!(play(none.into()), ["0 started", "0 nobody[0, 1, 2]", "300 0.0 ana"], "it is tried again");
}

#[test]
fn a_channel_that_nobody_tried_is_tried() {
    let mut reach = reach(&["cem"]);
    reach.contacts.insert(id("ana"), Contact::default());
    let told = after(after(None, start(Category::Critical), 0), PageCommand::Advance(reach), 0).unwrap().told;
    assert_eq!(told, [id("ana")].into());
}

#[test]
fn nobody_waits_for_a_clock_that_was_set_back() {
    let commands = vec![(100_000, start(Category::Critical)), (100_000, everybody()), (0, everybody())];
    assert_eq!(play(commands), ["100000 started", "100000 0.0 ana", "0 0.1 ben"]);
}

#[test]
fn an_escalation_that_became_shorter_or_is_gone_has_an_answer() {
    let mut page = after(after(None, start(Category::Critical), 0), everybody(), 0).unwrap();
    page.next = Some(Position { round: 0, step: 9 });
    let events = Page::decide(Some(&page), everybody(), policy(), at(9_999)).unwrap();
    assert_eq!(brief(&events), "0.0 ana");
    let refused = Page::decide(Some(&page), everybody(), &Policy::builtin(), at(9_999)).unwrap_err();
    assert_eq!(refused.findings[0].rule, "EAVIP-O14");
    let moved = after(Some(page), PageCommand::Move { escalation: "other".parse().unwrap() }, 9_999);
    let events = Page::decide(moved.as_ref(), everybody(), policy(), at(9_999)).unwrap();
    assert_eq!(brief(&events), "0.0 cem", "it goes on with the other's first step");
    assert!(Page::decide(None, start(Category::Critical), &Policy::builtin(), at(0)).is_err());
}

fn command() -> impl Strategy<Value = PageCommand> {
    let person = || prop::sample::select(&["ana", "ben", "cem", "dan"][..]);
    let people = prop::sample::subsequence(vec!["ana", "ben", "cem"], 0..=3);
    prop_oneof![
        6 => people.prop_map(|people| PageCommand::Advance(reach(&people))),
        2 => person().prop_map(acknowledge),
        1 => (person(), person()).prop_map(|(by, to)| hand_over(by, to)),
        1 => Just(start(Category::Critical)),
    ]
}

/// Plays commands after a start; every event, with its moments cut to those since the start.
fn history(commands: &[(i64, PageCommand)], from: i64, restart: bool) -> (Vec<String>, Page) {
    let mut events = Page::decide(None, start(Category::Critical), policy(), at(from)).unwrap();
    let mut page = Page::replay(events.clone()).unwrap();
    let (mut now, mut lines) = (from, Vec::new());
    for (secs, command) in commands {
        now += secs;
        let Ok(found) = Page::decide(Some(&page), command.clone(), policy(), at(now)) else { continue };
        lines.push(format!("{} {}", now - from, brief(&found)));
        page = found.iter().cloned().fold(Some(page), Page::evolve).unwrap();
        events.extend(found);
        if restart {
            page = serde_json::from_str(&serde_json::to_string(&page).unwrap()).unwrap();
        }
    }
    assert_eq!(Page::replay(events).unwrap(), page, "state is nothing but its events");
    (lines, page)
}

/// Every command; what is known of channels is as old as ever.
fn commands(_: Option<&Page>, now: Timestamp) -> Vec<PageCommand> {
    let reach = |people: &[&str]| {
        let proven = Contact { proven_at: Some(now), failed_at: None };
        let contacts = people.iter().map(|name| (id(name), proven)).collect();
        PageCommand::Advance(Box::new(Reach { contacts, ..Reach::default() }))
    };
    vec![
        start(Category::Critical),
        reach(&["ana", "ben", "cem"]),
        reach(&["ana", "ben", "cem"]),
        reach(&["cem"]),
        reach(&[]),
        acknowledge("ana"),
        acknowledge("ben"),
        acknowledge("dan"),
        hand_over("ana", "ben"),
        hand_over("ana", "ana"),
        PageCommand::Stop,
    ]
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    let play = |steps: &[(usize, i64)]| testing::play(&[], steps, commands, policy(), testing::NOW).events;
    let histories =
        [play(&[(0, 0), (1, 1), (5, 60), (8, 60), (10, 60)]), play(&[(0, 0), (4, 1), (5, 60), (1, 90_000)])];
    insta::assert_snapshot!(testing::moves::<Page>(&histories));
}

proptest! {
    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in 0_i64..1_000) {
        testing::keeps_its_promises(&steps, weeks, commands, policy()).counts_each_event_once();
    }

    #[test]
    fn a_restart_or_another_week_changes_nothing(
        commands in prop::collection::vec((0i64..2_000, command()), 0..40), weeks in 0i64..3,
    ) {
        let plain = history(&commands, 0, false);
        prop_assert_eq!(&history(&commands, 0, true), &plain);
        // What is known of channels stays as old as it was only for so long.
        prop_assert_eq!(&history(&commands, weeks * 604_800, false).0, &plain.0);
    }

    #[test]
    fn while_nobody_has_it_somebody_reachable_is_told_by_the_first_call(people in prop::sample::subsequence(vec!["ana", "ben", "cem"], 1..=3)) {
        let page = after(None, start(Category::Critical), 0);
        let told = after(page, PageCommand::Advance(reach(&people)), 0).unwrap().told;
        prop_assert!(!told.is_empty());
        prop_assert!(told.iter().all(|person| people.contains(&person.as_str())));
    }

    #[test]
    fn asking_twice_at_the_same_moment_tells_once(commands in prop::collection::vec((1i64..2_000, command()), 0..20)) {
        let (_, page) = history(&commands, 0, false);
        let now = 50_000;
        let page = after(Some(page), everybody(), now).unwrap();
        prop_assert_eq!(Page::decide(Some(&page), everybody(), policy(), at(now)).unwrap(), vec![]);
    }
}
