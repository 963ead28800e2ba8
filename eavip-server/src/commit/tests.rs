//! Tests of writing, answering and recovering.

use std::sync::Arc;

use eavip_core::id::Digest128;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::Span;
use futures_util::FutureExt as _;
use uuid::Uuid;

use super::*;
use crate::record::{Event, NodeEvent, ServerEvent};
use crate::store::Received;
use crate::store::Store as _;
use crate::store::embedded::EmbeddedStore;
use crate::store::memory::MemoryStore;
use crate::testing::{Inside, body, checked, node, reports};

fn cpu(value: f64) -> Vec<Reading> {
    vec![Reading::exact(Metric::CpuBusy, value)]
}

fn stored(inside: &Inside) -> Vec<(u64, Digest128)> {
    let report = |received| match received {
        Received::Report(report) => (report.seq, report.digest),
        Received::Alerts(alerts) => panic!("{alerts:?}"),
    };
    inside.store.reports(0).map(|entry| report(entry.unwrap().1)).collect()
}

#[tokio::test]
async fn a_resend_changes_nothing_and_is_acknowledged_again() {
    let inside = Inside::new();
    let id = inside.enrol(1).await;
    let at = crate::shared::now();
    let batch = || reports(id, 0, vec![checked(1, body(at, cpu(0.1))), checked(2, body(at, cpu(0.2)))]);
    for _ in 0..3 {
        let taken = inside.committer.reports(batch()).await.unwrap();
        assert_eq!(taken, Taken::Acknowledged { epoch: 1, seq: 2 });
    }
    assert_eq!(stored(&inside).len(), 2, "each report is stored once");
}

#[tokio::test]
async fn a_clone_is_refused_and_told_once() {
    let inside = Inside::new();
    let id = inside.enrol(1).await;
    inside.report(id, 1, cpu(0.1)).await;
    for _ in 0..3 {
        let other = reports(id, 0, vec![checked(1, body(crate::shared::now(), cpu(0.9)))]);
        assert_eq!(inside.committer.reports(other).await.unwrap(), Taken::Cloned { seq: 1 });
    }
    let told = inside.store.ledger(0).map(Result::unwrap).flat_map(|(_, record)| record.events);
    let clones = told.filter(|event| matches!(event, Event::Node { event: NodeEvent::CloneSeen { .. }, .. }));
    assert_eq!(clones.count(), 1);
    let cloned = inside.shared.nodes.with(id, |known| known.node.series_of(Metric::NodeCloned).count());
    assert_eq!(cloned, Some(1), "and is evidence for an alert");
}

#[tokio::test]
async fn a_clone_that_is_far_behind_is_told_from_a_late_resend() {
    let inside = Inside::new();
    let id = inside.enrol(1).await;
    let began = crate::shared::now();
    let made_at = |seq: u64| body(began + Span::from_secs(seq), cpu(0.1));
    let batch = |seqs: std::ops::RangeInclusive<u64>| seqs.map(|seq| checked(seq, made_at(seq))).collect();
    let all = inside.committer.reports(reports(id, 0, batch(1..=300))).await.unwrap();
    assert_eq!(all, Taken::Acknowledged { epoch: 1, seq: 300 });
    let late = inside.committer.reports(reports(id, 0, batch(1..=9))).await.unwrap();
    assert_eq!(late, Taken::Acknowledged { epoch: 1, seq: 300 }, "nobody remembers these digests any more");
    let other = checked(10, body(began + Span::from_secs(301), cpu(0.1)));
    let cloned = inside.committer.reports(reports(id, 9, vec![other])).await.unwrap();
    assert_eq!(cloned, Taken::Cloned { seq: 10 }, "an old number on something newer than all there is");
}

#[tokio::test]
async fn a_store_that_lost_its_tail_asks_for_it_again() {
    let inside = Inside::new();
    let id = inside.enrol(1).await;
    inside.report(id, 1, cpu(0.1)).await;
    let ahead = reports(id, 40, vec![checked(41, body(crate::shared::now(), cpu(0.9)))]);
    let taken = inside.committer.reports(ahead).await.unwrap();
    assert_eq!(taken, Taken::Rewound { epoch: 1, seq: 1 });
    assert_eq!(stored(&inside).len(), 1, "nothing was skipped");
}

#[tokio::test]
async fn nobody_but_an_enrolled_node_is_written() {
    let inside = Inside::new();
    let stranger = reports(node(9), 0, vec![checked(1, body(crate::shared::now(), cpu(0.1)))]);
    assert_eq!(inside.committer.reports(stranger).await.unwrap(), Taken::NotEnrolled);
    let id = inside.enrol(1).await;
    inside.write(vec![Event::Node { id, event: NodeEvent::Revoked }]).await;
    assert_eq!(inside.report(id, 1, cpu(0.1)).await, Taken::NotEnrolled);
}

#[tokio::test]
async fn a_restart_knows_what_was_known_with_and_without_its_checkpoint() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Arc::new(EmbeddedStore::open(directory.path()).unwrap());
    let inside = Inside::over(open());
    let id = inside.enrol(1).await;
    for seq in 1..=20 {
        inside.report(id, seq, cpu(seq as f64 / 100.0)).await;
    }
    let before = inside.shared.book().clone();
    drop(inside.stop());
    for (what, forget) in [("with the checkpoint", false), ("without it", true)] {
        if forget {
            std::fs::remove_dir_all(directory.path().join("views")).unwrap();
        }
        let inside = Inside::over(open());
        assert_eq!(*inside.shared.book(), before, "{what}");
        let (latest, points) = inside
            .shared
            .nodes
            .with(id, |known| {
                let (key, series) = known.node.series_of(Metric::CpuBusy).next().unwrap();
                (series.value.clone(), known.histories[key].since(Default::default()).len())
            })
            .unwrap();
        assert_eq!(latest, eavip_core::signal::reading::Value::Number(0.2), "{what}");
        assert_eq!(points, 20, "{what}");
        if forget {
            let again = inside.report(id, 20, cpu(0.9)).await;
            assert_eq!(again, Taken::Cloned { seq: 20 }, "the marks are known");
        }
        drop(inside.stop());
    }
}

#[tokio::test]
async fn a_refused_mutation_writes_nothing_and_says_why() {
    let inside = Inside::new();
    let refuse = |_: &Book, _| Err(Refused::because("X", "it must not be", "leave it"));
    let error = inside.committer.mutate(refuse).await.unwrap_err();
    assert!(matches!(error, MutateError::Refused(_)), "{error}");
    assert_eq!(inside.store.ledger(0).count(), 0);
}

/// A store whose disk is full, fails, or takes long for a checkpoint, when told to.
#[derive(Debug)]
struct Faulty {
    inner: MemoryStore,
    /// Held by a test while checkpoints should take long.
    slow: tokio::sync::Mutex<()>,
    full: std::sync::atomic::AtomicBool,
    broken: std::sync::atomic::AtomicBool,
}

impl Faulty {
    fn new() -> Arc<Self> {
        let inner = MemoryStore::new(Uuid::nil());
        Arc::new(Self { inner, slow: ().into(), full: false.into(), broken: false.into() })
    }

    fn check(&self) -> Result<(), crate::store::StoreError> {
        match self.full.load(std::sync::atomic::Ordering::SeqCst) {
            true => Err(crate::store::StoreError::Full),
            false => Ok(()),
        }
    }
}

impl crate::store::Store for Faulty {
    fn identity(&self) -> Uuid {
        self.inner.identity()
    }
    fn repairs(&self) -> Vec<String> {
        Vec::new()
    }
    fn append(&self, record: &LedgerRecord) -> Result<u64, crate::store::StoreError> {
        self.check().and_then(|()| self.inner.append(record))
    }
    fn append_report(&self, record: &crate::store::ReportRecord) -> Result<u64, crate::store::StoreError> {
        self.check().and_then(|()| self.inner.append_report(record))
    }
    fn append_alerts(&self, record: &crate::store::AlertsRecord) -> Result<u64, crate::store::StoreError> {
        self.check().and_then(|()| self.inner.append_alerts(record))
    }
    fn sync(&self) -> Result<(), crate::store::StoreError> {
        match self.broken.load(std::sync::atomic::Ordering::SeqCst) {
            true => Err(crate::store::StoreError::NotDurable),
            false => Ok(()),
        }
    }
    fn ledger(&self, from: u64) -> crate::store::Records<'_, LedgerRecord> {
        self.inner.ledger(from)
    }
    fn ledger_end(&self) -> u64 {
        self.inner.ledger_end()
    }
    fn follow_ledger(&self, from: u64) -> crate::store::Follow<'_> {
        self.inner.follow_ledger(from)
    }
    fn reports(&self, from: u64) -> crate::store::Records<'_, Received> {
        self.inner.reports(from)
    }
    fn reports_within(&self, bytes: u64) -> u64 {
        self.inner.reports_within(bytes)
    }
    fn forget_reports(&self, before: u64) -> Result<(), crate::store::StoreError> {
        self.inner.forget_reports(before)
    }
    fn save_checkpoint(
        &self,
        checkpoint: &crate::checkpoint::Checkpoint,
    ) -> Result<(), crate::store::StoreError> {
        let _in_the_end = self.slow.blocking_lock();
        self.inner.save_checkpoint(checkpoint)
    }
    fn load_checkpoint(&self) -> Result<Option<crate::checkpoint::Checkpoint>, crate::store::StoreError> {
        self.inner.load_checkpoint()
    }
    fn save_roll_ups(&self, roll_ups: &[crate::store::SeriesRollUp]) -> Result<(), crate::store::StoreError> {
        self.inner.save_roll_ups(roll_ups)
    }
    fn load_roll_ups(&self, from: u32) -> Result<Vec<crate::store::SeriesRollUp>, crate::store::StoreError> {
        self.inner.load_roll_ups(from)
    }
    fn forget_roll_ups(&self, before: u32) -> Result<(), crate::store::StoreError> {
        self.inner.forget_roll_ups(before)
    }
}

#[tokio::test]
async fn reports_are_acknowledged_while_a_checkpoint_is_written() {
    let store = Faulty::new();
    let inside = Inside::over(Arc::clone(&store) as _);
    let id = inside.enrol(1).await;
    let slow = store.slow.lock().await;
    let mut checkpoint = Box::pin(inside.committer.checkpoint());
    assert!(checkpoint.as_mut().now_or_never().is_none(), "it was asked for");
    assert_eq!(inside.report(id, 1, cpu(0.1)).await, Taken::Acknowledged { epoch: 1, seq: 1 });
    assert!(checkpoint.as_mut().now_or_never().is_none(), "and is still being written");
    drop(slow);
    checkpoint.await.unwrap();
    let kept = store.inner.load_checkpoint().unwrap().unwrap();
    assert_eq!((kept.ledger, kept.reports), (1, 0), "as it was when it was asked for");
}

#[tokio::test]
async fn a_full_disk_acknowledges_nothing_and_recovers_by_itself() {
    let store = Faulty::new();
    let inside = Inside::over(Arc::clone(&store) as _);
    let id = inside.enrol(1).await;
    store.full.store(true, std::sync::atomic::Ordering::SeqCst);
    let at = crate::shared::now();
    let batch = || reports(id, 0, vec![checked(1, body(at, cpu(0.1)))]);
    assert_eq!(inside.committer.reports(batch()).await.unwrap(), Taken::Full);
    let write = |_: &Book, at| {
        let events = vec![Event::Server { event: ServerEvent::StoreRepaired { what: "x".into() } }];
        let actor = crate::record::Actor::Server("test".into());
        Ok(LedgerRecord { v: 1, at, actor, reason: None, events })
    };
    assert!(matches!(inside.committer.mutate(write).await, Err(MutateError::Full)));
    store.full.store(false, std::sync::atomic::Ordering::SeqCst);
    let taken = inside.committer.reports(batch()).await.unwrap();
    assert_eq!(taken, Taken::Acknowledged { epoch: 1, seq: 1 });
    assert_eq!(stored(&inside).len(), 1);
}

#[tokio::test]
async fn a_disk_that_does_not_confirm_a_write_ends_it_all() {
    let store = Faulty::new();
    let inside = Inside::over(Arc::clone(&store) as _);
    let id = inside.enrol(1).await;
    store.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    let batch = reports(id, 0, vec![checked(1, body(crate::shared::now(), cpu(0.1)))]);
    assert_eq!(inside.committer.reports(batch).await, Err(Stopped), "not acknowledged");
    assert!(inside.thread.join().unwrap().is_err());
    assert!(inside.committer.checkpoint().await.is_err(), "and nothing is written any more");
}

#[tokio::test]
async fn a_committer_that_somebody_keeps_does_not_keep_the_thread_from_ending() {
    let inside = Inside::new();
    inside.enrol(1).await;
    let kept = inside.committer.clone();
    inside.committer.stop().await;
    inside.thread.join().unwrap().unwrap();
    assert!(inside.store.load_checkpoint().unwrap().is_some(), "a checkpoint is kept");
    assert!(kept.is_stopped() && kept.checkpoint().await.is_err());
    kept.stop().await;
}
