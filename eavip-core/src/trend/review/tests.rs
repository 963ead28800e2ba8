//! Tests of the monthly review: what the pack finds, and its sign-off.

use proptest::prelude::*;

use super::super::tests::{DAY, at, record};
use super::*;
use crate::environment::Environment;
use crate::finding::Outcome;
use crate::incident::tests::{minutes, policy};
use crate::signal::health::SignalHealth;
use crate::signal::metric::Unit;
use crate::signal::reading::Quality;
use crate::testing;
use crate::trend::Share;

pub(crate) fn month() -> Month {
    "2026-03".parse().unwrap()
}

fn over() -> Timestamp {
    month().period().to
}

pub(crate) fn row(service: &str, signal: Signal, health: Health) -> ServiceSignal {
    let health = SignalHealth {
        signal,
        health,
        value: Some(0.9995),
        unit: Unit::Ratio,
        quality: Quality::Exact,
        objective: Some(0.999),
        detail: String::new(),
    };
    ServiceSignal { service: service.parse().unwrap(), health }
}

fn part(part: u64, whole: u64) -> Share {
    Share { part, whole }
}

/// A month in which all is well.
pub(crate) fn calm() -> Material {
    let objective = minutes(60);
    Material {
        signals: Signal::GOLDEN.into_iter().map(|signal| row("shop", signal, Health::Healthy)).collect(),
        noise: Some(NoiseFigures {
            pages: 3,
            worst_shift: 1,
            worth: part(3, 4),
            told: part(2, 2),
            defects: Vec::new(),
        }),
        incidents: Vec::new(),
        drills: vec![DrillResult {
            data_set: "orders".into(),
            at: at(DAY),
            passed: true,
            took: Some(objective),
            objective,
        }],
        capacity: vec![CapacityForecast { resource: "disk".into(), outlook: Outlook::Steady }],
        deployments: Vec::new(),
    }
}

/// One in which nothing is.
pub(crate) fn bad() -> Material {
    let shop = |id: &str, day: u64| IncidentRecord {
        services: ["shop".parse().unwrap()].into(),
        actions: vec!["Restarted it.".into()],
        ..record(id, at(day * DAY))
    };
    let full = |days: u64| Outlook::Full {
        earliest: over() + minutes(days * DAY),
        likely: over() + minutes(2 * days * DAY),
    };
    let defects = vec!["disk-full | flaps".into()];
    let failure = Some(dora::Failure { at: at(5 * DAY), recovered_at: Some(at(5 * DAY) + minutes(12)) });
    Material {
        signals: vec![
            row("shop", Signal::Availability, Health::Healthy),
            row("pay", Signal::Errors, Health::Failing),
        ],
        noise: Some(NoiseFigures { pages: 99, worst_shift: 7, worth: part(1, 5), told: part(0, 0), defects }),
        incidents: vec![shop("inc-1", 3), shop("inc-2", 9)],
        drills: vec![DrillResult {
            data_set: "<orders>".into(),
            passed: false,
            took: None,
            ..calm().drills.remove(0)
        }],
        capacity: vec![
            CapacityForecast { resource: "disk".into(), outlook: full(40) },
            CapacityForecast { resource: "pool".into(), outlook: full(400) },
            CapacityForecast { resource: "quota".into(), outlook: Outlook::Unknown },
        ],
        deployments: vec![Deployment {
            id: "d-1".into(),
            mode: Mode::Saas,
            environment: Environment::Production,
            committed_at: Some(at(4 * DAY)),
            deployed_at: at(5 * DAY),
            failure,
            rework: false,
        }],
    }
}

fn outcomes(material: Material) -> Vec<Outcome> {
    pack(month(), material, policy(), over()).findings.into_iter().map(|finding| finding.outcome).collect()
}

// Seed: "Operational metrics reviewed regularly".
#[test]
fn a_calm_month_passes_and_each_trouble_is_found() {
    assert!(outcomes(calm()).iter().all(|outcome| *outcome == Outcome::Pass));
    let found = pack(month(), bad(), policy(), over()).findings;
    let tell = |one: &Finding| {
        format!(
            "{} {}: {} ({}) {}\n",
            one.rule,
            one.outcome,
            one.message,
            one.remedy,
            one.evidence.join(", ")
        )
    };
    insta::assert_snapshot!(found.iter().map(tell).collect::<String>());
}

#[test]
fn what_nobody_measured_is_never_a_pass() {
    let nothing = outcomes(Material::default());
    assert_eq!(nothing[..8], [Outcome::Undetermined; 8], "of five signals, noise, drills and capacity");
    let unmeasured = DrillResult { took: None, ..calm().drills.remove(0) };
    assert_eq!(outcomes(Material { drills: vec![unmeasured], ..calm() })[6], Outcome::Undetermined);
    let slow = DrillResult { took: Some(minutes(61)), ..calm().drills.remove(0) };
    assert_eq!(outcomes(Material { drills: vec![slow], ..calm() })[6], Outcome::Fail);
    let unknown = CapacityForecast { resource: "quota".into(), outlook: Outlook::Unknown };
    assert_eq!(outcomes(Material { capacity: vec![unknown], ..calm() })[7], Outcome::Undetermined);
}

#[test]
fn a_declared_service_without_figures_counts_as_unknown() {
    let text = "[service.pay]\nowner = \"platform-operations\"\n";
    let policy = Policy::load(&[crate::policy::Source::new("runbook.toml", text)]).unwrap();
    let found = pack(month(), calm(), &policy, over()).findings;
    assert_eq!(
        (found[0].outcome, found[0].evidence.as_slice()),
        (Outcome::Undetermined, &["pay".to_owned()][..])
    );
}

#[test]
fn repeats_count_in_the_month_of_their_last_incident() {
    let shop = |id: &str, moment| IncidentRecord {
        services: ["shop".parse().unwrap()].into(),
        ..record(id, moment)
    };
    let incidents = |last| vec![shop("inc-1", at(0) - minutes(DAY)), shop("inc-2", last)];
    let of = |last| pack(month(), Material { incidents: incidents(last), ..calm() }, policy(), over());
    let inside = of(at(DAY));
    assert_eq!(
        (inside.repeats.len(), inside.proposals.len(), inside.findings[8].outcome),
        (1, 1, Outcome::Fail)
    );
    assert_eq!((inside.trends[0].before, inside.trends[0].now), (1, 1));
    let outside = of(at(0) - minutes(1));
    assert_eq!(
        (outside.repeats.len(), outside.proposals.len(), outside.findings[8].outcome),
        (0, 0, Outcome::Pass)
    );
}

#[test]
fn an_incident_of_the_next_month_hides_no_repeat() {
    let shop = |id: &str, moment| IncidentRecord {
        services: ["shop".parse().unwrap()].into(),
        ..record(id, moment)
    };
    let mut incidents = vec![shop("inc-1", at(DAY)), shop("inc-2", at(2 * DAY))];
    let of = |incidents: &[IncidentRecord]| {
        let material = Material { incidents: incidents.to_vec(), ..calm() };
        pack(month(), material, policy(), over() + minutes(DAY))
    };
    let before = of(&incidents);
    incidents.push(shop("inc-3", over()));
    assert_eq!(before.repeats.len(), 1);
    assert_eq!(of(&incidents), before, "it is for the next review");
}

#[test]
fn tables_have_an_end_and_say_what_they_leave_out() {
    let forecast = |n| CapacityForecast { resource: format!("disk-{n}"), outlook: Outlook::Steady };
    let defects: Vec<String> = (0..130).map(|n| format!("rule {n}")).collect();
    let noise = Some(NoiseFigures { defects, ..NoiseFigures::default() });
    let material = Material { capacity: (0..250).map(forecast).collect(), noise, ..calm() };
    let pack = pack(month(), material, policy(), over());
    assert_eq!(
        (pack.capacity.len(), pack.noise.as_ref().unwrap().defects.len(), pack.left_out),
        (MAX_ROWS, MAX_ROWS, 180)
    );
    assert!(pack.findings[5].message.starts_with("130 noise defects open"), "the findings are made from all");
    assert!(pack.markdown(None).contains("180 rows are left out"));
}

fn sign(by: &str, remark: &str) -> ReviewCommand {
    ReviewCommand::Sign { by: by.parse().unwrap(), remark: remark.into() }
}

fn generate(month: Month, at: Timestamp) -> ReviewCommand {
    ReviewCommand::Generate(Box::new(pack(month, calm(), policy(), at)))
}

fn after(state: Option<OperationsReview>, command: ReviewCommand) -> Option<OperationsReview> {
    let events = OperationsReview::decide(state.as_ref(), command, policy(), over()).unwrap();
    events.into_iter().fold(state, OperationsReview::evolve)
}

#[test]
fn every_state_answers_every_command() {
    let early = after(None, generate(month(), over() - minutes(1)));
    let generated = after(None, generate(month(), over()));
    let signed = after(generated.clone(), sign("ana", "bound the cache"));
    let mut table = String::new();
    for (name, state) in [("nothing", None), ("early", early), ("generated", generated), ("signed", signed)] {
        for (asked, command) in [
            ("generate", generate(month(), over())),
            ("generate another month", generate(month().previous(), over())),
            ("sign", sign("ana", "bound the cache")),
            ("sign without remark by eve", sign("eve", " ")),
        ] {
            let answer = match OperationsReview::decide(state.as_ref(), command, policy(), over()) {
                Ok(events) => {
                    let next = events.into_iter().fold(state.clone(), OperationsReview::evolve).unwrap();
                    format!(
                        "{} {}",
                        next.pack.month,
                        if next.signed.is_some() { "signed" } else { "generated" }
                    )
                }
                Err(refused) => refused.to_string(),
            };
            table += &format!("{name} + {asked} -> {answer}\n");
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_month_that_nobody_signs_off_is_a_finding() {
    let check = |review: Option<&OperationsReview>, now| super::check(month(), review, policy(), now);
    // March ends on a Tuesday; ten business days after Wednesday, 2026-04-01.
    let due: Timestamp = "2026-04-15T00:00:00Z".parse().unwrap();
    let generated = after(None, generate(month(), over()));
    for review in [None, generated.as_ref()] {
        assert_eq!(check(review, over() - minutes(1)).outcome, Outcome::NotApplicable);
        assert_eq!(check(review, due).outcome, Outcome::Pass);
        let late = check(review, due + minutes(1));
        assert_eq!((late.outcome, late.owner.unwrap().as_str()), (Outcome::Fail, PLATFORM_OPERATIONS));
    }
    let signed = after(generated, sign("ana", "bound the cache"));
    assert_eq!(check(signed.as_ref(), due + minutes(1)).outcome, Outcome::Pass);
    let other = super::check(month().previous(), signed.as_ref(), policy(), due);
    assert_eq!(other.outcome, Outcome::Fail, "another month's signature says nothing");
}

#[test]
fn events_survive_json_and_a_second_replay() {
    let pack = Box::new(pack(month(), bad(), policy(), over()));
    let signature = Signature { by: "ana".parse().unwrap(), remark: "x".into(), at: over() };
    let again = ReviewEvent::Generated { pack: Box::new(super::pack(month(), calm(), policy(), over())) };
    let events = vec![ReviewEvent::Generated { pack }, ReviewEvent::SignedOff { signature }, again];
    let json = serde_json::to_string(&events).unwrap();
    assert_eq!(serde_json::from_str::<Vec<ReviewEvent>>(&json).unwrap(), events);
    let once = OperationsReview::replay(events.clone());
    assert_eq!(
        once.as_ref().map(|review| review.pack.repeats.len()),
        Some(1),
        "a signed pack stays as it is"
    );
    assert_eq!(events.clone().into_iter().fold(once.clone(), OperationsReview::evolve), once);
    assert_eq!(OperationsReview::evolve(None, events[1].clone()), None);
}

fn commands(_: Option<&OperationsReview>, now: Timestamp) -> Vec<ReviewCommand> {
    let bad = ReviewCommand::Generate(Box::new(pack(month(), bad(), policy(), now)));
    vec![generate(month(), now), bad, sign("ana", "bound the cache"), sign("eve", " ")]
}

#[test]
fn every_state_takes_only_the_events_that_fit() {
    let steps = [(0, 0), (1, 60), (2, 60)];
    insta::assert_snapshot!(testing::moves::<OperationsReview>(&[testing::play(
        &[],
        &steps,
        commands,
        policy(),
        over()
    )
    .events]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A pack is of one month, so nothing is moved.
    #[test]
    fn keeps_the_promises_of_an_aggregate(steps in testing::steps()) {
        let over_now = |state: Option<&OperationsReview>, now: Timestamp| {
            commands(state, Timestamp::from_millis(now.as_millis() - testing::NOW.as_millis() + over().as_millis()))
        };
        testing::keeps_its_promises(&steps, 0, over_now, policy()).counts_each_event_once();
    }

    #[test]
    fn a_review_that_is_due_is_never_less_due_later(days in 0_u64..40, later in 0_u64..40, generated in any::<bool>()) {
        let review = if generated { after(None, generate(month(), over())) } else { None };
        let day = crate::time::Span::from_secs(86_400);
        let check = |days| super::check(month(), review.as_ref(), policy(), over() + day.times(days)).outcome;
        prop_assert!(check(days + later) >= check(days));
    }

    #[test]
    fn taking_evidence_away_never_improves_what_is_found(which in 0usize..5, place in 0usize..5, fails in any::<bool>()) {
        let (whole, missing) = (if fails { bad() } else { calm() }, || "gone".to_owned());
        let mut less = whole.clone();
        match which {
            0 => less.noise = None,
            1 => less.drills.iter_mut().for_each(|drill| drill.took = None),
            2 => less.capacity.iter_mut().for_each(|one| one.outlook = Outlook::Unknown),
            3 => less.signals.clear(),
            _ => less.signals.iter_mut().skip(place % 2).take(1).for_each(|row| row.health.health = Health::Unknown),
        }
        less.drills.iter_mut().for_each(|drill| drill.data_set = missing());
        for (before, after) in outcomes(whole).into_iter().zip(outcomes(less)) {
            prop_assert!(after >= before.min(Outcome::Undetermined), "{before} became {after}");
        }
    }

    #[test]
    fn a_further_bad_thing_never_improves_what_is_found(which in 0usize..5, fails in any::<bool>()) {
        let whole = if fails { bad() } else { calm() };
        let (mut more, worse) = (whole.clone(), bad());
        match which {
            0 => more.noise = worse.noise,
            1 => more.drills.extend(worse.drills),
            2 => more.capacity.extend(worse.capacity),
            3 => more.signals.push(row("cart", Signal::Latency, Health::Degraded)),
            _ => more.incidents.extend(worse.incidents),
        }
        for (before, after) in outcomes(whole).into_iter().zip(outcomes(more)) {
            prop_assert!(after >= before, "{before} became {after}");
        }
    }
}
