//! The thread that grows the tree behind the commit thread and signs its head. It reads what is durable already, so
//! nobody's acknowledgement waits for it: two syncs of its own for each checkpoint, none for a record.
//!
//! It looks once a second and takes no hint: what a crash cut short is found again in the ledger.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use eavip_core::audit::checkpoint::is_due;
use eavip_core::audit::leaf_hash;
use eavip_core::id::Digest256;
use eavip_core::time::{Span, Timestamp};

use super::history::Entry;
use super::key::LogKey;
use super::tree::TreeFile;
use super::{AuditLog, Head};
use crate::shared::{Shared, now};
use crate::store::Follow;

/// How often it looks for new records.
const PERIOD: Duration = Duration::from_secs(1);
/// Records compared with their hashes in one period: a million take three minutes of a hundredth of a core.
const COMPARED: usize = 5_000;
/// The whole ledger is compared again after this long.
const COMPARE_AGAIN: Span = Span::from_secs(86_400);

/// The thread, to end it. It also ends when this is dropped.
#[derive(Debug)]
pub struct Growing {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Growing {
    /// For a log that nothing can be added to.
    pub(super) fn idle() -> io::Result<Self> {
        let (stop, _) = sync_channel(1);
        Ok(Self { stop, thread: std::thread::Builder::new().name("audit".to_owned()).spawn(|| ())? })
    }

    /// Ends the thread after it has covered everything with a last checkpoint. Blocks for as long as that takes.
    pub fn finish(self) {
        drop(self.stop);
        // A thread that panicked has told so by the panic hook; the next start goes on where it was.
        let _ = self.thread.join();
    }
}

/// The hash in the place of a record that was lost before its hash was known: no record is empty.
pub(super) fn lost() -> Digest256 {
    leaf_hash(b"")
}

pub(super) fn start(
    log: Arc<AuditLog>,
    key: LogKey,
    shared: Arc<Shared>,
    tree: TreeFile,
) -> io::Result<Growing> {
    let (stop, told) = sync_channel(1);
    let last = log.history.last()?;
    let signed = last.as_ref().map(|entry| (entry.size(), entry.at));
    // A tree that was opened at the newest checkpoint came to its root already.
    let unchecked = last.filter(|entry| entry.size() != tree.leaves());
    let root = unchecked.map(|entry| entry.note.unverified().root());
    let growth = Growth { log, key, shared, tree, signed, root, failing: false };
    let thread = std::thread::Builder::new().name("audit".to_owned()).spawn(move || growth.run(&told))?;
    Ok(Growing { stop, thread })
}

struct Growth {
    log: Arc<AuditLog>,
    key: LogKey,
    shared: Arc<Shared>,
    tree: TreeFile,
    /// Size and time of the newest checkpoint.
    signed: Option<(u64, Timestamp)>,
    /// The newest checkpoint's root, until the tree was found to come to it.
    root: Option<Digest256>,
    failing: bool,
}

impl Growth {
    fn run(mut self, told: &Receiver<()>) {
        let store = Arc::clone(&self.log.store);
        if let Some((size, _)) = self.signed.filter(|(size, _)| *size > store.ledger_end()) {
            let end = store.ledger_end();
            self.log.contradict(format!("{size} records were signed and the ledger ends at {end}"));
        }
        let mut follow = store.follow_ledger(self.tree.leaves());
        let mut compare = Compare { follow: store.follow_ledger(0), at: 0, begun: now(), over: false };
        loop {
            let last = told.recv_timeout(PERIOD) != Err(RecvTimeoutError::Timeout);
            let now = now();
            let grown = self.grow(&mut follow, now, last);
            self.tell(grown);
            if last {
                return;
            }
            if compare.over && (now < compare.begun || now.since(compare.begun) >= COMPARE_AGAIN) {
                compare = Compare { follow: store.follow_ledger(0), at: 0, begun: now, over: false };
            }
            if let Err(what) = compare.some(self.log.head().as_deref()) {
                self.log.contradict(what);
            }
        }
    }

    /// Takes what is new into the tree, and signs when it is due or the `last` chance.
    fn grow(&mut self, follow: &mut Follow<'_>, now: Timestamp, last: bool) -> io::Result<()> {
        let policy = self.shared.policy.load().audit.clone();
        for (position, record) in follow.by_ref() {
            while self.tree.leaves() < position {
                self.add(lost())?;
            }
            self.add(leaf_hash(&record))?;
            let waiting = self.tree.leaves().saturating_sub(self.signed.map_or(0, |(size, _)| size));
            if waiting >= policy.checkpoint_events && self.may_sign() {
                self.sign(now)?;
            }
        }
        let size = self.tree.leaves();
        let uncovered = size > self.signed.map_or(0, |(size, _)| size);
        let due = size > 0 && is_due(&policy, self.signed, size, now) || last && uncovered;
        metrics::gauge!("eavip_audit_records").set(size as f64);
        if due && self.may_sign() { self.sign(now) } else { Ok(()) }
    }

    /// Adds a leaf. A tree that is made anew has to come to the root that was signed.
    fn add(&mut self, leaf: Digest256) -> io::Result<()> {
        self.tree.append(leaf)?;
        self.check_root()
    }

    fn check_root(&mut self) -> io::Result<()> {
        let Some((size, _)) = self.signed.filter(|(size, _)| *size == self.tree.leaves()) else {
            return Ok(());
        };
        let Some(root) = self.root.take() else { return Ok(()) };
        if self.tree.root() != root {
            let what = format!("the first {size} records don't come to the root that was signed for them");
            self.log.contradict(what);
            return Ok(());
        }
        let (hashes, _) = self.tree.sync()?;
        let entry = self.log.history.last()?;
        self.log.head.store(entry.map(|entry| Arc::new(Head::new(entry, hashes))));
        Ok(())
    }

    fn may_sign(&self) -> bool {
        self.root.is_none() && self.log.contradiction().is_none()
    }

    /// Signs the head. It is shown to somebody only when it is on disk.
    fn sign(&mut self, now: Timestamp) -> io::Result<()> {
        let (hashes, root) = self.tree.sync()?;
        let size = self.tree.leaves();
        let note = self.key.sign(size, root).map_err(io::Error::other)?;
        let entry = Entry { at: now, note };
        self.log.history.append(&entry)?;
        self.signed = Some((size, now));
        self.log.head.store(Some(Arc::new(Head::new(entry, hashes))));
        metrics::counter!("eavip_audit_checkpoints_total").increment(1);
        metrics::gauge!("eavip_audit_checkpoint_records").set(size as f64);
        metrics::gauge!("eavip_audit_checkpoint_timestamp_seconds").set(now.as_millis() as f64 / 1e3);
        Ok(())
    }

    /// A full disk stays full for a while: told once, tried again each second.
    fn tell(&mut self, grown: io::Result<()>) {
        match grown {
            Ok(()) => {
                if std::mem::take(&mut self.failing) {
                    tracing::info!("checkpoints of the audit log are signed again");
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!(%error, "no checkpoint of the audit log can be kept; it is tried again");
                }
            }
        }
    }
}

/// Compares the ledger with the hashes that were signed, a part at a time.
struct Compare<'a> {
    follow: Follow<'a>,
    /// The next position.
    at: u64,
    begun: Timestamp,
    over: bool,
}

impl Compare<'_> {
    /// Compares some records; says which one isn't what was signed.
    fn some(&mut self, head: Option<&Head>) -> Result<(), String> {
        let Some(head) = head.filter(|_| !self.over) else { return Ok(()) };
        let size = head.entry.size();
        for _ in 0..COMPARED {
            let next = self.follow.next();
            let upto = next.as_ref().map_or(size, |(position, _)| *position).min(size);
            let missing = (self.at..upto).find(|position| head.hashes.leaf(*position) != Some(lost()));
            if let Some(missing) = missing {
                self.over = true;
                return Err(format!("record {missing} was signed and is missing or damaged"));
            }
            let Some((position, record)) = next.filter(|(position, _)| *position < size) else {
                self.over = true;
                return Ok(());
            };
            if head.hashes.leaf(position) != Some(leaf_hash(&record)) {
                self.over = true;
                return Err(format!("record {position} isn't the one that was signed"));
            }
            self.at = position + 1;
        }
        Ok(())
    }
}
