//! What the server keeps, in terms of domain records: the ledger, the reports, checkpoints of what they amount to,
//! and roll-ups of series. Whatever is behind it passes one conformance suite.
//!
//! Appending is done by one thread at a time, the commit thread; an append is a promise only after
//! [`Store::sync`] has returned.

pub mod embedded;
pub mod memory;
mod received;

#[cfg(test)]
mod conformance;

use eavip_core::id::{Digest128, NodeId, TeamId};
use eavip_core::signal::reading::SeriesKey;
use eavip_core::time::{Span, Timestamp};
use uuid::Uuid;

use crate::checkpoint::Checkpoint;
use crate::history::RollUp;
use crate::record::LedgerRecord;

/// A report as it was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRecord {
    /// Who sent it.
    pub node: NodeId,
    /// The numbering of `seq`.
    pub epoch: u64,
    /// Its number.
    pub seq: u64,
    /// The digest of the body.
    pub digest: Digest128,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The body, byte for byte.
    pub body: bytes::Bytes,
}

/// Alerts of one request of another system, as they were acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertsRecord {
    /// When they arrived.
    pub received_at: Timestamp,
    /// How long those without an end fire.
    pub resolve_timeout: Span,
    /// Who owns those that have no other owner.
    pub fallback: Option<TeamId>,
    /// The body, byte for byte.
    pub body: bytes::Bytes,
}

/// What was received and acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A node's report.
    Report(ReportRecord),
    /// Another system's alerts.
    Alerts(AlertsRecord),
}

/// Why the store didn't do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space is left; what was appended before is safe, and appending works again when there is space.
    #[error("the store's disk is full; free space below its directory")]
    Full,
    /// The disk didn't confirm a write: nothing may be acknowledged any more.
    #[error(
        "the disk did not confirm a write; the server stops so that it acknowledges nothing it can't keep"
    )]
    NotDurable,
    /// Something else of the disk or file system.
    #[error("the store could not be used: {0}")]
    Io(#[source] std::io::Error),
    /// A record can't be written or read.
    #[error("a record of the store can't be used: {0}")]
    Record(String),
}

/// One rolled-up span of one series.
pub type SeriesRollUp = (NodeId, SeriesKey, RollUp);

/// Records with their positions, in order; damaged ones were reported at opening and are left out.
pub type Records<'a, T> = Box<dyn Iterator<Item = Result<(u64, T), StoreError>> + 'a>;

/// Stored bytes of records with their positions, in order.
pub type Follow<'a> = Box<dyn Iterator<Item = (u64, Vec<u8>)> + Send + 'a>;

/// What the server needs of a place to keep things.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Identifies this store for good; a copy that was restored elsewhere keeps it.
    fn identity(&self) -> Uuid;

    /// What was damaged or repaired when it was opened, for people; told once.
    fn repairs(&self) -> Vec<String>;

    /// Appends a mutation and gives its position.
    ///
    /// # Errors
    /// [`StoreError::Full`] leaves the store as it was.
    fn append(&self, record: &LedgerRecord) -> Result<u64, StoreError>;

    /// Appends a report and gives its position.
    ///
    /// # Errors
    /// [`StoreError::Full`] leaves the store as it was.
    fn append_report(&self, record: &ReportRecord) -> Result<u64, StoreError>;

    /// Appends another system's alerts and gives their position among the reports.
    ///
    /// # Errors
    /// [`StoreError::Full`] leaves the store as it was.
    fn append_alerts(&self, record: &AlertsRecord) -> Result<u64, StoreError>;

    /// Makes every append so far survive a power cut.
    ///
    /// # Errors
    /// After [`StoreError::NotDurable`] nothing can be appended any more.
    fn sync(&self) -> Result<(), StoreError>;

    /// The ledger from a position on.
    fn ledger(&self, from: u64) -> Records<'_, LedgerRecord>;

    /// The position that the next record of the ledger gets.
    fn ledger_end(&self) -> u64;

    /// The ledger from a position on, as it is stored and as far as it is durable. After `None` a later `next` goes on with
    /// what was made durable since. Damaged records are left out.
    fn follow_ledger(&self, from: u64) -> Follow<'_>;

    /// What was received from a position on; earlier ones may be gone.
    fn reports(&self, from: u64) -> Records<'_, Received>;

    /// A position from which on the reports take at most about `bytes` of space.
    fn reports_within(&self, bytes: u64) -> u64;

    /// Lets go of reports before a position; some of them may stay for a while.
    ///
    /// # Errors
    /// When files can't be removed.
    fn forget_reports(&self, before: u64) -> Result<(), StoreError>;

    /// Keeps a checkpoint in place of the one before.
    ///
    /// # Errors
    /// The one before stays when the new one can't be kept.
    fn save_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), StoreError>;

    /// The last checkpoint; `None` when there is none that can be trusted.
    ///
    /// # Errors
    /// When it can't be read for a reason other than damage.
    fn load_checkpoint(&self) -> Result<Option<Checkpoint>, StoreError>;

    /// Keeps roll-ups; the same again changes nothing.
    ///
    /// # Errors
    /// When they can't be written.
    fn save_roll_ups(&self, roll_ups: &[SeriesRollUp]) -> Result<(), StoreError>;

    /// The roll-ups from a slot on.
    ///
    /// # Errors
    /// When they can't be read for a reason other than damage.
    fn load_roll_ups(&self, from: u32) -> Result<Vec<SeriesRollUp>, StoreError>;

    /// Lets go of roll-ups before a slot; some of them may stay for a while.
    ///
    /// # Errors
    /// When files can't be removed.
    fn forget_roll_ups(&self, before: u32) -> Result<(), StoreError>;
}
