//! Tests of the log.

#![expect(clippy::single_range_in_vec_init, reason = "a list of one gap is what is expected")]

use super::*;

const REPORTS: Stream = Stream::Reports;

fn small() -> Options {
    Options { segment_bytes: 1_000, reserve_bytes: 4_096, ..Options::default() }
}

fn payload(n: u64) -> Vec<u8> {
    format!("record {n} {}", "x".repeat((n % 90) as usize)).into_bytes()
}

fn filled(dir: &Path, count: u64) -> Log {
    let (mut log, _) = Log::open(dir, &small()).unwrap();
    for n in 0..count {
        let range = log.append(REPORTS, &[payload(n)]).unwrap();
        assert_eq!(range, Position(n)..Position(n + 1));
    }
    log.sync().unwrap();
    log
}

fn read(log: &Log, from: u64) -> (Vec<u64>, Vec<Range<u64>>) {
    let (mut records, mut problems) = (Vec::new(), Vec::new());
    for item in log.replay(REPORTS, Position(from)) {
        match item {
            Ok((position, bytes)) => {
                assert_eq!(bytes, payload(position.0));
                records.push(position.0);
            }
            Err(problem) => problems.push(problem.positions()),
        }
    }
    (records, problems)
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.to_str().unwrap().contains("/reports-"))
        .collect();
    found.sort();
    found
}

fn change(path: &Path, with: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    with(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn reads_back_what_was_synced_over_many_segments_and_openings() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 60));
    let (mut log, opened) = Log::open(dir.path(), &small()).unwrap();
    assert_eq!(opened, Opened::default());
    assert!(segments(dir.path()).len() > 3);
    log.append(REPORTS, &[payload(60), payload(61)]).unwrap();
    assert_eq!(read(&log, 58).0, [58, 59], "not synced, not shown");
    log.sync().unwrap();
    assert_eq!(read(&log, 0), ((0..62).collect(), vec![]));
    assert_eq!(log.next(Stream::Ledger), Position(0));
}

#[test]
fn finds_where_the_newest_segments_begin_that_fit_into_so_much_space() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = filled(dir.path(), 60);
    let sizes: Vec<u64> = segments(dir.path()).iter().map(|path| path.metadata().unwrap().len()).collect();
    let total: u64 = sizes.iter().sum();
    assert_eq!(log.within(REPORTS, total), Position(0));
    let floor = log.within(REPORTS, total - 1);
    assert!(floor > Position(0));
    log.prune(REPORTS, floor).unwrap();
    let kept: u64 = segments(dir.path()).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert_eq!(kept, total - sizes[0], "one segment less, and no more");
    assert!(log.within(REPORTS, 0) < log.next(REPORTS), "the segment that is written stays");
}

#[test]
fn refuses_a_second_opener() {
    let dir = tempfile::tempdir().unwrap();
    let _log = filled(dir.path(), 1);
    assert!(matches!(Log::open(dir.path(), &small()), Err(LogError::InUse(_))));
}

#[test]
fn cuts_a_torn_tail_and_reports_it() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 3));
    change(&segments(dir.path())[0], |b| b.extend_from_slice(&[1, 2, 3]));
    let (log, opened) = Log::open(dir.path(), &small()).unwrap();
    assert_eq!(opened, Opened { torn: PerStream { ledger: 0, reports: 3 }, ..Opened::default() });
    assert_eq!(read(&log, 0), (vec![0, 1, 2], vec![]));
}

#[test]
fn serves_what_is_around_a_corrupt_record_and_keeps_its_bytes() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 8));
    change(&segments(dir.path())[0], |b| b[64 + 100] ^= 1);
    let (log, opened) = Log::open(dir.path(), &small()).unwrap();
    assert_eq!((opened.quarantined, opened.torn.reports), (1, 0));
    assert_eq!(opened.gaps.reports, vec![2..3]);
    assert_eq!(read(&log, 0), (vec![0, 1, 3, 4, 5, 6, 7], vec![2..3]));
    assert_eq!(std::fs::read_dir(dir.path().join("quarantine")).unwrap().count(), 1);
}

#[test]
fn finds_damage_in_an_older_segment_on_replay() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 60));
    change(&segments(dir.path())[1], |b| b[64 + 30] ^= 1);
    let (log, opened) = Log::open(dir.path(), &small()).unwrap();
    assert_eq!(opened, Opened::default());
    let (records, problems) = read(&log, 0);
    assert_eq!((records.len(), problems.len()), (59, 1));
    assert!(matches!(log.replay(REPORTS, Position(0)).find_map(Result::err), Some(Problem::Corrupt { .. })));
}

#[test]
fn reports_a_missing_segment_wherever_it_was() {
    for which in [0, 1, 2, usize::MAX] {
        let dir = tempfile::tempdir().unwrap();
        drop(filled(dir.path(), 60));
        let all = segments(dir.path());
        std::fs::remove_file(&all[which.min(all.len() - 1)]).unwrap();
        let (mut log, opened) = Log::open(dir.path(), &small()).unwrap();
        let (records, problems) = read(&log, 0);
        assert_eq!(opened.gaps.reports.len(), 1, "segment {which}");
        assert_eq!(problems, opened.gaps.reports, "segment {which}");
        assert_eq!(records.len() as u64 + (problems[0].end - problems[0].start), 60);
        assert_eq!(log.append(REPORTS, &[payload(60)]).unwrap().start, Position(60));
    }
}

#[test]
fn reports_a_segment_that_was_emptied_or_shortened() {
    for len in [0, 30, 64, 300] {
        let dir = tempfile::tempdir().unwrap();
        drop(filled(dir.path(), 60));
        change(&segments(dir.path())[1], |b| b.truncate(len));
        let (log, opened) = Log::open(dir.path(), &small()).unwrap();
        assert_eq!(opened.gaps.reports.len(), 1, "{len}");
        assert_eq!(read(&log, 0).1, opened.gaps.reports, "{len}");
    }
}

#[test]
fn sees_a_tail_that_vanished_at_a_records_end() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 4));
    change(&segments(dir.path())[0], |b| b.truncate(64 + 24 + payload(0).len()));
    let (mut log, opened) = Log::open(dir.path(), &small()).unwrap();
    assert_eq!((opened.gaps.reports, opened.torn.reports), (vec![1..4], 0));
    log.append(REPORTS, &[payload(4)]).unwrap();
    log.sync().unwrap();
    drop(log);
    let (log, opened) = Log::open(dir.path(), &small()).unwrap();
    assert_eq!(opened.gaps.reports, vec![1..4]);
    assert_eq!(read(&log, 0), (vec![0, 4], vec![1..4]));
}

#[test]
fn does_not_use_positions_again_that_a_checkpoint_knows() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 4));
    std::fs::remove_file(dir.path().join("MARK")).unwrap();
    change(&segments(dir.path())[0], |b| b.truncate(64));
    let known = PerStream { ledger: Position(0), reports: Position(3) };
    let (log, opened) = Log::open(dir.path(), &Options { known, ..small() }).unwrap();
    assert!(opened.mark_lost);
    assert_eq!((opened.gaps.reports, log.next(REPORTS)), (vec![0..3], Position(3)));
}

#[test]
fn recognises_swapped_segments_by_their_headers() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 60));
    let all = segments(dir.path());
    let ledger = dir.path().join(segment::file_name(Stream::Ledger, 0));
    let bytes: Vec<_> = [&all[1], &all[2], &ledger].map(|p| std::fs::read(p).unwrap()).into();
    for (path, content) in [&all[2], &ledger, &all[1]].into_iter().zip(&bytes) {
        std::fs::write(path, content).unwrap();
    }
    let (log, opened) = Log::open(dir.path(), &small()).unwrap();
    assert_eq!(opened, Opened::default());
    assert_eq!(read(&log, 0), ((0..60).collect(), vec![]));
}

#[test]
fn moves_a_segment_of_another_log_aside() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(filled(dir.path(), 60));
    drop(filled(other.path(), 60));
    std::fs::copy(&segments(other.path())[1], &segments(dir.path())[1]).unwrap();
    let (log, opened) = Log::open(dir.path(), &small()).unwrap();
    assert_eq!((opened.strangers.len(), opened.gaps.reports.len()), (1, 1));
    assert_eq!(read(&log, 0).1, opened.gaps.reports);
}

#[test]
fn a_record_inside_a_payload_is_not_found_by_the_search() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(filled(other.path(), 1));
    let alien = std::fs::read(&segments(other.path())[0]).unwrap()[64..].to_vec();
    let (mut log, _) = Log::open(dir.path(), &small()).unwrap();
    log.append(REPORTS, &[&alien]).unwrap();
    drop(log);
    change(&segments(dir.path())[0], |b| b[64] ^= 1);
    let (log, opened) = Log::open(dir.path(), &small()).unwrap();
    assert_eq!((read(&log, 0), opened.gaps.reports), ((vec![], vec![0..1]), vec![0..1]));
}

#[test]
fn prunes_whole_segments_and_remembers_where_it_begins() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = filled(dir.path(), 60);
    let before = segments(dir.path()).len();
    let pruned = log.prune(REPORTS, Position(30)).unwrap();
    assert_eq!(segments(dir.path()).len(), before - pruned);
    let first = log.first(REPORTS);
    assert!(pruned > 0 && first <= Position(30));
    assert_eq!(read(&log, 0), ((first.0..60).collect(), vec![]));
    drop(log);
    let (log, opened) = Log::open(dir.path(), &small()).unwrap();
    assert_eq!((opened, log.first(REPORTS)), (Opened::default(), first));
}

#[test]
fn refuses_everything_after_a_failed_sync() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = filled(dir.path(), 2);
    log.append(REPORTS, &[payload(2)]).unwrap();
    log.break_sync(REPORTS);
    assert!(matches!(log.sync(), Err(LogError::SyncFailed(_))));
    assert!(matches!(log.sync(), Err(LogError::Poisoned)));
    assert!(matches!(log.append(REPORTS, &[payload(3)]), Err(LogError::Poisoned)));
    assert_eq!(read(&log, 0).0, [0, 1]);
}

#[test]
fn refuses_an_oversized_record_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = filled(dir.path(), 1);
    let refused = log.append(REPORTS, &[payload(1), vec![0; PAYLOAD_MAX + 1]]);
    assert!(matches!(refused, Err(LogError::TooLarge { .. })));
    assert_eq!(log.append(REPORTS, &[payload(1)]).unwrap().start, Position(1));
}

#[test]
fn reads_from_other_threads_while_appending() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = filled(dir.path(), 10);
    let reader = log.reader();
    let watching = std::thread::spawn(move || {
        let mut seen = 10;
        while seen < 400 {
            let got: Vec<_> = reader.replay(REPORTS, Position(0)).map(|r| r.unwrap().0.0).collect();
            assert!(got.len() >= seen && got.iter().copied().eq(0..got.len() as u64));
            seen = got.len();
        }
    });
    for n in 10..400 {
        log.append(REPORTS, &[payload(n)]).unwrap();
        log.sync().unwrap();
    }
    watching.join().unwrap();
}

#[test]
fn a_replay_that_is_resumed_goes_on_over_new_segments_and_gaps() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = filled(dir.path(), 3);
    let mut replay = log.replay(REPORTS, Position(1));
    let mut expected = 1;
    for upto in [3, 3, 4, 40, 41, 120] {
        for n in log.next(REPORTS).0..upto {
            log.append(REPORTS, &[payload(n)]).unwrap();
        }
        if expected > 1 {
            assert!(replay.next().is_none(), "nothing before it is synced");
        }
        log.sync().unwrap();
        replay.resume();
        for item in replay.by_ref() {
            let (position, bytes) = item.unwrap();
            assert_eq!((position.0, bytes), (expected, payload(expected)));
            expected += 1;
        }
        assert_eq!(expected, upto);
    }
    assert!(segments(dir.path()).len() > 3, "it went over several segments");
}
