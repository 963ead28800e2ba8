//! Tests of proposals and their answers.

use proptest::prelude::*;

use super::super::recurrence;
use super::super::tests::{DAY, at, record};
use super::*;
use crate::finding::Outcome;
use crate::incident::review::Cause;
use crate::incident::tests::{minutes, policy};
use crate::testing;

fn incidents(n: u64) -> Vec<IncidentRecord> {
    let of = |day: u64| IncidentRecord {
        rule: Some("disk-full".parse().unwrap()),
        services: ["shop".parse().unwrap()].into(),
        cause: Some(Cause::Capacity),
        actions: vec!["Restarted <it>.".into(), format!("Tried {day}.")],
        ..record(&format!("inc-{day}"), at(day * DAY))
    };
    (1..=n).map(of).collect()
}

fn drafts(records: &[IncidentRecord]) -> Vec<Draft> {
    let repeats = recurrence::repeats(records, policy().trend.repeats_within);
    propose(&repeats, records, policy(), at(10 * DAY))
}

// Seed: "Runbook updated after major events".
#[test]
fn a_repeat_proposes_a_change_of_the_runbook_to_its_owner() {
    let mut found = drafts(&incidents(2));
    assert_eq!(found.len(), 1, "rule, service and cause of the same incidents ask once");
    let draft = found.remove(0);
    assert_eq!((draft.remedy, draft.owner.as_str()), (Remedy::RunbookChange, PLATFORM_OPERATIONS));
    assert_eq!(draft.due, at(17 * DAY), "a week to answer");
    insta::assert_snapshot!(format!("{}\n\n{}", draft.title, draft.text));
}

// Seed: "Feedback loop into architecture decisions".
#[test]
fn what_the_runbook_does_not_end_is_a_decision_of_product_and_architecture() {
    let mut found = drafts(&incidents(3));
    assert_eq!(found.len(), 1);
    let draft = found.remove(0);
    assert_eq!((draft.remedy, draft.owner.as_str()), (Remedy::ArchitectureDecision, PRODUCT_ARCHITECTURE));
    insta::assert_snapshot!(format!("{}\n\n{}", draft.title, draft.text));
}

#[test]
fn the_same_trend_asks_under_the_same_id_until_it_asks_for_more() {
    let ids = |n| drafts(&incidents(n)).into_iter().map(|draft| draft.id).collect::<Vec<_>>();
    assert_eq!(ids(3), ids(5), "a decision is asked for once");
    assert_ne!(ids(2), ids(3), "another remedy is another proposal");
}

#[test]
fn the_owner_is_who_runs_what_comes_back() {
    let text = "[team.shop-team]\n[service.shop]\nowner = \"shop-team\"\n";
    let policy = Policy::load(&[crate::policy::Source::new("runbook.toml", text)]).unwrap();
    let owner = |pattern: Pattern| owner(&pattern, &[], &policy).unwrap().to_string();
    assert_eq!(owner(Pattern::Service("shop".parse().unwrap())), "shop-team");
    assert_eq!(owner(Pattern::Service("other".parse().unwrap())), PLATFORM_OPERATIONS);
    assert_eq!(owner(Pattern::Rule("gone".parse().unwrap())), PLATFORM_OPERATIONS);
    assert_eq!(owner(Pattern::Cause(Cause::Defect)), PLATFORM_OPERATIONS);
}

#[test]
fn a_repeat_of_unknown_actions_asks_for_them() {
    let mut records = incidents(2);
    records.iter_mut().for_each(|record| record.actions.clear());
    assert!(drafts(&records)[0].text.contains("+Nothing is recorded that ended it; write down what does."));
    let mut records = incidents(3);
    records.iter_mut().for_each(|record| record.actions.clear());
    assert!(drafts(&records)[0].text.contains("- nothing that is recorded"));
}

fn proposal(n: u64) -> Proposal {
    let draft = Box::new(drafts(&incidents(n)).remove(0));
    let events = Proposal::decide(None, ProposalCommand::Propose(draft), policy(), at(10 * DAY)).unwrap();
    Proposal::replay(events).unwrap()
}

fn answer(by: &str, reply: Reply, reason: &str, record: Option<&str>) -> ProposalCommand {
    let record = record.map(|record| record.parse().unwrap());
    ProposalCommand::Answer(Answer { by: by.parse().unwrap(), reply, reason: reason.into(), record })
}

#[test]
fn every_state_answers_every_command() {
    let events = |state: &Proposal, command| Proposal::decide(Some(state), command, policy(), at(11 * DAY));
    let (change, decision) = (proposal(2), proposal(3));
    let accepted = events(&change, answer("ana", Reply::Accepted, "done", Some("4f2a9c1"))).unwrap();
    let answered = accepted.into_iter().fold(Some(change.clone()), Proposal::evolve).unwrap();
    let draft = || ProposalCommand::Propose(Box::new(change.draft.clone()));
    let commands = || {
        [
            ("propose", draft()),
            ("accept with record by ana", answer("ana", Reply::Accepted, "done", Some("4f2a9c1"))),
            ("accept with record by ben", answer("ben", Reply::Accepted, "done", Some("adr-12"))),
            ("accept without record", answer("ana", Reply::Accepted, "done", None)),
            ("reject by ana", answer("ana", Reply::Rejected, "one site only", None)),
            ("reject by ben", answer("ben", Reply::Rejected, "one site only", None)),
            ("reject without reason by eve", answer("eve", Reply::Rejected, " ", None)),
        ]
    };
    let mut table = String::new();
    for (name, state) in [
        ("nothing", None),
        ("runbook change", Some(&change)),
        ("decision", Some(&decision)),
        ("answered", Some(&answered)),
    ] {
        for (asked, command) in commands() {
            let answer = match Proposal::decide(state, command, policy(), at(11 * DAY)) {
                Ok(events) => format!(
                    "{:?}",
                    events
                        .into_iter()
                        .fold(state.cloned(), Proposal::evolve)
                        .unwrap()
                        .answered
                        .map(|(answer, _)| answer.reply)
                ),
                Err(refused) => refused.to_string(),
            };
            table += &format!("{name} + {asked} -> {answer}\n");
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_late_answer_is_its_owners() {
    let proposal = proposal(3);
    let due = proposal.draft.due;
    assert_eq!(proposal.check(due).outcome, Outcome::Pass);
    let late = proposal.check(due + minutes(1));
    assert_eq!((late.outcome, late.owner.unwrap().as_str()), (Outcome::Fail, PRODUCT_ARCHITECTURE));
    let events =
        Proposal::decide(Some(&proposal), answer("ben", Reply::Rejected, "too dear", None), policy(), due);
    let answered = events.unwrap().into_iter().fold(Some(proposal), Proposal::evolve).unwrap();
    assert_eq!(answered.check(due + minutes(1)).outcome, Outcome::Pass);
}

#[test]
fn events_survive_json_and_a_second_replay() {
    let made = proposal(2);
    let answered = Proposal::decide(
        Some(&made),
        answer("ana", Reply::Accepted, "done", Some("4f2a9c1")),
        policy(),
        at(0),
    )
    .unwrap();
    let proposed = ProposalEvent::Proposed { draft: Box::new(made.draft.clone()), at: made.proposed_at };
    let events: Vec<ProposalEvent> = std::iter::once(proposed).chain(answered).collect();
    let json = serde_json::to_string(&events).unwrap();
    assert_eq!(serde_json::from_str::<Vec<ProposalEvent>>(&json).unwrap(), events);
    let once = Proposal::replay(events.clone());
    assert_eq!(events.clone().into_iter().fold(once.clone(), Proposal::evolve), once);
    assert_eq!(Proposal::evolve(None, events[1].clone()), None);
}

/// Every command; what is proposed was seen just before.
fn commands(_: Option<&Proposal>, now: Timestamp) -> Vec<ProposalCommand> {
    let draft = drafts(&incidents(2)).remove(0);
    let draft = testing::moved(&draft, now.as_millis() - at(10 * DAY).as_millis());
    vec![
        ProposalCommand::Propose(Box::new(draft)),
        answer("ana", Reply::Accepted, "done", Some("4f2a9c1")),
        answer("ana", Reply::Rejected, "one site only", None),
        answer("ben", Reply::Accepted, "done", Some("4f2a9c1")),
        answer("eve", Reply::Rejected, " ", None),
    ]
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    let events = testing::play(&[], &[(0, 0), (1, 60)], commands, policy(), testing::NOW).events;
    insta::assert_snapshot!(testing::moves::<Proposal>(&[events]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_answer_that_is_due_is_never_less_due_later(days in 0_u64..40, later in 0_u64..40, weeks in testing::weeks()) {
        let (proposal, day) = (proposal(3), crate::time::Span::from_secs(86_400));
        let now = at(10 * DAY) + day.times(days);
        let before = proposal.check(now).outcome;
        prop_assert!(proposal.check(now + day.times(later)).outcome >= before);
        let millis = weeks * 7 * 86_400_000;
        let there = testing::moved(&proposal, millis).check(Timestamp::from_millis(now.as_millis() + millis));
        prop_assert_eq!(there.outcome, before);
    }

    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in testing::weeks()) {
        testing::keeps_its_promises(&steps, weeks, commands, policy()).counts_each_event_once();
    }
}
