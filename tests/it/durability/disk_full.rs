//! A full disk: a clear refusal, nothing half written, and going on by itself when there is room again. Needs root for a small
//! tmpfs; skipped with the reason where it cannot be mounted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use eavip_agent::spool::{Class, Durability, Limits, Spool, SpoolError};
use eavip_server::log::{Log, LogError, Options, Position, Stream};

/// A small file system; unmounted when dropped.
struct SmallDisk {
    at: PathBuf,
    _dir: tempfile::TempDir,
}

impl SmallDisk {
    fn new(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().to_owned();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs", at.to_str().unwrap()])
            .output()
            .unwrap();
        if !done.status.success() {
            eprintln!("disk full: skipped: {}", String::from_utf8_lossy(&done.stderr).trim());
            return None;
        }
        Some(Self { at, _dir: dir })
    }

    fn filler(&self, bytes: usize) -> PathBuf {
        let path = self.at.join("filler");
        fs::write(&path, vec![1; bytes]).unwrap();
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.at).output());
    }
}

/// Appends until the disk is full; what was taken.
fn fill(log: &mut Log, stream: Stream) -> Vec<Vec<u8>> {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        let record = vec![taken.len() as u8; 7_000];
        match log.append(stream, &[&record]) {
            Ok(_) => taken.push(record),
            Err(LogError::Full(_)) => return taken,
            Err(error) => panic!("{error}"),
        }
    }
}

fn records(log: &Log, stream: Stream) -> Vec<Vec<u8>> {
    log.replay(stream, Position(0)).map(|item| item.unwrap().1).collect()
}

#[test]
fn a_log_on_a_full_disk_keeps_room_for_the_ledger_and_goes_on_when_there_is_room() {
    const RESERVE: u64 = 256 << 10;
    let Some(disk) = SmallDisk::new("2m") else { return };
    let filler = disk.filler(1 << 20);
    let dir = disk.at.join("log");
    let options = Options { segment_bytes: 200 << 10, reserve_bytes: RESERVE, ..Options::default() };
    let (mut log, _) = Log::open(&dir, &options).unwrap();

    let mut reports = fill(&mut log, Stream::Reports);
    let mut ledger = fill(&mut log, Stream::Ledger);
    let room = ledger.len() as u64 * 7_000;
    assert!((RESERVE * 9 / 10..=RESERVE + 16_000).contains(&room), "{room} bytes for the ledger");
    assert!(!dir.join("RESERVE").exists(), "it is spent");
    assert!(fill(&mut log, Stream::Reports).is_empty(), "and reports stay refused");
    log.sync().unwrap();
    assert_eq!(
        (records(&log, Stream::Reports), records(&log, Stream::Ledger)),
        (reports.clone(), ledger.clone())
    );

    fs::remove_file(filler).unwrap();
    for (stream, kept) in [(Stream::Reports, &mut reports), (Stream::Ledger, &mut ledger)] {
        log.append(stream, &[b"room again"]).unwrap();
        kept.push(b"room again".to_vec());
    }
    assert_eq!(dir.join("RESERVE").metadata().unwrap().len(), RESERVE, "and it is there again");
    log.sync().unwrap();
    drop(log);
    let (log, opened) = Log::open(&dir, &options).unwrap();
    assert_eq!((records(&log, Stream::Reports), records(&log, Stream::Ledger)), (reports, ledger));
    assert_eq!(opened, eavip_server::log::Opened::default());
}

#[test]
fn a_spool_on_a_full_disk_refuses_keeps_what_it_has_and_goes_on_when_there_is_room() {
    let Some(disk) = SmallDisk::new("32m") else { return };
    let filler = disk.filler(16 << 20);
    let dir: &Path = &disk.at.join("spool");
    let (spool, _) = Spool::open(dir, Limits::default(), 1).unwrap();
    let mut kept = 0;
    let refused = loop {
        match spool.append(Class::Metrics, &[7; 50_000], 1) {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, SpoolError::DiskFull { .. }), "{refused}");
    assert_eq!(spool.pending(usize::MAX, usize::MAX).unwrap().len(), kept);
    fs::remove_file(filler).unwrap();
    assert_eq!(spool.append(Class::Metrics, b"room again", 1).unwrap().seq, kept as u64 + 1);
    assert_eq!(spool.durability(), Durability::Durable);
}
