//! Tests of flags: the table of states and commands, their end, phases, and what holds for every history.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::finding::Outcome;
use crate::policy::Source;
use crate::testing;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const DAY: Span = Span::from_secs(86_400);

const TEXT: &str = r#"
[team.shop]
[person.ana]
teams = ["shop"]
[person.pia]
teams = ["product-architecture"]
[person.otto]
teams = ["platform-operations"]
[phase.advisor]
order = 2
[phase.visibility]
order = 1
[flag.new-cart]
owner = "shop"
kind = "release"
environments = ["staging", "production"]
[flag.advice]
owner = "shop"
kind = "experiment"
environments = ["staging", "production"]
phase = "advisor"
[flag.slow-mode]
owner = "shop"
kind = "operational"
environments = ["production"]
[flag.no-mail]
owner = "shop"
kind = "kill-switch"
environments = ["production"]
"#;

fn load(text: &str) -> Result<Policy, Vec<crate::policy::Problem>> {
    Policy::load(&[Source::new("runbook.toml", text)])
}

static POLICY: LazyLock<Policy> = LazyLock::new(|| load(TEXT).unwrap());

fn record(by: &str) -> Record {
    Record { by: by.parse().unwrap(), reason: "the cart is ready".to_owned(), ticket: "SHOP-7".to_owned() }
}

fn introduce(flag: &str) -> FlagCommand {
    FlagCommand::Introduce { flag: flag.parse().unwrap(), record: record("ana") }
}

fn turn(environment: Environment, on: bool, open_phases: &[&str], by: &str) -> FlagCommand {
    let open_phases = open_phases.iter().map(|phase| phase.parse().unwrap()).collect();
    FlagCommand::Turn { environment, on, open_phases, record: record(by) }
}

fn step(state: Option<Flag>, command: FlagCommand, now: Timestamp) -> Result<Option<Flag>, Refused> {
    let events = Flag::decide(state.as_ref(), command, &POLICY, now)?;
    Ok(events.into_iter().fold(state, Flag::evolve))
}

fn introduced(flag: &str) -> Option<Flag> {
    step(None, introduce(flag), NOW).unwrap()
}

fn stands(state: &Option<Flag>) -> String {
    match state {
        None => "nothing".to_owned(),
        Some(flag) if flag.retired_at.is_some() => "retired".to_owned(),
        Some(flag) if flag.on.is_empty() => "off".to_owned(),
        Some(flag) => {
            format!("on in {}", flag.on.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", "))
        }
    }
}

// Seed: "Feature flag management" and "Configuration changes are auditable".
#[test]
fn every_state_answers_every_command() {
    let off = introduced("new-cart");
    let on = step(off.clone(), turn(Environment::Staging, true, &[], "ana"), NOW).unwrap();
    let retired = step(on.clone(), FlagCommand::Retire { record: record("pia") }, NOW).unwrap();
    let silent = Record { reason: " ".to_owned(), ticket: "x".repeat(201), ..record("ana") };
    let commands = [
        ("introduce", introduce("new-cart")),
        ("introduce what nobody declared", introduce("old-cart")),
        ("turn on", turn(Environment::Staging, true, &[], "ana")),
        ("turn on where it isn't for", turn(Environment::Development, true, &[], "pia")),
        ("turn on by another team", turn(Environment::Production, true, &[], "otto")),
        ("turn off by another team", turn(Environment::Staging, false, &[], "otto")),
        ("turn on by a stranger", turn(Environment::Production, true, &[], "stranger")),
        ("review without a word", FlagCommand::Review { record: silent }),
        ("review", FlagCommand::Review { record: record("ana") }),
        ("retire", FlagCommand::Retire { record: record("ana") }),
    ];
    let mut table = String::new();
    for state in [None, off, on, retired] {
        for (asked, command) in &commands {
            let answer = match step(state.clone(), command.clone(), NOW) {
                Ok(after) => stands(&after),
                Err(refused) => refused.to_string(),
            };
            table += &format!("{} + {asked} -> {answer}\n", stands(&state));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn each_kind_of_flag_has_its_end() {
    let table = [("new-cart", Some(40)), ("advice", Some(40)), ("slow-mode", Some(7)), ("no-mail", None)];
    for (name, days) in table {
        let flag = introduced(name).unwrap();
        let stale = |now| flag.staleness(&POLICY.flags, now).outcome;
        let end = days.map(|days| NOW + DAY.times(days));
        assert_eq!(flag.expires_at(POLICY.flags.flags[name].kind, &POLICY.flags), end, "{name}");
        if let Some(end) = end {
            assert_eq!(stale(end), Outcome::Pass, "{name}");
            assert_eq!(stale(end + Span::from_millis(1)), Outcome::Fail, "{name}");
        }
        let in_a_year = if days.is_some() { Outcome::Fail } else { Outcome::Pass };
        assert_eq!(stale(NOW + DAY.times(365)), in_a_year, "{name}");
    }
}

#[test]
fn a_stale_flag_can_be_turned_off_and_not_on() {
    let on = step(introduced("new-cart"), turn(Environment::Staging, true, &[], "ana"), NOW).unwrap();
    let later = NOW + DAY.times(41);
    let refused = step(on.clone(), turn(Environment::Production, true, &[], "ana"), later).unwrap_err();
    assert_eq!((refused.findings.len(), refused.findings[0].rule.as_ref()), (1, "EAVIP-F03"));
    assert_eq!(refused.findings[0].owner.as_ref().unwrap().as_str(), "shop");
    assert!(step(on, turn(Environment::Staging, false, &[], "otto"), later).is_ok());
}

#[test]
fn a_review_gives_an_operational_flag_another_week_and_no_other_kind_anything() {
    let review = || FlagCommand::Review { record: record("ana") };
    for (name, outcome) in [("slow-mode", Outcome::Pass), ("new-cart", Outcome::Fail)] {
        let reviewed = step(introduced(name), review(), NOW + DAY.times(39)).unwrap().unwrap();
        assert_eq!(reviewed.staleness(&POLICY.flags, NOW + DAY.times(44)).outcome, outcome, "{name}");
    }
}

#[test]
fn a_flag_that_is_no_longer_declared_has_no_known_end_and_can_be_retired() {
    let builtin = Policy::builtin();
    let mut policy = POLICY.clone();
    policy.flags = builtin.flags;
    let flag = introduced("new-cart");
    assert_eq!(flag.as_ref().unwrap().staleness(&policy.flags, NOW).outcome, Outcome::Undetermined);
    let decide = |command| Flag::decide(flag.as_ref(), command, &policy, NOW);
    let refused = decide(turn(Environment::Staging, true, &[], "ana")).unwrap_err();
    assert_eq!(refused.findings[0].rule, DECLARED.code);
    assert!(decide(FlagCommand::Retire { record: record("ana") }).is_ok());
    let retired = step(introduced("new-cart"), FlagCommand::Retire { record: record("ana") }, NOW).unwrap();
    let staleness = retired.unwrap().staleness(&POLICY.flags, NOW + DAY.times(99));
    assert_eq!(staleness.outcome, Outcome::NotApplicable);
}

// Seed: "Phase boundary enforcement".
#[test]
fn a_flag_of_a_later_phase_stays_off_in_production_until_the_phase_is_open() {
    let state = introduced("advice");
    let turned = |environment, open: &[&str]| step(state.clone(), turn(environment, true, open, "ana"), NOW);
    let refused = turned(Environment::Production, &["visibility"]).unwrap_err();
    assert_eq!(refused.to_string(), "refused: `advice` belongs to phase `advisor`, which isn't open");
    assert_eq!(refused.findings[0].rule, PHASE_OPEN.code);
    assert!(turned(Environment::Staging, &[]).is_ok(), "it may be tried before");
    assert!(turned(Environment::Production, &["visibility", "advisor"]).is_ok());
}

#[test]
fn the_runbook_declares_flags_and_how_long_they_live() {
    let policy = load(&format!("{TEXT}[flags]\nrelease_lasts = \"10d\"\nreview_every = \"1d\"\n")).unwrap();
    assert_eq!(policy.flags.flags.len(), 4);
    assert_eq!(policy.flags.release_lasts.to_string(), "10d");
    assert_eq!(policy.flags.experiment_lasts.to_string(), "40d");
    assert_eq!(policy.flags.review_every.to_string(), "1d");
    assert_eq!(policy.flags.phases["advisor"].order, 2);
    assert_eq!(Policy::builtin().flags, FlagPolicy::default());
}

#[test]
fn every_mistake_in_a_declaration_is_told_at_once() {
    let text = r#"
        [phase.first]
        order = 1
        [phase.other]
        order = 1
        [phase.third]
        nam = "Third"
        [flag.cart]
        owner = "shop"
        kind = "releas"
        phase = "frist"
        [flag.empty]
        [flags]
        review_every = "0s"
    "#;
    let tell = |problem: &crate::policy::Problem| {
        format!("{} {} {} ({})\n", problem.place(), problem.code, problem.message, problem.remedy)
    };
    let told: String = load(text).unwrap_err().iter().map(tell).collect();
    insta::assert_snapshot!(told);
}

#[test]
fn a_policy_has_a_most_of_flags_and_phases() {
    let flags: String = (0..=MAX_FLAGS).map(|at| format!("[flag.f{at}]\n")).collect();
    let problems = load(&flags).unwrap_err();
    assert_eq!(problems.first().unwrap().message, "2001 flags are too many");
    let phases: String = (0..=crate::phase::MAX_PHASES).map(|at| format!("[phase.p{at}]\n")).collect();
    assert_eq!(load(&phases).unwrap_err().first().unwrap().message, "101 phases are too many");
}

fn any_command(which: usize) -> FlagCommand {
    let environment = Environment::ALL[which % 4];
    let by = if which.is_multiple_of(3) { "otto" } else { "ana" };
    match which / 8 {
        0 => introduce("advice"),
        1 | 2 => turn(environment, true, if which.is_multiple_of(2) { &["advisor"] } else { &[] }, by),
        3 | 4 => turn(environment, false, &[], by),
        5 => FlagCommand::Review { record: record(by) },
        _ => FlagCommand::Retire { record: record("pia") },
    }
}

/// Plays commands with days between them.
fn play(steps: &[(usize, u64)], mut now: Timestamp) -> (Option<Flag>, Vec<FlagEvent>) {
    let mut state = None;
    let mut events = Vec::new();
    for (which, days) in [(0, 0)].iter().chain(steps) {
        now = now + DAY.times(*days);
        if let Ok(more) = Flag::decide(state.as_ref(), any_command(*which), &POLICY, now) {
            state = more.iter().cloned().fold(state, Flag::evolve);
            events.extend(more);
        }
    }
    (state, events)
}

fn commands(_: Option<&Flag>, _: Timestamp) -> Vec<FlagCommand> {
    (0..50).map(any_command).collect()
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    // Introduced, turned on in two environments and off in one, reviewed, retired.
    let steps = [(0, 0), (10, 60), (14, 60), (26, 60), (40, 60), (48, 60)];
    let events = testing::play(&[], &steps, commands, &POLICY, NOW).events;
    insta::assert_snapshot!(testing::moves::<Flag>(&[events]));
}

proptest! {
    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in testing::weeks()) {
        testing::keeps_its_promises(&steps, weeks, commands, &POLICY).counts_each_event_once();
    }

    #[test]
    fn replay_gives_the_same_state(steps in prop::collection::vec((0..50usize, 0..5u64), 0..30)) {
        let (state, events) = play(&steps, NOW);
        prop_assert_eq!(&Flag::replay(events.clone()), &state);
        let json = serde_json::to_string(&events).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<FlagEvent>>(&json).unwrap(), events.clone());
        for event in &events {
            let once = Flag::evolve(state.clone(), event.clone());
            prop_assert_eq!(Flag::evolve(once.clone(), event.clone()), once, "twice is once");
        }
        let on = state.map(|flag| flag.on).unwrap_or_default();
        prop_assert!(on.is_subset(&POLICY.flags.flags["advice"].environments));
    }

    #[test]
    fn no_flag_gets_fresher_by_waiting(days in 0..90u64, later in 0..90u64, weeks in testing::weeks()) {
        for name in ["new-cart", "advice", "slow-mode", "no-mail"] {
            let flag = introduced(name).unwrap();
            let stale = |flag: &Flag, now| flag.staleness(&POLICY.flags, now).outcome;
            let now = NOW + DAY.times(days);
            prop_assert!(stale(&flag, now + DAY.times(later)) >= stale(&flag, now));
            let millis = weeks * 7 * 86_400_000;
            let there = Timestamp::from_millis(now.as_millis() + millis);
            prop_assert_eq!(stale(&testing::moved(&flag, millis), there), stale(&flag, now));
        }
    }

    #[test]
    fn shifted_time_changes_nothing(steps in prop::collection::vec((0..50usize, 0..5u64), 0..30), days in 0..9_000u64) {
        let (here, there) = (play(&steps, NOW), play(&steps, NOW + DAY.times(days)));
        prop_assert_eq!(here.1.len(), there.1.len());
        prop_assert_eq!(here.0.map(|flag| flag.on), there.0.map(|flag| flag.on));
    }
}
