//! Tests of the living audit log: what it signs and when, what it proves, and what makes it stop signing.

use std::sync::Arc;

use eavip_core::audit::leaf_hash;
use eavip_core::audit::tree::Tree;
use eavip_core::audit::witness::{Contact, compare};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::record::{Actor, Event, LedgerRecord, ServerEvent, VERSION};
use crate::shared::now;
use crate::store::embedded::EmbeddedStore;
use crate::store::memory::MemoryStore;
use crate::testing::policy;

fn record(number: u64) -> LedgerRecord {
    let event = ServerEvent::StoreRepaired { what: format!("{number}") };
    LedgerRecord {
        v: VERSION,
        at: Timestamp::from_millis(number as i64 * 1_000),
        actor: Actor::Server("test".to_owned()),
        reason: None,
        events: vec![Event::Server { event }],
    }
}

fn append(store: &MemoryStore, numbers: std::ops::Range<u64>) {
    numbers.for_each(|number| {
        store.append(&record(number)).unwrap();
    });
}

fn shared() -> Arc<Shared> {
    let policy = policy("[audit]\ncheckpoint_every = \"1h\"\ncheckpoint_events = 10\n");
    Shared::new(Default::default(), policy)
}

/// A data directory with a ledger of so many records, all of them signed.
pub(super) fn files(records: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    append_files(dir.path(), 0..records);
    let store = Arc::new(EmbeddedStore::open(dir.path()).unwrap());
    let (_, growing) = AuditLog::start(&dir.path().join(DIRECTORY), store, shared()).unwrap();
    growing.finish();
    dir
}

/// Adds records that nobody signs.
pub(super) fn append_files(data: &Path, numbers: std::ops::Range<u64>) {
    let store = EmbeddedStore::open(data).unwrap();
    for number in numbers {
        store.append(&record(number)).unwrap();
    }
    store.sync().unwrap();
}

struct Site {
    dir: TempDir,
    store: Arc<MemoryStore>,
}

impl Site {
    fn new(records: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(MemoryStore::new(Uuid::nil()));
        append(&store, 0..records);
        Self { dir, store }
    }

    fn audit(&self) -> std::path::PathBuf {
        self.dir.path().join(DIRECTORY)
    }

    /// Starts the log and ends it again, so that it has looked once at everything.
    fn once(&self) -> Arc<AuditLog> {
        let (log, growing) = self.start();
        growing.finish();
        log
    }

    fn start(&self) -> (Arc<AuditLog>, Growing) {
        AuditLog::start(&self.audit(), Arc::clone(&self.store) as Arc<dyn Store>, shared()).unwrap()
    }
}

fn root(size: u64) -> Digest256 {
    let leaf = |number| leaf_hash(&serde_json::to_vec(&record(number)).unwrap());
    (0..size).map(leaf).collect::<Tree>().root()
}

fn sizes(log: &AuditLog) -> Vec<u64> {
    (0..log.history().len()).map(|at| log.history().get(at).unwrap().size()).collect()
}

#[test]
fn signs_after_so_many_records_and_at_the_end_and_goes_on_after_a_restart() {
    let site = Site::new(25);
    let log = site.once();
    assert_eq!(sizes(&log), [10, 20, 25]);
    append(&site.store, 25..31);
    let log = site.once();
    assert_eq!(sizes(&log), [10, 20, 25, 31]);
    assert_eq!(sizes(&site.once()), [10, 20, 25, 31], "without news nothing is signed");
    for at in 0..log.history().len() {
        let note = log.history().get(at).unwrap().note;
        let verified = log.verifier().verify(note).unwrap();
        assert_eq!(verified.checkpoint().root(), root(verified.checkpoint().size()));
    }
}

#[test]
fn what_is_shown_convinces_a_witness_at_every_size() {
    let site = Site::new(25);
    let log = site.once();
    let shown = log.shown(None).unwrap();
    assert_eq!((shown.key.parse(), shown.proof), (Ok(log.verifier().clone()), vec![]));
    let note: eavip_core::audit::note::SignedCheckpoint = shown.checkpoint.parse().unwrap();
    for entry in [0, 1, 2].map(|at| log.history().get(at).unwrap()) {
        let path = log.shown(Some(entry.size())).unwrap().proof;
        let proof = Consistency { subtree: Subtree::first(entry.size()), size: 25, path };
        let contact = compare(entry.note.unverified(), note.unverified(), Some(&proof));
        assert!(matches!(contact, Contact::Advance | Contact::Same), "{contact}");
    }
    assert!(log.shown(Some(26)).unwrap().proof.is_empty(), "what isn't there can't be proven");
    let head = log.head().unwrap();
    let (leaf, proof) = head.inclusion(7, 20).unwrap();
    assert!(proof.proves(leaf, root(20)));
    assert_eq!((head.inclusion(20, 20), head.inclusion(3, 26), head.consistency(0, 25)), (None, None, None));
}

#[test]
fn hashes_that_are_lost_or_damaged_are_made_anew_from_the_ledger() {
    let damages: [fn(&Path); 3] = [
        |path| std::fs::remove_file(path).unwrap(),
        |path| std::fs::write(path, [0; 100]).unwrap(),
        |path| {
            let mut bytes = std::fs::read(path).unwrap();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            std::fs::write(path, bytes).unwrap();
        },
    ];
    for damage in damages {
        let site = Site::new(25);
        drop(site.once());
        damage(&site.audit().join(tree::FILE));
        append(&site.store, 25..27);
        let log = site.once();
        assert_eq!((sizes(&log), log.contradiction()), (vec![10, 20, 25, 27], None));
        assert_eq!(log.head().unwrap().root(27), Some(root(27)));
    }
}

#[test]
fn a_ledger_that_is_not_what_was_signed_gets_no_further_signature() {
    let forged = |numbers: &[u64]| {
        let store = MemoryStore::new(Uuid::nil());
        for number in numbers {
            store.append(&record(*number)).unwrap();
        }
        Arc::new(store)
    };
    let honest: Vec<u64> = (0..25).collect();
    let changed: Vec<u64> = honest.iter().map(|n| if *n == 7 { 99 } else { *n }).chain([25, 26]).collect();
    for (what, numbers, tree_is_lost) in [
        ("the ledger ends at 24", &honest[..24], false),
        ("record 7 isn't the one that was signed", &changed[..], false),
        ("don't come to the root", &changed[..], true),
    ] {
        let mut site = Site::new(25);
        let before = sizes(&site.once());
        if tree_is_lost {
            std::fs::remove_file(site.audit().join(tree::FILE)).unwrap();
        }
        site.store = forged(numbers);
        let (log, growing) = site.start();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while log.contradiction().is_none() {
            assert!(std::time::Instant::now() < deadline, "{what}: nothing was noticed");
            std::thread::yield_now();
        }
        growing.finish();
        let told = log.contradiction().unwrap();
        assert!(told.contains(what), "{told}");
        assert!(log.shown(None).is_none(), "and nobody is shown a head of it");
        assert_eq!(sizes(&log), before, "{what}: nothing more is signed");
    }
}

#[test]
fn notes_what_each_node_saw_last() {
    let site = Site::new(1);
    let log = site.once();
    let (one, two) = (crate::testing::node(1), crate::testing::node(2));
    for (node, events) in [(one, 3), (two, 5), (one, 9)] {
        log.witnessed(node, events, now());
    }
    let seen: Vec<u64> = log.witnesses().into_values().map(|seen| seen.events).collect();
    assert_eq!(seen, [9, 5]);
}

#[test]
fn a_damaged_history_ends_the_signing_and_nothing_else() {
    let site = Site::new(25);
    drop(site.once());
    let path = site.audit().join(history::FILE);
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 512;
    bytes[last] = b'x';
    std::fs::write(&path, &bytes).unwrap();
    let log = site.once();
    assert!(log.contradiction().unwrap().contains("entry 2"), "{:?}", log.contradiction());
    assert!(log.shown(None).is_none());
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "what is there stays as evidence");
}
