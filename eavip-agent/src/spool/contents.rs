//! The entries themselves: one sled directory per generation, keys are numbers, values are class and body.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::{BODY_MAX, Class, Entry, Number, SpoolError, io_error};
use crate::durable::{self, Batch, Durable, DurableError, EVIDENCE_SUFFIX, Options};

const PREFIX: &str = "contents-";

/// sled's page cache on an agent: entries are written once and read once, so more would only cost memory.
const CACHE_BYTES: u64 = 8 << 20;

/// Directory of a generation.
pub(super) fn path(dir: &Path, generation: u64) -> PathBuf {
    dir.join(format!("{PREFIX}{generation}"))
}

/// Generations present in `dir`, ascending; quarantined ones don't count.
pub(super) fn generations(dir: &Path) -> Result<Vec<u64>, SpoolError> {
    let listing = fs::read_dir(dir).map_err(|e| io_error("list", dir, e))?;
    let mut found: Vec<u64> = listing
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_prefix(PREFIX)?.parse().ok())
        .collect();
    found.sort_unstable();
    Ok(found)
}

/// Removes copies that an interrupted opening left.
pub(super) fn sweep(dir: &Path) -> Result<(), SpoolError> {
    let listing = fs::read_dir(dir).map_err(|e| io_error("list", dir, e))?;
    for path in listing.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if name.starts_with(PREFIX) && name.ends_with(EVIDENCE_SUFFIX) {
            fs::remove_file(&path).map_err(|e| io_error("remove", &path, e))?;
        }
    }
    Ok(())
}

/// Opens a generation, making it if absent.
pub(super) fn open(dir: &Path, generation: u64) -> Result<(Durable, durable::Opened), SpoolError> {
    let options = Options { cache_bytes: CACHE_BYTES, salvageable: true, ..Options::default() };
    durable::open(&path(dir, generation), &options).map_err(SpoolError::Store)
}

/// Adds an entry to a batch.
pub(super) fn put(batch: &mut Batch, number: Number, class: Class, body: &[u8]) {
    let mut value = Vec::with_capacity(1 + body.len());
    value.push(match class {
        Class::Metrics => 0,
        Class::Event => 1,
        Class::Evidence => 2,
    });
    value.extend_from_slice(body);
    batch.put(key(number), value);
}

/// Adds a removal to a batch.
pub(super) fn remove(batch: &mut Batch, number: Number) {
    batch.remove(key(number));
}

/// Reads one entry; one that the index knows and the database does not is damage.
pub(super) fn read(db: &Durable, number: Number) -> Result<Entry, DurableError> {
    let value = db.get(&key(number))?.ok_or(DurableError::Damaged)?;
    decode(&key(number), value).ok_or(DurableError::Damaged)
}

/// Visits all entries in order.
pub(super) fn scan(db: &Durable, mut visit: impl FnMut(Entry)) -> Result<(), DurableError> {
    db.scan(b"", |key, value| {
        visit(decode(&key, value).ok_or(DurableError::Damaged)?);
        Ok(())
    })
}

/// Everything that can be read in a directory that was moved aside.
pub(super) fn salvage(moved_to: &Path) -> Result<Vec<Entry>, SpoolError> {
    let found = durable::salvage(moved_to, |key| key.len() == KEY_BYTES)
        .map_err(|e| io_error("salvage from", moved_to, e))?;
    Ok(found.into_iter().filter_map(|(key, value)| decode(&key, value)).collect())
}

const KEY_BYTES: usize = 16;

fn key(number: Number) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    let (epoch, seq) = key.split_at_mut(8);
    epoch.copy_from_slice(&number.epoch.to_be_bytes());
    seq.copy_from_slice(&number.seq.to_be_bytes());
    key
}

fn decode(key: &[u8], value: Vec<u8>) -> Option<Entry> {
    let (epoch, seq) = key.split_first_chunk::<8>()?;
    let number = Number { epoch: u64::from_be_bytes(*epoch), seq: u64::from_be_bytes(seq.try_into().ok()?) };
    let class = match value.first()? {
        0 => Class::Metrics,
        1 => Class::Event,
        2 => Class::Evidence,
        _ => return None,
    };
    let body = Bytes::from(value).slice(1..);
    (body.len() <= BODY_MAX).then_some(Entry { number, class, body })
}
