//! Tests of noise defects.

use proptest::prelude::*;

use super::*;
use crate::alert::noise::budget::{CHATTER, STALE};
use crate::policy::Source;
use crate::testing;
use crate::time::Span;

const DAY: i64 = 86_400;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

fn policy() -> Policy {
    let text = "[person.ana]\nteams = [\"platform-operations\"]\n";
    Policy::load(&[Source::new("runbook.toml", text)]).unwrap()
}

fn breach() -> DefectCommand {
    DefectCommand::Breach {
        scope: Scope::Rule("disk-full".parse().unwrap()),
        owner: "platform-operations".parse().unwrap(),
        findings: vec![CHATTER.pass("quiet"), STALE.fail("stale alerts: 5", "mend the cause")],
    }
}

fn mend(by: &str, how: &str) -> DefectCommand {
    DefectCommand::Mend { by: by.parse().unwrap(), how: how.into() }
}

fn after(state: Option<Defect>, command: DefectCommand, now: i64) -> Option<Defect> {
    let events = Defect::decide(state.as_ref(), command, &policy(), at(now)).unwrap();
    events.into_iter().fold(state, Defect::evolve)
}

#[test]
fn every_state_answers_every_command() {
    let open = after(None, breach(), 0);
    let mended = after(open.clone(), mend("ana", "raised it"), DAY);
    let other = DefectCommand::Breach {
        scope: Scope::Rule("other".parse().unwrap()),
        owner: "platform-operations".parse().unwrap(),
        findings: vec![STALE.fail("stale alerts: 5", "mend the cause")],
    };
    let quiet = DefectCommand::Breach {
        scope: Scope::Rule("disk-full".parse().unwrap()),
        owner: "platform-operations".parse().unwrap(),
        findings: vec![STALE.pass("stale alerts: 0")],
    };
    let mut table = String::new();
    for (state, now) in [(None, 0), (open.clone(), 1), (open, 15 * DAY), (mended, 2 * DAY)] {
        let name = |state: &Option<Defect>| {
            state.as_ref().map_or("none".to_owned(), |defect| defect.status(at(now)).to_string())
        };
        for (asked, command) in [
            ("breach", breach()),
            ("breach of another scope", other.clone()),
            ("breach without a failure", quiet.clone()),
            ("mend", mend("ana", "raised it")),
            ("mend by nobody known without a word", mend("eve", " ")),
        ] {
            let answer = match Defect::decide(state.as_ref(), command, &policy(), at(now)) {
                Ok(events) => name(&events.into_iter().fold(state.clone(), Defect::evolve)),
                Err(refused) => refused.to_string(),
            };
            table += &format!("{} + {asked} -> {answer}\n", name(&state));
        }
    }
    insta::assert_snapshot!(table);
}

// Seed: "Alert noise is treated as a defect".
#[test]
fn has_owner_evidence_and_due_date_and_is_reopened_when_it_recurs() {
    let open = after(None, breach(), 0).unwrap();
    assert_eq!(open.owner.as_str(), "platform-operations");
    assert_eq!(open.evidence.len(), 1, "what passes is no evidence");
    assert_eq!(open.due, at(14 * DAY));
    assert_eq!(open.status(open.due), DefectStatus::Open);
    assert_eq!(open.status(open.due + Span::from_millis(1)), DefectStatus::Overdue);
    assert_eq!(after(Some(open.clone()), breach(), DAY), Some(open.clone()), "its due date stays");
    let mended = after(Some(open), mend("ana", "raised it"), DAY);
    let again = after(mended, breach(), 30 * DAY).unwrap();
    assert_eq!((again.reopened, again.due), (1, at(44 * DAY)));
    assert!(again.mended.is_some(), "what was tried is kept");
}

#[test]
fn replay_gives_the_same_state_and_unfitting_events_change_nothing() {
    let mut events = Defect::decide(None, breach(), &policy(), at(0)).unwrap();
    events.push(DefectEvent::Mended { by: "ana".parse().unwrap(), how: "x".into(), at: at(1) });
    let state = Defect::replay(events.clone()).unwrap();
    let twice = events.iter().chain(&events).cloned();
    assert_eq!(Defect::replay(twice).unwrap(), state);
    assert_eq!(Defect::evolve(None, events[1].clone()), None);
    let json = serde_json::to_string(&events).unwrap();
    assert_eq!(serde_json::from_str::<Vec<DefectEvent>>(&json).unwrap(), events);
    assert_eq!(serde_json::from_str::<Defect>(&serde_json::to_string(&state).unwrap()).unwrap(), state);
}

fn commands(_: Option<&Defect>, _: Timestamp) -> Vec<DefectCommand> {
    vec![breach(), mend("ana", "raised it"), mend("eve", " ")]
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    let steps = [(0, 0), (1, 60), (0, 60), (1, 60)];
    let events = testing::play(&[], &steps, commands, &policy(), testing::NOW).events;
    insta::assert_snapshot!(testing::moves::<Defect>(&[events]));
}

proptest! {
    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in testing::weeks()) {
        testing::keeps_its_promises(&steps, weeks, commands, &policy()).counts_each_event_once();
    }
}
