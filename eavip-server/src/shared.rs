//! What every part of the server looks at: the book, the nodes, the policy in force and the stream of changes. Only
//! the commit thread changes book and nodes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use arc_swap::ArcSwap;
/// The server's clock is the one that every part of this process asks.
pub use eavip_agent::clock::now;
use eavip_core::evaluate::Waiting;
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;
use eavip_core::words;
use serde::Serialize;
use tokio::sync::{Notify, broadcast};

use crate::book::Book;
use crate::evaluate::flaps::Flaps;
use crate::intake::Intake;
use crate::nodes::Nodes;
use crate::noise::Report;
use crate::notify::attempts::AttemptLog;

/// Changes that a slow reader of the stream may lag behind before it is told to fetch anew.
const STREAM: usize = 1_024;

words! {
    /// What changed.
    pub enum ChangeKind ("change kind") {
        /// A node's readings.
        Report = "report",
        /// An alert.
        Alert = "alert",
        /// An incident.
        Incident = "incident",
        /// A node's enrolment.
        Node = "node",
        /// A message to a receiver.
        Delivery = "delivery",
        /// A silence.
        Silence = "silence",
        /// A defect of noise.
        Noise = "noise",
        /// An operations review, or what a trend proposes.
        Trend = "trend",
        /// Accounts, tokens, the server itself.
        Settings = "settings",
    }
}

/// That something changed; what it is now is asked for by its id.
#[derive(Debug, Clone, Serialize)]
pub struct Changed {
    /// Rises with every change of this process.
    pub seq: u64,
    /// What kind of thing.
    pub kind: ChangeKind,
    /// Which one.
    pub id: String,
}

/// What a start begins with.
#[derive(Debug, Default)]
pub struct State {
    /// The state of every aggregate.
    pub book: Book,
    /// The latest of every node.
    pub nodes: Nodes,
    /// What other systems sent.
    pub intake: Intake,
    /// What the last evaluation left waiting.
    pub waiting: Waiting,
    /// Which alerts come and go.
    pub flaps: Flaps,
}

/// The server's present state.
#[derive(Debug)]
pub struct Shared {
    book: RwLock<Book>,
    /// The latest of every node.
    pub nodes: Nodes,
    /// The runbook in force.
    pub policy: ArcSwap<Policy>,
    /// Wakes the evaluation.
    pub evaluate: Notify,
    /// Wakes the sending of messages.
    pub send: Notify,
    /// What the attempts of messages that wait have met.
    pub attempts: AttemptLog,
    /// What other systems sent.
    pub intake: Intake,
    /// The noise as it was measured last.
    pub noise: ArcSwap<Report>,
    /// What the last evaluation left waiting.
    waiting: Mutex<Waiting>,
    /// Which alerts come and go, as the last evaluation saw it.
    flaps: Mutex<Flaps>,
    changes: broadcast::Sender<Changed>,
    /// The last changes, oldest first, for readers that come back.
    recent: Mutex<VecDeque<Changed>>,
    seq: AtomicU64,
    evaluated_at: AtomicI64,
    /// When this process began to listen.
    pub started_at: Timestamp,
}

impl Shared {
    /// The state that a recovery found.
    #[must_use]
    pub fn new(state: State, policy: Policy) -> Arc<Self> {
        let State { book, nodes, intake, waiting, flaps } = state;
        Arc::new(Self {
            book: RwLock::new(book),
            nodes,
            policy: ArcSwap::from_pointee(policy),
            evaluate: Notify::new(),
            send: Notify::new(),
            attempts: AttemptLog::default(),
            intake,
            noise: ArcSwap::default(),
            waiting: Mutex::new(waiting),
            flaps: Mutex::new(flaps),
            changes: broadcast::Sender::new(STREAM),
            recent: Mutex::default(),
            seq: AtomicU64::new(0),
            evaluated_at: AtomicI64::new(i64::MIN),
            started_at: now(),
        })
    }

    /// The book, to look at. Hold it for a moment only: the commit thread waits for it.
    pub fn book(&self) -> RwLockReadGuard<'_, Book> {
        // Applying a record doesn't panic half way: what the lock guards is whole.
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the book; for the commit thread alone.
    pub(crate) fn change_book<T>(&self, change: impl FnOnce(&mut Book) -> T) -> T {
        change(&mut self.book.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells everybody who follows that something changed.
    pub fn changed(&self, kind: ChangeKind, id: impl Into<String>) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        let changed = Changed { seq, kind, id: id.into() };
        if recent.len() >= STREAM {
            recent.pop_front();
        }
        recent.push_back(changed.clone());
        // No receiver is no error: nobody has a page open. Sent under the lock, so that numbers rise for all.
        let _ = self.changes.send(changed);
    }

    /// Follows what changes from now on.
    #[must_use]
    pub fn follow(&self) -> broadcast::Receiver<Changed> {
        self.changes.subscribe()
    }

    /// Follows what changes from now on, and gives what changed after `seen`; `None` for that when some of it is no
    /// longer kept and has to be fetched anew.
    #[must_use]
    pub fn follow_after(&self, seen: u64) -> (Option<Vec<Changed>>, broadcast::Receiver<Changed>) {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, first) = (self.seq(), recent.front().map_or(0, |oldest| oldest.seq));
        let kept = seen <= last && (seen == last || first <= seen + 1);
        let missed = kept.then(|| recent.iter().filter(|changed| changed.seq > seen).cloned().collect());
        (missed, self.changes.subscribe())
    }

    /// The number of the last change.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq.load(Ordering::Relaxed)
    }

    /// Notes that alerts were evaluated.
    pub fn evaluated(&self, at: Timestamp) {
        self.evaluated_at.store(at.as_millis(), Ordering::Relaxed);
    }

    /// When alerts were evaluated last.
    #[must_use]
    pub fn evaluated_at(&self) -> Option<Timestamp> {
        let millis = self.evaluated_at.load(Ordering::Relaxed);
        (millis != i64::MIN).then(|| Timestamp::from_millis(millis))
    }

    /// What the last evaluation left waiting.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Which alerts come and go, as the last evaluation saw it.
    #[must_use]
    pub fn flaps(&self) -> Flaps {
        self.flaps.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what is known of alerts that come and go.
    pub fn change_flaps(&self, change: impl FnOnce(&mut Flaps)) {
        change(&mut self.flaps.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Keeps what an evaluation left waiting.
    pub fn set_waiting(&self, waiting: Waiting) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = waiting;
    }
}
