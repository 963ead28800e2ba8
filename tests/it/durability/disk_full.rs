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

fn records(log: &Log) -> Vec<Vec<u8>> {
    log.replay(Stream::Ledger, Position(0)).map(|item| item.unwrap().1).collect()
}

#[test]
fn a_log_on_a_full_disk_refuses_keeps_what_it_has_and_goes_on_when_there_is_room() {
    let Some(disk) = SmallDisk::new("2m") else { return };
    let filler = disk.filler(1 << 20);
    let dir = disk.at.join("log");
    let (mut log, _) = Log::open(&dir, &Options { segment_bytes: 200 << 10, ..Options::default() }).unwrap();
    let mut kept: Vec<Vec<u8>> = Vec::new();
    let refused = loop {
        let record = vec![kept.len() as u8; 7_000];
        match log.append(Stream::Ledger, &[&record]) {
            Ok(_) => kept.push(record),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, LogError::Full(_)), "{refused}");
    log.sync().unwrap();
    assert_eq!(records(&log), kept);
    fs::remove_file(filler).unwrap();
    log.append(Stream::Ledger, &[b"room again"]).unwrap();
    log.sync().unwrap();
    kept.push(b"room again".to_vec());
    drop(log);
    let (log, opened) = Log::open(&dir, &Options::default()).unwrap();
    assert_eq!((records(&log), opened), (kept, eavip_server::log::Opened::default()));
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
