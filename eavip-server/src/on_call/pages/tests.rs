//! Tests of paging: who is told when, that a restart repeats nothing, and what an acknowledgement stops.

use std::collections::BTreeMap;

use eavip_core::alert::episode::{EpisodeEvent, Opening, Origin, Status};
use eavip_core::alert::silence::SilenceEvent;
use eavip_core::labels::Labels;
use eavip_core::on_call::page::{PageEvent, PageStatus};
use eavip_core::time::Span;
use proptest::prelude::*;

use super::*;
use crate::on_call::{Taker, acknowledge, hand_over};
use crate::record::{ContactEvent, Content, DeliveryEvent, Topic};
use crate::store::memory::MemoryStore;
use crate::testing::{Inside, policy};

pub(crate) const RUNBOOK: &str = r#"
[person.ana]
teams = ["platform-operations"]
[person.ben]
teams = ["platform-operations"]
[person.cyd]
teams = ["platform-operations"]

[schedule.primary]
zone = "Europe/Berlin"
[[schedule.primary.rotation]]
people = ["ana"]
turn = "weekly"
since = 2020-01-06
at = "09:00"

[escalation.platform]
team = "platform-operations"
repeat = 1
[[escalation.platform.step]]
schedules = ["primary"]
[[escalation.platform.step]]
after = "5m"
people = ["ben"]
[[escalation.platform.step]]
after = "10m"
people = ["cyd"]
"#;

fn at(secs: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000) + Span::from_secs(secs)
}

fn opening(number: u8, category: Category) -> Box<Opening> {
    Box::new(Opening {
        id: Digest128([number; 16]),
        fingerprint: Digest128([number; 16]),
        rule: "probe-down".parse().unwrap(),
        category,
        owner: "platform-operations".parse().unwrap(),
        action: "Look at the service's log.".parse().unwrap(),
        runbook: "probe-down".parse().unwrap(),
        origin: Origin::Server { path: "/nodes".to_owned() },
        labels: Labels::new([("rule", "probe-down"), ("owner", "platform-operations")]).unwrap(),
        summary: "shop doesn't answer".to_owned(),
        since: at(0),
        at: at(0),
    })
}

fn person(name: &str) -> PersonId {
    name.parse().unwrap()
}

/// A book that is written to as the commit thread does it, without one.
struct Ledger {
    book: Book,
    policy: Policy,
    records: Vec<LedgerRecord>,
}

impl Ledger {
    fn new(people: &[&str]) -> Self {
        let mut ledger = Self { book: Book::default(), policy: policy(RUNBOOK), records: Vec::new() };
        for name in people {
            ledger.contact(name, ContactEvent::Added { receiver: "mail".parse().unwrap(), address: None }, 0);
            ledger.contact(name, ContactEvent::Verified, 0);
        }
        ledger
    }

    fn write(&mut self, events: Vec<Event>, secs: u64) {
        if events.is_empty() {
            return;
        }
        let actor = Actor::Server("test".to_owned());
        let record = LedgerRecord { v: VERSION, at: at(secs), actor, reason: None, events };
        let record: LedgerRecord = serde_json::from_slice(&serde_json::to_vec(&record).unwrap()).unwrap();
        self.book.apply(self.records.len() as u64, &record);
        self.records.push(record);
    }

    fn contact(&mut self, name: &str, event: ContactEvent, secs: u64) {
        let id = Digest128::of([name.as_bytes()]);
        self.write(vec![Event::Contact { person: person(name), id, event }], secs);
    }

    fn episode(&mut self, number: u8, event: EpisodeEvent, secs: u64) {
        let id = Digest128([number; 16]);
        self.write(vec![Event::Episode { id, event, groups: Vec::new() }], secs);
    }

    fn opens(&mut self, number: u8, secs: u64) {
        self.episode(number, EpisodeEvent::Opened(opening(number, Category::Critical)), secs);
    }

    fn ends(&mut self, number: u8, secs: u64) {
        let ending = eavip_core::alert::episode::Ending::Recovered;
        self.episode(number, EpisodeEvent::Resolved { ending, at: at(secs) }, secs);
    }

    fn look(&mut self, secs: u64) {
        self.look_at(&Flaps::default(), secs);
    }

    fn look_at(&mut self, flaps: &Flaps, secs: u64) {
        let known = tell::known(&self.book, &self.policy, at(secs));
        let (book, policy) = (&self.book, &self.policy);
        let paged = paged(book);
        let moment = Moment { book, policy, flaps, known: &known, paged: &paged, at: at(secs) };
        let due = moment.due();
        let (events, _) = events(book, policy, &due, at(secs));
        self.write(events, secs);
    }

    fn takes(&mut self, name: &str, number: u8, secs: u64) -> bool {
        let taker = Taker { name: name.to_owned(), person: Some(person(name)) };
        let id = Digest128([number; 16]);
        let events = acknowledge(&self.book, &self.policy, id, taker, "on it".to_owned(), at(secs));
        let taken = events.is_ok();
        self.write(events.unwrap_or_default(), secs);
        taken
    }

    fn page(&self, number: u8) -> &Page {
        &self.book.on_call.page(Digest128([number; 16])).unwrap().page
    }

    fn status(&self, number: u8) -> Status {
        self.book.alerts.get(Digest128([number; 16])).unwrap().status()
    }

    /// Everybody whom a message was decided for, and why, in order.
    fn told(&self) -> Vec<String> {
        let events = self.records.iter().flat_map(|record| &record.events);
        let told = events.filter_map(|event| match event {
            Event::Delivery { event: DeliveryEvent::Decided { to, content }, .. } => {
                let why = match content {
                    Content::Alerts { message, .. } => message.occasion.as_str(),
                    Content::Notice(notice) => notice.topic.as_str(),
                };
                Some(format!("{} {why}", to.person.as_ref()?))
            }
            _ => None,
        });
        told.collect()
    }
}

mod lasting;

#[test]
fn people_are_told_one_after_the_other_until_one_of_them_takes_it() {
    let mut ledger = Ledger::new(&["ana", "ben", "cyd"]);
    ledger.opens(1, 0);
    for secs in [0, 1, 2, 299] {
        ledger.look(secs);
    }
    assert_eq!(ledger.told(), ["ana escalation"], "looking again tells nobody twice");
    ledger.look(300);
    assert!(ledger.takes("ben", 1, 301));
    ledger.look(1_000);
    assert_eq!(ledger.told(), ["ana escalation", "ben escalation"]);
    assert!(!ledger.takes("ana", 1, 1_001), "one person has it");
    ledger.ends(1, 1_100);
    ledger.look(1_101);
    ledger.look(1_102);
    assert_eq!(ledger.told()[2..], ["ana all-resolved", "ben all-resolved"]);
    assert_eq!(ledger.page(1).status(), PageStatus::Stopped);
}

#[test]
fn an_acknowledgement_that_lapses_frees_the_alert_and_goes_on_with_the_next() {
    let mut ledger = Ledger::new(&["ana", "ben", "cyd"]);
    ledger.opens(1, 0);
    ledger.look(0);
    assert!(ledger.takes("ana", 1, 60));
    assert!(ledger.takes("ana", 1, 1_000), "whoever has it goes on with it");
    ledger.look(60 + 1_800);
    assert_eq!(ledger.status(1), Status::Acknowledged, "it was renewed");
    ledger.look(1_000 + 1_800);
    assert_eq!(
        (ledger.status(1), ledger.told().last().unwrap().as_str()),
        (Status::Firing, "ben escalation")
    );
    assert!(ledger.takes("ben", 1, 2_900));
}

#[test]
fn what_is_handed_over_is_told_to_who_has_it_then() {
    let mut ledger = Ledger::new(&["ana", "ben"]);
    ledger.opens(1, 0);
    ledger.look(0);
    let pair = || (person("ana"), person("ben"));
    let id = Digest128([1; 16]);
    let refused = hand_over(&ledger.book, &ledger.policy, id, pair(), "going home", at(1)).unwrap_err();
    assert_eq!(refused.findings[0].rule, "EAVIP-O13", "who doesn't have it can't hand it over");
    assert!(ledger.takes("ana", 1, 2));
    let events = hand_over(&ledger.book, &ledger.policy, id, pair(), "going home", at(3)).unwrap();
    ledger.write(events, 3);
    assert_eq!(ledger.told(), ["ana escalation", "ben hand-over"]);
    let taken = ledger.book.alerts.get(id).unwrap().acknowledged.clone().unwrap();
    assert_eq!((taken.by.as_str(), taken.reason.as_str()), ("ben", "from ana: going home"));
    assert_eq!(ledger.page(1).holder.as_ref().unwrap().0, person("ben"));
}

#[test]
fn only_critical_alerts_that_nothing_holds_back_wake_people() {
    let mut ledger = Ledger::new(&["ana"]);
    ledger.episode(2, EpisodeEvent::Opened(opening(2, Category::Warning)), 0);
    let request = eavip_core::alert::silence::Request {
        id: Digest128([7; 16]),
        matchers: "rule=\"probe-down\"".parse().unwrap(),
        reason: "known".to_owned(),
        ticket: "OPS-1".to_owned(),
        by: person("ben"),
        from: at(0),
        until: at(600),
    };
    let event = SilenceEvent::Requested {
        request: Box::new(request),
        waits: false,
        owners: Default::default(),
        at: at(0),
    };
    ledger.write(vec![Event::Silence { id: Digest128([7; 16]), event }], 0);
    ledger.opens(1, 1);
    ledger.look(2);
    assert_eq!(ledger.told(), [""; 0]);
    ledger.look(601);
    assert_eq!(ledger.told(), ["ana escalation"], "once the silence is over");
}

#[test]
fn who_cannot_be_reached_is_passed_over_at_once_and_that_is_known() {
    let mut ledger = Ledger::new(&[]);
    ledger.opens(1, 0);
    ledger.look(0);
    let unreached = |ledger: &Ledger| ledger.book.on_call.page(Digest128([1; 16])).unwrap().unreached_since;
    assert_eq!(unreached(&ledger), Some(at(0)));
    ledger.contact("cyd", ContactEvent::Added { receiver: "mail".parse().unwrap(), address: None }, 10);
    ledger.look(301);
    assert_eq!(ledger.told(), [""; 0], "a way that nobody verified is none");
    ledger.contact("cyd", ContactEvent::Verified, 310);
    ledger.look(602);
    assert_eq!((ledger.told(), unreached(&ledger)), (vec!["cyd escalation".to_owned()], None));
}

#[test]
fn an_alert_that_somebody_took_before_it_paged_is_their_page() {
    let mut ledger = Ledger::new(&["ana", "ben"]);
    ledger.opens(1, 0);
    assert!(ledger.takes("ben", 1, 0));
    ledger.look(1);
    assert_eq!(ledger.page(1).holder.as_ref().unwrap().0, person("ben"));
    assert_eq!(ledger.told(), [""; 0]);
    ledger.look(1 + 1_800);
    assert_eq!(ledger.told(), ["ana escalation"], "when it lapses the others are told");
}

#[test]
fn a_given_up_message_breaks_a_way_and_a_delivered_one_mends_it() {
    let mut ledger = Ledger::new(&["ana", "ben"]);
    ledger.opens(1, 0);
    ledger.look(0);
    let (id, _) = ledger.book.outbox.of(Digest128([1; 16])).next().unwrap();
    let error = "no such mailbox".to_owned();
    ledger.write(vec![Event::Delivery { id, event: DeliveryEvent::GivenUp { attempts: 1, error } }], 5);
    let ways = |ledger: &Ledger, name| ledger.book.on_call.recipients(&person(name)).count();
    assert_eq!((ways(&ledger, "ana"), ways(&ledger, "ben")), (0, 1));
    let to = ledger.book.on_call.contacts(&person("ana")).next().unwrap().1.recipient(&person("ana"));
    let notice = crate::record::Notice {
        topic: Topic::Test,
        title: "a test".to_owned(),
        text: String::new(),
        path: "/on-call".to_owned(),
    };
    let (id, test) = crate::on_call::decided(to, b"test", Content::Notice(notice), at(6));
    ledger.write(vec![test], 6);
    ledger.write(vec![Event::Delivery { id, event: DeliveryEvent::Delivered { attempts: 1 } }], 7);
    assert_eq!(ways(&ledger, "ana"), 1);
}

#[tokio::test]
async fn a_restart_repeats_no_page() {
    let store = Arc::new(MemoryStore::new(uuid::Uuid::nil()));
    let inside = Inside::with_policy(store, policy(RUNBOOK));
    let mail = ContactEvent::Added { receiver: "mail".parse().unwrap(), address: None };
    let contact = |event| Event::Contact { person: person("ana"), id: Digest128([9; 16]), event };
    let opened = EpisodeEvent::Opened(opening(1, Category::Critical));
    let id = Digest128([1; 16]);
    let opened = Event::Episode { id, event: opened, groups: Vec::new() };
    inside.write(vec![contact(mail), contact(ContactEvent::Verified), opened]).await;
    once(&inside.shared, &inside.committer, now()).await.unwrap();
    let before = inside.shared.book().on_call.clone();
    assert_eq!(inside.shared.book().outbox.waiting(), 1);
    let inside = Inside::with_policy(inside.stop(), policy(RUNBOOK));
    once(&inside.shared, &inside.committer, now()).await.unwrap();
    assert_eq!(inside.shared.book().on_call, before);
    assert_eq!(inside.shared.book().outbox.waiting(), 1);
}

#[tokio::test]
async fn that_nobody_can_be_reached_is_an_alert_until_it_is_no_longer_so() {
    let inside = Inside::with_policy(Arc::new(MemoryStore::new(uuid::Uuid::nil())), policy(RUNBOOK));
    let node = inside.enrol(1).await;
    let probe = |up| {
        let metric = eavip_core::signal::metric::Metric::ProbeUp;
        vec![eavip_core::signal::reading::Reading::exact(metric, up).of(Some(&"shop".parse().unwrap()))]
    };
    let look = async || {
        crate::evaluate::once(&inside.shared, &inside.committer, now()).await.unwrap();
        once(&inside.shared, &inside.committer, now()).await.unwrap();
        let book = inside.shared.book();
        let rules = book.alerts.open().map(|episode| episode.opening.rule.to_string());
        rules.collect::<std::collections::BTreeSet<String>>().into_iter().collect::<Vec<String>>()
    };
    inside.report(node, 1, probe(0.0)).await;
    assert_eq!(look().await, ["probe-down"]);
    assert_eq!(look().await, ["nobody-reachable", "probe-down"]);
    assert_eq!(
        inside.shared.book().on_call.open().count(),
        2,
        "it is paged as well, and counts no more than itself"
    );
    inside.report(node, 2, probe(1.0)).await;
    look().await;
    assert_eq!(look().await, [""; 0], "its own page doesn't keep it alive");
}

/// What may happen to a few alerts and those who look after them.
#[derive(Debug, Clone)]
enum Happens {
    Opens(u8),
    Ends(u8),
    Takes(u8, usize),
    HandsOver(u8, usize, usize),
    Looks,
    Restarts,
}

fn happens() -> impl Strategy<Value = (Happens, u64)> {
    let alert = || 1_u8..4;
    let one = prop_oneof![
        1 => alert().prop_map(Happens::Opens),
        1 => alert().prop_map(Happens::Ends),
        1 => (alert(), 0_usize..3).prop_map(|(alert, who)| Happens::Takes(alert, who)),
        1 => (alert(), 0_usize..3, 0_usize..3).prop_map(|(alert, by, to)| Happens::HandsOver(alert, by, to)),
        4 => Just(Happens::Looks),
        1 => Just(Happens::Restarts),
    ];
    (one, prop_oneof![Just(0), 1_u64..400, 1_500_u64..2_000])
}

proptest! {
    #[test]
    fn nobody_is_told_twice_of_one_step_and_nobody_while_somebody_has_it(
        history in proptest::collection::vec(happens(), 1..60),
        reachable in proptest::sample::subsequence(vec!["ana", "ben", "cyd"], 0..=3),
    ) {
        const PEOPLE: [&str; 3] = ["ana", "ben", "cyd"];
        let (mut ledger, mut secs) = (Ledger::new(&reachable), 0);
        for (what, pause) in history {
            secs += pause;
            match what {
                Happens::Opens(alert) => ledger.opens(alert, secs),
                Happens::Ends(alert) => ledger.ends(alert, secs),
                Happens::Takes(alert, who) => drop(ledger.takes(PEOPLE[who], alert, secs)),
                Happens::HandsOver(alert, by, to) => {
                    let pair = (person(PEOPLE[by]), person(PEOPLE[to]));
                    let id = Digest128([alert; 16]);
                    let events = hand_over(&ledger.book, &ledger.policy, id, pair, "yours", at(secs));
                    ledger.write(events.unwrap_or_default(), secs);
                }
                Happens::Looks => ledger.look(secs),
                Happens::Restarts => {
                    let mut book = Book::default();
                    let records = std::mem::take(&mut ledger.records);
                    records.iter().enumerate().for_each(|(at, record)| book.apply(at as u64, record));
                    prop_assert_eq!(&book, &ledger.book);
                    (ledger.book, ledger.records) = (book, records);
                }
            }
            ledger.look(secs);
            let records = ledger.records.len();
            ledger.look(secs);
            prop_assert_eq!(ledger.records.len(), records, "looking again at the same moment changes nothing");
        }
        keeps_its_promises(&ledger, &reachable)?;
    }
}

fn keeps_its_promises(ledger: &Ledger, reachable: &[&str]) -> Result<(), TestCaseError> {
    let mut steps: BTreeMap<(Digest128, usize), eavip_core::on_call::escalation::Position> = BTreeMap::new();
    let mut holders: BTreeMap<Digest128, PersonId> = BTreeMap::new();
    let mut rounds: BTreeMap<Digest128, usize> = BTreeMap::new();
    for record in &ledger.records {
        let messages = record.events.iter().filter(|event| matches!(event, Event::Delivery { .. })).count();
        let (mut expected, mut stopped) = (0, false);
        for event in &record.events {
            let Event::Page { id, event } = event else { continue };
            match event {
                PageEvent::Told { people, position, .. } => {
                    prop_assert!(!holders.contains_key(id), "told while somebody has it");
                    prop_assert!(people.iter().all(|person| reachable.contains(&person.as_str())));
                    let life = *rounds.entry(*id).or_default();
                    let last = steps.insert((*id, life), *position);
                    prop_assert!(last.is_none_or(|last| last < *position), "a step was told twice");
                    expected += people.len();
                }
                PageEvent::Acknowledged { by, .. } => drop(holders.insert(*id, by.clone())),
                PageEvent::HandedOver { to, .. } => {
                    holders.insert(*id, to.clone());
                    expected += usize::from(reachable.contains(&to.as_str()));
                }
                PageEvent::Lapsed { .. } => {
                    prop_assert!(holders.remove(id).is_some());
                    *rounds.entry(*id).or_default() += 1;
                }
                PageEvent::Stopped { .. } => {
                    holders.remove(id);
                    stopped = true;
                }
                _ => {}
            }
        }
        if expected > 0 && !stopped {
            prop_assert_eq!(messages, expected, "each who is told gets one message, in the same record");
        }
    }
    for (id, paged) in ledger.book.on_call.open() {
        let episode = ledger.book.alerts.get(id).unwrap();
        prop_assert!(episode.resolved.is_none(), "an end stops its page");
        let holder = paged.page.holder.as_ref().map(|(holder, _)| holder.to_string());
        prop_assert_eq!(holder, episode.acknowledged.as_ref().map(|taken| taken.by.clone()));
    }
    Ok(())
}
