//! Tests of the access review as a record.

use proptest::prelude::*;

use super::super::GrantKind;
use super::*;
use crate::testing;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn grant(name: &str) -> GrantId {
    GrantId { kind: GrantKind::Token, name: name.into() }
}

fn open() -> ReviewCommand {
    let listed = vec![
        Listed { id: grant("ci"), holder: None },
        Listed { id: grant("ana"), holder: Some("ana".parse().unwrap()) },
    ];
    ReviewCommand::Open { id: "2026-q1".parse().unwrap(), by: "ana".parse().unwrap(), listed }
}

fn rule(name: &str, by: &str, reason: &str) -> ReviewCommand {
    let by = by.parse().unwrap();
    ReviewCommand::Rule { grant: grant(name), ruling: Ruling::Keep, by, reason: reason.into() }
}

fn close() -> ReviewCommand {
    ReviewCommand::Close { by: "ben".parse().unwrap() }
}

fn commands() -> Vec<ReviewCommand> {
    vec![
        open(),
        rule("ci", "ana", "used daily"),
        rule("ana", "ben", "still on call"),
        rule("ana", "ana", "mine"),
        rule("other", "ana", " "),
        close(),
    ]
}

fn run(commands: impl IntoIterator<Item = ReviewCommand>) -> (Option<AccessReview>, Vec<ReviewEvent>) {
    let (mut state, mut events) = (None, Vec::new());
    for command in commands {
        let decided = AccessReview::decide(state.as_ref(), command, &AccessReviewPolicy::default(), NOW);
        for event in decided.unwrap_or_default() {
            events.push(event.clone());
            state = AccessReview::evolve(state, event);
        }
    }
    (state, events)
}

// Seed: "Access reviews", "Audit readiness".
#[test]
fn every_state_answers_every_command() {
    let all = commands();
    let whole = [all[0].clone(), all[1].clone(), all[2].clone(), all[5].clone()];
    let states = [("nothing", 0), ("open", 1), ("half", 2), ("decided", 3), ("closed", 4)];
    let mut table = String::new();
    for (name, count) in states {
        let state = run(whole[..count].to_vec()).0;
        for command in commands() {
            let asked = match &command {
                ReviewCommand::Open { .. } => "open".to_owned(),
                ReviewCommand::Rule { grant, by, .. } => format!("rule on {} by {by}", grant.name),
                ReviewCommand::Close { .. } => "close".to_owned(),
            };
            let answer =
                match AccessReview::decide(state.as_ref(), command, &AccessReviewPolicy::default(), NOW) {
                    Ok(events) => {
                        let review = events.into_iter().fold(state.clone(), AccessReview::evolve).unwrap();
                        format!("{} left, closed: {}", review.left(), review.closed.is_some())
                    }
                    Err(refused) => refused.to_string(),
                };
            table += &format!("{name} + {asked} -> {answer}\n");
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_review_of_nothing_of_one_thing_twice_or_without_names_is_refused() {
    let one = Listed { id: grant("ci"), holder: None };
    let named = |name: String| vec![Listed { id: grant(&name), holder: None }];
    let names = [String::new(), "x".repeat(MAX_NAME + 1)].map(named);
    for listed in [vec![], vec![one.clone(), one]].into_iter().chain(names) {
        let command = ReviewCommand::Open { id: "x".parse().unwrap(), by: "ana".parse().unwrap(), listed };
        let refused = AccessReview::decide(None, command, &AccessReviewPolicy::default(), NOW);
        assert_eq!(refused.unwrap_err().findings.len(), 1);
    }
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    insta::assert_snapshot!(testing::moves::<AccessReview>(&[run(commands()).1]));
}

proptest! {
    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in testing::weeks()) {
        testing::keeps_its_promises(&steps, weeks, |_: Option<&AccessReview>, _| commands(), &AccessReviewPolicy::default()).counts_each_event_once();
    }

    #[test]
    fn any_order_of_commands_replays_to_the_same_state(picks in proptest::collection::vec(0_usize..6, 0..20)) {
        let all = commands();
        let (state, events) = run(picks.into_iter().map(|pick| all[pick].clone()));
        let json = serde_json::to_string(&events).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Vec<ReviewEvent>>(&json).unwrap(), &events);
        // What comes after the end, or before the beginning, changes nothing.
        let late: Vec<ReviewEvent> =
            events.iter().filter(|event| !matches!(event, ReviewEvent::Opened { .. })).cloned().collect();
        prop_assert_eq!(AccessReview::replay(late.clone()), None);
        prop_assert_eq!(AccessReview::replay(events.clone()), state.clone());
        if let Some(closed) = state.filter(|review| review.closed.is_some()) {
            prop_assert_eq!(closed.left(), 0);
            prop_assert_eq!(late.into_iter().fold(Some(closed.clone()), AccessReview::evolve), Some(closed));
        }
    }
}
