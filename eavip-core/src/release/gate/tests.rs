//! Tests of the gates: each on every answer that it can give, the whole on missing and old evidence and on break-glass.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::self_test::{Sample, sample};
use super::*;
use crate::decision::Verdict;
use crate::id::Digest256;
use crate::incident::sev::Sev;
use crate::mode::Mode;
use crate::release::approval::Approval;
use crate::release::break_glass::{BreakGlass, Use};
use crate::release::candidate::{Change, ChangeKind, Surface};
use crate::release::freeze::{Freeze, FreezeKind};
use crate::release::rollback::Undo;
use crate::roster::{Party, Person};

mod answers;
mod breaking_glass;
mod properties;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const HOUR: Span = Span::from_secs(3_600);
const DAY: Span = Span::from_secs(86_400);

static BUILTIN: LazyLock<Policy> = LazyLock::new(Policy::builtin);

/// Makes one thing bad.
type Spoil = fn(&mut Sample);

fn good() -> Sample {
    sample(&BUILTIN, NOW).unwrap()
}

fn spoiled(spoil: impl FnOnce(&mut Sample)) -> Sample {
    let mut sample = good();
    spoil(&mut sample);
    sample
}

fn finding(decision: &Decision, code: &str) -> Finding {
    decision.findings.iter().find(|finding| finding.rule == code).cloned().unwrap()
}

fn change(sample: &mut Sample, kind: ChangeKind, touches: &[Surface], irreversible: bool) {
    let touches: BTreeSet<Surface> = touches.iter().copied().collect();
    let change = Change { kind, summary: "a change".to_owned(), touches, irreversible };
    sample.request.candidate.changes.push(change);
}

fn person(sample: &mut Sample, id: &str, team: &str) {
    let teams = BTreeSet::from([team.parse().unwrap()]);
    let person = Person { name: id.to_owned(), teams, active: true };
    sample.policy.roster.people.insert(id.parse().unwrap(), person);
}

fn approve_by(sample: &mut Sample, id: &str) {
    let approval = Approval { by: id.parse().unwrap(), request: sample.request.digest(), at: sample.now };
    sample.evidence.approvals.push(approval);
}

fn incident(sev: Sev) -> OpenIncident {
    OpenIncident {
        id: "inc-1".to_owned(),
        sev,
        acknowledged: true,
        commander: Some("cora".parse().unwrap()),
        mitigated_at: None,
        rca_owner: None,
    }
}

fn open(sample: &mut Sample, incident: OpenIncident) {
    sample.evidence.incidents.as_mut().unwrap().what.push(incident);
}

/// A release that ends `inc-1`, with or without the approval of its commander.
fn fixing(sample: &mut Sample, approved: bool) {
    open(sample, incident(Sev::Sev2));
    person(sample, "cora", "platform-operations");
    sample.request.candidate.fixes.insert("inc-1".to_owned());
    sample.approve(Kind::Minor);
    if approved {
        approve_by(sample, "cora");
    }
}

fn major(sample: &mut Sample) {
    sample.request.candidate.version = "2.0.0".parse().unwrap();
    sample.request.candidate.kind = Kind::Major;
    sample.approve(Kind::Major);
}

fn patch(sample: &mut Sample) {
    sample.request.candidate.version = "1.0.1".parse().unwrap();
    sample.request.candidate.kind = Kind::Patch;
    sample.request.candidate.changes.clear();
    change(sample, ChangeKind::Fix, &[], false);
    sample.approve(Kind::Patch);
}

fn budget(sample: &mut Sample, left: f64, burn: Burn) {
    let budget = sample.evidence.budgets.as_mut().unwrap().what.first_mut().unwrap();
    (budget.left, budget.burn) = (left, burn);
}

fn backup(sample: &mut Sample) -> &mut Backup {
    sample.evidence.backups.as_mut().unwrap().what.first_mut().unwrap()
}

fn in_mode(sample: &mut Sample, mode: Mode) {
    sample.request.mode = mode;
    target(sample).mode = mode;
}

fn source(sample: &mut Sample) -> &mut Source {
    &mut sample.evidence.source.as_mut().unwrap().what
}

fn target(sample: &mut Sample) -> &mut Target {
    &mut sample.evidence.target.as_mut().unwrap().what
}

fn figures(sample: &mut Sample) -> &mut OwnerFigures {
    &mut sample.evidence.owners.as_mut().unwrap().what
}

fn freeze(kind: FreezeKind, from: Timestamp, until: Timestamp) -> Freeze {
    Freeze {
        kind,
        environment: Environment::Production,
        owner: "platform-operations".parse().unwrap(),
        reason: "end of quarter".to_owned(),
        from,
        until,
    }
}

fn freezing(sample: &mut Sample, freeze: Freeze) {
    sample.evidence.holds.as_mut().unwrap().what.freezes.push(freeze);
}

fn rehearse(sample: &mut Sample, took: Span, at: Timestamp) {
    let plan = sample.request.rollback.digest();
    let from = sample.request.candidate.version.clone();
    for one in &mut sample.evidence.rehearsals {
        (one.took, one.at, one.plan, one.from) = (took, at, plan, from.clone());
    }
}

fn restoring(sample: &mut Sample) {
    change(sample, ChangeKind::Feature, &[Surface::Schema], true);
    let steps = vec!["restore".to_owned()];
    sample.request.rollback.schema = Undo::Restore { backup: "shop".to_owned(), steps };
    sample.approve(Kind::Minor);
    rehearse(sample, Span::from_secs(60), sample.now);
}

fn break_glass(sample: &mut Sample, rules: &[&str]) {
    person(sample, "ana", "platform-operations");
    person(sample, "ben", "platform-operations");
    open(sample, incident(Sev::Sev1));
    sample.evidence.break_glass = Some(BreakGlass {
        by: ["ana", "ben"].iter().map(|id| id.parse().unwrap()).collect(),
        paged: false,
        incident: "inc-1".to_owned(),
        justification: "the shop is down".to_owned(),
        rules: rules.iter().map(|code| (*code).to_owned()).collect(),
        opened_at: sample.now,
        until: sample.now + HOUR,
    });
}

// Seed: "Automated validation gates".
#[test]
fn a_release_with_all_its_evidence_goes_through() {
    let decision = good().decide();
    let codes: Vec<&str> = decision.findings.iter().map(|finding| finding.rule.as_ref()).collect();
    assert_eq!(codes, RULES.iter().map(|rule| rule.code).collect::<Vec<_>>());
    assert_eq!(codes.len(), 16);
    assert!(decision.findings.iter().all(|one| one.outcome == Outcome::Pass), "{:#?}", decision.findings);
    assert_eq!((decision.verdict, decision.retry_after), (Verdict::Allow, None));
}

#[test]
fn every_gate_blocks_once_in_the_self_test() {
    let shown = self_test(&Policy::builtin());
    let mut told = String::new();
    for (one, rule) in shown.iter().zip(RULES) {
        assert_eq!(one.rule, rule.code);
        assert!(one.blocks(), "{} blocks nothing", one.rule);
        let blocking: Vec<&str> = one.decision.blocking().map(|finding| finding.rule.as_ref()).collect();
        told += &format!("{} {}: {}\n", one.rule, one.decision.verdict, blocking.join(" "));
    }
    assert_eq!(shown.len(), 16);
    insta::assert_snapshot!(told);
}

#[test]
fn a_gate_that_lets_through_or_stays_silent_blocks_nothing() {
    let shown = |decision| self_test::Shown { rule: "EAVIP-G01".into(), decision };
    assert!(!shown(good().decide()).blocks());
    assert!(!shown(spoiled(|s| s.evidence.validations.clear()).decide()).blocks(), "another gate did");
    assert!(shown(spoiled(|s| s.request.source = None).decide()).blocks());
}

fn used(sample: &mut Sample, at: Timestamp, reviewed_at: Option<Timestamp>) {
    let by = BTreeSet::from(["ana".parse().unwrap()]);
    let one = Use { release: "older".parse().unwrap(), by, at, reviewed_at };
    sample.evidence.holds.as_mut().unwrap().what.break_glass.push(one);
}

// Seed: "On-Prem and Cloud operations follow the same logic".
#[test]
fn the_same_gates_speak_in_every_mode_and_fewer_below_production() {
    let spoken = |sample: &Sample| {
        let speaks = |one: &&Finding| one.outcome != Outcome::NotApplicable;
        let decision = sample.decide();
        decision.findings.iter().filter(speaks).map(|one| one.rule.to_string()).collect::<Vec<_>>()
    };
    for mode in Mode::ALL {
        assert_eq!(spoken(&spoiled(|s| in_mode(s, *mode))).len(), 16, "{mode}");
    }
    for target in [Environment::Development, Environment::Integration, Environment::Staging] {
        let below = spoken(&spoiled(|s| s.request.target = target));
        let silent = ["EAVIP-G04", "EAVIP-G05", "EAVIP-G06", "EAVIP-G07", "EAVIP-G13", "EAVIP-G15"];
        assert!(silent.iter().all(|code| !below.iter().any(|one| one == code)), "{target}");
        assert_eq!(below.len(), 10, "{target}");
    }
    let first = spoiled(|s| (s.request.source, s.request.target) = (None, Environment::Development)).decide();
    assert_eq!(first.verdict, Verdict::Allow, "{:#?}", first.findings);
    assert_eq!(finding(&first, "EAVIP-G02").outcome, Outcome::NotApplicable);
}

#[test]
fn what_was_not_seen_lately_never_passes() {
    type Unsee = fn(&mut GateEvidence, Option<Timestamp>);
    fn unsee<T>(seen: &mut Option<Seen<T>>, at: Option<Timestamp>) {
        *seen = seen.take().zip(at).map(|(seen, at)| Seen { at, what: seen.what });
    }
    let groups: [(Unsee, &[&str]); 8] = [
        (|e, at| unsee(&mut e.source, at), &["G02", "G15"]),
        (|e, at| unsee(&mut e.target, at), &["G04", "G08", "G11", "G12", "G14"]),
        (|e, at| unsee(&mut e.incidents, at), &["G05"]),
        (|e, at| unsee(&mut e.budgets, at), &["G06"]),
        (|e, at| unsee(&mut e.backups, at), &["G07"]),
        (|e, at| unsee(&mut e.configuration, at), &["G09"]),
        (|e, at| unsee(&mut e.holds, at), &["G10"]),
        (|e, at| unsee(&mut e.owners, at), &["G13"]),
    ];
    let lasts = GatePolicy::default().evidence_lasts;
    for (unsee, codes) in groups {
        for at in [None, Some(NOW - lasts - Span::from_millis(1)), Some(NOW + Span::from_secs(6))] {
            let decision = spoiled(|sample| unsee(&mut sample.evidence, at)).decide();
            assert_eq!(decision.verdict, Verdict::Hold, "{codes:?} {at:?}");
            let held: Vec<_> = decision.blocking().map(|one| one.rule.trim_start_matches("EAVIP-")).collect();
            assert!(codes.iter().all(|code| held.contains(code)), "{codes:?} {at:?}: {held:?}");
        }
        for at in [NOW - lasts, NOW + Span::from_secs(5)] {
            let decision = spoiled(|sample| unsee(&mut sample.evidence, Some(at))).decide();
            assert_eq!(decision.verdict, Verdict::Allow, "{codes:?} {at}");
        }
    }
    let nothing = spoiled(|sample| sample.evidence = GateEvidence::default()).decide();
    assert_eq!(nothing.verdict, Verdict::Hold);
    insta::assert_snapshot!(finding(&nothing, "EAVIP-G05").message, @"nobody looked at which incidents are open");
}

#[test]
fn a_release_counts_as_major_while_what_is_installed_was_not_seen_and_says_so() {
    let decision = spoiled(|sample| sample.evidence.target = None).decide();
    for code in ["EAVIP-G04", "EAVIP-G15"] {
        let message = finding(&decision, code).message;
        assert!(message.contains("a major release (what is installed wasn't seen)"), "{message}");
    }
    assert!(!finding(&good().decide(), "EAVIP-G15").message.contains("wasn't seen"));
}

#[test]
fn a_soak_says_when_it_is_over() {
    let mut sample = spoiled(|sample| source(sample).running_since = NOW - HOUR);
    let decision = sample.decide();
    assert_eq!((decision.verdict, decision.retry_after), (Verdict::Hold, Some(NOW + HOUR.times(23))));
    let later = NOW + HOUR.times(23);
    sample.evidence.source.as_mut().unwrap().at = later;
    sample.evidence.target.as_mut().unwrap().at = later;
    let later = decide(&sample.request, &sample.evidence, &sample.policy, later);
    assert_eq!(finding(&later, "EAVIP-G15").outcome, Outcome::Pass);
}

#[test]
fn several_things_in_the_way_clear_when_the_last_one_does() {
    let sample = spoiled(|sample| {
        freezing(sample, freeze(FreezeKind::Hold, NOW, NOW + DAY));
        freezing(sample, freeze(FreezeKind::Freeze, NOW, NOW + HOUR));
    });
    let found = finding(&sample.decide(), "EAVIP-G10");
    assert_eq!((found.outcome, found.clears_at), (Outcome::Fail, Some(NOW + DAY)));
    let sample = spoiled(|sample| {
        freezing(sample, freeze(FreezeKind::Freeze, NOW, NOW + HOUR));
        used(sample, NOW - DAY - DAY, None);
    });
    assert_eq!(finding(&sample.decide(), "EAVIP-G10").clears_at, None, "a review doesn't come by itself");
}

#[test]
fn findings_stay_short_whatever_the_evidence_holds() {
    let sample = spoiled(|sample| {
        for at in 0..500 {
            let id = format!("{at}-{}", "x".repeat(10_000));
            open(sample, OpenIncident { id: id.clone(), ..incident(Sev::Sev1) });
            let found = &mut sample.evidence.configuration.as_mut().unwrap().what;
            found.undeclared_keys.push(id);
        }
    });
    for found in sample.decide().findings {
        assert!(found.message.len() < 2_000, "{}: {} bytes", found.rule, found.message.len());
        assert!(found.evidence.len() <= MAX_CITED);
        assert!(found.evidence.iter().all(|id| id.len() <= 100), "{}", found.rule);
    }
}

#[test]
fn a_decision_names_what_was_judged() {
    let sample = good();
    let basis = sample.decide().basis;
    assert_eq!((basis.policy, basis.at), (sample.policy.digest, NOW));
    let other = spoiled(|sample| budget(sample, 0.9, Burn::None)).decide().basis;
    assert_ne!(basis.evidence, other.evidence);
    let other = spoiled(|sample| sample.request.requester = "somebody".parse().unwrap()).decide().basis;
    assert_ne!(basis.evidence, other.evidence);
}

#[test]
fn evidence_and_requests_survive_json() {
    let sample = spoiled(|sample| break_glass(sample, &["EAVIP-G05"]));
    let json = serde_json::to_string(&(&sample.request, &sample.evidence)).unwrap();
    let back: (GateRequest, GateEvidence) = serde_json::from_str(&json).unwrap();
    assert_eq!(back, (sample.request, sample.evidence));
}
