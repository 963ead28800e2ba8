//! Tests of the safe opening of sled.

use super::*;

fn options() -> Options {
    Options { deadline: Duration::from_secs(20), ..Options::default() }
}

fn filled(dir: &Path, entries: u32, value: impl Fn(u32) -> Vec<u8>) {
    let (db, _) = open(dir, &options()).unwrap();
    for n in 0..entries {
        db.put(&n.to_be_bytes(), &value(n)).unwrap();
    }
    db.sync().unwrap();
    db.close();
}

#[test]
fn returns_large_values_whole_and_keeps_them_out_of_side_files() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("db");
    let value = |n: u32| vec![n as u8; 60_000 + n as usize];
    filled(&at, 200, value);
    let (db, opened) = open(&at, &options()).unwrap();
    assert_eq!((opened.entries, opened.quarantined), (200, None));
    assert_eq!(db.get(&7_u32.to_be_bytes()).unwrap().unwrap(), value(7));
    assert_eq!(std::fs::read_dir(at.join("blobs")).unwrap().count(), 0);
}

#[test]
fn replaces_a_long_value_by_a_short_one_without_leftovers() {
    let dir = tempfile::tempdir().unwrap();
    let (db, _) = open(&dir.path().join("db"), &options()).unwrap();
    db.put(b"k", &[1; 20_000]).unwrap();
    db.put(b"k", b"short").unwrap();
    let mut seen = Vec::new();
    db.scan(b"", |k, v| {
        seen.push((k, v));
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, vec![(b"k".to_vec(), b"short".to_vec())]);
}

#[test]
fn moves_an_emptier_database_aside_and_goes_on_with_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("db");
    filled(&at, 3, |_| b"v".to_vec());
    let (_, opened) = open(&at, &Options { at_least: 4, ..options() }).unwrap();
    let quarantine = opened.quarantined.unwrap();
    assert_eq!(quarantine.reason, Reason::Short { found: 3, expected: 4 });
    assert_eq!(salvage(&quarantine.moved_to, |_| true).unwrap().len(), 3);
}

#[test]
fn salvages_from_a_file_that_comes_back_short() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("db");
    filled(&at, 50, |n| vec![n as u8; 9_000]);
    let mut bytes = std::fs::read(at.join(DB_FILE)).unwrap();
    bytes[..20].fill(0);
    std::fs::write(at.join(DB_FILE), bytes).unwrap();
    let (_, opened) = open(&at, &Options { at_least: 50, salvageable: true, ..options() }).unwrap();
    let quarantine = opened.quarantined.unwrap();
    let found = salvage(&quarantine.moved_to, |_| true).unwrap();
    assert_eq!(found.len(), 50);
    assert!(found.iter().all(|(k, v)| *v == vec![k[3]; 9_000]));
}

#[test]
fn keeps_a_bounded_number_of_quarantines() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("db");
    for _ in 0..6 {
        std::fs::create_dir(&at).unwrap();
        set_aside(&at, Reason::Panicked).unwrap();
    }
    let mut left: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["db.quarantine-4", "db.quarantine-5", "db.quarantine-6"]);
}

#[test]
fn never_retries_a_failed_sync() {
    let dir = tempfile::tempdir().unwrap();
    let (mut db, _) = open(&dir.path().join("db"), &options()).unwrap();
    db.break_sync();
    db.put(b"k", b"v").unwrap();
    assert!(matches!(db.sync(), Err(DurableError::SyncFailed(_))));
    assert!(matches!(db.sync(), Err(DurableError::NotDurable)));
    assert_eq!(db.get(b"k").unwrap().unwrap(), b"v");
}

#[test]
fn mark_returns_the_newest_sound_slot() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("MARK");
    let (mut mark, state) = Mark::open(&path).unwrap();
    assert_eq!(state, MarkState::Missing);
    for n in 1..=5_u8 {
        mark.store(&[n; 3]).unwrap();
    }
    mark.sync().unwrap();
    assert_eq!(Mark::open(&path).unwrap().1, MarkState::Found(vec![5; 3]));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(Mark::open(&path).unwrap().1, MarkState::Found(vec![4; 3]));
    bytes[4096 + 20] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(Mark::open(&path).unwrap().1, MarkState::Damaged);
}

#[test]
fn refuses_keys_and_values_over_their_bounds() {
    let dir = tempfile::tempdir().unwrap();
    let (db, _) = open(&dir.path().join("db"), &options()).unwrap();
    assert!(matches!(db.put(&[0; KEY_MAX + 1], b""), Err(DurableError::TooLarge { .. })));
    assert!(matches!(db.put(b"k", &vec![0; VALUE_MAX + 1]), Err(DurableError::TooLarge { .. })));
}

#[test]
fn salvage_never_returns_damaged_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("db");
    filled(&at, 4, |n| vec![0xA0 + n as u8; 3_000]);
    // Every copy of the second value, wherever sled keeps it.
    let mut bytes = std::fs::read(at.join(DB_FILE)).unwrap();
    let starts: Vec<usize> =
        (0..bytes.len() - 3_000).filter(|i| bytes[*i..*i + 3_000].iter().all(|b| *b == 0xA1)).collect();
    assert!(!starts.is_empty());
    starts.iter().for_each(|i| bytes[*i + 1_500] ^= 4);
    std::fs::write(at.join(DB_FILE), bytes).unwrap();
    let found: Vec<u8> = salvage(&at, |_| true).unwrap().keys().map(|key| key[3]).collect();
    assert_eq!(found, [0, 2, 3]);
}

#[test]
fn a_frame_with_any_bit_changed_is_refused() {
    let good = frame::encode(b"key", b"value").unwrap().remove(0);
    assert_eq!(frame::decode(&good).unwrap().payload, b"value");
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(frame::decode(&bad).is_none(), "bit {bit}");
    }
}
