//! Tests of phases: who opens them, in which order.

use proptest::prelude::*;

use super::*;
use crate::policy::{Policy, Source};
use crate::testing;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn policy() -> Policy {
    let text = "[person.pia]\nteams = [\"product-architecture\"]\n[person.otto]\nteams = [\"platform-operations\"]\n\
                [phase.visibility]\norder = 1\n[phase.advisor]\nname = \"Advisor\"\norder = 2\n";
    Policy::load(&[Source::new("runbook.toml", text)]).unwrap()
}

fn open(state: Option<Phases>, phase: &str, reason: &str, by: &str) -> Result<Option<Phases>, Refused> {
    let command = PhaseCommand::Open {
        phase: phase.parse().unwrap(),
        reason: reason.to_owned(),
        by: by.parse().unwrap(),
    };
    let events = Phases::decide(state.as_ref(), command, &policy(), NOW)?;
    Ok(events.into_iter().fold(state, Phases::evolve))
}

// Seed: "Phase boundary enforcement".
#[test]
fn product_and_architecture_opens_phases_in_their_order() {
    let first = open(None, "visibility", "it is finished", "pia").unwrap();
    let both = open(first.clone(), "advisor", "it is finished", "pia").unwrap();
    let names: Vec<String> = both.as_ref().unwrap().open().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["advisor", "visibility"]);
    assert_eq!(first.as_ref().unwrap().open().len(), 1);

    let refused = |state: &Option<Phases>, phase: &str, reason: &str, by: &str| {
        open(state.clone(), phase, reason, by).unwrap_err().to_string()
    };
    let table = [
        (
            refused(&None, "advisor", "it is finished", "pia"),
            "refused: `visibility` comes before it and isn't open",
        ),
        (
            refused(&first, "visibility", "again", "pia"),
            "refused: `pia` opened it at 2023-11-14T22:13:20.000Z",
        ),
        (
            refused(&first, "advisor", " ", "otto"),
            "refused: `otto` is no active member of Product & Architecture; the reason has 0 characters",
        ),
        (refused(&first, "governance", "it is finished", "pia"), "refused: no phase is called `governance`"),
    ];
    for (found, message) in table {
        assert_eq!(found, message);
    }
}

#[test]
fn an_opening_stays_as_it_was_and_survives_json() {
    let opening = |by: &str| Opening { by: by.parse().unwrap(), reason: "ready".to_owned(), at: NOW };
    let event = |by| PhaseEvent::Opened { phase: "advisor".parse().unwrap(), opening: opening(by) };
    let state = Phases::replay([event("pia"), event("otto")]).unwrap();
    assert_eq!(state.opened.values().collect::<Vec<_>>(), [&opening("pia")]);
    let json = serde_json::to_string(&event("pia")).unwrap();
    assert_eq!(serde_json::from_str::<PhaseEvent>(&json).unwrap(), event("pia"));
}

fn commands(_: Option<&Phases>, _: Timestamp) -> Vec<PhaseCommand> {
    let open = |phase: &str, reason: &str, by: &str| PhaseCommand::Open {
        phase: phase.parse().unwrap(),
        reason: reason.to_owned(),
        by: by.parse().unwrap(),
    };
    vec![
        open("visibility", "it is finished", "pia"),
        open("advisor", "it is finished", "pia"),
        open("advisor", "it is finished", "otto"),
        open("governance", " ", "pia"),
    ]
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    let events = testing::play(&[], &[(0, 0), (1, 60)], commands, &policy(), NOW).events;
    insta::assert_snapshot!(testing::moves::<Phases>(&[events]));
}

proptest! {
    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in testing::weeks()) {
        testing::keeps_its_promises(&steps, weeks, commands, &policy()).counts_each_event_once();
    }
}
