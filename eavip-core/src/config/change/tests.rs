//! Tests of the change record: every state with every command, replay, and what a declaration must say.

use proptest::prelude::*;

use super::*;
use crate::config::schema::{KeySpec, Schema};
use crate::id::Digest256;
use crate::testing;
use crate::time::Span;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn policy() -> ConfigPolicy {
    let keys = BTreeMap::from([("db.pool".parse().unwrap(), KeySpec::default())]);
    ConfigPolicy { schema: Schema { keys }, ..ConfigPolicy::default() }
}

fn digest(key: &str, byte: u8) -> Option<KeyedDigest> {
    Some(KeyedDigest { key: key.parse().unwrap(), digest: Digest256([byte; 32]) })
}

fn declaration() -> Declaration {
    Declaration {
        id: "chg-1".parse().unwrap(),
        actor: "ana".parse().unwrap(),
        reason: "more clients".into(),
        ticket: "OPS-7".into(),
        deployment: "eu".parse().unwrap(),
        environment: Environment::Production,
        edits: BTreeMap::from([(
            "db.pool".parse().unwrap(),
            Edit { before: digest("ulm", 1), after: digest("ulm", 2) },
        )]),
    }
}

fn commands() -> Vec<ChangeCommand> {
    let by: PersonId = "ben".parse().unwrap();
    vec![
        ChangeCommand::Declare(Box::new(declaration())),
        ChangeCommand::Apply { by: by.clone() },
        ChangeCommand::Withdraw { by: by.clone(), reason: "not needed".into() },
        ChangeCommand::Withdraw { by, reason: " ".into() },
    ]
}

fn run(commands: impl IntoIterator<Item = ChangeCommand>) -> (Option<ConfigChange>, Vec<ChangeEvent>) {
    let (mut state, mut events) = (None, Vec::new());
    for command in commands {
        for event in ConfigChange::decide(state.as_ref(), command, &policy(), NOW).unwrap_or_default() {
            events.push(event.clone());
            state = ConfigChange::evolve(state, event);
        }
    }
    (state, events)
}

// Seed: "No manual production changes without traceability".
#[test]
fn every_state_answers_every_command() {
    let [declare, apply, withdraw, _] = commands().try_into().unwrap();
    let states = [vec![], vec![declare.clone()], vec![declare.clone(), apply], vec![declare, withdraw]]
        .map(|c| run(c).0);
    let mut table = String::new();
    for state in &states {
        let name = state.as_ref().map_or("nothing", |change| change.status.as_str());
        for command in commands() {
            let asked = match &command {
                ChangeCommand::Declare(_) => "declare".to_owned(),
                ChangeCommand::Apply { .. } => "apply".to_owned(),
                ChangeCommand::Withdraw { reason, .. } => format!("withdraw {reason:?}"),
            };
            let answer = match ConfigChange::decide(state.as_ref(), command, &policy(), NOW) {
                Ok(events) => {
                    events.into_iter().fold(state.clone(), ConfigChange::evolve).unwrap().status.to_string()
                }
                Err(refused) => refused.to_string(),
            };
            table += &format!("{name} + {asked} -> {answer}\n");
        }
    }
    insta::assert_snapshot!(table);
}

// Seed: "Configuration changes are auditable".
#[test]
fn a_declaration_is_refused_for_every_reason_at_once() {
    let mut bad = declaration();
    bad.reason = "\t".into();
    bad.ticket = "x".repeat(MAX_TICKET + 1);
    bad.edits = BTreeMap::from([
        ("db.pool".parse().unwrap(), Edit { before: digest("ulm", 1), after: digest("ulm", 1) }),
        ("db.url".parse().unwrap(), Edit { before: None, after: digest("ulm", 1) }),
        ("none".parse().unwrap(), Edit { before: None, after: None }),
        ("other".parse().unwrap(), Edit { before: digest("ulm", 1), after: digest("bonn", 1) }),
    ]);
    let refused =
        ConfigChange::decide(None, ChangeCommand::Declare(Box::new(bad)), &policy(), NOW).unwrap_err();
    let told: Vec<String> = refused.findings.iter().map(|f| format!("{} {}", f.rule, f.message)).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_change_without_keys_or_with_too_many_is_refused() {
    for count in [0, MAX_KEYS + 1] {
        let mut bad = declaration();
        let edit = Edit { before: None, after: digest("ulm", 1) };
        bad.edits = (0..count).map(|at| (format!("k{at}").parse().unwrap(), edit.clone())).collect();
        let command = ChangeCommand::Declare(Box::new(bad));
        assert_eq!(ConfigChange::decide(None, command, &policy(), NOW).unwrap_err().findings.len(), 1);
    }
}

fn any_event() -> impl Strategy<Value = ChangeEvent> {
    let by: PersonId = "ben".parse().unwrap();
    (0_u8..3, 0_u64..1_000).prop_map(move |(kind, late)| {
        let (at, by) = (NOW + Span::from_millis(late), by.clone());
        match kind {
            0 => ChangeEvent::Declared { declaration: Box::new(declaration()), at },
            1 => ChangeEvent::Applied { by, at },
            _ => ChangeEvent::Withdrawn { by, reason: "x".into(), at },
        }
    })
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    let [declare, apply, withdraw, _] = commands().try_into().unwrap();
    let histories = [run([declare.clone(), apply]).1, run([declare, withdraw]).1];
    insta::assert_snapshot!(testing::moves::<ConfigChange>(&histories));
}

proptest! {
    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in testing::weeks()) {
        testing::keeps_its_promises(&steps, weeks, |_: Option<&ConfigChange>, _| commands(), &policy()).counts_each_event_once();
    }

    #[test]
    fn any_order_of_commands_replays_to_the_same_state(picks in proptest::collection::vec(0_usize..4, 0..12)) {
        let all = commands();
        let (state, events) = run(picks.into_iter().map(|pick| all[pick].clone()));
        prop_assert_eq!(ConfigChange::replay(events.clone()), state);
        prop_assert!(events.len() <= 2, "declared, then ended once");
        let json = serde_json::to_string(&events).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<ChangeEvent>>(&json).unwrap(), events);
    }

    #[test]
    fn an_event_that_does_not_fit_changes_nothing(events in proptest::collection::vec(any_event(), 0..12)) {
        let state = ConfigChange::replay(events.clone());
        let mut fitting = events.iter().skip_while(|event| !matches!(event, ChangeEvent::Declared { .. }));
        let declared = fitting.next().cloned();
        let ended = fitting.find(|event| !matches!(event, ChangeEvent::Declared { .. })).cloned();
        prop_assert_eq!(ConfigChange::replay(declared.into_iter().chain(ended)), state);
    }
}
