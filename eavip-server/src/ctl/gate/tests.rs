//! Tests of what `gate` answers and prints.

use eavip_core::decision::Verdict;
use eavip_core::id::PersonId;
use eavip_core::incident::sev::Sev;
use eavip_core::release::break_glass::BreakGlass;
use eavip_core::release::freeze::{Freeze, FreezeKind};
use eavip_core::release::gate::{Burn, GateEvidence, OpenIncident};
use eavip_core::time::Span;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::ctl::given::harmless;
use crate::ctl::output::tests::Written;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const HOUR: Span = Span::from_secs(3_600);

/// The example's files, changed.
struct Files(TempDir);

impl Files {
    fn new(question: &impl Serialize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("runbook.toml"), example::RUNBOOK).unwrap();
        std::fs::write(dir.path().join("evidence.json"), serde_json::to_vec_pretty(question).unwrap())
            .unwrap();
        Self(dir)
    }

    fn gate(&self, release: &str, to: Environment) -> Gate {
        Gate {
            release: Some(release.to_owned()),
            to: Some(to),
            evidence: vec![self.0.path().join("evidence.json")],
            runbook: vec![self.0.path().join("runbook.toml")],
            now: Some(NOW),
            example: None,
        }
    }

    /// The exit code and what is printed.
    fn ask(&self, format: Format) -> (u8, String) {
        let written = Written::default();
        let gate = self.gate("1.5.0", Environment::Production);
        let code = gate.run(&mut written.output(format, false)).unwrap();
        (code, written.text())
    }

    fn problems(&self, gate: &Gate) -> String {
        let (release, to) = (gate.release.as_deref().unwrap(), gate.to.unwrap());
        let asked = Asked { release, to, evidence: &gate.evidence, runbook: &gate.runbook };
        let told: Vec<String> = asked.decide(NOW).unwrap_err().iter().map(harmless).collect();
        told.join("\n").replace(&self.0.path().display().to_string(), "DIR")
    }
}

fn good() -> Question {
    example::question(NOW).unwrap()
}

fn changed(change: impl FnOnce(&mut Question)) -> Files {
    let mut question = good();
    change(&mut question);
    Files::new(&question)
}

/// Approves the request as it is now.
fn approved(question: &mut Question) {
    let digest = question.request.digest();
    question.evidence.approvals.iter_mut().for_each(|approval| approval.request = digest);
}

fn incident() -> OpenIncident {
    OpenIncident {
        id: "inc-7".to_owned(),
        sev: Sev::Sev1,
        acknowledged: true,
        commander: None,
        mitigated_at: None,
        rca_owner: None,
    }
}

fn frozen(kind: FreezeKind) -> Freeze {
    Freeze {
        kind,
        environment: Environment::Production,
        owner: "platform-operations".parse().unwrap(),
        reason: "end of quarter".to_owned(),
        from: NOW - HOUR,
        until: NOW + HOUR.times(30),
    }
}

fn evidence(change: impl FnOnce(&mut GateEvidence)) -> impl FnOnce(&mut Question) {
    |question| change(&mut question.evidence)
}

#[test]
fn a_release_with_everything_may_go_and_exits_0() {
    let (code, text) = Files::new(&good()).ask(Format::Table);
    assert_eq!(code, 0);
    insta::assert_snapshot!(text);
}

#[test]
fn a_denied_release_exits_3_with_every_reason() {
    let (code, text) = changed(|question| {
        let GateEvidence {
            source, target, incidents, budgets, backups, configuration, holds, owners, ..
        } = &mut question.evidence;
        source.as_mut().unwrap().what.verified = None;
        target.as_mut().unwrap().what.rollout_in_flight = Some("shop-1-4-3".parse().unwrap());
        incidents.as_mut().unwrap().what.push(incident());
        let budget = &mut budgets.as_mut().unwrap().what[0];
        (budget.left, budget.burn) = (-0.25, Burn::Page);
        backups.as_mut().unwrap().what[0].verified_at = Some(NOW - HOUR.times(50));
        configuration.as_mut().unwrap().what.secrets.push("shop.smtp.password".to_owned());
        holds.as_mut().unwrap().what.freezes.push(frozen(FreezeKind::Freeze));
        owners.as_mut().unwrap().what.critical_resolved = 7;
        question.evidence.validations[0].passed = false;
        question.evidence.rehearsals[0].took = HOUR;
        question.request.source = Some(Environment::Integration);
        question.request.candidate.notes.rollback.clear();
        question.request.requester = "nobody".parse().unwrap();
        approved(question);
    })
    .ask(Format::Table);
    assert_eq!(code, 3);
    insta::assert_snapshot!(text);
}

#[test]
fn an_undecided_release_exits_8_and_says_when_to_ask_again() {
    let (code, text) = changed(evidence(|evidence| {
        evidence.source.as_mut().unwrap().what.running_since = NOW - HOUR;
        evidence.holds.as_mut().unwrap().what.freezes.push(frozen(FreezeKind::Hold));
    }))
    .ask(Format::Table);
    assert_eq!(code, 8);
    insta::assert_snapshot!(text);
}

#[test]
fn a_release_of_which_nothing_was_seen_exits_8() {
    let (code, text) = changed(evidence(|evidence| *evidence = GateEvidence::default())).ask(Format::Table);
    assert_eq!(code, 8);
    insta::assert_snapshot!(text);
}

fn break_glass(question: &mut Question, people: &[&str]) {
    question.evidence.incidents.as_mut().unwrap().what.push(incident());
    question.evidence.break_glass = Some(BreakGlass {
        by: people.iter().map(|person| person.parse::<PersonId>().unwrap()).collect(),
        paged: false,
        incident: "inc-7".to_owned(),
        justification: "orders are lost\nverdict     allow\u{1b}[8m".to_owned(),
        rules: ["EAVIP-G05".to_owned()].into(),
        opened_at: NOW,
        until: NOW + HOUR,
    });
}

#[test]
fn what_break_glass_sets_aside_is_shown_as_what_it_is() {
    let (code, text) = changed(|question| break_glass(question, &["olga", "omar"])).ask(Format::Table);
    assert_eq!(code, 0);
    insta::assert_snapshot!(text);
}

#[test]
fn break_glass_by_one_person_sets_nothing_aside() {
    let (code, text) = changed(|question| break_glass(question, &["olga"])).ask(Format::Table);
    assert!(text.contains("in the way  EAVIP-G05, EAVIP-B03") && !text.contains("set aside  "), "{text}");
    assert_eq!(code, 3);
}

/// Breaks one thing.
type Break = fn(&mut Question);

#[test]
fn each_gate_alone_stops_the_release_with_a_remedy_and_what_would_clear_it() {
    let table: [(&str, u8, Break); 17] = [
        ("EAVIP-G00", 8, |q| {
            q.request.candidate.authors.extend(["olga", "paul"].map(|id| id.parse().unwrap()));
            approved(q);
        }),
        ("EAVIP-G01", 3, |q| {
            q.request.source = Some(Environment::Integration);
            q.evidence.source.as_mut().unwrap().what.environment = Environment::Integration;
            approved(q);
        }),
        ("EAVIP-G02", 8, |q| q.evidence.source = None),
        ("EAVIP-G03", 3, |q| q.evidence.validations[1].passed = false),
        ("EAVIP-G04", 8, |q| q.evidence.approvals.clear()),
        ("EAVIP-G05", 3, |q| q.evidence.incidents.as_mut().unwrap().what.push(incident())),
        ("EAVIP-G06", 3, |q| q.evidence.budgets.as_mut().unwrap().what[0].left = 0.0),
        ("EAVIP-G07", 3, |q| q.evidence.backups.as_mut().unwrap().what[0].verified_at = None),
        ("EAVIP-G08", 3, |q| q.evidence.rehearsals[0].worked = false),
        ("EAVIP-G09", 3, |q| q.evidence.configuration.as_mut().unwrap().what.drift.push("web-1".to_owned())),
        ("EAVIP-G10", 3, |q| {
            q.evidence.holds.as_mut().unwrap().what.freezes.push(frozen(FreezeKind::Freeze))
        }),
        ("EAVIP-G11", 3, |q| {
            q.request.candidate.notes.known_issues.clear();
            approved(q);
        }),
        ("EAVIP-G12", 3, |q| {
            q.evidence.target.as_mut().unwrap().what.rollout_in_flight = Some("other".parse().unwrap());
        }),
        ("EAVIP-G13", 3, |q| q.evidence.owners.as_mut().unwrap().what.on_call_gaps = 1),
        ("EAVIP-G14", 3, |q| {
            q.request.requester = "stranger".parse().unwrap();
            approved(q);
        }),
        ("EAVIP-G15", 8, |q| q.evidence.source.as_mut().unwrap().what.running_since = NOW),
        ("EAVIP-G15", 8, |q| q.evidence.source.as_mut().unwrap().what.running_since = NOW + HOUR),
    ];
    for (gate, code, spoil) in table {
        let (found, text) = changed(spoil).ask(Format::Table);
        assert_eq!(found, code, "{gate}: {text}");
        let mut lines = text.lines().skip_while(|line| !line.starts_with(gate)).skip(1);
        let part: Vec<&str> = lines.by_ref().take_while(|line| line.starts_with("  ")).collect();
        for name in ["  remedy", "  clears"] {
            assert!(
                part.iter().any(|line| line.trim_start().starts_with(name.trim_start())),
                "{gate} {name}: {text}"
            );
        }
    }
}

#[test]
fn evidence_from_the_future_and_from_long_ago_proves_nothing() {
    let far = Span::from_secs(100 * 365 * 86_400);
    for moment in [NOW + HOUR, NOW - HOUR, NOW + far, NOW - far] {
        let files = changed(evidence(|evidence| evidence.backups.as_mut().unwrap().at = moment));
        let (code, text) = files.ask(Format::Table);
        assert!(code == 8 && text.contains("in the way  EAVIP-G07\n"), "{text}");
    }
}

#[test]
fn another_release_or_another_place_than_asked_for_is_refused_by_name() {
    let files = Files::new(&good());
    for release in ["1.5.0", "shop-1-5-0"] {
        let written = Written::default();
        let gate = files.gate(release, Environment::Production);
        assert_eq!(gate.run(&mut written.output(Format::Table, false)).unwrap(), 0, "{release}");
    }
    let both = files.gate("1.6.0\u{1b}", Environment::Staging);
    insta::assert_snapshot!(files.problems(&both));
    let failure = both.run(&mut Written::default().output(Format::Table, false)).unwrap_err();
    assert_eq!(failure.tell(), 2);
}

#[test]
fn a_runbook_that_cannot_be_used_decides_nothing_and_is_told_with_the_evidence() {
    let files = changed(|_| {});
    std::fs::write(files.0.path().join("runbook.toml"), "[gate]\nskeww = \"5s\"\n").unwrap();
    std::fs::write(files.0.path().join("evidence.json"), "[]").unwrap();
    let gate = files.gate("1.5.0", Environment::Production);
    insta::assert_snapshot!(files.problems(&gate));
    assert_eq!(gate.run(&mut Written::default().output(Format::Table, false)).unwrap_err().tell(), 2);
}

#[test]
fn hostile_names_in_evidence_forge_nothing() {
    let hostile = "x\r\nverdict     allow\n\u{1b}[2J\u{202e}\u{200b}";
    let (code, text) = changed(|question| {
        let evidence = &mut question.evidence;
        evidence.incidents.as_mut().unwrap().what.push(OpenIncident { id: hostile.to_owned(), ..incident() });
        evidence.backups.as_mut().unwrap().what[0].data_set = hostile.repeat(1_000);
        evidence.backups.as_mut().unwrap().what[0].verified_at = None;
        evidence.configuration.as_mut().unwrap().what.undeclared_keys.push(hostile.to_owned());
        let reason = hostile.to_owned();
        evidence.holds.as_mut().unwrap().what.freezes.push(Freeze { reason, ..frozen(FreezeKind::Freeze) });
    })
    .ask(Format::Table);
    assert_eq!(code, 3);
    assert!(
        text.chars().all(|c| c == '\n' || !(c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c))),
        "{text}"
    );
    assert_eq!(text.lines().filter(|line| line.starts_with("verdict")).count(), 1, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 140), "{text}");
}

#[test]
fn json_is_the_decision_with_what_it_was_asked_of() {
    let files = changed(evidence(|evidence| evidence.approvals.clear()));
    let (code, text) = files.ask(Format::Json);
    let json: Value = serde_json::from_str(&text).unwrap();
    let decision: Decision = serde_json::from_value(json.clone()).unwrap();
    assert_eq!((code, decision.verdict, decision.findings.len()), (8, Verdict::Hold, 16));
    let question = good();
    assert_eq!(json["request"], question.request.digest().to_string());
    assert_eq!(json["plan"], question.request.rollback.digest().to_string());
    assert_eq!((&json["release"], &json["target"]), (&"shop-1-5-0".into(), &"production".into()));
    assert_eq!(files.ask(Format::Jsonl).1.lines().count(), 1);
}
