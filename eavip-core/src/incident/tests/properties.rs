//! What holds for every sequence of commands, from whoever they come and however the clock runs.

use proptest::prelude::*;

use super::*;
use crate::finding::Outcome;
use crate::testing;

/// Who asks, for what, and how many seconds after the last one; nothing stands for the next step of the way to the end.
type Step = (u8, Option<Request>, i64);

fn request() -> impl Strategy<Value = Request> {
    let scope = (0..Scope::ALL.len()).prop_map(|at| Scope::ALL[at]);
    let integrity = (0..Integrity::ALL.len()).prop_map(|at| Integrity::ALL[at]);
    let reason = prop_oneof![Just(String::new()), Just("seen".to_owned())];
    let reclassify = (scope, integrity, reason.clone()).prop_map(|(scope, integrity, reason)| {
        Request::Reclassify { impact: Impact { scope, integrity }, reason }
    });
    let fixed = every_request(now()).len();
    let any = (0..fixed, 0i64..4000)
        .prop_map(|(which, secs)| every_request(now() + Span::from_secs(secs as u64)).swap_remove(which).1);
    let reopen = reason.prop_map(|reason| Request::Reopen { reason });
    prop_oneof![3 => reclassify, 6 => any, 1 => reopen]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(
        (0u8..10, prop_oneof![3 => Just(None), 2 => request().prop_map(Some)], -30i64..120),
        1..60,
    )
}

fn actor(who: u8) -> Actor {
    match who {
        0 => Actor::Platform,
        1 => person("eve"),
        2..=4 => person("ben"),
        _ => person("ana"),
    }
}

/// The events of a sequence and the state after each; what is refused leaves no trace.
fn play(steps: &[Step], shift: Span) -> Vec<(IncidentEvent, Incident)> {
    let policy = policy();
    let mut declaration = declaration("inc-1", Scope::Partial);
    declaration.began_at = declaration.began_at + shift;
    let first = IncidentCommand { by: Actor::Platform, request: Request::Declare(Box::new(declaration)) };
    let (mut at, mut way) = (now() + shift, way().into_iter().cycle());
    let mut history: Vec<(IncidentEvent, Incident)> = Vec::new();
    let declare = [(first, at)].into_iter();
    let rest = steps.iter().map(|(who, request, secs)| {
        at = Timestamp::from_millis(at.as_millis() + secs * 1000);
        let by = actor(*who);
        let request = match request.clone().unwrap_or_else(|| way.next().unwrap().1) {
            Request::RecordAction { what, proof: Some(_) } => {
                Request::RecordAction { what, proof: Some(proof(at)) }
            }
            Request::AddItem(plan) => Request::AddItem(Plan { due: at + minutes(60), ..plan }),
            Request::Witness { happening, .. } => Request::Witness { happening, happened_at: at },
            Request::Absorb(other) => {
                Request::Absorb(Box::new(Absorbed { began_at: other.began_at + shift, ..*other }))
            }
            other => other,
        };
        (IncidentCommand { by, request }, at)
    });
    for (command, at) in declare.chain(rest).collect::<Vec<_>>() {
        let state = history.last().map(|(_, state)| state);
        let events = Incident::decide(state, command, policy, at).unwrap_or_default();
        if let Some(event) = events.into_iter().next() {
            let next = Incident::evolve(state.cloned(), event.clone()).unwrap();
            history.push((event, next));
        }
    }
    history
}

fn legal(from: Phase, to: Phase, change: &Change) -> bool {
    match change {
        Change::Advanced { .. } => from.next() == Some(to) && to != Phase::Closed,
        Change::Closed => (from, to) == (Phase::PreventiveAction, Phase::Closed),
        Change::Reopened { .. } => to == from || (to == Phase::Triage && from > Phase::Mitigation),
        _ => from == to,
    }
}

/// Every command by different people, and what leads to the end more often than the rest.
fn commands(state: Option<&Incident>, now: Timestamp) -> Vec<IncidentCommand> {
    let later = now.as_millis() - super::now().as_millis();
    let fresh = |request| match request {
        Request::Declare(declared) => Request::Declare(Box::new(testing::moved(&*declared, later))),
        Request::RecordAction { what, proof: Some(proof) } => {
            Request::RecordAction { what, proof: Some(testing::moved(&proof, later)) }
        }
        Request::AddItem(plan) => Request::AddItem(testing::moved(&plan, later)),
        Request::Absorb(other) => Request::Absorb(Box::new(testing::moved(&*other, later))),
        Request::MarkDuplicate(other) => Request::MarkDuplicate(Box::new(testing::moved(&*other, later))),
        Request::Witness { happening, .. } => Request::Witness { happening, happened_at: now },
        other => other,
    };
    let next = way().into_iter().filter(|(phase, _)| state.is_some_and(|state| state.phase == *phase));
    let next: Vec<Request> = next.map(|(_, request)| request).collect();
    let others = every_request(super::now()).into_iter().map(|(_, request)| request);
    let requests: Vec<Request> =
        next.iter().cloned().cycle().take(4 * next.len()).chain(others).map(fresh).collect();
    let by = |by: Actor| {
        requests.iter().map(move |request| IncidentCommand { by: by.clone(), request: request.clone() })
    };
    by(person("ana")).chain(by(person("ben"))).chain(by(Actor::Platform)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in testing::weeks()) {
        let declared = commands(None, testing::NOW).iter().position(|one| matches!(one.request, Request::Declare(_)));
        let steps = [vec![(declared.unwrap(), 0)], steps].concat();
        testing::keeps_its_promises(&steps, weeks, commands, policy()).counts_each_event_once();
    }
}

proptest! {
    #[test]
    fn every_history_keeps_its_promises(steps in steps()) {
        let history = play(&steps, Span::ZERO);
        for pair in history.windows(2) {
            let ((_, before), (event, after)) = (&pair[0], &pair[1]);
            prop_assert!(legal(before.phase, after.phase, &event.change), "{} to {} by {event:?}", before.phase, after.phase);
            prop_assert_eq!(after.timeline.len(), before.timeline.len() + 1);
            prop_assert_eq!(&after.timeline[..before.timeline.len()], &before.timeline[..]);
            prop_assert!(!before.security || after.security, "the flag went");
            prop_assert!(before.teams.is_subset(&after.teams) && before.services.is_subset(&after.services));
            if after.sev > before.sev {
                let Change::Reclassified { reason, .. } = &event.change else {
                    return Err(TestCaseError::fail(format!("{event:?} lowered the severity")));
                };
                prop_assert!(!reason.is_empty() && event.by.person(&policy().roster).is_some());
            }
        }
        for (_, state) in &history {
            prop_assert_eq!(state.sev, sev::severity(state.impact, state.security));
            prop_assert!(!state.security || state.teams.contains("security-compliance"));
            if state.phase == Phase::Closed {
                let (completed, signed) = (state.review.completed.as_ref(), state.review.signed.as_ref());
                prop_assert!(completed.zip(signed).is_some_and(|(completed, signed)| completed.by != signed.by));
                prop_assert!(!state.items.is_empty() && state.mitigated_at.is_some() && state.all_clear);
                prop_assert!(!state.sev.is_major() || state.review.text.runbook_revision.is_some());
            }
        }
    }

    #[test]
    fn replaying_the_events_gives_the_same_incident_also_twice_and_through_json(steps in steps()) {
        let history = play(&steps, Span::ZERO);
        let (events, states): (Vec<_>, Vec<_>) = history.into_iter().unzip();
        let last = states.last().cloned();
        let json = serde_json::to_string(&events).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Vec<IncidentEvent>>(&json).unwrap(), &events);
        prop_assert_eq!(&Incident::replay(events.clone()), &last);
        let twice = events.into_iter().fold(last.clone(), Incident::evolve);
        prop_assert_eq!(&twice, &last);
        let json = serde_json::to_string(&last).unwrap();
        prop_assert_eq!(serde_json::from_str::<Option<Incident>>(&json).unwrap(), last);
    }

    #[test]
    fn shifting_all_moments_changes_nothing_but_moments(steps in steps(), by in 0u64..1_000_000_000) {
        let told = |history: &[(IncidentEvent, Incident)]| -> Vec<_> {
            let of = |(_, state): &(IncidentEvent, Incident)| (state.phase, state.sev, state.next_number(), clocks::Clocks::of(state));
            history.iter().map(of).collect()
        };
        prop_assert_eq!(told(&play(&steps, Span::ZERO)), told(&play(&steps, Span::from_secs(by))));
    }

    #[test]
    fn nothing_that_is_due_gets_better_by_waiting(steps in steps(), early in 0u64..10_000_000, later in 0u64..10_000_000) {
        let policy = policy();
        let incident = play(&steps, Span::ZERO).pop().unwrap().1;
        let duties = |secs| incident.duties(&policy.incident, now() + Span::from_secs(secs));
        for (before, after) in duties(early).iter().zip(duties(early + later)) {
            prop_assert!(after.outcome >= before.outcome, "{before:?} became {after:?}");
            prop_assert!(after.outcome != Outcome::Fail || (after.owner.is_some() && !after.remedy.is_empty()));
        }
    }

    #[test]
    fn every_refusal_says_what_to_do_next(steps in steps(), which in 0usize..24, who in 0u8..10) {
        let incident = play(&steps, Span::ZERO).pop().unwrap().1;
        let request = every_request(now()).swap_remove(which).1;
        if let Err(refused) = ask(Some(&incident), actor(who), request, now()) {
            prop_assert!(!refused.findings.is_empty());
            for finding in refused.findings {
                prop_assert!(finding.outcome >= Outcome::Undetermined && !finding.remedy.is_empty(), "{finding:?}");
            }
        }
    }
}

#[test]
fn the_way_to_the_end_is_among_what_is_played() {
    let steps: Vec<Step> = (0..14).map(|at| (if at == 12 { 2 } else { 5 }, None, 1)).collect();
    let confirm = Request::Reclassify { impact: impact(Scope::Partial), reason: String::new() };
    let steps: Vec<Step> = std::iter::once((5, Some(confirm), 1)).chain(steps).collect();
    assert_eq!(play(&steps, Span::ZERO).pop().unwrap().1.phase, Phase::Closed);
}
