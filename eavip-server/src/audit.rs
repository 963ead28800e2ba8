//! The audit log: a Merkle tree over the ledger, its head signed at least once a minute while anything happens, every
//! signed head kept, and each node shown the newest one (seed: *Configuration changes are auditable*, *Audit
//! readiness*; why it is as it is: decision 0007).
//!
//! Here is what others ask: heads and proofs. Growing and signing is in `grow`, reading the files without a server in
//! [`verify`]. The tree's structure and what contradicts what is the policy library's.

mod evidence;
mod grow;
pub mod history;
pub mod key;
pub mod prove;
pub mod record;
pub mod tree;
pub mod verify;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use eavip_agent::private::{self, PrivateError};
use eavip_agent::witness::VerifierKey;
use eavip_core::audit::proof::{Consistency, Inclusion, Subtree};
use eavip_core::id::{Digest256, NodeId};
use eavip_core::time::Timestamp;
use eavip_core::wire::v1::AuditHead;

pub use grow::Growing;

use crate::shared::Shared;
use crate::store::Store;
use history::{Entry, History};
use key::{KeyError, LogKey};
use tree::{TreeFile, TreeHashes};

/// The audit log's directory within the data directory.
pub const DIRECTORY: &str = "audit";

/// Why the audit log can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Its directory or files.
    #[error(transparent)]
    File(#[from] PrivateError),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Tree or history.
    #[error("the audit log's files can't be used")]
    Io(#[from] io::Error),
}

/// The newest signed head, and the hashes that proofs up to it are made of.
#[derive(Debug, Clone)]
pub struct Head {
    /// The checkpoint.
    pub entry: Entry,
    /// Its text, which every answer to a node carries.
    note: String,
    hashes: TreeHashes,
}

/// What a node says it saw last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The size of the log at the checkpoint that it saw.
    pub events: u64,
    /// When it said so.
    pub at: Timestamp,
}

/// The audit log of a running server.
#[derive(Debug)]
pub struct AuditLog {
    verifier: VerifierKey,
    /// Its text, which every answer to a node carries.
    key: String,
    history: History,
    store: Arc<dyn Store>,
    head: ArcSwapOption<Head>,
    /// Why nothing is signed any more.
    contradiction: ArcSwapOption<String>,
    /// By node: at most one entry for each that is enrolled, because only these get through the handshake.
    witnesses: Mutex<BTreeMap<NodeId, Seen>>,
}

impl AuditLog {
    /// Opens the audit log in a directory and begins to follow the ledger of a store.
    ///
    /// # Errors
    /// [`AuditError`]; a ledger that contradicts what was signed is no error but told and shown.
    pub fn start(
        dir: &Path,
        store: Arc<dyn Store>,
        shared: Arc<Shared>,
    ) -> Result<(Arc<Self>, Growing), AuditError> {
        private::create_dir(dir)?;
        private::check(dir)?;
        let path = dir.join(history::FILE);
        let (history, damage) = match History::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                (History::look_at(&path)?, Some(error))
            }
            opened => (opened?, None),
        };
        let key = LogKey::open(dir, store.identity(), !history.is_empty())?;
        let log = Arc::new(Self {
            verifier: key.verifier().clone(),
            key: key.verifier().to_string(),
            history,
            store,
            head: ArcSwapOption::empty(),
            contradiction: ArcSwapOption::empty(),
            witnesses: Mutex::default(),
        });
        metrics::gauge!("eavip_audit_contradicted").set(0.0);
        if let Some(damage) = damage {
            // Nothing can be signed after what can't be read; a server that doesn't start would be worse.
            log.contradict(damage.to_string());
            return Ok((log, Growing::idle()?));
        }
        let tree = log.open_tree(&dir.join(tree::FILE))?;
        let growing = grow::start(Arc::clone(&log), key, shared, tree)?;
        Ok((log, growing))
    }

    /// The tree at the newest checkpoint, or an empty one to make anew from the ledger.
    fn open_tree(&self, path: &Path) -> Result<TreeFile, AuditError> {
        let Some(entry) = self.history.last()? else { return Ok(TreeFile::anew(path)?) };
        let checkpoint = entry.note.unverified().clone();
        if let Some(tree) = TreeFile::open_at(path, checkpoint.size(), checkpoint.root())? {
            self.head.store(Some(Arc::new(Head::new(entry, tree.hashes().clone()))));
            return Ok(tree);
        }
        tracing::warn!(
            "the audit log's hashes don't come to the signed root; they are made anew from the ledger"
        );
        // What stands there may tell which record was changed.
        match std::fs::rename(path, path.with_extension("damaged")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(TreeFile::anew(path)?),
        }
    }

    /// The key that its checkpoints are verified with.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The newest checkpoint; `None` until the first one is signed, or while the hashes are made anew.
    #[must_use]
    pub fn head(&self) -> Option<Arc<Head>> {
        self.head.load_full()
    }

    /// Every checkpoint that was ever signed.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Why nothing is signed any more; `None` while all is well.
    #[must_use]
    pub fn contradiction(&self) -> Option<Arc<String>> {
        self.contradiction.load_full()
    }

    /// The ledger's records from a position on, as they are stored.
    #[must_use]
    pub fn records(&self, from: u64) -> crate::store::Follow<'_> {
        self.store.follow_ledger(from)
    }

    /// The position that the next record of the ledger gets.
    #[must_use]
    pub fn records_end(&self) -> u64 {
        self.store.ledger_end()
    }

    /// What a node is shown that saw a log of so many events. Nothing while the log contradicts itself.
    #[must_use]
    pub fn shown(&self, seen: Option<u64>) -> Option<AuditHead> {
        let head = self.head().filter(|_| self.contradiction().is_none())?;
        let proof = seen.and_then(|seen| head.consistency(seen, head.entry.size()));
        Some(AuditHead {
            key: self.key.clone(),
            checkpoint: head.note.clone(),
            proof: proof.map(|proof| proof.path).unwrap_or_default(),
        })
    }

    /// Notes what a node saw.
    pub fn witnessed(&self, node: NodeId, events: u64, at: Timestamp) {
        self.lock().insert(node, Seen { events, at });
    }

    /// What each node saw last, since the start.
    #[must_use]
    pub fn witnesses(&self) -> BTreeMap<NodeId, Seen> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<NodeId, Seen>> {
        // One insertion at a time: a panic elsewhere leaves the map whole.
        self.witnesses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the ledger isn't what was signed. Nothing is signed from here on: whoever did this must not be helped to a
    /// newer checkpoint.
    fn contradict(&self, what: String) {
        if self.contradiction.load().is_none() {
            tracing::error!(
                contradiction = what,
                "the ledger contradicts its signed audit log; nothing more is signed. Run `eavip-server audit verify`"
            );
            metrics::gauge!("eavip_audit_contradicted").set(1.0);
            self.contradiction.store(Some(Arc::new(what)));
        }
    }
}

impl Head {
    fn new(entry: Entry, hashes: TreeHashes) -> Self {
        Self { note: entry.note.to_string(), entry, hashes }
    }

    /// That the record at a position is in the log of a size, which the newest checkpoint covers.
    #[must_use]
    pub fn inclusion(&self, position: u64, size: u64) -> Option<(Digest256, Inclusion)> {
        let within = size <= self.entry.size();
        let proof = Inclusion::of(&self.hashes, position, Subtree::first(size)).filter(|_| within)?;
        Some((self.hashes.leaf(position)?, proof))
    }

    /// That the log of a size continues a smaller one.
    #[must_use]
    pub fn consistency(&self, from: u64, to: u64) -> Option<Consistency> {
        let sound = 0 < from && from < to && to <= self.entry.size();
        sound.then(|| Consistency::of(&self.hashes, Subtree::first(from), to))?
    }

    /// The root over the first so many events.
    #[must_use]
    pub fn root(&self, size: u64) -> Option<Digest256> {
        (size <= self.entry.size()).then(|| self.hashes.root(size))?
    }
}

#[cfg(test)]
mod tests;
