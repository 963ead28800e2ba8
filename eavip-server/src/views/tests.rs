//! Tests of checkpoints and histories.

use super::history::{Day, History};
use super::*;

const CACHE: u64 = 8 << 20;

fn entries(count: u32) -> Vec<(Vec<u8>, Vec<u8>)> {
    (0..count).map(|n| (n.to_be_bytes().to_vec(), vec![n as u8; 5_000])).collect()
}

fn saved(dir: &Path) -> Views {
    let mut views = Views::open(dir, CACHE).unwrap();
    assert_eq!(views.load().unwrap(), Loaded::None);
    views.save(b"one", entries(10)).unwrap();
    views.save(b"two", entries(300)).unwrap();
    views
}

#[test]
fn loads_the_newest_checkpoint_whole_and_keeps_only_that() {
    let dir = tempfile::tempdir().unwrap();
    let mut views = saved(dir.path());
    assert_eq!(views.load().unwrap(), Loaded::Some { meta: b"two".to_vec(), entries: entries(300) });
    assert_eq!(views.generations().unwrap(), [2]);
    assert!(matches!(Views::open(dir.path(), CACHE), Err(ViewsError::InUse(_))));
}

#[test]
fn reports_a_checkpoint_that_is_missing_empty_or_damaged_and_goes_on() {
    type Break = fn(&Path);
    let breaks: [(&str, Break); 5] = [
        ("directory gone", |dir| fs::remove_dir_all(dir.join("checkpoint-2")).unwrap()),
        ("file gone", |dir| fs::remove_file(dir.join("checkpoint-2/db")).unwrap()),
        ("file emptied", |dir| fs::write(dir.join("checkpoint-2/db"), b"").unwrap()),
        ("pointer gone", |dir| fs::remove_file(dir.join(POINTER)).unwrap()),
        ("pointer damaged", |dir| fs::write(dir.join(POINTER), b"EVP1").unwrap()),
    ];
    for (what, damage) in breaks {
        let dir = tempfile::tempdir().unwrap();
        drop(saved(dir.path()));
        damage(dir.path());
        let mut views = Views::open(dir.path(), CACHE).unwrap();
        assert!(matches!(views.load().unwrap(), Loaded::Quarantined { .. }), "{what}");
        assert_eq!(views.load().unwrap(), Loaded::None, "{what}");
        views.save(b"three", entries(1)).unwrap();
        assert!(matches!(views.load().unwrap(), Loaded::Some { .. }), "{what}");
    }
}

#[test]
fn removes_the_leftovers_of_an_interrupted_save() {
    let dir = tempfile::tempdir().unwrap();
    drop(saved(dir.path()));
    fs::create_dir(dir.path().join("checkpoint-3")).unwrap();
    let mut views = Views::open(dir.path(), CACHE).unwrap();
    assert!(matches!(views.load().unwrap(), Loaded::Some { .. }));
    assert_eq!(views.generations().unwrap(), [2]);
}

#[test]
fn history_puts_idempotently_reads_by_prefix_and_prunes_by_day() {
    let dir = tempfile::tempdir().unwrap();
    let days: Vec<Day> = (1..=5).map(|d| format!("2026-01-0{d}").parse().unwrap()).collect();
    let history = History::open(dir.path(), CACHE).unwrap();
    for _ in 0..2 {
        for day in &days {
            history.put_many(*day, vec![(b"a1".into(), b"x".into()), (b"b1".into(), b"y".into())]).unwrap();
        }
    }
    assert_eq!(history.range(days[0], b"a").unwrap(), [(b"a1".to_vec(), b"x".to_vec())]);
    assert_eq!(history.prune(days[3]).unwrap(), 3);
    assert_eq!(history.days().unwrap(), days[3..]);
    assert_eq!(history.range(days[0], b"").unwrap(), []);
    assert!(history.take_quarantined().is_empty());
}

#[test]
fn history_reports_a_day_that_comes_back_empty() {
    let dir = tempfile::tempdir().unwrap();
    let day: Day = "2026-01-01".parse().unwrap();
    let history = History::open(dir.path(), CACHE).unwrap();
    history.put_many(day, entries(5)).unwrap();
    drop(history);
    fs::write(dir.path().join("2026-01-01/db"), b"").unwrap();
    let history = History::open(dir.path(), CACHE).unwrap();
    assert_eq!(history.range(day, b"").unwrap(), []);
    assert_eq!(history.take_quarantined()[0].1.reason, Reason::Short { found: 0, expected: 5 });
    history.put_many(day, entries(5)).unwrap();
    assert_eq!(history.range(day, b"").unwrap(), entries(5));
    assert_eq!(history.prune("2026-01-02".parse().unwrap()).unwrap(), 1);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "only the lock is left");
}

#[test]
fn refuses_text_that_is_no_day() {
    for text in ["", "2026-1-1", "2026-13-01", "2026-01-32", "2026-01-01x", "../etc"] {
        assert!(text.parse::<Day>().is_err(), "{text}");
    }
}
