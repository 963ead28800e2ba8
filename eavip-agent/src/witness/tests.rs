//! Tests of the witness: what it believes, what it keeps, and what survives a restart.

use eavip_core::audit::checkpoint::Checkpoint;
use eavip_core::audit::leaf_hash;
use eavip_core::audit::tree::Tree;
use eavip_core::id::Digest256;
use eavip_core::signal::reading::Value;
use eavip_core::time::Span;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::*;

const STORE: Uuid = Uuid::from_u128(7);

/// A log with a key, some of whose events another history may tell differently.
struct Log {
    pair: Ed25519KeyPair,
    key: VerifierKey,
    leaves: Vec<Digest256>,
}

fn log(seed: u8, events: &[&str]) -> Log {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let public = pair.public_key().as_ref().try_into().unwrap();
    let key = VerifierKey::new(&log_name(STORE), public).unwrap();
    Log { pair, key, leaves: events.iter().map(|event| leaf_hash(event.as_bytes())).collect() }
}

impl Log {
    /// What a server that holds the first `size` events shows to who saw `seen` of them.
    fn head(&self, size: usize, seen: u64) -> AuditHead {
        let tree: Tree = self.leaves[..size].iter().copied().collect();
        let checkpoint = Checkpoint::new(&log_name(STORE), tree.size(), tree.root()).unwrap();
        let sign = |text: &[u8]| self.pair.sign(text).as_ref().try_into().unwrap();
        let note = SignedCheckpoint::sign(checkpoint, self.key.key(), sign);
        let grown = (1..size as u64).contains(&seen);
        let proof = grown.then(|| Consistency::of(&*self.leaves, Subtree::first(seen), size as u64).unwrap());
        let proof = proof.map(|proof| proof.path).unwrap_or_default();
        AuditHead { key: self.key.to_string(), checkpoint: note.to_string(), proof }
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000) + Span::from_secs(seconds)
}

/// A fresh witness that saw three of the honest log's events.
fn witness(dir: &Path) -> (Keeper, Log) {
    let honest = log(1, &["a", "b", "c", "d", "e"]);
    let mut keeper = Keeper::open(dir, STORE).unwrap();
    keeper.look(&honest.head(3, 0), at(0));
    assert_eq!((keeper.seen(), keeper.status().conflicts.len()), (Some(3), 0));
    (keeper, honest)
}

fn dir() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    dir
}

#[test]
fn follows_a_log_that_proves_its_growth_over_restarts() {
    let dir = dir();
    let (keeper, honest) = witness(dir.path());
    drop(keeper);
    let mut keeper = Keeper::open(dir.path(), STORE).unwrap();
    assert_eq!(keeper.seen(), Some(3), "what was seen is on disk");
    keeper.look(&honest.head(5, 3), at(1));
    let status = keeper.status();
    assert_eq!((status.events, status.looked_at, status.problem), (Some(5), Some(at(1)), None));
    assert_eq!(keeper.status().reading(at(2)).value, Value::Number(0.0));
}

#[test]
fn keeps_each_kind_of_contradiction_and_never_forgets_it() {
    let forged = log(1, &["a", "b", "X", "d", "e"]);
    let cases = [
        ("rewind", log(1, &["a", "b"]).head(2, 3)),
        ("split-view", forged.head(3, 3)),
        ("split-view", forged.head(5, 3)),
        ("isn't signed by the known key", log(2, &["a", "b", "c"]).head(3, 3)),
    ];
    for (kind, head) in cases {
        let dir = dir();
        let (mut keeper, honest) = witness(dir.path());
        keeper.look(&head, at(1));
        keeper.look(&head, at(2));
        let told = keeper.status().conflicts;
        assert_eq!(told.len(), 1, "the same evidence once: {told:?}");
        assert!(told[0].contains(kind), "{told:?}");
        assert_eq!(keeper.seen(), Some(3), "what was seen stands");
        keeper.look(&honest.head(5, 3), at(3));
        assert_eq!(keeper.status().reading(at(3)).value, Value::Number(1.0), "{kind} isn't forgiven");
        let kept = Keeper::open(dir.path(), STORE).unwrap();
        assert_eq!(kept.status().conflicts, told, "the evidence is on disk");
    }
}

#[test]
fn takes_no_growth_without_its_proof() {
    let dir = dir();
    let (mut keeper, honest) = witness(dir.path());
    keeper.look(&AuditHead { proof: Vec::new(), ..honest.head(5, 3) }, at(1));
    let status = keeper.status();
    assert_eq!((status.events, status.conflicts.len()), (Some(3), 0));
    assert!(status.problem.unwrap().contains("no proof"), "an omission is told, and no contradiction");
    assert_eq!(status.looked_at, Some(at(0)), "and in time the last look is too old");
    assert!(matches!(keeper.status().reading(at(601)).value, Value::Unknown(_)));
}

#[test]
fn what_is_no_checkpoint_of_this_log_changes_nothing() {
    let dir = dir();
    let (mut keeper, honest) = witness(dir.path());
    let sound = honest.head(5, 3);
    let other = sound.checkpoint.replacen(&log_name(STORE), &log_name(Uuid::from_u128(8)), 1);
    let long = sound.checkpoint.replacen("\n\n", &format!("\n{}\n\n", "x".repeat(MAX_NOTE)), 1);
    for checkpoint in ["", "nonsense\n", &other, &long] {
        keeper.look(&AuditHead { checkpoint: checkpoint.to_owned(), ..sound.clone() }, at(1));
        assert_eq!((keeper.seen(), keeper.status().conflicts.len()), (Some(3), 0));
        assert!(keeper.status().problem.is_some());
    }
}

#[test]
fn a_damaged_file_is_kept_aside_and_told() {
    let dir = dir();
    drop(witness(dir.path()));
    let path = file(dir.path(), STORE);
    let text = std::fs::read_to_string(&path).unwrap();
    private::write(&path, &text.as_bytes()[..text.len() / 2]).unwrap();
    assert!(matches!(read(&path), Err(Unreadable::Damaged(_))));
    let keeper = Keeper::open(dir.path(), STORE).unwrap();
    assert!(keeper.status().problem.unwrap().contains("damaged"));
    assert!(path.with_extension("damaged").exists());
}

#[test]
fn a_verifier_key_reads_what_it_writes_and_nothing_else() {
    let key = log(1, &[]).key;
    let text = key.to_string();
    assert_eq!(text.parse(), Ok(key));
    let (name, rest) = text.split_once('+').unwrap();
    let (id, public) = rest.split_once('+').unwrap();
    for wrong in [
        String::new(),
        name.to_owned(),
        format!("{name}+00000000+{public}"),
        format!("other+{id}+{public}"),
        format!("{name}+{id}+{}", &public[..40]),
        format!("{name}+{id}+{}", public.replacen('A', "B", 1)),
    ] {
        assert_eq!(wrong.parse::<VerifierKey>(), Err(InvalidVerifierKey), "{wrong}");
    }
}
