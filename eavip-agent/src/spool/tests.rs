//! Tests of the spool.

use super::*;

const T0: u64 = 1_700_000_000_000;

fn limits(max_bytes: u64) -> Limits {
    Limits { max_bytes, keep_acknowledged: Duration::from_secs(60) }
}

fn open(dir: &Path) -> (Spool, Opened) {
    Spool::open(dir, limits(1 << 20), T0).unwrap()
}

fn seqs(spool: &Spool) -> Vec<u64> {
    spool.pending(1000, usize::MAX).unwrap().iter().map(|e| e.number.seq).collect()
}

fn at(seq: u64) -> Number {
    Number { epoch: T0, seq }
}

fn fill(spool: &Spool, count: u64) {
    for n in 1..=count {
        spool.append(Class::Metrics, format!("body {n}").as_bytes(), T0).unwrap();
    }
}

#[test]
fn numbers_densely_and_goes_on_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, opened) = open(dir.path());
    assert_eq!(opened, Opened::default());
    fill(&spool, 3);
    drop(spool);
    let (spool, opened) = Spool::open(dir.path(), limits(1 << 20), T0 + 5).unwrap();
    assert_eq!(opened, Opened { recovered: 3, ..Opened::default() });
    assert_eq!(spool.append(Class::Event, b"x", T0).unwrap(), at(4));
    assert_eq!(seqs(&spool), [1, 2, 3, 4]);
    assert_eq!(&spool.pending(2, usize::MAX).unwrap()[1].body[..], b"body 2");
}

#[test]
fn refuses_a_second_opener() {
    let dir = tempfile::tempdir().unwrap();
    let (_spool, _) = open(dir.path());
    assert!(matches!(Spool::open(dir.path(), limits(1 << 20), T0), Err(SpoolError::InUse(_))));
}

#[test]
fn hands_out_at_least_one_and_at_most_the_bytes_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    for _ in 0..3 {
        spool.append(Class::Metrics, &[7; 100], T0).unwrap();
    }
    assert_eq!(spool.pending(10, 10).unwrap().len(), 1);
    assert_eq!(spool.pending(10, 250).unwrap().len(), 2);
    assert_eq!(spool.pending(0, 250).unwrap().len(), 0);
}

#[test]
fn keeps_acknowledged_entries_for_rewind_until_their_time_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    fill(&spool, 5);
    spool.acknowledge(at(4), T0).unwrap();
    assert_eq!(seqs(&spool), [5]);
    assert_eq!(spool.rewind(at(2)).unwrap(), []);
    assert_eq!(seqs(&spool), [3, 4, 5]);
    spool.acknowledge(at(4), T0 + 1_000).unwrap();
    spool.acknowledge(at(4), T0 + 61_000).unwrap();
    let gone = [DropRange { epoch: T0, from: 3, to: 4, count: 2 }];
    assert_eq!(spool.rewind(at(2)).unwrap(), gone);
    assert_eq!(spool.drops(), gone);
    assert_eq!(seqs(&spool), [5]);
}

#[test]
fn drops_oldest_metrics_first_and_evidence_last() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = Spool::open(dir.path(), limits(4 * (100 + ENTRY_OVERHEAD)), T0).unwrap();
    for class in [Class::Evidence, Class::Event, Class::Metrics, Class::Metrics] {
        spool.append(class, &[1; 100], T0).unwrap();
    }
    let left = |class| {
        spool.append(class, &[1; 100], T0).unwrap();
        seqs(&spool)
    };
    assert_eq!(left(Class::Event), [1, 2, 4, 5]);
    assert_eq!(left(Class::Event), [1, 2, 5, 6]);
    assert_eq!(left(Class::Evidence), [1, 5, 6, 7]);
    assert_eq!(spool.drops(), [DropRange { epoch: T0, from: 2, to: 4, count: 3 }]);
}

#[test]
fn tells_each_drop_by_one_report_until_it_is_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = Spool::open(dir.path(), limits(2 * (100 + ENTRY_OVERHEAD)), T0).unwrap();
    for _ in 0..3 {
        spool.append(Class::Metrics, &[1; 100], T0).unwrap();
    }
    let drops = spool.drops();
    assert_eq!(drops, [DropRange { epoch: T0, from: 1, to: 1, count: 1 }]);
    let teller = spool.append_carrying(Class::Event, &[2; 100], &drops, T0).unwrap();
    assert_eq!(spool.drops(), [DropRange { epoch: T0, from: 2, to: 2, count: 1 }]);
    drop(spool);
    let (spool, opened) = Spool::open(dir.path(), limits(2 * (100 + ENTRY_OVERHEAD)), T0).unwrap();
    assert_eq!(opened.lost, []);
    assert_eq!(spool.drops(), [DropRange { epoch: T0, from: 2, to: 2, count: 1 }]);
    spool.acknowledge(teller, T0).unwrap();
    assert_eq!(spool.drops().len(), 1);
}

#[test]
fn tells_again_when_the_telling_report_is_dropped_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = Spool::open(dir.path(), limits(2 * (100 + ENTRY_OVERHEAD)), T0).unwrap();
    for _ in 0..3 {
        spool.append(Class::Metrics, &[1; 100], T0).unwrap();
    }
    spool.append_carrying(Class::Metrics, &[2; 100], &spool.drops(), T0).unwrap();
    for _ in 0..2 {
        spool.append(Class::Event, &[1; 100], T0).unwrap();
    }
    assert_eq!(spool.drops(), [DropRange { epoch: T0, from: 1, to: 4, count: 4 }]);
}

#[test]
fn bounds_the_ranges_and_keeps_the_count_exact() {
    let mut drops = drops::Drops::default();
    for n in 0..500_u64 {
        drops.add([DropRange { epoch: 1, from: 1 + 3 * n, to: 1 + 3 * n, count: 1 }]);
    }
    assert!(drops.untold().len() <= DROP_RANGES_MAX);
    assert_eq!(drops.untold().iter().map(|r| r.count).sum::<u64>(), 500);
}

#[test]
fn goes_on_in_the_same_epoch_when_the_contents_vanish() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    fill(&spool, 9);
    spool.acknowledge(at(4), T0).unwrap();
    drop(spool);
    std::fs::remove_dir_all(dir.path().join("contents-1")).unwrap();
    let (spool, opened) = open(dir.path());
    let lost = [DropRange { epoch: T0, from: 5, to: 9, count: 5 }];
    assert_eq!((opened.lost, opened.quarantined.len()), (lost.to_vec(), 1));
    assert_eq!(spool.drops(), lost);
    assert_eq!(spool.append(Class::Metrics, b"next", T0).unwrap(), at(10));
    drop(spool);
    let (spool, opened) = open(dir.path());
    assert_eq!(opened.lost, [], "reported once");
    assert_eq!(spool.drops(), lost, "pending until told");
}

#[test]
fn salvages_what_a_damaged_file_still_holds() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    fill(&spool, 9);
    drop(spool);
    let file = dir.path().join("contents-1/db");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[..20].fill(0);
    std::fs::write(&file, bytes).unwrap();
    let (spool, opened) = open(dir.path());
    assert_eq!((opened.salvaged, opened.lost.len(), opened.quarantined.len()), (9, 0, 1));
    assert_eq!(seqs(&spool), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn begins_a_new_epoch_when_the_mark_is_lost_and_sends_the_old_entries_first() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    fill(&spool, 2);
    drop(spool);
    std::fs::write(dir.path().join("MARK"), b"").unwrap();
    let (spool, opened) = Spool::open(dir.path(), limits(1 << 20), T0 - 99).unwrap();
    assert!(opened.mark_lost);
    let next = spool.append(Class::Metrics, b"new", T0).unwrap();
    assert_eq!(next, Number { epoch: T0 + 1, seq: 1 });
    assert_eq!(seqs(&spool), [1, 2], "one epoch at a time");
    spool.acknowledge(at(2), T0).unwrap();
    assert_eq!(spool.pending(9, 99).unwrap()[0].number, next);
}

#[test]
fn declares_itself_not_durable_after_a_failed_sync_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    spool.break_sync();
    let refused = spool.append(Class::Metrics, b"a", T0 + 7);
    assert!(matches!(refused, Err(SpoolError::NotDurable { number, .. }) if number == at(1)));
    assert_eq!(spool.durability(), Durability::Lost { since_ms: T0 + 7 });
    assert_eq!(spool.append(Class::Metrics, b"b", T0).unwrap(), at(2));
    assert_eq!(seqs(&spool), [1, 2]);
}

#[test]
fn recreates_a_file_that_has_grown_when_it_has_drained() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = Spool::open(dir.path(), limits(64 << 20), T0).unwrap();
    for _ in 0..40 {
        spool.append(Class::Metrics, &vec![9; 500_000], T0).unwrap();
    }
    let last = spool.append(Class::Event, b"kept", T0).unwrap();
    spool.acknowledge(at(40), T0).unwrap();
    spool.acknowledge(at(40), T0 + 61_000).unwrap();
    assert!(dir.path().join("contents-2/db").metadata().unwrap().len() < 2 << 20);
    assert!(!dir.path().join("contents-1").exists());
    drop(spool);
    let (spool, opened) = open(dir.path());
    assert_eq!((opened.lost.len(), spool.pending(9, 99).unwrap()[0].number), (0, last));
}

#[test]
fn refuses_bodies_over_the_bound() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    let refused = spool.append(Class::Metrics, &vec![0; BODY_MAX + 1], T0);
    assert!(matches!(refused, Err(SpoolError::TooLarge { .. })));
    assert_eq!(spool.last(), at(0));
}

#[test]
fn gives_up_a_refused_report_and_counts_it_once() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    fill(&spool, 3);
    spool.refuse(at(1)).unwrap();
    spool.refuse(at(1)).unwrap();
    spool.refuse(at(9)).unwrap();
    assert_eq!(seqs(&spool), [2, 3]);
    let drops = [DropRange { epoch: T0, from: 1, to: 1, count: 1 }];
    assert_eq!(spool.drops(), drops);
    drop(spool);
    let (spool, opened) = open(dir.path());
    assert_eq!((opened.lost.len(), opened.quarantined.len()), (0, 0));
    assert_eq!((seqs(&spool), spool.drops()), (vec![2, 3], drops.to_vec()));
}

#[test]
fn removes_the_leftovers_of_an_interrupted_recreation_or_opening() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    fill(&spool, 3);
    drop(spool);
    std::fs::create_dir(dir.path().join("contents-2")).unwrap();
    std::fs::write(dir.path().join("contents-2.before"), b"half a copy").unwrap();
    let (_spool, opened) = open(dir.path());
    assert_eq!(opened, Opened { recovered: 3, ..Opened::default() });
    let mut left: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["LOCK", "MARK", "contents-1"]);
}
