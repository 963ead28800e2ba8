//! Tests of rollouts: every state against every command, the whole way there and back, and which nodes go first.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::decision::{Basis, Decision, Verdict};
use crate::finding::Finding;
use crate::id::{DeploymentId, Digest128, NodeId, PersonId};
use crate::policy::{Policy, Source};
use crate::release::judge::{Gauge, MORE, NOT_MORE, REPORTS};
use crate::testing;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const MINUTE: Span = Span::from_secs(60);

fn at(minutes: u64) -> Timestamp {
    NOW + MINUTE.times(minutes)
}

fn bundle(n: u8) -> Bundle {
    Bundle { artifact: Digest256([n; 32]), config: Digest256([n + 1; 32]), flags: Digest256([n + 2; 32]) }
}

fn plan() -> Plan {
    Plan::by_share("shop-1.2.0".parse().unwrap(), bundle(10), bundle(1), 100, &RolloutPolicy::default())
}

fn ana() -> PersonId {
    "ana".parse().unwrap()
}

fn node(n: u128) -> NodeId {
    NodeId(uuid::Uuid::from_u128(n))
}

fn judgement(stage: usize, look: Look, findings: Vec<Finding>, moment: Timestamp) -> Box<Judgement> {
    let basis = Basis { policy: Digest128([1; 16]), evidence: Digest128([2; 16]), at: moment };
    Box::new(Judgement { stage, look, exposure: 5_000, decision: Decision::over(findings, basis) })
}

fn good() -> Vec<Finding> {
    vec![MORE.pass("as before")]
}

fn decide(state: &Rollout, command: RolloutCommand, now: Timestamp) -> Result<Vec<RolloutEvent>, Refused> {
    Rollout::decide(Some(state), command, &RolloutPolicy::default(), now)
}

fn after(state: &Rollout, command: RolloutCommand, now: Timestamp) -> Rollout {
    let events = decide(state, command, now).unwrap();
    events.into_iter().fold(Some(state.clone()), Rollout::evolve).unwrap()
}

fn why() -> String {
    "the queue grows".to_owned()
}

fn pending() -> Rollout {
    let command = RolloutCommand::Plan(Box::new(plan()));
    Rollout::replay(Rollout::decide(None, command, &RolloutPolicy::default(), NOW).unwrap()).unwrap()
}

fn running() -> Rollout {
    after(&pending(), RolloutCommand::Start { by: ana() }, NOW)
}

fn paused() -> Rollout {
    after(&running(), RolloutCommand::Pause { by: ana(), reason: why() }, at(1))
}

fn rolling_back() -> Rollout {
    after(&running(), RolloutCommand::RollBack { by: ana(), reason: why() }, at(1))
}

/// Through all four stages, a quarter of an hour each.
fn verifying() -> Rollout {
    (0..4).fold(running(), |state, stage| {
        let moment = at(15 * (stage + 1));
        let look = state.look(5_000, moment);
        let command = RolloutCommand::Judge(judgement(stage as usize, look, good(), moment));
        after(&state, command, moment)
    })
}

fn observed(bundles: impl IntoIterator<Item = Option<Bundle>>) -> Observed {
    bundles.into_iter().zip(1..).map(|(bundle, n)| (node(n), bundle)).collect()
}

fn verify(moment: Timestamp, findings: Vec<Finding>) -> RolloutCommand {
    RolloutCommand::Verify {
        judgement: judgement(3, Look::Whole, findings, moment),
        notes: Digest256([7; 32]),
    }
}

fn states() -> Vec<Rollout> {
    let confirm = RolloutCommand::ConfirmRolledBack { observed: observed([Some(bundle(1))]) };
    vec![
        pending(),
        running(),
        paused(),
        rolling_back(),
        after(&rolling_back(), confirm, at(2)),
        verifying(),
        after(&verifying(), verify(at(120), good()), at(120)),
        after(&rolling_back(), RolloutCommand::Fail { by: ana(), reason: why() }, at(9)),
    ]
}

fn commands(state: &Rollout, moment: Timestamp) -> Vec<(&'static str, RolloutCommand)> {
    let look = if state.is_whole() { Look::Whole } else { Look::StageEnd };
    let judge = |findings| judgement(state.stage, look, findings, moment);
    let doubt = || vec![NOT_MORE.undetermined("too few", "wait")];
    vec![
        ("plan", RolloutCommand::Plan(Box::new(plan()))),
        ("start", RolloutCommand::Start { by: ana() }),
        ("judge: good", RolloutCommand::Judge(judge(good()))),
        ("judge: doubt", RolloutCommand::Judge(judge(doubt()))),
        ("judge: harm", RolloutCommand::Judge(judge(vec![MORE.fail("more", "roll back")]))),
        ("accept doubt", RolloutCommand::Accept { by: ana(), reason: why(), judgement: judge(doubt()) }),
        ("pause", RolloutCommand::Pause { by: ana(), reason: why() }),
        ("pause without a reason", RolloutCommand::Pause { by: ana(), reason: " ".to_owned() }),
        ("resume", RolloutCommand::Resume { by: ana(), reason: why() }),
        ("roll back", RolloutCommand::RollBack { by: ana(), reason: why() }),
        ("confirm rolled back", RolloutCommand::ConfirmRolledBack { observed: observed([Some(bundle(1))]) }),
        (
            "confirm, not all back",
            RolloutCommand::ConfirmRolledBack { observed: observed([Some(bundle(1)), None]) },
        ),
        ("verify", verify(moment, good())),
        ("fail", RolloutCommand::Fail { by: ana(), reason: why() }),
    ]
}

// Seed: "Staged rollout", "Rollback is mandatory for every release", "Post-release verification".
#[test]
fn every_state_answers_every_command() {
    let moment = at(130);
    let mut table = String::new();
    let states = states();
    let found: BTreeSet<Status> = states.iter().map(|state| state.status).collect();
    assert_eq!(found.len(), Status::ALL.len(), "each state is there");
    for state in &states {
        for (name, command) in commands(state, moment) {
            let answer = match decide(state, command, moment) {
                Ok(events) => {
                    let next = events.into_iter().fold(Some(state.clone()), Rollout::evolve).unwrap();
                    format!("{}, stage {}", next.status, next.stage + 1)
                }
                Err(refused) => refused.to_string(),
            };
            table += &format!("{} + {name} -> {answer}\n", state.status);
        }
    }
    insta::assert_snapshot!(table);
}

// Seed: "Staged rollout", "Post-release verification", "Release notes published".
#[test]
fn goes_through_its_stages_and_its_window_before_it_is_verified() {
    let state = verifying();
    assert_eq!((state.status, state.stage, state.since), (Status::Verifying, 3, at(60)));
    let early = decide(&state, verify(at(119), good()), at(119)).unwrap_err();
    assert_eq!(early.findings[0].clears_at, Some(at(120)));
    let doubt =
        decide(&state, verify(at(120), vec![REPORTS.undetermined("old", "wait")]), at(120)).unwrap_err();
    assert_eq!(doubt.findings[0].rule, SHOWN.code);
    let verified = after(&state, verify(at(120), good()), at(120));
    assert_eq!((verified.status, verified.notes), (Status::Verified, Some(Digest256([7; 32]))));
}

/// What a judgement of the first stage leads to.
fn outcome(minutes: u64, exposure: u64, look: Look, findings: Vec<Finding>) -> String {
    let mut judgement = judgement(0, look, findings, at(minutes));
    judgement.exposure = exposure;
    match decide(&running(), RolloutCommand::Judge(judgement), at(minutes)) {
        Ok(events) => match events.as_slice() {
            [] => "waits".to_owned(),
            [RolloutEvent::Advanced { stage, .. }] => format!("advances to {stage}"),
            [RolloutEvent::Held { findings, .. }] => format!("holds for {} findings", findings.len()),
            [RolloutEvent::RollbackBegan { to, .. }] if *to == bundle(1) => "rolls back".to_owned(),
            other => format!("{other:?}"),
        },
        Err(refused) => refused.to_string(),
    }
}

// Seed: "Staged rollout".
#[test]
fn a_stage_needs_time_and_exposure_and_what_is_not_known_never_advances() {
    let doubt = || vec![NOT_MORE.undetermined("too few", "wait")];
    let old = || vec![REPORTS.undetermined("old", "wait"), NOT_MORE.undetermined("not compared", "wait")];
    let harm = || vec![MORE.fail("more", "roll back"), REPORTS.undetermined("old", "wait")];
    let table = [
        (15, 1_000, Look::StageEnd, good(), "advances to 1"),
        (14, 1_000, Look::StageEnd, good(), "waits"),
        (15, 999, Look::StageEnd, good(), "waits"),
        (30, 999, Look::StageEnd, good(), "holds for 0 findings"),
        (15, 1_000, Look::Interim, good(), "waits"),
        (15, 1_000, Look::StageEnd, doubt(), "holds for 1 findings"),
        (14, 1_000, Look::StageEnd, doubt(), "waits"),
        (15, 1_000, Look::StageEnd, old(), "waits"),
        (29, 1_000, Look::StageEnd, old(), "waits"),
        (30, 1_000, Look::StageEnd, old(), "holds for 2 findings"),
        (15, 1_000, Look::StageEnd, vec![], "holds for 0 findings"),
        (1, 0, Look::Interim, harm(), "rolls back"),
        (15, 1_000, Look::StageEnd, harm(), "rolls back"),
    ];
    for (minutes, exposure, look, findings, expected) in table {
        let told = format!("{minutes} {exposure} {look} {findings:?}");
        assert_eq!(outcome(minutes, exposure, look, findings), expected, "{told}");
    }
    let whole = outcome(15, 1_000, Look::Whole, good());
    assert_eq!(whole, "refused: a look of the kind `whole` says nothing about this stage");
}

#[test]
fn a_judgement_of_another_stage_or_time_moves_nothing_forward() {
    let second =
        after(&running(), RolloutCommand::Judge(judgement(0, Look::StageEnd, good(), at(15))), at(15));
    let ask = |stage, moment, now| {
        decide(&second, RolloutCommand::Judge(judgement(stage, Look::StageEnd, good(), moment)), now)
    };
    assert!(ask(1, at(30), at(30)).unwrap() == [RolloutEvent::Advanced { stage: 2, at: at(30) }]);
    for (stage, moment, now) in
        [(0, at(30), at(30)), (1, at(14), at(30)), (1, at(31), at(30)), (1, at(30), at(36))]
    {
        let refused = ask(stage, moment, now).unwrap_err();
        assert_eq!(refused.findings[0].rule, CURRENT.code, "{stage} {moment} {now}");
    }
    // A clock that was set back makes no stage older.
    assert!(ask(1, at(0), at(0)).is_err());
    // Harm that was seen late is harm.
    let late =
        RolloutCommand::Judge(judgement(0, Look::Interim, vec![MORE.fail("more", "roll back")], at(1)));
    assert_eq!(after(&second, late, at(30)).status, Status::RollingBack);
}

#[test]
fn a_judgement_counts_until_it_is_too_old() {
    let (state, lasts) = (verifying(), RolloutPolicy::default().judgement_lasts);
    let judged = |ago: Span| {
        let moment = at(180);
        decide(&state, verify(moment - ago, good()), moment).is_ok()
    };
    assert!(judged(lasts) && !judged(Span::from_millis(lasts.as_millis() + 1)));
}

#[test]
fn no_event_skips_a_stage_or_goes_past_the_last() {
    let advanced = |stage| RolloutEvent::Advanced { stage, at: at(1) };
    for stage in [0, 2, 3, 4, usize::MAX] {
        assert_eq!(Rollout::evolve(Some(running()), advanced(stage)), Some(running()), "stage {stage}");
    }
    let last = (1..4).fold(running(), |state, stage| Rollout::evolve(Some(state), advanced(stage)).unwrap());
    assert_eq!((last.stage, last.status), (3, Status::Running));
    assert_eq!(Rollout::evolve(Some(last.clone()), advanced(4)), Some(last));
}

#[test]
fn a_person_accepts_doubt_at_the_end_of_a_stage_and_nothing_else() {
    let doubt = || vec![NOT_MORE.undetermined("too few", "wait")];
    let missing = || vec![MORE.undetermined("unknown", "wait"), NOT_MORE.undetermined("unknown", "wait")];
    let ask = |minutes, look, findings| {
        let judgement = judgement(0, look, findings, at(minutes));
        decide(&paused(), RolloutCommand::Accept { by: ana(), reason: why(), judgement }, at(minutes))
    };
    let accepted = ask(15, Look::StageEnd, doubt()).unwrap();
    assert!(matches!(
        accepted.as_slice(),
        [RolloutEvent::Accepted { findings, .. }, RolloutEvent::Advanced { stage: 1, .. }] if findings.len() == 1
    ));
    for (minutes, look, findings) in [
        (14, Look::StageEnd, doubt()),
        (15, Look::Interim, doubt()),
        (15, Look::StageEnd, missing()),
        (15, Look::StageEnd, vec![REPORTS.undetermined("old", "wait")]),
        (15, Look::StageEnd, vec![MORE.fail("more", "roll back")]),
        (15, Look::StageEnd, vec![]),
    ] {
        let refused = ask(minutes, look, findings).unwrap_err();
        assert_eq!(refused.findings[0].rule, NOT_BLIND.code, "{refused}");
    }
}

// Seed: "Rollback is mandatory for every release".
#[test]
fn a_rollback_is_over_when_artifact_configuration_and_flags_are_back_everywhere() {
    let previous = bundle(1);
    let (mut artifact, mut config, mut flags) = (previous, previous, previous);
    artifact.artifact = bundle(10).artifact;
    config.config = bundle(10).config;
    flags.flags = bundle(10).flags;
    let ask = |bundles: Vec<Option<Bundle>>| {
        decide(&rolling_back(), RolloutCommand::ConfirmRolledBack { observed: observed(bundles) }, at(5))
    };
    assert_eq!(ask(vec![Some(previous); 3]).unwrap(), [RolloutEvent::RolledBack { nodes: 3, at: at(5) }]);
    for last in [Some(artifact), Some(config), Some(flags), None] {
        let refused = ask(vec![Some(previous), Some(previous), last]).unwrap_err();
        assert_eq!(refused.findings[0].rule, RESTORED.code);
        assert_eq!(refused.findings[0].evidence, [node(3).to_string()]);
    }
    assert!(ask(vec![]).is_err(), "nobody looked");
}

#[test]
fn a_plan_that_cannot_end_or_leads_nowhere_is_refused_with_every_reason() {
    let ask = |plan: Plan| {
        Rollout::decide(None, RolloutCommand::Plan(Box::new(plan)), &RolloutPolicy::default(), NOW)
    };
    assert!(ask(plan()).is_ok());
    let stage = |reach| Stage { reach, least_time: MINUTE, least_exposure: 1 };
    let with = |stages: Vec<Stage>| Plan { stages, ..plan() };
    let percent = |shares: &[u8]| with(shares.iter().map(|share| stage(Reach::Percent(*share))).collect());
    let east = || stage(Reach::Deployment("east".parse().unwrap()));
    let bad = [
        percent(&[]),
        percent(&[50]),
        percent(&[50, 25, 100]),
        percent(&[0, 100]),
        percent(&[100, 100]),
        with(vec![east(), east()]),
        with(vec![east(), stage(Reach::Percent(100))]),
        with((0..=MAX_STAGES).map(|n| stage(Reach::Deployment(format!("d{n}").parse().unwrap()))).collect()),
        Plan { next: bundle(1), ..plan() },
        with(vec![Stage { reach: Reach::Percent(100), least_time: Span::ZERO, least_exposure: 1 }]),
        with(vec![Stage { reach: Reach::Percent(100), least_time: MINUTE, least_exposure: 0 }]),
    ];
    let told: String = bad.into_iter().map(|plan| format!("{}\n", ask(plan).unwrap_err())).collect();
    insta::assert_snapshot!(told);
}

#[test]
fn small_deployments_have_no_empty_stages() {
    let shares = |nodes| -> Vec<u8> {
        let plan =
            Plan::by_share("r".parse().unwrap(), bundle(10), bundle(1), nodes, &RolloutPolicy::default());
        plan.stages.iter().filter_map(|stage| stage.reach.percent()).collect()
    };
    assert_eq!(shares(1), [100]);
    assert_eq!(shares(2), [50, 100]);
    assert_eq!(shares(4), [25, 50, 100]);
    assert_eq!(shares(100), [5, 25, 50, 100]);
    assert_eq!(shares(0), [100]);
}

fn place(nodes: impl IntoIterator<Item = u128>, deployment: &str) -> BTreeMap<NodeId, DeploymentId> {
    nodes.into_iter().map(|n| (node(n), deployment.parse().unwrap())).collect()
}

#[test]
fn one_deployment_follows_another() {
    let order = ["west", "east"].map(|name| name.parse().unwrap());
    let plan =
        Plan::by_deployment("r".parse().unwrap(), bundle(10), bundle(1), order, &RolloutPolicy::default());
    let mut nodes = place(1..4, "east");
    nodes.extend(place(4..6, "west"));
    let first = plan.targets(0, &nodes, &BTreeSet::new());
    assert_eq!(first, [node(4), node(5)].into());
    assert_eq!(plan.targets(1, &nodes, &first).len(), 5);
}

#[test]
fn each_release_has_its_own_order() {
    let nodes = place(1..101, "east");
    let first = |release: &str| {
        Plan { release: release.parse().unwrap(), ..plan() }.targets(0, &nodes, &BTreeSet::new())
    };
    assert_eq!(first("shop-1.2.0"), first("shop-1.2.0"));
    assert_ne!(first("shop-1.2.0"), first("shop-1.3.0"));
}

// Seed: "Staged rollout", "Capacity planning".
#[test]
fn the_runbook_declares_stages_and_numbers_and_every_mistake_is_told_at_once() {
    let load = |text: &str| Policy::load(&[Source::new("runbook.toml", text)]);
    assert_eq!(load("").unwrap().rollout, RolloutPolicy::default());
    let text = r#"
        [rollout]
        verification = "2h"
        counts = ["failed-requests"]
        gauges = ["cpu", "memory"]
        alpha = 0.01
        [rollout.least_difference]
        cpu = 0.1
        [[rollout.stage]]
        percent = 10
        least_time = "1h"
        least_exposure = 50
        [[rollout.stage]]
        percent = 100
        [capacity]
        lead_time = "90d"
        stale_after = "7d"
    "#;
    let policy = load(text).unwrap();
    let stages: Vec<_> =
        policy.rollout.stages.iter().map(|stage| (stage.reach.percent(), stage.least_time)).collect();
    assert_eq!(stages, [(Some(10), MINUTE.times(60)), (Some(100), MINUTE.times(15))]);
    assert_eq!(policy.rollout.judge.gauges, BTreeMap::from([(Gauge::Cpu, 0.1), (Gauge::Memory, 0.05)]));
    assert_eq!((policy.rollout.judge.alpha, policy.capacity.lead_time), (0.01, MINUTE.times(90 * 1_440)));
    assert_eq!(policy.capacity.stale_after, MINUTE.times(7 * 1_440));
    let wrong = r#"
        [rollout]
        verification = "1s"
        counts = []
        gauges = ["cpus"]
        alpha = 0.9
        kill_burns = 1
        [rollout.least_difference]
        disk = 1
        [[rollout.stage]]
        percent = 50
        [[rollout.stage]]
        least_time = "1m"
        [capacity]
        least_points = 1
    "#;
    let problems = load(wrong).unwrap_err();
    let told: Vec<_> =
        problems.iter().map(|p| format!("{} {} ({})", p.place(), p.message, p.remedy)).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn events_and_states_survive_json() {
    for state in states() {
        let json = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<Rollout>(&json).unwrap(), state);
        for (_, command) in commands(&state, at(130)) {
            for event in decide(&state, command, at(130)).unwrap_or_default() {
                let json = serde_json::to_string(&event).unwrap();
                assert_eq!(serde_json::from_str::<RolloutEvent>(&json).unwrap(), event);
            }
        }
    }
}

/// Every command for a state; that of a rollout that was planned before there is one.
fn known(state: Option<&Rollout>, moment: Timestamp) -> Vec<RolloutCommand> {
    let state = state.cloned().unwrap_or_else(pending);
    commands(&state, moment).into_iter().map(|(_, command)| command).collect()
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    let play =
        |steps: &[(usize, i64)]| testing::play(&[], steps, known, &RolloutPolicy::default(), NOW).events;
    let through = [(0, 0), (1, 0), (2, 900), (5, 900), (2, 900), (2, 900), (12, 7_200)];
    let back = [(0, 0), (1, 0), (6, 60), (8, 60), (9, 60), (10, 60)];
    insta::assert_snapshot!(testing::moves::<Rollout>(&[
        play(&through),
        play(&back),
        play(&[(0, 0), (1, 0), (4, 60), (13, 60)])
    ]));
}

proptest! {
    #[test]
    fn a_stage_only_grows_whoever_joins(count in 1_u128..200, joined in 0_u128..50, stage in 0_usize..3) {
        let nodes = place(1..=count, "east");
        let first = plan().targets(stage, &nodes, &BTreeSet::new());
        let share = usize::from(plan().stages[stage].reach.percent().unwrap());
        prop_assert_eq!(first.len(), (nodes.len() * share).div_ceil(100));
        prop_assert!(plan().targets(stage + 1, &nodes, &BTreeSet::new()).is_superset(&first));
        let more = place(1..=count + joined, "east");
        prop_assert!(plan().targets(stage, &more, &first).is_superset(&first));
    }

    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in testing::weeks()) {
        testing::keeps_its_promises(&steps, weeks, known, &RolloutPolicy::default()).counts_each_event_once();
    }

    #[test]
    fn nothing_but_good_evidence_or_a_person_goes_forward(
        outcomes in prop::collection::vec((0_u8..4, 0_usize..3), 1..8), minutes in 0_u64..200, exposure in 0_u64..3_000,
    ) {
        let findings: Vec<Finding> = outcomes.iter().map(|(outcome, rule)| {
            let rule = [MORE, NOT_MORE, REPORTS][*rule];
            match outcome {
                0 => rule.pass("a"),
                1 => rule.warn("a", "b"),
                2 => rule.undetermined("a", "b"),
                _ => rule.fail("a", "b"),
            }
        }).collect();
        let mut judgement = judgement(0, Look::StageEnd, findings, at(minutes));
        judgement.exposure = exposure;
        let verdict = judgement.decision.verdict;
        let events = decide(&running(), RolloutCommand::Judge(judgement), at(minutes)).unwrap();
        let forward = events.iter().any(|event| matches!(event, RolloutEvent::Advanced { .. }));
        prop_assert_eq!(forward, verdict == Verdict::Allow && minutes >= 15 && exposure >= 1_000);
        let back = events.iter().any(|event| matches!(event, RolloutEvent::RollbackBegan { .. }));
        prop_assert_eq!(back, verdict == Verdict::Deny);
    }
}
