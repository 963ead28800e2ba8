//! Tests of what keeps a page going: a storm, a runbook that changed, a taker whom no page knows, an alert that flaps.

use eavip_core::alert::flap::FlapPolicy;
use eavip_core::evaluate::Transition;

use super::*;

fn takes_as_nobody(ledger: &mut Ledger, secs: u64) {
    let taker = Taker { name: "token ci".to_owned(), person: None };
    let (book, policy) = (&ledger.book, &ledger.policy);
    let events = acknowledge(book, policy, Digest128([1; 16]), taker, "on it".to_owned(), at(secs)).unwrap();
    ledger.write(events, secs);
}

#[test]
fn what_somebody_took_whom_no_page_knows_lapses_as_well() {
    let mut ledger = Ledger::new(&["ana", "ben"]);
    ledger.opens(1, 0);
    ledger.look(0);
    takes_as_nobody(&mut ledger, 1);
    ledger.look(1_800);
    assert_eq!(ledger.told(), ["ana escalation"], "they have it");
    ledger.look(1_801);
    assert_eq!((ledger.told().len(), ledger.status(1)), (2, Status::Firing), "{:?}", ledger.told());
    let mut ledger = Ledger::new(&["ana"]);
    ledger.opens(1, 0);
    takes_as_nobody(&mut ledger, 1);
    ledger.look(1_800);
    assert_eq!(ledger.told(), [""; 0], "taken before anybody was paged");
    ledger.look(1_801);
    assert_eq!((ledger.told(), ledger.status(1)), (vec!["ana escalation".to_owned()], Status::Firing));
}

#[test]
fn when_everybody_was_told_it_begins_again_once_that_has_lapsed() {
    let mut ledger = Ledger::new(&["ana", "ben", "cyd"]);
    ledger.opens(1, 0);
    (0..100).for_each(|minute| ledger.look(minute * 60));
    assert_eq!((ledger.page(1).status(), ledger.told().len()), (PageStatus::Exhausted, 6));
    takes_as_nobody(&mut ledger, 6_000);
    ledger.look(7_799);
    assert_eq!(ledger.told().len(), 6);
    ledger.look(7_800);
    assert_eq!((ledger.told().len(), ledger.status(1)), (7, Status::Firing), "{:?}", ledger.told());
    ledger.look(7_801);
    assert_eq!(ledger.told().len(), 7);
}

#[test]
fn a_reload_takes_the_alert_from_nobody() {
    let mut ledger = Ledger::new(&["ana", "ben"]);
    ledger.opens(1, 0);
    ledger.look(0);
    takes_as_nobody(&mut ledger, 60);
    ledger.policy = policy(&RUNBOOK.replace("escalation.platform", "escalation.renamed"));
    ledger.look(120);
    ledger.look(121);
    assert_eq!((ledger.told().len(), ledger.status(1)), (1, Status::Acknowledged));
    assert_eq!(ledger.page(1).escalation.as_str(), "renamed");
    ledger.look(60 + 1_800);
    assert_eq!((ledger.told().len(), ledger.status(1)), (2, Status::Firing));
}

#[test]
fn a_page_goes_on_by_the_teams_escalation_when_its_own_is_gone() {
    let mut ledger = Ledger::new(&["ana", "ben", "cyd"]);
    ledger.opens(1, 0);
    ledger.look(0);
    ledger.policy = policy(&RUNBOOK.replace("escalation.platform", "escalation.renamed"));
    ledger.look(1);
    assert_eq!(ledger.page(1).escalation.as_str(), "renamed");
    ledger.look(301);
    assert_eq!(ledger.told(), ["ana escalation", "ana escalation", "ben escalation"]);
}

#[test]
fn that_others_know_of_its_flapping_keeps_nobody_asleep_whom_no_page_woke() {
    let mut ledger = Ledger::new(&["ana"]);
    let (mut flaps, rule) = (Flaps::default(), FlapPolicy { states: 5, ..FlapPolicy::default() });
    let id = Digest128([1; 16]);
    let comes = || EpisodeEvent::Opened(opening(1, Category::Critical));
    let open = [Episode::evolve(None, comes()).unwrap()];
    for secs in 0..6 {
        let ending = eavip_core::alert::episode::Ending::Recovered;
        let goes = EpisodeEvent::Resolved { ending, at: at(secs) };
        let event = if secs % 2 == 0 { goes } else { comes() };
        flaps.observe(&[Transition { episode: id, event }], &open, &rule, at(secs));
    }
    flaps.told(id, Category::Critical);
    assert!(flaps.of(id).holds_back(Category::Critical));
    ledger.opens(1, 10);
    ledger.look_at(&flaps, 10);
    assert_eq!(ledger.told(), ["ana escalation"], "nobody was paged of it yet");
    ledger.ends(1, 11);
    ledger.look_at(&flaps, 11);
    let mut again = opening(2, Category::Critical);
    again.fingerprint = id;
    ledger.episode(2, EpisodeEvent::Opened(again), 12);
    ledger.look_at(&flaps, 12);
    assert_eq!(ledger.told().len(), 2, "paged, and that it was over: it flaps");
}

#[tokio::test]
async fn a_storm_is_paged_in_as_many_records_as_it_takes() {
    const ALERTS: u32 = 6_000;
    let inside = Inside::with_policy(Arc::new(MemoryStore::new(uuid::Uuid::nil())), policy(RUNBOOK));
    let mail = ContactEvent::Added { receiver: "mail".parse().unwrap(), address: None };
    let contact = |event| Event::Contact { person: person("ana"), id: Digest128([9; 16]), event };
    inside.write(vec![contact(mail), contact(ContactEvent::Verified)]).await;
    let opened = (0..ALERTS).map(|number| {
        let id = Digest128::of([&number.to_be_bytes()[..]]);
        let mut opening = opening(0, Category::Critical);
        (opening.id, opening.fingerprint) = (id, id);
        Event::Episode { id, event: EpisodeEvent::Opened(opening), groups: Vec::new() }
    });
    for part in crate::record::parts(opened.collect(), bytes) {
        inside.write(part).await;
    }
    let mut records = 0;
    while inside.shared.book().outbox.waiting() < ALERTS as usize {
        once(&inside.shared, &inside.committer, now()).await.unwrap();
        records += 1;
        assert!(records < 100, "each record brings some of them on");
    }
    assert!(records > 1, "it is more than one record holds");
}
