//! Tests of what is measured: what incidents say of alerts, who mends what, and since when is counted.

use eavip_core::aggregate::Aggregate as _;
use eavip_core::alert::noise::AlertOutcome;
use eavip_core::alert::noise::defect::{Defect, DefectCommand};
use eavip_core::incident::change::{Alert, Request};

use super::*;
use crate::record::Event;
use crate::testing::{apply, asks, came_and_went, declaration, people};

pub(super) const MINUTE: Span = Span::from_secs(60);

/// A Tuesday noon.
pub(super) fn noon() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

/// A book in which a rule fired and was over by itself so many times until noon, an hour apart.
pub(super) fn noisy(times: u8) -> Book {
    let mut book = Book::default();
    for number in 1..=times {
        let began = noon() - Span::from_secs(3_600).times(u64::from(times + 1 - number));
        apply(&mut book, began, came_and_went(number, "probe-down", began, MINUTE).into());
    }
    book
}

fn find<'r>(report: &'r Report, name: &str) -> &'r Score {
    report.scores.iter().find(|score| named(&score.scope).1 == name).unwrap()
}

#[test]
fn a_rule_that_is_never_worth_it_is_over_the_budget_with_its_team() {
    let report = report(&noisy(10), &people(), noon());
    let over: Vec<(Whose, &str)> =
        report.scores.iter().filter(|score| score.is_over()).map(|score| named(&score.scope)).collect();
    assert_eq!(over, [(Whose::Rule, "probe-down"), (Whose::Team, "platform-operations")]);
    let failed = |finding: &&Finding| finding.outcome == Outcome::Fail;
    let messages: Vec<&str> =
        find(&report, "probe-down").findings.iter().filter(failed).map(|one| one.message.as_str()).collect();
    assert_eq!(messages, ["rule `probe-down`: share of alerts that were worth it: 0.00, at least 0.5"]);
}

#[test]
fn nine_alerts_are_too_few_to_say_anything() {
    assert!(!report(&noisy(9), &people(), noon()).scores.iter().any(Score::is_over));
}

#[test]
fn an_alert_that_an_incident_was_declared_from_was_acted_on_and_others_of_it_are_duplicates() {
    let mut book = noisy(3);
    let alert = Alert { episode: Digest128([1; 16]), rule: "probe-down".parse().unwrap() };
    let declared = crate::testing::declaration("inc-1", "shop");
    let declared = eavip_core::incident::change::Declaration { alert: Some(alert), ..declared };
    let record = asks(&book, "inc-1", Request::Declare(Box::new(declared)), noon());
    book.apply(1, &record);
    let attach = eavip_core::incident::change::Happening::AlertOpened(Alert {
        episode: Digest128([2; 16]),
        rule: "probe-down".parse().unwrap(),
    });
    let request = Request::Witness { happening: attach, happened_at: noon() };
    let command =
        eavip_core::incident::change::IncidentCommand { by: eavip_core::incident::Actor::Platform, request };
    let id = crate::testing::incident_id("inc-1");
    let events = eavip_core::incident::Incident::decide(book.incidents.get(&id), command, &people(), noon());
    let events = events.unwrap().into_iter().map(|event| Event::Incident { id: id.clone(), event }).collect();
    apply(&mut book, noon(), events);
    let outcomes: Vec<_> = counted(&book).map(|(_, record)| record.outcome().unwrap()).collect();
    let expected = [AlertOutcome::Acted, AlertOutcome::Duplicate, AlertOutcome::AutoResolved];
    assert_eq!(outcomes, expected);
}

#[test]
fn an_incident_without_an_alert_is_a_miss_of_its_owner() {
    let mut book = noisy(0);
    let record = asks(&book, "inc-1", Request::Declare(Box::new(declaration("inc-1", "shop"))), noon());
    book.apply(1, &record);
    let report = report(&book, &people(), noon() + MINUTE);
    let team = find(&report, "platform-operations");
    assert_eq!(team.measures.recall, Some(0.0));
}

/// A defect of the rule, mended an hour before a moment.
fn mended(book: &mut Book, at: Timestamp) {
    let scope = Scope::Rule("probe-down".parse().unwrap());
    let found = report(book, &people(), at);
    let findings = find(&found, "probe-down").findings.clone();
    let id = defect::id(&scope);
    let breach = DefectCommand::Breach { scope, owner: "platform-operations".parse().unwrap(), findings };
    let mend = DefectCommand::Mend { by: "ana".parse().unwrap(), how: "for = 5m".to_owned() };
    for command in [breach, mend] {
        let events = Defect::decide(book.noise.defect(id), command, &people(), at).unwrap();
        apply(book, at, events.into_iter().map(|event| Event::Defect { id, event }).collect());
    }
}

#[test]
fn what_was_before_a_defect_was_mended_is_no_longer_held_against_the_rule() {
    let mut book = noisy(10);
    mended(&mut book, noon());
    let report = report(&book, &people(), noon() + MINUTE);
    let rule = find(&report, "probe-down");
    assert_eq!((rule.measures.alerts, rule.is_over()), (0, false));
    assert!(find(&report, "platform-operations").is_over(), "its team's alerts count on");
}

#[test]
fn a_late_defect_is_an_alert_of_its_owner() {
    let mut book = noisy(10);
    mended(&mut book, noon());
    assert_eq!(stated(&book, noon() + PERIOD).count(), 0, "it is mended");
    let scope = Scope::Rule("probe-down".parse().unwrap());
    let id = defect::id(&scope);
    let findings = vec![eavip_core::alert::noise::budget::CHATTER.fail("it chatters", "mend it")];
    let breach = DefectCommand::Breach { scope, owner: "platform-operations".parse().unwrap(), findings };
    let events = Defect::decide(book.noise.defect(id), breach, &people(), noon()).unwrap();
    apply(&mut book, noon(), events.into_iter().map(|event| Event::Defect { id, event }).collect());
    let due = noon() + people().alerting.noise.due;
    assert_eq!(stated(&book, due).count(), 0);
    let late: Vec<Stated> = stated(&book, due + MINUTE).collect();
    assert_eq!(late.len(), 1);
    assert_eq!((late[0].rule.as_str(), late[0].since), ("noise-defect-overdue", due));
    assert_eq!(late[0].summary, "the noise of rule `probe-down` should be mended by now");
}
