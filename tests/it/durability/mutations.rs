//! Damaged files: one file of a store is changed in one of many ways; the store must open, return or report everything it
//! owes, and take new data.

use std::fs;
use std::path::{Path, PathBuf};

use eavip_agent::spool::{Class, Limits, Number, Spool};
use eavip_server::log::{Log, Options, Stream};
use eavip_server::views::{Loaded, Views};
use eavip_tests::chance::{Chance, checkpoint_entries, digest};

use super::oracle::{Allowed, Oracle};

/// Per store and seed; three stores, two seeds.
const ROUNDS: u64 = 180;

const NOW: u64 = 1_700_000_000_000;
const LOG: fn() -> Options =
    || Options { segment_bytes: 8 << 10, reserve_bytes: 4 << 10, ..Options::default() };

#[test]
fn a_damaged_log_opens_and_reports_what_it_cannot_return() {
    rounds("log", fill_log, |dir, oracle| {
        oracle.check_log(dir, &LOG(), Allowed::ReportedLoss);
        let (mut log, _) = Log::open(dir, &LOG()).unwrap();
        for stream in Stream::ALL {
            let range = log.append(stream, &[b"after"]).unwrap();
            assert!(!oracle.records.contains_key(&(stream, range.start.0)), "a position was given twice");
        }
        log.sync().unwrap();
    });
}

#[test]
fn a_damaged_spool_opens_and_reports_what_it_cannot_return() {
    rounds("spool", fill_spool, |dir, oracle| {
        oracle.check_spool(dir, Limits::default(), Allowed::ReportedLoss);
        let (spool, opened) = Spool::open(dir, Limits::default(), NOW).unwrap();
        assert!(opened.lost.is_empty(), "reported twice: {opened:?}");
        let number = spool.append(Class::Metrics, b"after", NOW).unwrap();
        assert!(!oracle.reports.contains_key(&number), "{number:?} was given twice");
    });
}

#[test]
fn damaged_views_load_whole_or_say_that_they_do_not() {
    rounds("views", fill_views, |dir, oracle| {
        let mut views = Views::open(dir, 8 << 20).unwrap();
        match views.load().unwrap() {
            Loaded::Some { meta, entries } => {
                assert_eq!((meta.as_slice(), entries), (b"meta".as_slice(), checkpoint_entries(2)));
            }
            Loaded::None => panic!("the checkpoint is gone without a word"),
            Loaded::Quarantined { .. } => oracle.reported += 1,
        }
        views.save(b"after", checkpoint_entries(3)).unwrap();
        assert!(matches!(views.load().unwrap(), Loaded::Some { .. }));
    });
}

fn rounds(store: &str, fill: fn(&Path, &mut Chance) -> Oracle, check: fn(&Path, &mut Oracle)) {
    super::quiet_about_contained_panics();
    let (mut mutated, mut owed, mut reported) = (0, 0, 0);
    for seed in super::seeds() {
        let mut chance = Chance::new(seed);
        let template = scratch();
        let sound = fill(template.path(), &mut chance);
        for round in 0..ROUNDS {
            let dir = scratch();
            copy(template.path(), dir.path());
            let what = mutate(dir.path(), &mut chance);
            eprintln!("{store}: seed {seed}, round {round}: {what}");
            let mut oracle = sound.clone();
            check(dir.path(), &mut oracle);
            mutated += 1;
            owed += oracle.acknowledged;
            reported += oracle.reported;
        }
    }
    eprintln!(
        "{store}: {mutated} mutated files, {owed} owed, {reported} reported as lost, lost unreported 0"
    );
    assert!(mutated >= 334, "three stores make 1,000");
}

/// Memory rather than disk, where there is some: the subject is the content of files, not the device.
fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn fill_log(dir: &Path, chance: &mut Chance) -> Oracle {
    let mut oracle = Oracle::default();
    let (mut log, _) = Log::open(dir, &LOG()).unwrap();
    for n in 0..120 {
        let stream = Stream::ALL[(n % 2) as usize];
        let len = chance.below(600) as usize;
        let payload = chance.bytes(len);
        let range = log.append(stream, &[&payload]).unwrap();
        oracle.owe_record(stream, range.start.0, digest(&payload));
    }
    log.sync().unwrap();
    oracle
}

fn fill_spool(dir: &Path, chance: &mut Chance) -> Oracle {
    let mut oracle = Oracle::default();
    let (spool, _) = Spool::open(dir, Limits::default(), NOW).unwrap();
    for n in 1..=80_u64 {
        let len = chance.below(9_000) as usize;
        let body = chance.bytes(len);
        let number = spool.append(Class::Metrics, &body, NOW).unwrap();
        if n > 20 {
            oracle.owe_report(number, digest(&body));
        }
        if n == 40 {
            let mark = Number { seq: 20, ..number };
            spool.acknowledge(mark, NOW).unwrap();
            oracle.hear(&format!("acknowledging {} {}", mark.epoch, mark.seq));
        }
    }
    oracle
}

fn fill_views(dir: &Path, _: &mut Chance) -> Oracle {
    let mut views = Views::open(dir, 8 << 20).unwrap();
    views.save(b"old", checkpoint_entries(1)).unwrap();
    views.save(b"meta", checkpoint_entries(2)).unwrap();
    Oracle::owing_a_checkpoint()
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// All files that hold something, sorted.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else if entry.metadata().unwrap().len() > 0 {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// Damages one file; returns what was done.
fn mutate(dir: &Path, chance: &mut Chance) -> String {
    let all = files(dir);
    let path = &all[chance.below(all.len() as u64) as usize];
    let mut bytes = fs::read(path).unwrap();
    // Databases end in long runs of zeros: aim at what was written.
    let used = bytes.iter().rposition(|b| *b != 0).map_or(bytes.len(), |last| last + 1);
    let at = chance.below(used as u64) as usize;
    let end = (at + 1 + chance.below(2_000) as usize).min(bytes.len());
    let what = match chance.below(9) {
        0..=2 => {
            bytes[at] ^= 1 << chance.below(8);
            format!("bit at {at}")
        }
        3 => {
            bytes.truncate(at);
            format!("cut at {at}")
        }
        4 => {
            bytes[at..end].fill(0);
            format!("zeros at {at}..{end}")
        }
        5 => {
            let noise = chance.bytes(end - at);
            bytes[at..end].copy_from_slice(&noise);
            format!("noise at {at}..{end}")
        }
        6 => {
            bytes.clear();
            "emptied".to_owned()
        }
        7 => {
            fs::remove_file(path).unwrap();
            return format!("{} removed", path.display());
        }
        _ => {
            let other = &all[chance.below(all.len() as u64) as usize];
            let twin = path.extension() == other.extension() && path.parent() == other.parent();
            if twin {
                fs::write(path, fs::read(other).unwrap()).unwrap();
                fs::write(other, bytes).unwrap();
                return format!("{} swapped with {}", path.display(), other.display());
            }
            bytes[at..].rotate_left(1);
            format!("shifted at {at}")
        }
    };
    fs::write(path, bytes).unwrap();
    format!("{} {what}", path.display())
}
