//! The thread that keeps checkpoints: what the commit thread knew at one moment is written while it goes on. At ten
//! thousand nodes that takes seconds, for which nobody's acknowledgement waits.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;

use eavip_core::time::{Span, Timestamp};
use tokio::sync::oneshot;

use crate::checkpoint::Checkpoint;
use crate::history::{self, ROLL_UP};
use crate::shared::Shared;
use crate::store::{Store, StoreError};

/// Reports are kept at least this long for replay and for restored servers.
const KEEP_REPORTS: Span = Span::from_secs(24 * 3_600);
/// Reports take at most about this much of the disk, whatever their age: a day of five hundred nodes.
const KEEP_BYTES: u64 = 10 << 30;

/// What was known at one moment. In `checkpoint`, roll-ups before `rolled_before` are whole; whether they are on disk is
/// for the keeper to say.
pub(super) struct Moment {
    pub(super) at: Timestamp,
    pub(super) checkpoint: Checkpoint,
}

type Kept = (Moment, Option<oneshot::Sender<()>>);

/// The way to the thread. At most a few wait: who asks for one waits for it.
pub(super) struct Keeper {
    moments: mpsc::Sender<Kept>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Starts the thread; roll-ups before `rolled_before` are on disk.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn start(
        store: Arc<dyn Store>,
        shared: Arc<Shared>,
        rolled_before: u32,
    ) -> std::io::Result<Self> {
        let (moments, coming) = mpsc::channel::<Kept>();
        let mut room = Room { store, shared, rolled_before };
        let thread = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(move || {
            for (moment, reply) in coming {
                room.keep(moment);
                // Nobody waiting any more is fine: the checkpoint is kept.
                let _ = reply.map(|reply| reply.send(()));
            }
        })?;
        Ok(Self { moments, thread })
    }

    /// Has a moment kept; `reply` is told when it is.
    pub(super) fn keep(&self, moment: Moment, reply: Option<oneshot::Sender<()>>) {
        // A thread that panicked keeps nothing more, which the panic hook has told; the log alone then has to do.
        let _ = self.moments.send((moment, reply));
    }

    /// Ends the thread after everything that it was given.
    pub(super) fn finish(self) {
        drop(self.moments);
        let _ = self.thread.join();
    }
}

struct Room {
    store: Arc<dyn Store>,
    shared: Arc<Shared>,
    /// Roll-ups before this slot are on disk.
    rolled_before: u32,
}

impl Room {
    /// Keeps a checkpoint and the roll-ups that are whole by now, and lets go of old reports. What fails here is
    /// done again the next time: nothing depends on it but how long a start takes.
    fn keep(&mut self, Moment { at, mut checkpoint }: Moment) {
        let whole = checkpoint.rolled_before;
        match self.store.save_roll_ups(&self.shared.nodes.rolled(self.rolled_before..whole)) {
            Ok(()) => self.rolled_before = whole,
            Err(error) => tracing::warn!(%error, "the roll-ups were not kept"),
        }
        checkpoint.rolled_before = self.rolled_before;
        match self.save(at, &checkpoint) {
            Ok(()) => metrics::gauge!("eavip_checkpoint_timestamp_seconds").set(at.as_millis() as f64 / 1e3),
            Err(error) => tracing::warn!(%error, "the checkpoint was not kept; the next start replays more"),
        }
    }

    fn save(&self, at: Timestamp, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.store.save_checkpoint(checkpoint)?;
        let old = checkpoint.places.before(at - KEEP_REPORTS);
        self.store.forget_reports(old.max(self.store.reports_within(KEEP_BYTES)))?;
        self.store.forget_roll_ups(history::slot(at - ROLL_UP.times(288)))
    }
}
