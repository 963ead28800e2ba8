//! Tests of a violation's record.

use proptest::prelude::*;

use super::*;
use crate::anti_pattern::manual_hotfix::RELEASED;
use crate::testing;
use crate::time::Span;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn days(count: u64) -> Span {
    Span::from_secs(count * 86_400)
}

fn look(finding: Finding) -> CaseCommand {
    CaseCommand::Look { pattern: AntiPattern::ManualHotfix, subject: "shop".into(), findings: vec![finding] }
}

fn bad() -> CaseCommand {
    look(RELEASED.fail("it runs", "release it"))
}

fn good() -> CaseCommand {
    look(RELEASED.pass("fine"))
}

fn judge(confirmed: bool, reason: &str) -> CaseCommand {
    CaseCommand::Judge { confirmed, by: "ana".parse().unwrap(), reason: reason.into() }
}

fn commands() -> Vec<(&'static str, CaseCommand)> {
    vec![
        ("violation", bad()),
        ("nothing", good()),
        ("can't tell", look(RELEASED.undetermined("blind", "look"))),
        ("confirm", judge(true, "it was")),
        ("refute", judge(false, "")),
    ]
}

fn after(state: Option<Case>, command: CaseCommand, now: Timestamp) -> Option<Case> {
    let events = Case::decide(state.as_ref(), command, &AntiPatternPolicy::default(), now).unwrap();
    events.into_iter().fold(state, Case::evolve)
}

#[test]
fn every_state_answers_every_command() {
    let open = after(None, bad(), NOW);
    let over = after(open.clone(), good(), NOW);
    let judged = after(over.clone(), judge(true, "it was"), NOW);
    let mut table = String::new();
    for (name, state) in [("none", None), ("open", open), ("over", over), ("judged", judged)] {
        for (asked, command) in commands() {
            let answer = match Case::decide(state.as_ref(), command, &AntiPatternPolicy::default(), NOW) {
                Err(refused) => refused.to_string(),
                Ok(events) if events.is_empty() => "no event".to_owned(),
                Ok(events) => {
                    let case = events.into_iter().fold(state.clone(), Case::evolve).unwrap();
                    let seen = if case.ended_at.is_none() { "open" } else { "over" };
                    format!("{seen}, {} of {}, confirmed {:?}", case.category, case.count, case.confirmed)
                }
            };
            table += &format!("{name} + {asked} -> {answer}\n");
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_repeat_within_thirty_days_is_critical_unless_the_last_one_was_refuted() {
    let over = after(after(None, bad(), NOW), good(), NOW);
    let again = |state: &Option<Case>, later| after(state.clone(), bad(), NOW + later).unwrap().category;
    assert_eq!(again(&over, days(30)), Category::Critical);
    assert_eq!(again(&over, Span::from_millis(30 * 86_400_000 + 1)), Category::Warning);
    let refuted = after(over.clone(), judge(false, "a rollout was on"), NOW);
    assert_eq!(again(&refuted, days(1)), Category::Warning);
    let back = after(over, bad(), NOW - days(1)).unwrap();
    assert_eq!(
        (back.category, back.count),
        (Category::Critical, 2),
        "a clock that was set back hides nothing"
    );
}

#[test]
fn a_violation_that_stays_is_one_and_findings_and_subjects_are_cut() {
    let command = CaseCommand::Look {
        pattern: AntiPattern::ManualHotfix,
        subject: "x".repeat(MAX_SUBJECT + 1),
        findings: vec![RELEASED.fail("it runs", "release it"); MAX_FINDINGS + 1],
    };
    let events = Case::decide(None, command, &AntiPatternPolicy::default(), NOW).unwrap();
    let [CaseEvent::Violated { subject, findings, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((subject.len(), findings.len()), (MAX_SUBJECT, MAX_FINDINGS));
    let open = after(None, bad(), NOW);
    assert_eq!(after(open.clone(), bad(), NOW + days(1)), open);
}

fn known(_: Option<&Case>, _: Timestamp) -> Vec<CaseCommand> {
    commands().into_iter().map(|(_, command)| command).collect()
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    let steps = [(0, 0), (1, 60), (3, 60), (0, 60), (4, 60)];
    let events = testing::play(&[], &steps, known, &AntiPatternPolicy::default(), NOW).events;
    insta::assert_snapshot!(testing::moves::<Case>(&[events]));
}

proptest! {
    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in testing::weeks()) {
        testing::keeps_its_promises(&steps, weeks, known, &AntiPatternPolicy::default()).counts_each_event_once();
    }

    #[test]
    fn any_order_of_commands_replays_to_the_same_state(
        picks in proptest::collection::vec((0_usize..5, 0_u64..40), 0..20),
    ) {
        let (mut state, mut events) = (None, Vec::new());
        for (pick, day) in picks {
            let (_, command) = commands().swap_remove(pick);
            let decided = Case::decide(state.as_ref(), command, &AntiPatternPolicy::default(), NOW + days(day));
            for event in decided.unwrap_or_default() {
                events.push(event.clone());
                let next = Case::evolve(state.clone(), event);
                prop_assert_ne!(&next, &state, "no event without a change");
                state = next;
            }
        }
        let json = serde_json::to_string(&events).unwrap();
        let events: Vec<CaseEvent> = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(Case::replay(events), state);
    }
}
