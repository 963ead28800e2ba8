//! Tests of the incident: the full table of states and commands, its way to its end, and what no command may do. The scene
//! is used by the tests of every room of incidents, and of trends.

mod properties;

use super::change::{Absorbed, Alert, Change, Happening, Request, Survivor};
use super::review::{Cause, ReviewText};
use super::sev::{Integrity, Scope, Signals};
use super::*;
use crate::alert::Category;
use crate::alert::episode::{Observed, Opening, Origin, Subject};
use crate::environment::Environment;
use crate::labels::Labels;
use crate::mode::Mode;
use crate::node::Place;
use crate::policy::Source;
use crate::signal::Signal;
use crate::signal::health::Health;
use crate::signal::indicator::Indicator;
use crate::signal::metric::{Metric, Unit};

/// 2026-03-02 is a Monday.
pub(crate) fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

pub(crate) fn minutes(n: u64) -> Span {
    Span::from_secs(60).times(n)
}

pub(crate) fn policy() -> &'static Policy {
    static POLICY: std::sync::LazyLock<Policy> = std::sync::LazyLock::new(|| {
        let people = "[person.ana]\nteams = [\"platform-operations\"]\n[person.ben]\nteams = [\"product-architecture\"]\n\
                  [person.eve]\nteams = [\"platform-operations\"]\nactive = false\n";
        Policy::load(&[Source::new("runbook.toml", people)]).unwrap()
    });
    &POLICY
}

pub(crate) fn person(name: &str) -> Actor {
    Actor::Person(name.parse().unwrap())
}

pub(crate) fn impact(scope: Scope) -> Impact {
    Impact { scope, integrity: Integrity::Intact }
}

pub(crate) fn declaration(id: &str, scope: Scope) -> Declaration {
    Declaration {
        id: id.parse().unwrap(),
        title: "checkout fails".into(),
        owner: "platform-operations".parse().unwrap(),
        environment: Environment::Production,
        mode: Mode::Saas,
        deployment: None,
        services: ["shop".parse().unwrap()].into(),
        impact: impact(scope),
        security: false,
        began_at: now() - minutes(10),
        alert: None,
    }
}

pub(crate) fn ask(
    state: Option<&Incident>,
    by: Actor,
    request: Request,
    at: Timestamp,
) -> Result<Incident, Refused> {
    let events = Incident::decide(state, IncidentCommand { by, request }, policy(), at)?;
    Ok(events.into_iter().fold(state.cloned(), Incident::evolve).unwrap())
}

pub(crate) fn declared(scope: Scope) -> Incident {
    ask(None, person("ana"), Request::Declare(Box::new(declaration("inc-1", scope))), now()).unwrap()
}

/// The incident after ana's requests, a minute each.
pub(crate) fn after(mut incident: Incident, requests: impl IntoIterator<Item = Request>) -> Incident {
    for request in requests {
        let at = incident.timeline.last().map_or(now(), |entry| entry.recorded_at) + minutes(1);
        let by = if request == Request::SignReview { person("ben") } else { person("ana") };
        incident = ask(Some(&incident), by, request, at).unwrap();
    }
    incident
}

pub(crate) fn proof(at: Timestamp) -> Proof {
    Proof { signal: Signal::Errors, service: Some("shop".parse().unwrap()), health: Health::Healthy, at }
}

pub(crate) fn full_review() -> ReviewText {
    ReviewText {
        summary: "The cache was full.".into(),
        consequences: "One order in ten failed.".into(),
        cause: Some(Cause::Capacity),
        explanation: "Nothing bounded it.".into(),
        factors: vec!["a sale".into()],
        detection_gap: "No alert watched it.".into(),
        lessons: "Bound every cache.".into(),
        runbook_revision: Some("4f2a9c1".parse().unwrap()),
    }
}

fn plan() -> Plan {
    let owner = "platform-operations".parse().unwrap();
    Plan {
        what: "Bound it.".into(),
        owner,
        due: now() + minutes(60 * 24 * 14),
        verification: "A load test.".into(),
    }
}

/// What is asked, one after the other, from declared to closed; the name of the phase it is asked in comes first.
pub(crate) fn way() -> Vec<(Phase, Request)> {
    let commander = Request::Assign { role: Role::Commander, person: "ana".parse().unwrap() };
    vec![
        (Phase::Detection, Request::Acknowledge),
        (Phase::Detection, Request::Advance),
        (Phase::Triage, commander),
        (Phase::Triage, Request::Advance),
        (
            Phase::Mitigation,
            Request::RecordAction { what: "Emptied it.".into(), proof: Some(proof(now() + minutes(5))) },
        ),
        (Phase::Mitigation, Request::Advance),
        (Phase::Communication, Request::PublishUpdate { text: "It works again.".into() }),
        (Phase::Communication, Request::Advance),
        (Phase::RootCauseAnalysis, Request::DraftReview(Box::new(full_review()))),
        (Phase::RootCauseAnalysis, Request::Advance),
        (Phase::PreventiveAction, Request::AddItem(plan())),
        (Phase::PreventiveAction, Request::CompleteReview),
        (Phase::PreventiveAction, Request::SignReview),
        (Phase::PreventiveAction, Request::Close),
    ]
}

/// An incident that has just entered a phase.
pub(crate) fn in_phase(scope: Scope, phase: Phase) -> Incident {
    let steps = way().into_iter().filter(|(in_phase, _)| *in_phase < phase).map(|(_, request)| request);
    after(declared(scope), steps)
}

/// `other` after it absorbed the incident.
fn absorbing(incident: &Incident) -> Incident {
    let other = declaration("inc-2", Scope::Partial);
    let other = ask(None, person("ana"), Request::Declare(Box::new(other)), now()).unwrap();
    after(other, [Request::Absorb(Box::new(Absorbed::from(incident)))])
}

fn duplicate() -> Incident {
    let incident = in_phase(Scope::MajorFunction, Phase::Mitigation);
    let survivor = Survivor::from(&absorbing(&incident));
    after(incident, [Request::MarkDuplicate(Box::new(survivor))])
}

fn every_request(at: Timestamp) -> Vec<(&'static str, Request)> {
    let other = Absorbed { id: "inc-3".parse().unwrap(), ..Absorbed::from(&declared(Scope::MajorFunction)) };
    let survivor = Survivor::from(&absorbing(&declared(Scope::MajorFunction)));
    let person: PersonId = "ben".parse().unwrap();
    let happening = Happening::Released { release: "4.2.0".into() };
    vec![
        ("declare", Request::Declare(Box::new(declaration("inc-1", Scope::Minor)))),
        ("rise", Request::Reclassify { impact: impact(Scope::PlatformUnavailable), reason: String::new() }),
        ("fall with reason", Request::Reclassify { impact: impact(Scope::Minor), reason: "one user".into() }),
        ("fall without reason", Request::Reclassify { impact: impact(Scope::Minor), reason: " ".into() }),
        ("flag security", Request::FlagSecurity { reason: "a stolen token".into() }),
        ("add services", Request::AddServices(["pay".parse().unwrap()].into())),
        ("assign", Request::Assign { role: Role::Comms, person }),
        ("acknowledge", Request::Acknowledge),
        ("advance", Request::Advance),
        ("action", Request::RecordAction { what: "Restarted it.".into(), proof: None }),
        ("proven action", Request::RecordAction { what: "Restarted it.".into(), proof: Some(proof(at)) }),
        ("update", Request::PublishUpdate { text: "We know more.".into() }),
        ("note", Request::AddNote { text: "The disk is fine.".into() }),
        (
            "tick",
            Request::TickStep {
                runbook: "disk-full".parse().unwrap(),
                step: "Free space".into(),
                improvised: false,
            },
        ),
        ("witness", Request::Witness { happening, happened_at: at }),
        ("draft", Request::DraftReview(Box::default())),
        ("complete", Request::CompleteReview),
        ("sign", Request::SignReview),
        ("add item", Request::AddItem(Plan { due: at + minutes(60), ..plan() })),
        ("complete item", Request::CompleteItem { item: 1, proof: "It held.".into() }),
        ("absorb", Request::Absorb(Box::new(other))),
        ("duplicate", Request::MarkDuplicate(Box::new(survivor))),
        ("reopen", Request::Reopen { reason: "It is back.".into() }),
        ("close", Request::Close),
    ]
}

/// One change of every kind, made by the commands; happenings in each form.
pub(crate) fn every_change() -> Vec<Change> {
    let episode = Digest128([1; 16]);
    let alert = Alert { episode, rule: "probe-down".parse().unwrap() };
    let happenings = [
        Happening::AlertOpened(alert),
        Happening::AlertAcknowledged { episode, by: "ana".into() },
        Happening::AlertResolved { episode },
        Happening::ConfigChanged { change: "chg-1".into() },
    ];
    let witnessed = happenings.map(|happening| Request::Witness { happening, happened_at: now() });
    let improvised =
        Request::TickStep { runbook: "disk-full".parse().unwrap(), step: "Pull it".into(), improvised: true };
    let mut requests: Vec<Request> = every_request(now()).into_iter().map(|(_, request)| request).collect();
    requests.extend(witnessed);
    requests.push(improvised);
    let phases = [None, Some(Phase::Detection), Some(Phase::PreventiveAction), Some(Phase::Closed)];
    let mut ready = in_phase(Scope::MajorFunction, Phase::PreventiveAction);
    ready = after(ready, [Request::AddItem(plan()), Request::CompleteReview]);
    let taken = after(declared(Scope::MajorFunction), [Request::Acknowledge]);
    let signed = after(ready.clone(), [Request::SignReview]);
    let states = phases.map(|phase| phase.map(|phase| in_phase(Scope::MajorFunction, phase)));
    let states: Vec<Option<Incident>> =
        states.into_iter().chain([Some(taken), Some(ready), Some(signed)]).collect();
    let mut changes: Vec<Change> = Vec::new();
    for request in requests {
        let answer = states.iter().find_map(|state| {
            let by = if request == Request::SignReview { person("ben") } else { person("ana") };
            Incident::decide(
                state.as_ref(),
                IncidentCommand { by, request: request.clone() },
                policy(),
                now(),
            )
            .ok()
        });
        changes.extend(answer.into_iter().flatten().map(|event| event.change));
    }
    changes
}

#[test]
fn every_state_answers_every_command() {
    let open = Phase::ALL.iter().map(|phase| (phase.as_str(), Some(in_phase(Scope::MajorFunction, *phase))));
    let states = std::iter::once(("nothing", None)).chain(open).chain([("duplicate", Some(duplicate()))]);
    let mut table = String::new();
    for (name, state) in states {
        let at = now() + minutes(30);
        for (asked, request) in every_request(at) {
            let answer = match ask(state.as_ref(), person("ana"), request, at) {
                Ok(next) => format!("{} {}: {}", next.sev, next.phase, next.timeline.last().unwrap().text),
                Err(refused) => refused.to_string(),
            };
            table += &format!("{name} + {asked} -> {answer}\n");
        }
        table.push('\n');
    }
    insta::assert_snapshot!(table);
}

// Seed: "Incident Response Flow": Detection, Triage, Mitigation, Communication, Root cause analysis, Preventive action.
#[test]
fn goes_through_every_phase_to_its_end() {
    for scope in Scope::ALL {
        let incident = in_phase(*scope, Phase::Closed);
        assert_eq!(incident.phase, Phase::Closed);
        assert!(incident.review.completed.is_some() && incident.review.signed.is_some());
        assert!(!incident.is_open());
    }
}

// Seed: "Every incident results in a documented review".
#[test]
fn closing_early_is_refused_with_everything_that_is_missing() {
    let bare = Declaration { services: BTreeSet::new(), ..declaration("inc-1", Scope::MajorFunction) };
    let incident = ask(None, Actor::Platform, Request::Declare(Box::new(bare)), now()).unwrap();
    let refused = ask(Some(&incident), person("eve"), Request::Close, now()).unwrap_err();
    let lines: Vec<String> =
        refused.findings.iter().map(|one| format!("{} {} ({})", one.rule, one.message, one.remedy)).collect();
    insta::assert_snapshot!(lines.join("\n"));
    let decision = incident.may_close(policy(), now());
    assert_eq!(decision.verdict, crate::decision::Verdict::Deny);
    assert_eq!(decision.blocking().count() + 1, refused.findings.len(), "and that eve may not");
    let whole = in_phase(Scope::MajorFunction, Phase::Closed);
    assert_eq!(whole.may_close(policy(), now()).verdict, crate::decision::Verdict::Allow);
}

// Seed: "Every incident results in a documented review", "Runbook updated after major events".
#[test]
fn no_incident_closes_without_its_review_whatever_its_severity() {
    for scope in Scope::ALL {
        for step in [Request::CompleteReview, Request::SignReview] {
            let steps = way().into_iter().map(|(_, request)| request);
            let kept = steps.filter(|request| *request != step && *request != Request::Close);
            let kept: Vec<Request> =
                kept.filter(|one| step != Request::CompleteReview || *one != Request::SignReview).collect();
            let incident = after(declared(*scope), kept);
            assert!(
                ask(Some(&incident), person("ana"), Request::Close, now()).is_err(),
                "{scope} without {step:?}"
            );
        }
    }
}

#[test]
fn the_form_of_the_review_follows_the_severity_and_improvised_steps() {
    let short = ReviewText {
        consequences: String::new(),
        factors: vec![],
        lessons: String::new(),
        runbook_revision: None,
        ..full_review()
    };
    for scope in Scope::ALL {
        let incident = after(declared(*scope), [Request::DraftReview(Box::new(short.clone()))]);
        let refused = ask(Some(&incident), person("ana"), Request::CompleteReview, now()).err();
        let missing = refused.map_or(0, |refused| refused.findings.len());
        assert_eq!(missing, if incident.sev.is_major() { 4 } else { 0 }, "{}", incident.sev);
    }
    let step = Request::TickStep {
        runbook: "disk-full".parse().unwrap(),
        step: "Pull the plug".into(),
        improvised: true,
    };
    let known = Request::TickStep {
        runbook: "disk-full".parse().unwrap(),
        step: "Free space".into(),
        improvised: false,
    };
    let incident = after(declared(Scope::Minor), [Request::DraftReview(Box::new(short)), step, known]);
    let refused = ask(Some(&incident), person("ana"), Request::CompleteReview, now()).unwrap_err();
    assert_eq!(refused.findings.len(), 1);
    assert_eq!(refused.findings[0].rule, "EAVIP-I43");
}

#[test]
fn a_review_that_is_drafted_again_is_completed_and_signed_again() {
    let incident = after(
        in_phase(Scope::Minor, Phase::PreventiveAction),
        [Request::CompleteReview, Request::SignReview, Request::DraftReview(Box::new(full_review()))],
    );
    assert_eq!((incident.review.completed, incident.review.signed), (None, None));
}

#[test]
fn nobody_signs_their_own_review() {
    let incident = after(in_phase(Scope::Minor, Phase::PreventiveAction), [Request::CompleteReview]);
    let refused = ask(Some(&incident), person("ana"), Request::SignReview, now()).unwrap_err();
    assert_eq!(refused.to_string(), "refused: ana completed the review");
}

#[test]
fn only_active_people_of_the_roster_act() {
    let incident = in_phase(Scope::Minor, Phase::PreventiveAction);
    for by in [Actor::Platform, person("eve"), person("nobody")] {
        for request in [Request::CompleteReview, Request::SignReview, Request::Close] {
            let refused = ask(Some(&incident), by.clone(), request, now()).unwrap_err();
            assert!(refused.findings.iter().any(|finding| finding.rule == "EAVIP-I04"), "{by}: {refused}");
        }
        let refused = ask(Some(&declared(Scope::Minor)), by, Request::Acknowledge, now()).unwrap_err();
        assert_eq!(refused.findings[0].rule, "EAVIP-I04");
    }
    for name in ["eve", "nobody"] {
        let request = Request::Assign { role: Role::Commander, person: name.parse().unwrap() };
        assert!(ask(Some(&incident), person("ana"), request, now()).is_err(), "{name}");
    }
}

#[test]
fn a_commander_who_left_leads_nothing() {
    let mut policy = policy().clone();
    let incident = after(
        in_phase(Scope::Minor, Phase::Triage),
        [Request::Assign { role: Role::Commander, person: "ben".parse().unwrap() }],
    );
    let blocking = |policy: &Policy| {
        let left = phase::leaves(&incident, Phase::Triage, &policy.roster);
        left.iter().filter(|one| one.outcome == crate::finding::Outcome::Fail).count()
    };
    assert_eq!(blocking(&policy), 0);
    policy.roster.people.get_mut("ben").unwrap().active = false;
    assert_eq!(blocking(&policy), 1);
}

// Seed: "Incident escalation for security events".
#[test]
fn a_security_flag_brings_in_its_team_and_stays() {
    let flag = || Request::FlagSecurity { reason: "a stolen token".into() };
    let incident = after(declared(Scope::Minor), [flag()]);
    let team: TeamId = "security-compliance".parse().unwrap();
    assert!(incident.teams.contains(&team));
    assert_eq!(incident.sev, Sev::Sev2, "a security event is at least SEV-2");
    assert!(ask(Some(&incident), person("ana"), flag(), now()).is_err());
    let lower = Request::Reclassify { impact: impact(Scope::Minor), reason: "it was a test".into() };
    let lowered = after(incident, [lower]);
    assert_eq!((lowered.sev, lowered.security), (Sev::Sev2, true));
    let born = Declaration { security: true, ..declaration("inc-1", Scope::Minor) };
    let born = ask(None, Actor::Platform, Request::Declare(Box::new(born)), now()).unwrap();
    assert!(born.security && born.teams.contains(&team) && born.sev == Sev::Sev2);
}

#[test]
fn a_severity_from_an_older_table_falls_by_nothing_but_a_person() {
    let recorded = Incident { sev: Sev::Sev1, ..declared(Scope::Minor) };
    let flagged = after(recorded.clone(), [Request::FlagSecurity { reason: "a stolen token".into() }]);
    let other = Absorbed { id: "inc-3".parse().unwrap(), ..Absorbed::from(&declared(Scope::Minor)) };
    let absorbed = after(recorded, [Request::Absorb(Box::new(other))]);
    assert_eq!((flagged.sev, absorbed.sev), (Sev::Sev1, Sev::Sev1));
}

#[test]
fn an_alert_declares_an_incident_that_a_person_has_to_classify() {
    let opening = Opening {
        id: Digest128([1; 16]),
        fingerprint: Digest128([2; 16]),
        rule: "probe-down".parse().unwrap(),
        category: Category::Critical,
        owner: "platform-operations".parse().unwrap(),
        action: "Look.".parse().unwrap(),
        runbook: "probe-down".parse().unwrap(),
        origin: Origin::Node(Observed {
            node: "01980000-0000-7000-8000-000000000001".parse().unwrap(),
            subject: Subject::Service("shop".parse().unwrap()),
            indicator: Indicator::Metric(Metric::ProbeUp),
            unit: Unit::Bool,
            value: 0.0,
        }),
        labels: Labels::new([("service", "shop")]).unwrap(),
        summary: "shop is down".into(),
        since: now() - minutes(3),
        at: now() - minutes(1),
    };
    let place = Place {
        deployment: "eu".parse().unwrap(),
        mode: Mode::OnPrem,
        environment: Environment::Production,
        labels: Labels::default(),
    };
    let signals = Signals {
        availability: Health::Failing,
        reach: sev::Reach::Part,
        integrity: Integrity::Intact,
        security: false,
    };
    let declaration = Declaration::from_alert("inc-9".parse().unwrap(), &opening, &place, signals);
    let incident = ask(None, Actor::Platform, Request::Declare(Box::new(declaration)), now()).unwrap();
    assert_eq!((incident.sev, incident.began_at), (Sev::Sev3, now() - minutes(3)));
    assert_eq!(incident.episodes, [(Digest128([1; 16]), None)].into());
    let triage = phase::leaves(&incident, Phase::Triage, &policy().roster);
    assert_eq!(triage[0].message, "a severity that a person declared is missing");
    let confirmed =
        after(incident, [Request::Reclassify { impact: impact(Scope::Partial), reason: String::new() }]);
    let triage = phase::leaves(&confirmed, Phase::Triage, &policy().roster);
    assert_eq!(triage[0].message, "a severity that a person declared is there");
}

#[test]
fn a_proof_is_healthy_and_fresh() {
    let incident = in_phase(Scope::Minor, Phase::Mitigation);
    let table = [
        (Health::Healthy, 0, true),
        (Health::Healthy, 300, true),
        (Health::Healthy, -300, true),
        (Health::Healthy, 301, false),
        (Health::Healthy, -301, false),
        (Health::Degraded, 0, false),
        (Health::Unknown, 0, false),
        (Health::Failing, 0, false),
    ];
    for (health, age_s, taken) in table {
        let at = Timestamp::from_millis(now().as_millis() - age_s * 1000);
        let proof = Some(Proof { health, ..proof(at) });
        let request = Request::RecordAction { what: "Restarted it.".into(), proof };
        let answer = ask(Some(&incident), person("ana"), request, now());
        assert_eq!(answer.is_ok(), taken, "{health} {age_s}");
        assert_eq!(answer.is_ok_and(|incident| incident.mitigated_at.is_some()), taken);
    }
}

#[test]
fn an_update_before_the_mitigation_is_no_all_clear() {
    let update = || Request::PublishUpdate { text: "We are at it.".into() };
    let early = after(in_phase(Scope::Minor, Phase::Mitigation), [update()]);
    assert!(!early.all_clear);
    let fixed =
        Request::RecordAction { what: "Restarted it.".into(), proof: Some(proof(now() + minutes(7))) };
    let mitigated = after(early, [fixed]);
    assert!(!mitigated.all_clear);
    assert!(after(mitigated, [update()]).all_clear);
}

#[test]
fn what_is_written_has_a_length() {
    let incident = in_phase(Scope::Minor, Phase::Triage);
    let ask = |request| ask(Some(&incident), person("ana"), request, now());
    for (text, taken) in
        [("", false), (" \n", false), ("x", true), (&*"ä".repeat(4_000), true), (&*"x".repeat(4_001), false)]
    {
        assert_eq!(ask(Request::AddNote { text: text.into() }).is_ok(), taken, "{} bytes", text.len());
        assert_eq!(ask(Request::PublishUpdate { text: text.into() }).is_ok(), taken);
        assert_eq!(ask(Request::RecordAction { what: text.into(), proof: None }).is_ok(), taken);
    }
    let long =
        ReviewText { lessons: "x".repeat(4_001), factors: vec!["x".into(); 21], ..ReviewText::default() };
    assert_eq!(ask(Request::DraftReview(Box::new(long))).unwrap_err().findings.len(), 2);
    let bad = Plan {
        what: String::new(),
        verification: String::new(),
        owner: "nobody".parse().unwrap(),
        due: now(),
    };
    assert_eq!(ask(Request::AddItem(bad)).unwrap_err().findings.len(), 4, "every reason at once");
    assert_eq!(ask(Request::AddServices(BTreeSet::new())).unwrap_err().findings[0].rule, "EAVIP-I03");
    let title = Declaration { title: "x".repeat(201), ..declaration("inc-1", Scope::Minor) };
    assert!(super::tests::ask(None, person("ana"), Request::Declare(Box::new(title)), now()).is_err());
}

#[test]
fn lists_have_an_end() {
    let incident = in_phase(Scope::Minor, Phase::Mitigation);
    let refuses = |incident: &Incident, request: Request| {
        let refused = ask(Some(incident), person("ana"), request, now()).err();
        refused.is_some_and(|refused| refused.findings.iter().any(|one| one.rule == "EAVIP-I05"))
    };
    let action = Action { what: "x".into(), proof: None, at: now() };
    let full = Incident { actions: vec![action; decide::MAX_ACTIONS], ..incident.clone() };
    assert!(refuses(&full, Request::RecordAction { what: "x".into(), proof: None }));
    let full =
        Incident { items: vec![Item { plan: plan(), done: None }; decide::MAX_ITEMS], ..incident.clone() };
    assert!(refuses(&full, Request::AddItem(plan())));
    let alerts =
        (0..decide::MAX_ALERTS).map(|n| (Digest128::of([n.to_be_bytes().as_slice()]), None)).collect();
    let full = Incident { episodes: alerts, ..incident.clone() };
    let alert = Alert { episode: Digest128([9; 16]), rule: "x".parse().unwrap() };
    assert!(refuses(
        &full,
        Request::Witness { happening: Happening::AlertOpened(alert), happened_at: now() }
    ));
    assert!(!refuses(
        &incident,
        Request::Absorb(Box::new(Absorbed { id: "inc-3".parse().unwrap(), ..Absorbed::from(&full) }))
    ));
    let more = Incident { episodes: [(Digest128([7; 16]), None)].into(), ..incident.clone() };
    assert!(refuses(
        &more,
        Request::Absorb(Box::new(Absorbed { id: "inc-3".parse().unwrap(), ..Absorbed::from(&full) }))
    ));
    let services: BTreeSet<ServiceId> =
        (0..=decide::MAX_SERVICES).map(|n| format!("s{n}").parse().unwrap()).collect();
    assert!(refuses(&incident, Request::AddServices(services.clone())));
    let wide =
        Absorbed { id: "inc-3".parse().unwrap(), services: services.clone(), ..Absorbed::from(&incident) };
    assert!(refuses(&incident, Request::Absorb(Box::new(wide))));
    let wide = Declaration { services, ..declaration("inc-4", Scope::Minor) };
    assert!(ask(None, person("ana"), Request::Declare(Box::new(wide)), now()).is_err());
    let ids = (0..decide::MAX_ABSORBED).map(|n| format!("other-{n}").parse().unwrap()).collect();
    let full = Incident { absorbed: ids, ..incident.clone() };
    assert!(refuses(
        &full,
        Request::Absorb(Box::new(Absorbed { id: "inc-3".parse().unwrap(), ..Absorbed::from(&incident) }))
    ));
}

#[test]
fn a_full_timeline_takes_no_notes_and_lets_the_incident_end() {
    let mut incident = after(in_phase(Scope::Minor, Phase::PreventiveAction), [Request::AddItem(plan())]);
    let entry = incident.timeline[0].clone();
    incident.timeline.resize(decide::MAX_TIMELINE - decide::ROOM_TO_CLOSE, entry.clone());
    let note = || Request::AddNote { text: "x".into() };
    let refused = ask(Some(&incident), person("ana"), note(), now()).unwrap_err();
    assert_eq!(refused.to_string(), "refused: the timeline of inc-1 is full with 9000 entries");
    let update = || Request::PublishUpdate { text: "x".into() };
    assert!(ask(Some(&incident), person("ana"), update(), now()).is_ok());
    incident.timeline.resize(decide::MAX_TIMELINE, entry);
    assert!(ask(Some(&incident), person("ana"), update(), now()).is_err());
    let closed = after(incident, [Request::CompleteReview, Request::SignReview, Request::Close]);
    assert_eq!(closed.phase, Phase::Closed);
    assert_eq!(
        ask(Some(&closed), person("ana"), note(), now()).unwrap_err().findings[0].remedy,
        "declare another one"
    );
}

#[test]
fn what_is_absorbed_goes_over_and_a_duplicate_points_at_it() {
    let security = Request::FlagSecurity { reason: "a stolen token".into() };
    let early = Declaration {
        began_at: now() - minutes(60),
        services: ["pay".parse().unwrap()].into(),
        alert: Some(Alert { episode: Digest128([1; 16]), rule: "probe-down".parse().unwrap() }),
        ..declaration("inc-1", Scope::PlatformUnavailable)
    };
    let early = ask(None, person("ana"), Request::Declare(Box::new(early)), now()).unwrap();
    let severe = after(early, [security]);
    let survivor = absorbing(&severe);
    assert_eq!((survivor.sev, survivor.security), (Sev::Sev1, true));
    assert_eq!(survivor.began_at, now() - minutes(60), "the earliest beginning counts");
    assert_eq!(survivor.services, ["pay".parse().unwrap(), "shop".parse().unwrap()].into());
    assert!(survivor.episodes.contains_key(&Digest128([1; 16])));
    let marked = after(severe.clone(), [Request::MarkDuplicate(Box::new(Survivor::from(&survivor)))]);
    assert_eq!(marked.duplicate_of, Some("inc-2".parse().unwrap()));
    assert_eq!(marked.timeline.len(), severe.timeline.len() + 1, "its history is kept");
    assert!(!marked.is_open());
    let due: Vec<_> = marked.duties(&policy().incident, now() + minutes(60 * 24 * 60));
    assert!(
        due.iter().all(|one| one.outcome != crate::finding::Outcome::Fail),
        "the survivor is due, not it: {due:?}"
    );
}

#[test]
fn a_duplicate_needs_a_survivor_that_carries_it() {
    let incident = declared(Scope::MajorFunction);
    let whole = Survivor::from(&absorbing(&incident));
    let own = Survivor { id: "inc-1".parse().unwrap(), ..whole.clone() };
    let chained = Survivor { duplicate_of: Some("inc-7".parse().unwrap()), ..whole.clone() };
    let stranger = Survivor { absorbed: BTreeSet::new(), ..whole.clone() };
    let lighter = Survivor { sev: Sev::Sev3, ..whole.clone() };
    for survivor in [own, chained, stranger, lighter] {
        let refused = ask(Some(&incident), person("ana"), Request::MarkDuplicate(Box::new(survivor)), now())
            .unwrap_err();
        assert_eq!(refused.findings.len(), 1, "{refused}");
        assert_eq!(refused.findings[0].rule, "EAVIP-I09");
    }
    let flagged = after(incident.clone(), [Request::FlagSecurity { reason: "x".into() }]);
    assert!(ask(Some(&flagged), person("ana"), Request::MarkDuplicate(Box::new(whole)), now()).is_err());
    let itself = Request::Absorb(Box::new(Absorbed::from(&incident)));
    assert_eq!(ask(Some(&incident), person("ana"), itself, now()).unwrap_err().findings[0].rule, "EAVIP-I09");
}

#[test]
fn what_comes_back_is_triaged_proven_told_and_reviewed_again() {
    let closed = in_phase(Scope::MajorFunction, Phase::Closed);
    let again = after(closed.clone(), [Request::Reopen { reason: "It fails again.".into() }]);
    assert_eq!(again.phase, Phase::Triage);
    assert_eq!((again.mitigated_at, again.resolved_at, again.closed_at), (None, None, None));
    assert!(!again.all_clear && again.review.completed.is_none() && again.review.signed.is_none());
    assert_eq!(again.review.text, closed.review.text, "the draft is kept");
    assert_eq!(again.timeline[..closed.timeline.len()], closed.timeline, "so is the history");
    assert!(again.opened_at > closed.opened_at, "the review is due anew");
    let stood = duplicate();
    let apart = after(stood.clone(), [Request::Reopen { reason: "Another cause.".into() }]);
    assert_eq!((apart.phase, apart.duplicate_of, apart.opened_at), (stood.phase, None, stood.opened_at));
}

#[test]
fn items_are_completed_once_even_after_closing() {
    let closed = in_phase(Scope::Minor, Phase::Closed);
    let complete = |item| Request::CompleteItem { item, proof: "It held.".into() };
    let done = after(closed, [complete(1)]);
    assert!(done.items[0].done.is_some());
    for (item, why) in [
        (1, "ana completed action item 1 at"),
        (0, "there is no action item 0"),
        (2, "there is no action item 2"),
    ] {
        let refused = ask(Some(&done), person("ana"), complete(item), now()).unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
}

#[test]
fn a_beginning_or_a_happening_in_the_future_is_now() {
    let ahead = Declaration { began_at: now() + minutes(5), ..declaration("inc-1", Scope::Minor) };
    let incident = ask(None, person("ana"), Request::Declare(Box::new(ahead)), now()).unwrap();
    assert_eq!(incident.began_at, now());
    let happening = Happening::ConfigChanged { change: "chg-1".into() };
    let request = Request::Witness { happening, happened_at: now() + minutes(5) };
    let incident = ask(Some(&incident), Actor::Platform, request, now()).unwrap();
    assert_eq!(incident.timeline[1].at, now());
}

#[test]
fn an_event_out_of_turn_changes_nothing() {
    let incident = in_phase(Scope::Minor, Phase::Triage);
    let event = |number| IncidentEvent { number, at: now(), by: person("ana"), change: Change::Closed };
    let next = incident.next_number();
    for number in [0, next - 1, next + 1, u32::MAX] {
        assert_eq!(Incident::evolve(Some(incident.clone()), event(number)).unwrap(), incident);
    }
    let declared =
        Change::Declared { declaration: Box::new(declaration("inc-2", Scope::Minor)), sev: Sev::Sev1 };
    let declared = |number| IncidentEvent { number, at: now(), by: person("ana"), change: declared.clone() };
    assert_eq!(Incident::evolve(Some(incident.clone()), declared(next)).unwrap(), incident);
    assert_eq!(Incident::evolve(None, event(0)), None);
    assert_eq!(Incident::evolve(None, declared(1)), None);
}

#[test]
fn events_are_kept_in_a_form_that_stays() {
    let request = Request::RecordAction { what: "Restarted it.".into(), proof: Some(proof(now())) };
    let command = IncidentCommand { by: person("ana"), request };
    let incident = in_phase(Scope::Minor, Phase::Mitigation);
    let event = Incident::decide(Some(&incident), command, policy(), now()).unwrap().remove(0);
    insta::assert_snapshot!(serde_json::to_string(&event).unwrap());
}
