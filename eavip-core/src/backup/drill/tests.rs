//! Tests of a drill's moves: the full table of states and commands, and what holds for every sequence of them.

use proptest::prelude::*;

use super::super::plan::tests::plan;
use super::*;
use crate::testing;

const MANIFEST: Digest256 = Digest256([7; 32]);

fn at(mins: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + mins * 60_000)
}

fn ana() -> PersonId {
    "ana".parse().unwrap()
}

fn start() -> DrillCommand {
    DrillCommand::Start { by: ana(), backup: "b1".parse().unwrap(), manifest: MANIFEST }
}

fn same() -> Shown {
    Shown::Compared { manifest: MANIFEST, different: 0 }
}

/// What a step shows when all is well.
fn well(phase: Phase) -> Shown {
    match phase {
        Phase::Compare => same(),
        Phase::CheckHealth => Shown::Exited { code: 0 },
        Phase::Prepare | Phase::Restore | Phase::CleanUp => Shown::Done,
    }
}

fn apply(drill: Option<Drill>, command: DrillCommand, mins: i64) -> Result<Drill, Refused> {
    let events = Drill::decide(drill.as_ref(), command, &plan(), at(mins))?;
    Ok(events.into_iter().fold(drill, Drill::evolve).unwrap())
}

/// A drill that has come so far: planned at 0, started at 1, and a step in each minute after.
fn drill(until: Status) -> Drill {
    let mut drill = apply(None, DrillCommand::Plan { by: ana() }, 0).unwrap();
    if until == Status::Planned {
        return drill;
    }
    drill = apply(Some(drill), start(), 1).unwrap();
    let mut mins = 2;
    while drill.status() != until {
        let (step, phase) = drill.next_step().unwrap();
        let shown = if until == Status::Failed { Shown::NotDone } else { well(phase) };
        drill = apply(Some(drill), DrillCommand::Take { step, shown }, mins).unwrap();
        mins += 1;
    }
    drill
}

// Seed: "Periodic recovery drills conducted", "Recovery procedures must be documented and rehearsed".
#[test]
fn every_state_answers_every_command() {
    let mut table = String::new();
    for status in Status::ALL {
        let drill = drill(*status);
        let next = drill.next_step().map_or(1, |(step, _)| step);
        let commands = [
            ("plan", DrillCommand::Plan { by: ana() }),
            ("start", start()),
            ("next step done", DrillCommand::Take { step: next, shown: Shown::Done }),
            ("next step not done", DrillCommand::Take { step: next, shown: Shown::NotDone }),
            ("next step the same", DrillCommand::Take { step: next, shown: same() }),
            (
                "next step different",
                DrillCommand::Take {
                    step: next,
                    shown: Shown::Compared { manifest: MANIFEST, different: 1 },
                },
            ),
            ("next step exited 0", DrillCommand::Take { step: next, shown: Shown::Exited { code: 0 } }),
            ("next step exited 1", DrillCommand::Take { step: next, shown: Shown::Exited { code: 1 } }),
            ("step 99 done", DrillCommand::Take { step: 99, shown: Shown::Done }),
            ("abandon", DrillCommand::Abandon { by: ana(), reason: "no room".into() }),
            ("abandon without a reason", DrillCommand::Abandon { by: ana(), reason: " ".into() }),
        ];
        for (asked, command) in commands {
            let answer = match apply(Some(drill.clone()), command, 30) {
                Ok(after) => after.status().to_string(),
                Err(refused) => refused.to_string(),
            };
            table += &format!("{status} + {asked} -> {answer}\n");
        }
    }
    for (asked, command) in
        [("start", start()), ("step 1 done", DrillCommand::Take { step: 1, shown: Shown::Done })]
    {
        table += &format!("nothing + {asked} -> {}\n", apply(None, command, 0).unwrap_err());
    }
    insta::assert_snapshot!(table);
}

#[test]
fn measures_recovery_from_the_start_until_the_data_is_usable() {
    let passed = drill(Status::Passed);
    let usable_at = at(1 + passed.taken.len() as i64 - 1);
    assert_eq!(passed.passed().unwrap().measured, usable_at.since(at(1)), "cleaning up isn't recovery");
    let checked = |mins| {
        let compared = drill(Status::Compared);
        let (step, _) = compared.next_step().unwrap();
        apply(Some(compared), DrillCommand::Take { step, shown: Shown::Exited { code: 0 } }, mins).unwrap()
    };
    assert_eq!(
        checked(61).status(),
        Status::HealthChecked,
        "an hour after the start is within the objective"
    );
    assert_eq!(checked(62).ended, Some(End::Failed { cause: Cause::TooSlow, at: at(62) }));
}

#[test]
fn fails_with_its_cause() {
    let after = |status, shown| {
        let drill = drill(status);
        let (step, _) = drill.next_step().unwrap();
        match apply(Some(drill), DrillCommand::Take { step, shown }, 30).unwrap().ended {
            Some(End::Failed { cause, .. }) => Some(cause),
            _ => None,
        }
    };
    let another = Shown::Compared { manifest: Digest256([8; 32]), different: 0 };
    let differs = Shown::Compared { manifest: MANIFEST, different: 3 };
    assert_eq!(after(Status::Started, Shown::NotDone), Some(Cause::StepNotDone));
    assert_eq!(after(Status::Restored, another), Some(Cause::Different), "another manifest proves nothing");
    assert_eq!(after(Status::Restored, differs), Some(Cause::Different));
    assert_eq!(after(Status::Compared, Shown::Exited { code: -1 }), Some(Cause::Unhealthy));
    assert_eq!(after(Status::Restored, same()), None);
}

// Seed: "Restore procedures documented", "Undocumented recovery steps" (forbidden).
#[test]
fn a_procedure_that_changed_needs_another_drill() {
    let planned = drill(Status::Planned);
    let mut changed = plan();
    changed.health = "another-test".parse().unwrap();
    let refused = Drill::decide(Some(&planned), start(), &changed, at(5)).unwrap_err();
    assert_eq!(refused.findings[0].rule, AS_WRITTEN.code);
    assert!(Drill::decide(Some(&planned), start(), &plan(), at(5)).is_ok());
}

#[test]
fn a_clock_that_went_back_measures_nothing_and_a_drill_can_still_be_abandoned() {
    let started = drill(Status::Restored);
    let (step, phase) = started.next_step().unwrap();
    let take = DrillCommand::Take { step, shown: well(phase) };
    let refused = apply(Some(started.clone()), take, -5).unwrap_err();
    assert_eq!(refused.findings[0].rule, FORWARD.code);
    let abandon = DrillCommand::Abandon { by: ana(), reason: "the clock is wrong".into() };
    assert_eq!(apply(Some(started), abandon, -5).unwrap().status(), Status::Failed);
    let long = DrillCommand::Abandon { by: ana(), reason: "x".repeat(MAX_REASON + 1) };
    assert!(apply(Some(drill(Status::Planned)), long, 5).is_err());
}

#[test]
fn an_event_that_does_not_fit_changes_nothing() {
    let step = DrillEvent::StepTaken(StepTaken { shown: Shown::Done, at: at(1) });
    let wrong = DrillEvent::StepTaken(StepTaken { shown: Shown::Exited { code: 0 }, at: at(1) });
    let passed = DrillEvent::Ended(End::Passed(Passed { measured: Span::ZERO, at: at(1) }));
    let planned = DrillEvent::Planned(Box::new(drill(Status::Passed).opening));
    assert_eq!(Drill::evolve(None, step.clone()), None);
    for (status, event) in [
        (Status::Planned, step.clone()),
        (Status::Planned, passed.clone()),
        (Status::Started, passed.clone()),
        (Status::Started, wrong),
        (Status::Started, planned),
        (Status::Failed, step),
        (Status::Failed, passed),
    ] {
        assert_eq!(
            Drill::evolve(Some(drill(status)), event.clone()),
            Some(drill(status)),
            "{status} {event:?}"
        );
    }
}

/// What somebody does next: mostly the right thing.
#[derive(Debug, Clone)]
enum Deed {
    Next,
    Command(DrillCommand),
}

fn deed() -> impl Strategy<Value = Deed> {
    let shown = prop_oneof![
        Just(Shown::Done),
        Just(Shown::NotDone),
        (0u64..2).prop_map(|different| Shown::Compared { manifest: MANIFEST, different }),
        (0i32..2).prop_map(|code| Shown::Exited { code }),
    ];
    let command = prop_oneof![
        2 => Just(DrillCommand::Plan { by: ana() }),
        2 => Just(start()),
        4 => (0usize..10, shown).prop_map(|(step, shown)| DrillCommand::Take { step, shown }),
        1 => Just(DrillCommand::Abandon { by: ana(), reason: "because".into() }),
    ];
    prop_oneof![6 => Just(Deed::Next), 1 => command.prop_map(Deed::Command)]
}

fn right(state: Option<&Drill>) -> DrillCommand {
    match state {
        None => DrillCommand::Plan { by: ana() },
        Some(drill) if drill.started.is_none() => start(),
        Some(drill) => {
            let (step, phase) = drill.next_step().unwrap_or((99, Phase::CleanUp));
            DrillCommand::Take { step, shown: well(phase) }
        }
    }
}

/// The next step more often than anything else.
fn commands(state: Option<&Drill>, _: Timestamp) -> Vec<DrillCommand> {
    let next = state.and_then(Drill::next_step).map_or(1, |(step, _)| step);
    let mut all = vec![right(state); 6];
    all.extend([
        DrillCommand::Plan { by: ana() },
        start(),
        DrillCommand::Take { step: next, shown: Shown::NotDone },
        DrillCommand::Take { step: next, shown: Shown::Exited { code: 1 } },
        DrillCommand::Take { step: 99, shown: Shown::Done },
        DrillCommand::Abandon { by: ana(), reason: "no room".into() },
        DrillCommand::Abandon { by: ana(), reason: " ".into() },
    ]);
    all
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    let play = |steps: &[(usize, i64)]| testing::play(&[], steps, commands, &plan(), testing::NOW).events;
    let histories = [play(&[(0, 60); 9]), play(&[(0, 60), (0, 60), (8, 60)]), play(&[(0, 60), (11, 60)])];
    insta::assert_snapshot!(testing::moves::<Drill>(&histories));
}

proptest! {
    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in testing::weeks()) {
        testing::keeps_its_promises(&steps, weeks, commands, &plan());
    }

    #[test]
    fn a_drill_passes_only_by_its_procedure_and_replays_to_the_same(
        deeds in prop::collection::vec((deed(), 0i64..15), 0..30)
    ) {
        let (mut events, mut mins) = (Vec::new(), 0);
        let mut state: Option<Drill> = None;
        for (deed, later) in deeds {
            mins += later;
            let command = match deed {
                Deed::Next => right(state.as_ref()),
                Deed::Command(command) => command,
            };
            let Ok(made) = Drill::decide(state.as_ref(), command, &plan(), at(mins)) else { continue };
            prop_assert!(!made.is_empty());
            state = made.iter().cloned().fold(state, Drill::evolve);
            events.extend(made);
        }
        prop_assert_eq!(Drill::replay(events.clone()), state.clone());
        let json = serde_json::to_string(&events).unwrap();
        prop_assert_eq!(Drill::replay(serde_json::from_str::<Vec<DrillEvent>>(&json).unwrap()), state.clone());
        if let Some((drill, passed)) = state.as_ref().and_then(|drill| drill.passed().map(|passed| (drill, passed))) {
            prop_assert_eq!(drill.taken.len(), drill.opening.steps.len());
            prop_assert!(passed.measured <= drill.opening.rto);
            prop_assert!(drill.taken.iter().zip(&drill.opening.steps).all(|(step, phase)| step.shown == well(*phase)));
        }
    }
}
