//! Tests of the root history: what is found again, and what a crash may leave.

use eavip_core::audit::leaf_hash;
use eavip_core::audit::tree::Tree;
use eavip_core::time::Span;
use uuid::Uuid;

use super::*;
use crate::audit::key::LogKey;

fn entry(key: &LogKey, size: u64) -> Entry {
    let root = (0..size).map(|event| leaf_hash(&event.to_le_bytes())).collect::<Tree>().root();
    Entry { at: Timestamp::default() + Span::from_secs(size), note: key.sign(size, root).unwrap() }
}

#[test]
fn finds_what_was_appended_over_restarts_and_cut_writes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    let key = LogKey::open(dir.path(), Uuid::max(), false).unwrap();
    for (remains, sizes) in [(&b""[..], [1, 4]), (b"{\"at\":", [9, 10]), (&[0; 700], [11, 30])] {
        let mut bytes = std::fs::read(&path).unwrap_or_default();
        bytes.extend_from_slice(remains);
        std::fs::write(&path, bytes).unwrap();
        let history = History::open(&path).unwrap();
        sizes.iter().for_each(|size| history.append(&entry(&key, *size)).unwrap());
    }
    let history = History::look_at(&path).unwrap();
    let sizes: Vec<u64> = (0..history.len()).map(|at| history.get(at).unwrap().size()).collect();
    assert_eq!(sizes, [1, 4, 9, 10, 11, 30]);
    assert_eq!(history.last().unwrap(), Some(entry(&key, 30)));
    for size in 0..32 {
        let found = history.of_size(size).unwrap().map(|entry| entry.size());
        assert_eq!(found, sizes.contains(&size).then_some(size));
        let covering = sizes.iter().position(|of| *of > size).unwrap_or(sizes.len());
        assert_eq!(history.first_covering(size).unwrap(), covering as u64);
    }
    assert!(std::fs::read(&path).unwrap().len().is_multiple_of(512), "remains of cut writes are gone");
}

#[test]
fn an_entry_that_was_changed_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    let key = LogKey::open(dir.path(), Uuid::max(), false).unwrap();
    History::open(&path).unwrap().append(&entry(&key, 3)).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[0] = b'x';
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(History::open(&path).unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[test]
fn what_was_signed_without_its_key_is_no_start() {
    use crate::audit::key::KeyError;
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(LogKey::open(dir.path(), Uuid::max(), true), Err(KeyError::Missing)));
    let made = LogKey::open(dir.path(), Uuid::max(), false).unwrap();
    let again = LogKey::open(dir.path(), Uuid::max(), true).unwrap();
    assert_eq!(made.verifier(), again.verifier());
    assert!(!format!("{made:?}").contains("pair"), "only the public half is printed");
    std::fs::write(dir.path().join("key.p8"), "x").unwrap();
    assert!(matches!(LogKey::open(dir.path(), Uuid::max(), true), Err(KeyError::Damaged)));
}
