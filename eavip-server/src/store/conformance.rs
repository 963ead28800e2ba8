//! What every store must do. A new engine joins by one line in [`stores`].

use std::sync::Arc;

use eavip_core::id::Digest128;
use eavip_core::labels::Labels;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::SeriesKey;
use eavip_core::time::{Span, Timestamp};
use uuid::Uuid;

use super::embedded::EmbeddedStore;
use super::memory::MemoryStore;
use super::{AlertsRecord, Received, ReportRecord, Store};
use crate::checkpoint::{Checkpoint, Numbered};
use crate::history::RollUp;
use crate::record::{Actor, Event, LedgerRecord, ServerEvent, VERSION};
use crate::testing::node;

type Reopen = Box<dyn Fn(Arc<dyn Store>) -> Arc<dyn Store>>;

/// A store under test, and how to open it again as after a restart.
struct Subject {
    name: &'static str,
    store: Arc<dyn Store>,
    reopen: Reopen,
}

fn stores() -> Vec<Subject> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_owned();
    let store = Arc::new(EmbeddedStore::open(&path).unwrap());
    let reopen = move |store: Arc<dyn Store>| -> Arc<dyn Store> {
        let _kept_until_the_end = &directory;
        drop(store);
        Arc::new(EmbeddedStore::open(&path).unwrap())
    };
    vec![
        Subject {
            name: "memory",
            store: Arc::new(MemoryStore::new(Uuid::nil())),
            reopen: Box::new(|store| store),
        },
        Subject { name: "embedded", store, reopen: Box::new(reopen) },
    ]
}

fn ledger_record(number: u64) -> LedgerRecord {
    LedgerRecord {
        v: VERSION,
        at: Timestamp::from_millis(number as i64),
        actor: Actor::User("ana\u{202e}\"".to_owned()),
        reason: Some(format!("reason {number}")),
        events: vec![Event::Server {
            event: ServerEvent::StoreRepaired { what: "x".repeat(number as usize) },
        }],
    }
}

fn report_record(number: u64) -> ReportRecord {
    let body = bytes::Bytes::from(format!("{{\"n\":{number}}}"));
    ReportRecord {
        node: node(1 + u128::from(number % 3)),
        epoch: 1,
        seq: number + 1,
        digest: Digest128::of([&body[..]]),
        received_at: Timestamp::from_millis(1_000 + number as i64),
        body,
    }
}

fn alerts_record(number: u64) -> AlertsRecord {
    AlertsRecord {
        received_at: Timestamp::from_millis(1_000 + number as i64),
        resolve_timeout: Span::from_secs(number),
        fallback: number.is_multiple_of(2).then(|| "platform-operations".parse().unwrap()),
        body: bytes::Bytes::from(format!("[{number}]")),
    }
}

/// Of what is received every third is another system's alerts.
fn received(number: u64) -> Received {
    if number % 3 == 2 {
        Received::Alerts(alerts_record(number))
    } else {
        Received::Report(report_record(number))
    }
}

fn put(store: &dyn Store, number: u64) -> u64 {
    match received(number) {
        Received::Report(report) => store.append_report(&report),
        Received::Alerts(alerts) => store.append_alerts(&alerts),
    }
    .unwrap()
}

fn roll_up(slot: u32, series: &str) -> super::SeriesRollUp {
    let labels = Labels::new([("mount", series)]).unwrap();
    let key = SeriesKey { metric: Metric::DiskUsed, service: None, labels };
    (node(1), key, RollUp { slot, min: 0.25, max: 1.5, sum: 2.0, count: 3 })
}

#[test]
fn gives_back_what_was_appended_in_order_from_any_position() {
    for Subject { name, store, reopen } in stores() {
        for number in 0..20 {
            assert_eq!(store.append(&ledger_record(number)).unwrap(), number, "{name}");
            assert_eq!(put(&*store, number), number, "{name}");
        }
        store.sync().unwrap();
        let identity = store.identity();
        let store = reopen(store);
        assert_eq!(store.identity(), identity, "{name}: the identity stays");
        assert_eq!(store.repairs(), Vec::<String>::new(), "{name}");
        for from in [0, 7, 19, 20, 99] {
            let ledger: Vec<_> = store.ledger(from).map(Result::unwrap).collect();
            let expected: Vec<_> = (from..20).map(|number| (number, ledger_record(number))).collect();
            assert_eq!(ledger, expected, "{name} from {from}");
            let reports: Vec<_> = store.reports(from).map(Result::unwrap).collect();
            let expected: Vec<_> = (from..20).map(|number| (number, received(number))).collect();
            assert_eq!(reports, expected, "{name} from {from}");
        }
        assert_eq!(store.append(&ledger_record(20)).unwrap(), 20, "{name}: positions go on");
    }
}

#[test]
fn who_follows_the_ledger_gets_each_record_once_when_it_is_durable() {
    for Subject { name, store, reopen } in stores() {
        let append = |store: &dyn Store, numbers: std::ops::Range<u64>| {
            numbers.for_each(|number| {
                store.append(&ledger_record(number)).unwrap();
            });
            store.sync().unwrap();
        };
        let expected = |from: u64, to: u64| -> Vec<_> {
            (from..to).map(|number| (number, serde_json::to_vec(&ledger_record(number)).unwrap())).collect()
        };
        append(store.as_ref(), 0..5);
        let mut follow = store.follow_ledger(2);
        assert_eq!(follow.by_ref().collect::<Vec<_>>(), expected(2, 5), "{name}");
        for (from, to) in [(5, 6), (6, 6), (6, 30)] {
            append(store.as_ref(), from..to);
            assert_eq!(follow.by_ref().collect::<Vec<_>>(), expected(from, to), "{name}");
        }
        drop(follow);
        let store = reopen(store);
        assert_eq!(store.ledger_end(), 30, "{name}");
        assert_eq!(store.follow_ledger(29).collect::<Vec<_>>(), expected(29, 30), "{name}");
    }
}

#[test]
fn forgetting_reports_never_takes_one_that_is_still_wanted() {
    for Subject { name, store, reopen } in stores() {
        for number in 0..50 {
            store.append_report(&report_record(number)).unwrap();
        }
        store.sync().unwrap();
        store.forget_reports(30).unwrap();
        let store = reopen(store);
        let kept: Vec<u64> = store.reports(30).map(|entry| entry.unwrap().0).collect();
        assert_eq!(kept, (30..50).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn knows_where_the_newest_reports_begin_that_fit_into_so_much_space() {
    for Subject { name, store, .. } in stores() {
        for number in 0..50 {
            store.append_report(&report_record(number)).unwrap();
        }
        store.sync().unwrap();
        assert_eq!(store.reports_within(u64::MAX), 0, "{name}: all of them");
        assert!(store.reports_within(100) <= 50, "{name}: never beyond the last");
    }
}

fn large_alert(number: u32) -> crate::intake::Known {
    let labels = eavip_core::labels::Labels::new([("alertname", number.to_string())]).unwrap();
    let texts = (0..2).map(|n| (format!("text{n}"), "x".repeat(8_000))).collect();
    crate::intake::Known {
        fingerprint: eavip_core::alert::intake::fingerprint(&labels),
        labels,
        annotations: eavip_core::alert::intake::Annotations::new(texts).unwrap(),
        generator: None,
        starts_at: Timestamp::default(),
        ends_at: Timestamp::default(),
        open_ended: true,
        updated_at: Timestamp::default(),
        fallback: None,
    }
}

#[test]
fn a_checkpoint_takes_the_place_of_the_one_before() {
    for Subject { name, store, reopen } in stores() {
        assert_eq!(store.load_checkpoint().unwrap(), None, "{name}");
        for round in 1..4 {
            let mut checkpoint = Checkpoint { ledger: round, reports: round * 10, ..Checkpoint::default() };
            for number in 0..round {
                checkpoint.book.apply(number, &ledger_record(70_000));
                let mark = checkpoint.marks.entry(node(u128::from(number))).or_default();
                let made_at = Timestamp::from_millis(4);
                let numbered = Numbered { epoch: 1, seq: round, digest: Digest128([7; 16]), made_at };
                mark.advance(&numbered, Timestamp::from_millis(5));
                checkpoint.places.note(Timestamp::from_millis(number as i64 * 100_000), number);
            }
            // More than a value of the views holds.
            checkpoint.intake = (0..2_000).map(large_alert).collect();
            store.save_checkpoint(&checkpoint).unwrap();
            assert!(store.load_checkpoint().unwrap().as_ref() == Some(&checkpoint), "{name}");
        }
        let last = store.load_checkpoint().unwrap();
        assert_eq!(reopen(store).load_checkpoint().unwrap(), last, "{name}: after a restart");
    }
}

#[test]
fn keeps_roll_ups_by_slot_and_the_same_again_changes_nothing() {
    const DAY: u32 = 288;
    for Subject { name, store, reopen } in stores() {
        let first: Vec<_> =
            (10 * DAY..10 * DAY + 3).flat_map(|slot| [roll_up(slot, "/"), roll_up(slot, "/var")]).collect();
        let second = vec![roll_up(11 * DAY, "/")];
        store.save_roll_ups(&first).unwrap();
        store.save_roll_ups(&first).unwrap();
        store.save_roll_ups(&second).unwrap();
        let store = reopen(store);
        let all = store.load_roll_ups(0).unwrap();
        assert_eq!(all, [first.clone(), second.clone()].concat(), "{name}");
        let later = store.load_roll_ups(10 * DAY + 2).unwrap();
        assert_eq!(later, [first[4..].to_vec(), second.clone()].concat(), "{name}");
        store.forget_roll_ups(11 * DAY).unwrap();
        assert_eq!(store.load_roll_ups(11 * DAY).unwrap(), second, "{name}");
    }
}
