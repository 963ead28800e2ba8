//! Tests of the judgement over a plan: each thing that is missing or bad shows in its own rule, and less or older evidence
//! never makes it better.

use proptest::prelude::*;

use super::super::drill::{DrillCommand, Shown};
use super::super::evidence::{Backup, Principal};
use super::super::plan::tests::plan;
use super::super::procedure::Phase;
use super::super::verify::Check;
use super::*;
use crate::aggregate::Aggregate as _;
use crate::decision::Verdict;
use crate::finding::Outcome;
use crate::id::Digest256;
use crate::mode::Mode;

const MANIFEST: Digest256 = Digest256([7; 32]);
const DAY: i64 = 24;

/// A moment so many hours after the one that everything is judged at.
fn at(hours: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + hours * 3_600_000)
}

fn backup(hours: i64, run: fn(Timestamp) -> Run) -> Backup {
    let id = format!("b{}", hours + 100_000).parse().unwrap();
    Backup { id, started_at: at(hours), run: run(at(hours)) }
}

fn completed(started_at: Timestamp) -> Run {
    Run::Completed { at: started_at, manifest: MANIFEST }
}

fn failed(started_at: Timestamp) -> Run {
    Run::Failed { at: started_at }
}

fn check(hours: i64, read: &str, found: Found) -> Check {
    Check { at: at(hours), read: read.parse().ok(), found }
}

/// A drill that begins at a moment and goes on as its steps show.
fn drill(plan: &Plan, hours: i64, shown: fn(Phase) -> Option<Shown>) -> Drill {
    let by: crate::id::PersonId = "ana".parse().unwrap();
    let apply = |drill: Option<Drill>, command| {
        Drill::decide(drill.as_ref(), command, plan, at(hours))
            .unwrap()
            .into_iter()
            .fold(drill, Drill::evolve)
    };
    let mut drill = apply(None, DrillCommand::Plan { by: by.clone() });
    drill = apply(drill, DrillCommand::Start { by, backup: "b1".parse().unwrap(), manifest: MANIFEST });
    while let Some((step, phase)) =
        drill.as_ref().filter(|drill| drill.ended.is_none()).and_then(Drill::next_step)
    {
        let Some(shown) = shown(phase) else { break };
        drill = apply(drill, DrillCommand::Take { step, shown });
    }
    drill.unwrap()
}

fn well(phase: Phase) -> Option<Shown> {
    Some(match phase {
        Phase::Compare => Shown::Compared { manifest: MANIFEST, different: 0 },
        Phase::CheckHealth => Shown::Exited { code: 0 },
        Phase::Prepare | Phase::Restore | Phase::CleanUp => Shown::Done,
    })
}

fn badly(_: Phase) -> Option<Shown> {
    Some(Shown::NotDone)
}

fn unfinished(_: Phase) -> Option<Shown> {
    None
}

fn principal(name: &str, team: Option<&str>) -> Principal {
    Principal { name: name.into(), team: team.map(|team| team.parse().unwrap()) }
}

fn seen(hours: i64) -> Observed {
    let principals = vec![principal("backup-writer", Some("platform-operations"))];
    Observed { at: at(hours), encrypted: true, principals }
}

/// Everything as it should be.
fn healthy() -> Evidence {
    Evidence {
        mode: Mode::Saas,
        since: at(-100 * DAY),
        backups: vec![backup(-8, completed), backup(-2, completed)],
        checks: vec![check(-20 * DAY, "1/1", Found::Intact), check(-1, "", Found::Intact)],
        drills: vec![drill(&plan(), -80 * DAY, well)],
        repository: Some(seen(-1)),
    }
}

fn judge(evidence: &Evidence) -> Decision {
    assess(&plan(), evidence, &BackupPolicy::default(), at(0))
}

/// What doesn't pass: code and outcome.
fn amiss(decision: &Decision) -> Vec<(String, Outcome)> {
    let amiss = decision.findings.iter().filter(|finding| finding.outcome != Outcome::Pass);
    amiss.map(|finding| (finding.rule.strip_prefix("EAVIP-").unwrap().to_owned(), finding.outcome)).collect()
}

#[test]
fn a_data_set_that_is_looked_after_passes_every_rule() {
    let decision = judge(&healthy());
    assert_eq!((decision.verdict, amiss(&decision)), (Verdict::Allow, Vec::new()));
    let codes: Vec<&str> = decision.findings.iter().map(|finding| &*finding.rule).collect();
    let expected: Vec<&str> = RULES.iter().chain([&AS_WRITTEN]).map(|rule| rule.code).collect();
    assert_eq!(codes, expected, "each rule speaks once, in its place");
}

/// What is done to healthy evidence, and the rules that show it.
type Row = (&'static str, fn(&mut Evidence), &'static [(&'static str, Outcome)]);

fn shows(table: &[Row]) {
    for (name, change, expected) in table {
        let mut evidence = healthy();
        change(&mut evidence);
        let expected: Vec<(String, Outcome)> =
            expected.iter().map(|(code, outcome)| ((*code).into(), *outcome)).collect();
        let decision = judge(&evidence);
        assert_eq!(amiss(&decision), expected, "{name}: {:#?}", decision.findings);
        for finding in decision.blocking() {
            assert!(!finding.remedy.is_empty(), "{name}: {} says what to do next", finding.rule);
        }
    }
}

// Seed: "Automated backups scheduled", "Backup integrity verified".
#[test]
fn a_backup_or_check_that_is_missing_or_bad_shows_in_its_own_rule() {
    use Outcome::{Fail, Undetermined};
    shows(&[
        ("no backup", |e| e.backups.clear(), &[("Q01", Fail), ("Q02", Fail)]),
        ("no backup for long", |e| drop(e.backups.remove(1)), &[("Q01", Fail)]),
        ("only failed runs since", |e| e.backups[1].run = failed(at(-2)), &[("Q01", Fail)]),
        (
            "as old as the recovery point allows",
            |e| e.backups = vec![backup(-12, completed), backup(-2, |_| Run::Running)],
            &[],
        ),
        ("one is running", |e| e.backups[1].run = Run::Running, &[]),
        ("the last run failed and time is left", |e| e.backups.push(backup(-1, failed)), &[]),
        ("never checked", |e| e.checks.clear(), &[("Q02", Fail), ("Q03", Fail), ("Q04", Fail)]),
        ("not checked of late", |e| e.checks[1].at = at(-13), &[("Q02", Fail), ("Q03", Fail)]),
        (
            "a check that couldn't be carried out",
            |e| e.checks.push(check(0, "", Found::Error)),
            &[("Q03", Undetermined)],
        ),
        ("damage", |e| e.checks.push(check(0, "3/7", Found::Damaged)), &[("Q02", Fail), ("Q03", Fail)]),
        ("bytes that nobody read for long", |e| e.checks[0].at = at(-31 * DAY), &[("Q04", Fail)]),
    ]);
}

// Seed: "Backups are encrypted and access-controlled.", "Periodic recovery drills conducted".
#[test]
fn a_repository_or_drill_that_is_amiss_shows_in_its_own_rule() {
    use Outcome::{Fail, Undetermined};
    shows(&[
        (
            "nobody looked at the repository",
            |e| e.repository = None,
            &[("Q05", Undetermined), ("Q06", Undetermined)],
        ),
        (
            "nobody looked of late",
            |e| e.repository = Some(seen(-25)),
            &[("Q05", Undetermined), ("Q06", Undetermined)],
        ),
        (
            "a look ahead of the clock",
            |e| e.repository = Some(seen(1)),
            &[("Q05", Undetermined), ("Q06", Undetermined)],
        ),
        ("readable", |e| e.repository = Some(Observed { encrypted: false, ..seen(-1) }), &[("Q05", Fail)]),
        (
            "readable when last seen",
            |e| e.repository = Some(Observed { encrypted: false, ..seen(-99) }),
            &[("Q05", Fail), ("Q06", Undetermined)],
        ),
        (
            "strangers",
            |e| {
                let strangers = [principal("everyone", None), principal("intern", Some("site"))];
                e.repository.as_mut().unwrap().principals.extend(strangers);
            },
            &[("Q06", Fail)],
        ),
        (
            "seen without anybody",
            |e| e.repository.as_mut().unwrap().principals.clear(),
            &[("Q05", Undetermined), ("Q06", Undetermined)],
        ),
        (
            "never drilled",
            |e| e.drills.clear(),
            &[("Q20", Fail), ("Q21", Undetermined), ("Q22", Undetermined)],
        ),
        (
            "a failed drill at the same moment",
            |e| e.drills.push(drill(&plan(), -80 * DAY, badly)),
            &[("Q20", Fail)],
        ),
        ("a failed drill since", |e| e.drills.push(drill(&plan(), -1, badly)), &[("Q20", Fail)]),
        ("a drill that never ended", |e| e.drills.push(drill(&plan(), -25, unfinished)), &[("Q20", Fail)]),
        ("a drill under way", |e| e.drills.push(drill(&plan(), -1, unfinished)), &[]),
    ]);
}

// Seed: "Periodic recovery drills conducted": 90 days, 30 for a data set of a SEV-1 service.
#[test]
fn a_drill_counts_for_its_own_plan_as_it_is_now() {
    let mut sev1 = plan();
    sev1.drill_every = BackupPolicy::default().drill_every(crate::incident::sev::Sev::Sev1);
    let judge = |plan: &Plan| amiss(&assess(plan, &healthy(), &BackupPolicy::default(), at(0)));
    assert_eq!(judge(&sev1), [("Q20".to_owned(), Outcome::Fail)]);
    let mut changed = plan();
    changed.health = "another-test".parse().unwrap();
    assert_eq!(judge(&changed), [("Q22".to_owned(), Outcome::Undetermined)]);
    let mut faster = plan();
    faster.rto = Span::ZERO;
    assert_eq!(
        judge(&faster),
        [("Q22".to_owned(), Outcome::Undetermined)],
        "the objective is part of the procedure"
    );
    let mut other = plan();
    other.id = "other".parse().unwrap();
    assert_eq!(judge(&other).len(), 3, "a drill of another plan proves nothing");

    let mut slow = healthy();
    if let Some(End::Passed(passed)) = &mut slow.drills[0].ended {
        passed.measured = Span::from_secs(3_601);
    }
    assert_eq!(
        amiss(&super::assess(&plan(), &slow, &BackupPolicy::default(), at(0))),
        [("Q21".to_owned(), Outcome::Fail)]
    );
}

#[test]
fn a_plan_of_today_is_not_known_to_be_kept_and_has_not_failed_yet() {
    let young =
        Evidence { since: at(0), backups: Vec::new(), checks: Vec::new(), drills: Vec::new(), ..healthy() };
    let decision = judge(&young);
    assert_eq!(decision.verdict, Verdict::Hold);
    assert!(amiss(&decision).iter().all(|(_, outcome)| *outcome == Outcome::Undetermined));
    let inherited = Evidence { since: at(0), ..healthy() };
    assert_eq!(judge(&inherited).verdict, Verdict::Allow, "what was done before the plan counts");
}

#[test]
fn counts_every_stranger_and_names_the_first() {
    let mut open = healthy();
    let strangers = (0..30).map(|at| principal(&format!("account-{at}"), None));
    open.repository.as_mut().unwrap().principals.extend(strangers);
    let decision = judge(&open);
    let finding = decision.blocking().next().unwrap();
    assert_eq!(finding.measured.map(|measured| measured.value), Some(30.0));
    assert_eq!(finding.evidence.len(), MAX_NAMED);
}

#[test]
fn the_owner_is_the_one_of_the_deployments_mode() {
    for (mode, team) in [(Mode::Saas, "platform-operations"), (Mode::OnPrem, "site")] {
        let decision = judge(&Evidence { mode, ..healthy() });
        assert!(
            decision
                .findings
                .iter()
                .all(|finding| finding.owner.as_ref().is_some_and(|own| own.as_str() == team))
        );
    }
}

#[test]
fn what_is_found_reads_alone() {
    let empty = Evidence {
        backups: Vec::new(),
        checks: Vec::new(),
        drills: Vec::new(),
        repository: None,
        ..healthy()
    };
    let mut bad = healthy();
    bad.backups.push(backup(-1, failed));
    bad.checks.push(check(0, "3/7", Found::Damaged));
    bad.drills.push(drill(&plan(), -1, badly));
    bad.repository =
        Some(Observed { encrypted: false, principals: vec![principal("everyone", None)], ..seen(-1) });
    let mut table = String::new();
    for (name, evidence) in [("nothing", empty), ("bad", bad), ("healthy", healthy())] {
        for finding in judge(&evidence).findings {
            let remedy =
                if finding.remedy.is_empty() { String::new() } else { format!(" -> {}", finding.remedy) };
            table += &format!("{name}: {} {} {}{remedy}\n", finding.rule, finding.outcome, finding.message);
        }
    }
    insta::assert_snapshot!(table);
}

/// Evidence from the last days, none of it ahead of the clock.
fn evidence() -> impl Strategy<Value = Evidence> {
    let run = prop_oneof![
        4 => Just(completed as fn(Timestamp) -> Run),
        1 => Just(failed as fn(Timestamp) -> Run),
        1 => Just((|_| Run::Running) as fn(Timestamp) -> Run),
    ];
    let found = prop_oneof![6 => Just(Found::Intact), 1 => Just(Found::Damaged), 1 => Just(Found::Error)];
    let read = prop_oneof![Just(""), Just("1/1"), Just("1/2"), Just("2/2")];
    let ago = || prop_oneof![3 => -30i64..=0, 1 => -2_400i64..=0];
    let shown = prop_oneof![
        4 => Just(well as fn(Phase) -> Option<Shown>),
        1 => Just(badly as fn(Phase) -> Option<Shown>),
        1 => Just(unfinished as fn(Phase) -> Option<Shown>),
    ];
    let repository = prop::option::weighted(0.8, ago().prop_map(seen));
    (
        ago(),
        prop::collection::vec((ago(), run), 0..5),
        prop::collection::vec((ago(), read, found), 0..6),
        prop::collection::vec((ago(), shown), 0..3),
        repository,
    )
        .prop_map(|(since, backups, checks, drills, repository)| Evidence {
            mode: Mode::Saas,
            since: at(since),
            backups: backups.into_iter().map(|(hours, run)| backup(hours, run)).collect(),
            checks: checks.into_iter().map(|(hours, read, found)| check(hours, read, found)).collect(),
            drills: drills.into_iter().map(|(hours, shown)| drill(&plan(), hours, shown)).collect(),
            repository,
        })
}

/// Whether no rule judges better than before.
fn no_better(before: &Decision, after: &Decision) -> bool {
    let pairs = before.findings.iter().zip(&after.findings);
    after.verdict >= before.verdict
        && pairs.into_iter().all(|(before, after)| after.outcome >= before.outcome)
}

proptest! {
    #[test]
    fn ageing_never_improves(evidence in evidence(), hours in 0i64..3_000) {
        let later = assess(&plan(), &evidence, &BackupPolicy::default(), at(hours));
        prop_assert!(no_better(&judge(&evidence), &later), "{evidence:?}");
    }

    #[test]
    fn removing_what_is_good_never_improves(evidence in evidence(), which: prop::sample::Index) {
        let before = judge(&evidence);
        let mut good: Vec<Evidence> = Vec::new();
        for at in 0..evidence.backups.len() {
            let mut less = evidence.clone();
            if !matches!(less.backups.remove(at).run, Run::Failed { .. }) { good.push(less); }
        }
        for at in 0..evidence.checks.len() {
            let mut less = evidence.clone();
            if less.checks.remove(at).found == Found::Intact { good.push(less); }
        }
        for at in 0..evidence.drills.len() {
            let mut less = evidence.clone();
            if less.drills.remove(at).passed().is_some() { good.push(less); }
        }
        good.push(Evidence { repository: None, ..evidence });
        let less = &good[which.index(good.len())];
        prop_assert!(no_better(&before, &judge(less)), "{less:?}");
    }

    #[test]
    fn adding_what_is_bad_never_improves(evidence in evidence(), hours in -50i64..=0, which in 0..6) {
        let mut worse = evidence.clone();
        match which {
            0 => worse.backups.push(backup(hours, failed)),
            1 => worse.checks.push(check(hours, "1/2", Found::Damaged)),
            2 => worse.checks.push(check(hours, "", Found::Error)),
            3 => worse.drills.push(drill(&plan(), hours, badly)),
            4 => worse.repository.iter_mut().for_each(|seen| seen.principals.push(principal("x", None))),
            _ => worse.repository.iter_mut().for_each(|seen| seen.encrypted = false),
        }
        prop_assert!(no_better(&judge(&evidence), &judge(&worse)), "{worse:?}");
    }

    #[test]
    fn evidence_survives_json_and_is_judged_the_same(evidence in evidence()) {
        let json = serde_json::to_string(&evidence).unwrap();
        let read: Evidence = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(judge(&read), judge(&evidence));
        prop_assert_eq!(read, evidence);
    }

    #[test]
    fn shifting_every_moment_changes_no_outcome(evidence in evidence(), millis in -1_000_000_000i64..1_000_000_000) {
        let shift = |at: Timestamp| Timestamp::from_millis(at.as_millis() + millis);
        let text = serde_json::to_value(&evidence).unwrap();
        let shifted: Evidence = serde_json::from_value(shifted(text, &shift)).unwrap();
        let outcomes = |decision: Decision| decision.findings.into_iter().map(|one| one.outcome).collect::<Vec<_>>();
        let later = assess(&plan(), &shifted, &BackupPolicy::default(), shift(at(0)));
        prop_assert_eq!(outcomes(later), outcomes(judge(&evidence)));
    }
}

/// Moves every moment of a document.
fn shifted(value: serde_json::Value, shift: &impl Fn(Timestamp) -> Timestamp) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(at) => Value::String(shift(at).to_string()),
            Err(_) => Value::String(text),
        },
        Value::Array(list) => list.into_iter().map(|value| shifted(value, shift)).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, shifted(value, shift))).collect(),
        other => other,
    }
}
