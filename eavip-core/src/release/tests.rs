//! Tests of a release's way: the table of states and commands, the full way to Production, and what holds for every
//! history.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::break_glass::BreakGlass;
use super::gate::{GateEvidence, Seen};
use super::rollback::Undo;
use super::*;
use crate::id::Digest128;
use crate::mode::Mode;
use crate::policy::Source;
use crate::roster::Person;
use crate::testing;
use crate::time::Span;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

static BUILTIN: LazyLock<Policy> = LazyLock::new(Policy::builtin);

/// The sample's policy with people for everything.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let mut policy = gate::sample(&BUILTIN, NOW).unwrap().policy;
    for name in ["ana", "ben"] {
        let teams = BTreeSet::from(["platform-operations".parse().unwrap()]);
        let person = Person { name: name.to_owned(), teams, active: true };
        policy.roster.people.insert(name.parse().unwrap(), person);
    }
    policy
});

fn id(name: &str) -> PersonId {
    name.parse().unwrap()
}

fn place(environment: Environment) -> Place {
    Place { environment, deployment: "self-test".parse().unwrap(), mode: Mode::Saas }
}

fn draft() -> ReleaseCommand {
    let request = gate::sample(&BUILTIN, NOW).unwrap().request;
    Release::draft(request.candidate, request.rollback, id("ana"))
}

fn ask(environment: Environment) -> ReleaseCommand {
    ReleaseCommand::Request { place: place(environment), by: id("self-test-requester") }
}

fn approve(release: Option<&Release>, by: &str) -> ReleaseCommand {
    let request = release.and_then(Release::request).map_or(Digest128([0; 16]), |request| request.digest());
    ReleaseCommand::Approve { request, by: id(by) }
}

fn verify(environment: Environment) -> ReleaseCommand {
    ReleaseCommand::Verify { place: place(environment), proof: "smoke test 17".to_owned(), by: id("ana") }
}

fn roll_back(environment: Environment) -> ReleaseCommand {
    ReleaseCommand::RollBack { place: place(environment), reason: "errors rise".to_owned(), by: id("ana") }
}

fn cancel() -> ReleaseCommand {
    ReleaseCommand::Cancel { reason: "the wrong place".to_owned(), by: id("ana") }
}

fn withdraw() -> ReleaseCommand {
    ReleaseCommand::Withdraw { reason: "not needed".to_owned(), by: id("ana") }
}

fn amend(known_issues: &str) -> ReleaseCommand {
    let request = gate::sample(&BUILTIN, NOW).unwrap().request;
    let notes = notes::Notes { known_issues: known_issues.to_owned(), ..request.candidate.notes };
    ReleaseCommand::Amend { notes: Box::new(notes), rollback: Box::new(request.rollback), by: id("ana") }
}

fn review(by: &str) -> ReleaseCommand {
    ReleaseCommand::ReviewBreakGlass { conclusion: "it was right".to_owned(), by: id(by) }
}

/// Good evidence for the environment that is asked for.
fn evidence(release: Option<&Release>) -> GateEvidence {
    let mut evidence = gate::sample(&POLICY, NOW).unwrap().evidence;
    let source = release.and_then(Release::request).and_then(|request| request.source);
    evidence.source = evidence.source.zip(source).map(|(mut seen, environment)| {
        seen.what.environment = environment;
        seen
    });
    if let Some(request) = release.and_then(Release::request) {
        evidence.rehearsals.iter_mut().for_each(|one| one.plan = request.rollback.digest());
    }
    evidence
}

fn promote(release: Option<&Release>) -> ReleaseCommand {
    ReleaseCommand::Promote { evidence: Box::new(evidence(release)), by: id("ana") }
}

fn step(state: Option<Release>, command: ReleaseCommand) -> Result<Option<Release>, Refused> {
    let events = Release::decide(state.as_ref(), command, &POLICY, NOW)?;
    Ok(events.into_iter().fold(state, Release::evolve))
}

fn must(state: Option<Release>, command: ReleaseCommand) -> Option<Release> {
    step(state, command).unwrap()
}

/// Asks, approves and promotes.
fn promoted(mut state: Option<Release>, environment: Environment) -> Option<Release> {
    state = must(state, ask(environment));
    for by in ["self-test-0-approver", "self-test-1-approver"] {
        let command = approve(state.as_ref(), by);
        state = must(state, command);
    }
    let command = promote(state.as_ref());
    must(state, command)
}

fn in_staging() -> Option<Release> {
    let mut state = must(None, draft());
    for environment in [Environment::Development, Environment::Integration, Environment::Staging] {
        state = must(promoted(state, environment), verify(environment));
    }
    state
}

fn status(state: &Option<Release>) -> String {
    state.as_ref().map_or("nothing".to_owned(), |release| release.status().to_string())
}

// Seed: "Promotions are environment-driven" and "Release notes published".
#[test]
fn goes_from_its_draft_through_every_environment() {
    let state = in_staging();
    let release = state.as_ref().unwrap();
    assert_eq!((release.status(), release.published_at), (Status::Verified, None));
    let asked = must(state.clone(), ask(Environment::Production));
    assert_eq!(asked.as_ref().unwrap().request().unwrap().source, Some(Environment::Staging));
    let state = must(promoted(state, Environment::Production), verify(Environment::Production));
    let release = state.unwrap();
    assert_eq!(release.published_at, Some(NOW));
    assert_eq!(release.placements.len(), 4);
    assert_eq!(release.progress(&place(Environment::Production)), Some(Progress::Verified));
}

// Seed: "No direct changes in production".
#[test]
fn nothing_reaches_production_past_the_gates() {
    let state = must(in_staging(), ask(Environment::Production));
    let refused = step(state.clone(), promote(state.as_ref())).unwrap_err();
    assert_eq!(refused.findings.len(), 1);
    assert_eq!(refused.findings[0].rule, "EAVIP-G04", "approvals are the release's own, not the caller's");

    let forged = Promotion {
        place: place(Environment::Production),
        decision: gate::decide(
            &state.as_ref().unwrap().request().unwrap(),
            &GateEvidence::default(),
            &POLICY,
            NOW,
        ),
        break_glass: None,
        by: id("ana"),
        at: NOW,
    };
    let after = Release::evolve(state.clone(), ReleaseEvent::Promoted(Box::new(forged)));
    assert_eq!(after, state, "an event without the gates' yes fits nothing");

    let early = must(must(None, draft()), ask(Environment::Production));
    let refused = step(early.clone(), promote(early.as_ref())).unwrap_err();
    assert!(refused.findings.iter().any(|finding| finding.rule == "EAVIP-G01"), "{refused}");
}

// Seed: "Rollback is mandatory for every release".
#[test]
fn cannot_be_drafted_without_a_way_back() {
    let request = gate::sample(&BUILTIN, NOW).unwrap().request;
    let rollback = RollbackPlan { binary: Undo::Unchanged, ..request.rollback };
    let refused = step(None, Release::draft(request.candidate, rollback, id("ana"))).unwrap_err();
    assert_eq!(refused.findings[0].rule, WAY_BACK.code);
    assert_eq!(refused.to_string(), "refused: the binary changes and the plan doesn't bring it back");
}

#[test]
fn every_state_answers_every_command() {
    let drafted = must(None, draft());
    let asked = must(drafted.clone(), ask(Environment::Development));
    let rolling = promoted(drafted.clone(), Environment::Development);
    let verified = must(rolling.clone(), verify(Environment::Development));
    let back = must(rolling.clone(), roll_back(Environment::Development));
    let withdrawn = must(verified.clone(), withdraw());
    let mut table = String::new();
    for state in [None, drafted, asked, rolling, verified, back, withdrawn] {
        let commands = [
            ("draft", draft()),
            ("amend", amend("one")),
            ("request", ask(Environment::Development)),
            ("approve", approve(state.as_ref(), "self-test-0-approver")),
            ("cancel", cancel()),
            ("promote", promote(state.as_ref())),
            ("verify", verify(Environment::Development)),
            ("roll back", roll_back(Environment::Development)),
            ("review", review("ben")),
            ("withdraw", withdraw()),
        ];
        for (asked, command) in commands {
            let answer = match step(state.clone(), command) {
                Ok(after) => status(&after),
                Err(refused) => refused.to_string(),
            };
            table += &format!("{} + {asked} -> {answer}\n", status(&state));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn the_three_duties_are_kept_apart() {
    let state = must(must(None, draft()), ask(Environment::Development));
    let refused = |by: &str| step(state.clone(), approve(state.as_ref(), by)).unwrap_err().to_string();
    assert_eq!(refused("self-test-requester"), "refused: `self-test-requester` asks for it");
    assert_eq!(
        refused("self-test-author"),
        "refused: `self-test-author` is no active person of the roster; `self-test-author` wrote it"
    );
    let once = must(state.clone(), approve(state.as_ref(), "ana"));
    let twice = step(once.clone(), approve(once.as_ref(), "ana")).unwrap_err();
    assert_eq!(twice.to_string(), "refused: `ana` has approved it");
    let command = approve(once.as_ref(), "ana");
    let expired = Release::decide(once.as_ref(), command, &POLICY, NOW + Span::from_secs(72 * 3_600));
    assert!(expired.is_ok(), "an approval that has expired may be given again");
    let unseen = ReleaseCommand::Approve { request: Digest128([9; 16]), by: id("ana") };
    let refused = step(state, unseen).unwrap_err().to_string();
    assert_eq!(refused, "refused: what was approved isn't what is asked for now");
}

#[test]
fn an_amendment_voids_what_was_approved() {
    let mut state = must(in_staging(), ask(Environment::Production));
    for by in ["self-test-0-approver", "self-test-1-approver"] {
        let command = approve(state.as_ref(), by);
        state = must(state, command);
    }
    let state = must(state, amend("exports are slow"));
    let refused = step(state.clone(), promote(state.as_ref())).unwrap_err();
    assert_eq!(refused.findings[0].rule, "EAVIP-G04");
    assert!(refused.to_string().contains("self-test-0-approver (other-request)"), "{refused}");
    let again = must(state.clone(), approve(state.as_ref(), "self-test-0-approver"));
    let again = must(again.clone(), approve(again.as_ref(), "self-test-1-approver"));
    assert!(step(again.clone(), promote(again.as_ref())).is_ok());
}

#[test]
fn a_rolled_back_release_is_no_source_and_may_come_again() {
    let state = must(in_staging(), roll_back(Environment::Staging));
    assert_eq!(status(&state), "rolled-back");
    let asked = must(state.clone(), ask(Environment::Production));
    assert_eq!(asked.unwrap().request().unwrap().source, Some(Environment::Integration));
    let state = must(promoted(state, Environment::Staging), verify(Environment::Staging));
    assert_eq!(state.unwrap().placements.len(), 3, "each place once");
}

#[test]
fn what_is_said_is_bounded() {
    let state = promoted(must(None, draft()), Environment::Development);
    for text in [" ".to_owned(), "x".repeat(1_001)] {
        let command =
            ReleaseCommand::RollBack { place: place(Environment::Development), reason: text, by: id("ana") };
        assert_eq!(step(state.clone(), command).unwrap_err().findings[0].rule, BOUNDS.code);
    }
    let amended = step(must(None, draft()), amend(&"x".repeat(notes::MAX_NOTE + 1))).unwrap_err();
    assert_eq!(amended.findings[0].rule, BOUNDS.code, "an amendment's own notes are looked at");
    let mut long = gate::sample(&BUILTIN, NOW).unwrap().request;
    long.candidate.fixes = (0..60).map(|at| format!("inc-{at}")).collect();
    let refused = step(None, Release::draft(long.candidate, long.rollback, id("ana"))).unwrap_err();
    assert_eq!(refused.to_string(), "refused: 60 fixed incidents are over the limit of 50");
}

#[test]
fn places_and_approvals_have_their_most() {
    let mut release = must(None, draft()).unwrap();
    let one = Placement { place: place(Environment::Production), progress: Progress::RolledBack, since: NOW };
    release.placements = vec![one; MAX_PLACES];
    let refused = step(Some(release.clone()), ask(Environment::Staging)).unwrap_err();
    assert_eq!(refused.findings[0].rule, BOUNDS.code);
    release.placements.clear();
    let mut release = must(Some(release), ask(Environment::Development)).unwrap();
    let approval = Approval { by: id("x"), request: Digest128([1; 16]), at: NOW };
    release.pending.as_mut().unwrap().approvals = vec![approval; MAX_KEPT_APPROVALS];
    let refused = step(Some(release.clone()), approve(Some(&release), "ana")).unwrap_err();
    assert_eq!(refused.findings[0].rule, BOUNDS.code);
}

/// Production without approvals, through broken glass.
fn broken() -> Option<Release> {
    let state = must(in_staging(), ask(Environment::Production));
    let mut evidence = evidence(state.as_ref());
    let incident = gate::OpenIncident {
        id: "inc-1".to_owned(),
        sev: crate::incident::sev::Sev::Sev1,
        acknowledged: true,
        commander: None,
        mitigated_at: None,
        rca_owner: None,
    };
    evidence.incidents = Some(Seen { at: NOW, what: vec![incident] });
    evidence.break_glass = Some(BreakGlass {
        by: [id("ana")].into(),
        paged: true,
        incident: "inc-1".to_owned(),
        justification: "the shop is down".to_owned(),
        rules: ["EAVIP-G04".to_owned(), "EAVIP-G05".to_owned()].into(),
        opened_at: NOW,
        until: NOW + Span::from_secs(3_600),
    });
    must(state, ReleaseCommand::Promote { evidence: Box::new(evidence), by: id("ana") })
}

// Seed: "No manual production changes without traceability".
#[test]
fn broken_glass_is_kept_and_reviewed_by_somebody_else() {
    let state = broken();
    let release = state.as_ref().unwrap();
    assert_eq!((release.status(), release.break_glass.len()), (Status::RollingOut, 1));
    assert_eq!(release.break_glass[0].reviewed_at, None);
    assert_eq!(step(state.clone(), review("ana")).unwrap_err().to_string(), "refused: `ana` used it");
    let state = must(state, review("ben"));
    assert_eq!(state.as_ref().unwrap().break_glass[0].reviewed_at, Some(NOW));
    let again = step(state, review("ben")).unwrap_err().to_string();
    assert_eq!(again, "refused: no use of break-glass waits for a review");
}

#[test]
fn a_release_with_unreviewed_broken_glass_goes_no_further() {
    let state = must(broken(), verify(Environment::Production));
    let other = Place { deployment: "other".parse().unwrap(), ..place(Environment::Production) };
    let mut state = must(state, ReleaseCommand::Request { place: other, by: id("self-test-requester") });
    for by in ["self-test-0-approver", "self-test-1-approver"] {
        let command = approve(state.as_ref(), by);
        state = must(state, command);
    }
    state.as_mut().unwrap().break_glass[0].at = NOW - Span::from_secs(25 * 3_600);
    let refused = step(state.clone(), promote(state.as_ref())).unwrap_err();
    assert_eq!(refused.findings[0].rule, "EAVIP-G10");
    let state = must(state, review("ben"));
    assert!(step(state.clone(), promote(state.as_ref())).is_ok());
}

#[test]
fn the_runbook_sets_numbers_and_approvers() {
    let text = r#"
        [team.site]
        [gate]
        installation = "customer"
        validations = ["build", "scan"]
        rollback_within = "5m"
        budget_for_major = 0.5
        group_size = 3
        soak.minor = "2h"
        [approval]
        lasts = "24h"
        [approval.minor]
        teams = ["site", "site"]
    "#;
    let release = Policy::load(&[Source::new("runbook.toml", text)]).unwrap().release;
    let default = ReleasePolicy::default();
    assert_eq!(
        release.gate.validations.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["build", "scan"]
    );
    assert_eq!(release.gate.rollback_limit(Mode::Byoc).to_string(), "5m");
    assert_eq!(release.gate.rollback_limit(Mode::OnPrem).to_string(), "1h");
    assert_eq!((release.gate.budget_for_major, release.gate.group_size), (0.5, 3));
    assert_eq!(release.gate.soak.minor.to_string(), "2h");
    assert_eq!(release.gate.soak.major, default.gate.soak.major);
    assert_eq!(release.approvals.teams.minor.len(), 2);
    assert_eq!(release.approvals.lasts.to_string(), "1d");
    assert_eq!(Policy::builtin().release, default);
}

#[test]
fn every_mistake_in_the_runbook_is_told_at_once() {
    let text = r#"
        [gate]
        instalation = "customer"
        validations = []
        skew = "10m"
        drill_age = "10s"
        soak.mayor = "2h"
        [approval.patch]
        teams = ["platform-operation", "platform-operations"]
        [approval.minor]
        teams = []
    "#;
    let problems = Policy::load(&[Source::new("runbook.toml", text)]).unwrap_err();
    let tell = |problem: &crate::policy::Problem| {
        format!("{} {} {} ({})\n", problem.place(), problem.code, problem.message, problem.remedy)
    };
    let told: String = problems.iter().map(tell).collect();
    insta::assert_snapshot!(told);
}

/// One command of any kind, made for the state that it meets.
fn any_command(which: usize, state: Option<&Release>) -> ReleaseCommand {
    let environment = Environment::ALL[which % 4];
    match which / 4 {
        0 => draft(),
        1 => ask(environment),
        2 => approve(state, ["ana", "ben", "self-test-0-approver", "self-test-1-approver"][which % 4]),
        3 => promote(state),
        4 => verify(environment),
        5 => roll_back(environment),
        6 => amend(["one", "two", "none", "three"][which % 4]),
        7 if which % 4 == 3 => withdraw(),
        7 if which % 4 == 2 => cancel(),
        _ => review("ben"),
    }
}

/// Every command; evidence is as old as ever.
fn commands(state: Option<&Release>, now: Timestamp) -> Vec<ReleaseCommand> {
    let later = now.as_millis() - NOW.as_millis();
    let fresh = |command| match command {
        ReleaseCommand::Promote { evidence, by } => {
            ReleaseCommand::Promote { evidence: Box::new(testing::moved(&*evidence, later)), by }
        }
        command => command,
    };
    (0..32).map(|which| fresh(any_command(which, state))).collect()
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    // Drafted, amended, asked for and cancelled; or asked for, approved twice, promoted to development and verified, then
    // withdrawn; or rolled back at once.
    let histories =
        [&[0, 25, 4, 30][..], &[0, 4, 10, 11, 12, 16, 31], &[0, 4, 10, 11, 12, 20]].map(|picks| {
            let steps: Vec<(usize, i64)> = picks.iter().map(|which| (*which, 0)).collect();
            testing::play(&[], &steps, commands, &POLICY, NOW).events
        });
    insta::assert_snapshot!(testing::moves::<Release>(&histories));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps(), weeks in testing::weeks()) {
        testing::keeps_its_promises(&steps, weeks, commands, &POLICY).counts_each_event_once();
    }
}

proptest! {
    #[test]
    fn replay_gives_the_same_state_and_refusals_leave_it(which in prop::collection::vec(0..32usize, 1..40)) {
        let mut state = None;
        let mut events = Vec::new();
        for which in [0].into_iter().chain(which) {
            let command = any_command(which, state.as_ref());
            if let Ok(more) = Release::decide(state.as_ref(), command, &POLICY, NOW) {
                state = more.iter().cloned().fold(state, Release::evolve);
                events.extend(more);
            }
            let again = Release::replay(events.clone());
            prop_assert_eq!(&again, &state);
        }
        let json = serde_json::to_string(&events).unwrap();
        let read: Vec<ReleaseEvent> = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&read, &events);
        // Whatever is in Production was let through by the gates, after the environment before it.
        let mut verified = None;
        for event in &events {
            match event {
                ReleaseEvent::Promoted(promotion) => {
                    prop_assert_eq!(promotion.decision.verdict, Verdict::Allow);
                    let next = verified.map_or(Some(Environment::Development), Environment::next);
                    prop_assert!(Some(promotion.place.environment) <= next);
                }
                ReleaseEvent::Verified { place, .. } => verified = verified.max(Some(place.environment)),
                _ => {}
            }
        }
    }
}
