//! A store in memory, for tests and embedders that keep nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use eavip_core::id::NodeId;
use eavip_core::signal::reading::SeriesKey;
use uuid::Uuid;

use super::{AlertsRecord, Follow, Received, Records, ReportRecord, SeriesRollUp, Store, StoreError};
use crate::checkpoint::Checkpoint;
use crate::history::RollUp;
use crate::log::{LogError, PAYLOAD_MAX};
use crate::record::LedgerRecord;

#[derive(Debug, Default)]
struct Kept {
    ledger: Vec<LedgerRecord>,
    reports: BTreeMap<u64, Received>,
    next_report: u64,
    checkpoint: Option<Checkpoint>,
    roll_ups: BTreeMap<(u32, NodeId, SeriesKey), RollUp>,
}

/// Everything in memory; gone with the process.
#[derive(Debug)]
pub struct MemoryStore {
    identity: Uuid,
    kept: Mutex<Kept>,
}

impl MemoryStore {
    /// An empty store with an identity.
    #[must_use]
    pub fn new(identity: Uuid) -> Self {
        Self { identity, kept: Mutex::default() }
    }

    // In a Result because that is what the methods around it answer.
    #[allow(clippy::unnecessary_wraps)]
    fn put(&self, received: Received) -> Result<u64, StoreError> {
        let mut kept = self.kept();
        let at = kept.next_report;
        kept.reports.insert(at, received);
        kept.next_report += 1;
        Ok(at)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic elsewhere leaves the maps whole: each method changes one of them at a time.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn identity(&self) -> Uuid {
        self.identity
    }

    fn repairs(&self) -> Vec<String> {
        Vec::new()
    }

    fn append(&self, record: &LedgerRecord) -> Result<u64, StoreError> {
        let bytes = serde_json::to_vec(record).map_err(|error| StoreError::Record(error.to_string()))?.len();
        if bytes > PAYLOAD_MAX {
            return Err(StoreError::Record(LogError::TooLarge { bytes }.to_string()));
        }
        let mut kept = self.kept();
        kept.ledger.push(record.clone());
        Ok(kept.ledger.len() as u64 - 1)
    }

    fn append_report(&self, record: &ReportRecord) -> Result<u64, StoreError> {
        self.put(Received::Report(record.clone()))
    }

    fn append_alerts(&self, record: &AlertsRecord) -> Result<u64, StoreError> {
        self.put(Received::Alerts(record.clone()))
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn ledger(&self, from: u64) -> Records<'_, LedgerRecord> {
        let all = self.kept().ledger.clone();
        Box::new((0..).zip(all).filter(move |(at, _)| *at >= from).map(Ok))
    }

    fn ledger_end(&self) -> u64 {
        self.kept().ledger.len() as u64
    }

    fn follow_ledger(&self, from: u64) -> Follow<'_> {
        let mut at = from;
        Box::new(std::iter::from_fn(move || {
            let record = self.kept().ledger.get(usize::try_from(at).ok()?).cloned()?;
            at += 1;
            Some((at - 1, serde_json::to_vec(&record).ok()?))
        }))
    }

    fn reports(&self, from: u64) -> Records<'_, Received> {
        let later: Vec<_> =
            self.kept().reports.range(from..).map(|(at, record)| (*at, record.clone())).collect();
        Box::new(later.into_iter().map(Ok))
    }

    fn reports_within(&self, bytes: u64) -> u64 {
        let kept = self.kept();
        let mut total = 0;
        let fits = |(_, record): &(&u64, &Received)| {
            total += match record {
                Received::Report(report) => report.body.len() as u64,
                Received::Alerts(alerts) => alerts.body.len() as u64,
            };
            total <= bytes
        };
        kept.reports.iter().rev().take_while(fits).last().map_or(kept.next_report, |(at, _)| *at)
    }

    fn forget_reports(&self, before: u64) -> Result<(), StoreError> {
        self.kept().reports.retain(|at, _| *at >= before);
        Ok(())
    }

    fn save_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.kept().checkpoint = Some(checkpoint.clone());
        Ok(())
    }

    fn load_checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        Ok(self.kept().checkpoint.clone())
    }

    fn save_roll_ups(&self, roll_ups: &[SeriesRollUp]) -> Result<(), StoreError> {
        let mut kept = self.kept();
        for (node, key, roll_up) in roll_ups {
            kept.roll_ups.insert((roll_up.slot, *node, key.clone()), *roll_up);
        }
        Ok(())
    }

    fn load_roll_ups(&self, from: u32) -> Result<Vec<SeriesRollUp>, StoreError> {
        let kept = self.kept();
        let later = kept.roll_ups.iter().filter(|((slot, ..), _)| *slot >= from);
        Ok(later.map(|((_, node, key), roll_up)| (*node, key.clone(), *roll_up)).collect())
    }

    fn forget_roll_ups(&self, before: u32) -> Result<(), StoreError> {
        self.kept().roll_ups.retain(|(slot, ..), _| *slot >= before);
        Ok(())
    }
}
