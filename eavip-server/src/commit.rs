//! The one place where anything is written: a thread that takes reports and mutations in order, appends them as a
//! group, makes the group durable with one fsync, applies it, and only then answers.
//!
//! It decides nothing about alerts; it knows which reports are new, repeated or a clone's, because only here are
//! marks and log changed together.

mod keeper;
mod recover;
mod worker;

use eavip_core::decision::Refused;
use eavip_core::id::{Digest128, NodeId};
use eavip_core::time::Timestamp;
use eavip_core::wire::v1::Body;
use tokio::sync::{mpsc, oneshot};

pub use recover::{Recovered, recover};
pub use worker::spawn;

use crate::book::Book;
use crate::checkpoint::Numbered;
use crate::intake::{Known, Promise};
use crate::record::LedgerRecord;
use crate::store::AlertsRecord;

/// Jobs that may wait: a few times what one group takes, so that the disk always has work and memory stays bounded.
const QUEUE: usize = 512;

/// A report that was checked, ready to be written.
#[derive(Debug)]
pub struct Checked {
    /// Its number.
    pub seq: u64,
    /// The digest of its bytes.
    pub digest: Digest128,
    /// Its bytes, as they came.
    pub bytes: bytes::Bytes,
    /// What they say.
    pub body: Body,
}

impl Checked {
    fn numbered(&self, epoch: u64) -> Numbered {
        Numbered { epoch, seq: self.seq, digest: self.digest, made_at: self.body.at }
    }
}

/// The reports of one request.
#[derive(Debug)]
pub struct Reports {
    /// Who sent them.
    pub node: NodeId,
    /// Their numbering.
    pub epoch: u64,
    /// What the sender has seen acknowledged.
    pub acknowledged: u64,
    /// When they arrived.
    pub received_at: Timestamp,
    /// The reports, with rising numbers.
    pub reports: Vec<Checked>,
}

/// The alerts of one request of another system.
#[derive(Debug)]
pub struct Alerts {
    /// As they are kept.
    pub record: AlertsRecord,
    /// What they say.
    pub known: Vec<Known>,
    /// The room that they were promised.
    pub promise: Promise,
}

/// What became of the reports of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// All are on disk; up to this number.
    Acknowledged {
        /// The numbering.
        epoch: u64,
        /// The number.
        seq: u64,
    },
    /// None was taken: the store is behind what the sender has seen acknowledged, and wants everything after this.
    Rewound {
        /// The numbering.
        epoch: u64,
        /// The number.
        seq: u64,
    },
    /// None was taken: another host uses the same identity.
    Cloned {
        /// The number that came with two contents.
        seq: u64,
    },
    /// None was taken: the sender isn't enrolled, or was revoked.
    NotEnrolled,
    /// Not acknowledged: the disk is full.
    Full,
}

/// The server is stopping, or the disk failed: nothing can be written any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server is stopping and writes nothing any more; try again in a moment")]
pub struct Stopped;

/// Why a mutation wasn't made.
#[derive(Debug, thiserror::Error)]
pub enum MutateError {
    /// The rules don't allow it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The disk is full.
    #[error("the server's disk is full; free space below its data directory")]
    Full,
    /// The record can't be kept as it is, such as one that is too large.
    #[error("this can't be written: {0}")]
    Unwritable(String),
    /// The server is stopping.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Decides on the book as it is at the moment of writing; a record without events writes nothing.
pub type Decide = Box<dyn FnOnce(&Book, Timestamp) -> Result<LedgerRecord, Refused> + Send>;

enum Job {
    Reports(Reports, oneshot::Sender<Taken>),
    Alerts(Alerts, oneshot::Sender<Result<(), MutateError>>),
    Mutate(Decide, oneshot::Sender<Result<(), MutateError>>),
    Checkpoint(oneshot::Sender<()>),
    Stop,
}

/// The way to the commit thread.
#[derive(Debug, Clone)]
pub struct Committer(mpsc::Sender<Job>);

impl Committer {
    /// Writes reports and waits until they are on disk.
    ///
    /// # Errors
    /// [`Stopped`] when nothing can be written any more.
    pub async fn reports(&self, reports: Reports) -> Result<Taken, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Job::Reports(reports, reply)).await.map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)
    }

    /// Writes alerts of another system and waits until they are on disk.
    ///
    /// # Errors
    /// Why they weren't kept.
    pub async fn alerts(&self, alerts: Alerts) -> Result<(), MutateError> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Job::Alerts(alerts, reply)).await.map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)?
    }

    /// Decides and writes a mutation, and waits until it is on disk and visible in the book.
    ///
    /// # Errors
    /// Why it wasn't made; the state is untouched.
    pub async fn mutate(
        &self,
        decide: impl FnOnce(&Book, Timestamp) -> Result<LedgerRecord, Refused> + Send + 'static,
    ) -> Result<(), MutateError> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Job::Mutate(Box::new(decide), reply)).await.map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)?
    }

    /// Whether nothing can be written any more.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.is_closed()
    }

    /// Ends the thread after what was asked for until now, with a checkpoint. Whoever asks later is told so: nobody who
    /// still holds a committer keeps the process from ending.
    pub async fn stop(&self) {
        // It has ended already when nobody takes this.
        let _ = self.0.send(Job::Stop).await;
    }

    /// Keeps a checkpoint now.
    ///
    /// # Errors
    /// [`Stopped`] when nothing can be written any more.
    pub async fn checkpoint(&self) -> Result<(), Stopped> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Job::Checkpoint(reply)).await.map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)
    }
}

#[cfg(test)]
mod tests;
