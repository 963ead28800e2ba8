//! Opening a database that may be in any state: the result is always a usable one, and what was wrong is said.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{
    DB_FILE, Durable, DurableError, Evidence, Options, Quarantine, Reason, assemble, contained, files, frame,
    io_error, set_aside,
};

/// Pause between two tries for sled's file lock, which its worker threads hold a moment longer than the last handle.
const LOCK_RETRY: Duration = Duration::from_millis(2);

/// What opening found.
#[derive(Debug)]
pub struct Opened {
    /// Entries in the database as it is now.
    pub entries: u64,
    /// Set when the database found was moved aside and an empty one made in its place.
    pub quarantined: Option<Quarantine>,
    /// The file as it was before the engine touched it, when salvage was asked for and nothing was moved aside.
    pub evidence: Evidence,
}

/// Opens the database in `dir`, makes it if absent, and checks every value. The caller holds a lock on the directory
/// above ([`files::lock_dir`]); two openers would quarantine each other's database.
///
/// # Errors
/// Only what a person must mend: a directory that cannot be made, written or renamed. Damage is no error; see
/// [`Opened::quarantined`].
pub fn open(dir: &Path, options: &Options) -> Result<(Durable, Opened), DurableError> {
    let evidence = if options.salvageable { Evidence::take(dir)? } else { Evidence::default() };
    let reason = match attempt(dir, options)? {
        Ok((durable, entries)) if entries >= options.at_least => {
            return Ok((durable, Opened { entries, quarantined: None, evidence }));
        }
        Ok((durable, entries)) => {
            durable.close();
            Reason::Short { found: entries, expected: options.at_least }
        }
        Err(reason) => reason,
    };
    let quarantine = set_aside(dir, reason)?;
    evidence.keep(&quarantine)?;
    match attempt(dir, options)? {
        Ok((durable, entries)) => {
            Ok((durable, Opened { entries, quarantined: Some(quarantine), evidence: Evidence::default() }))
        }
        Err(reason) => {
            Err(io_error("make a new database in", dir, std::io::Error::other(reason.to_string())))
        }
    }
}

/// One try: outer error for what the file system refuses, inner for a database that is bad.
fn attempt(dir: &Path, options: &Options) -> Result<Result<(Durable, u64), Reason>, DurableError> {
    files::create_dir(dir).map_err(|e| io_error("create", dir, e))?;
    let path = dir.join(DB_FILE);
    let file = match OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::IsADirectory => {
            return Ok(Err(Reason::CannotOpen(e.to_string())));
        }
        Err(e) => return Err(io_error("open", &path, e)),
    };
    let db = match in_thread(dir, options) {
        Ok(opened) => opened,
        Err(reason) => return Ok(Err(reason)),
    };
    // Recovery wrote to the file and made others beside it: all of that must be on disk before we build on it.
    file.sync_all().map_err(|e| io_error("sync", &path, e))?;
    files::sync_dir(dir).map_err(|e| io_error("sync", dir, e))?;
    let (db, entries) = db;
    Ok(Ok((Durable { db, file, dir: dir.to_owned(), sync_failed: AtomicBool::new(false) }, entries)))
}

/// Opens and checks in a thread of its own: a panic ends that thread, an endless loop is left behind with it.
fn in_thread(dir: &Path, options: &Options) -> Result<(sled::Db, u64), Reason> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let config = sled::Config::new()
        .path(dir)
        .cache_capacity(options.cache_bytes)
        // No background flusher: its fsync errors are only logged, and closing waits for ever if it has panicked.
        .flush_every_ms(None);
    let deadline = Instant::now() + options.deadline;
    let worker = std::thread::Builder::new().name("sled-open".into()).spawn(move || {
        // The receiver is gone only after the deadline; then nobody wants the answer.
        drop(sender.send(open_and_check(&config, deadline)));
    });
    if let Err(e) = worker {
        return Err(Reason::CannotOpen(e.to_string()));
    }
    match receiver.recv_timeout(options.deadline) {
        Ok(answer) => answer,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(Reason::TimedOut),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(Reason::Panicked),
    }
}

fn open_and_check(config: &sled::Config, deadline: Instant) -> Result<(sled::Db, u64), Reason> {
    let db = loop {
        match contained(|| config.open()) {
            Ok(db) => break db,
            Err(DurableError::Engine(sled::Error::Io(e)))
                if e.to_string().contains("could not acquire lock") && Instant::now() < deadline =>
            {
                std::thread::sleep(LOCK_RETRY);
            }
            Err(e) => return Err(reason_of(&e)),
        }
    };
    let (mut entries, mut damaged) = (0, 0);
    let mut iter = db.iter();
    loop {
        match contained(|| iter.next().transpose()) {
            Ok(None) => break,
            Ok(Some((key, value))) => match frame::decode(&value) {
                Some(f) if *key == *frame::part_key(f.key, f.part) => {
                    if f.part == 0 {
                        match assemble(&db, &value) {
                            Ok(_) => entries += 1,
                            Err(_) => damaged += 1,
                        }
                    }
                }
                _ => damaged += 1,
            },
            Err(e) => return Err(reason_of(&e)),
        }
    }
    if damaged > 0 { Err(Reason::Damaged { values: damaged }) } else { Ok((db, entries)) }
}

fn reason_of(error: &DurableError) -> Reason {
    match error {
        DurableError::Panicked => Reason::Panicked,
        DurableError::Engine(e) => Reason::CannotOpen(e.to_string()),
        other => Reason::CannotOpen(other.to_string()),
    }
}
