//! Looking at a log's files without opening the log: nothing is locked, repaired or moved, so that it works on a copy, on
//! a read-only disk and beside a running server.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::scan::{Scan, Step};
use super::segment::{self, Header};
use super::{LogError, Problem, Stream, io_error};

/// What was found besides the records.
#[derive(Debug, Default)]
pub struct Inspected {
    /// The position after the last record.
    pub next: u64,
    /// Positions that can't be read, in order.
    pub problems: Vec<Problem>,
    /// Bytes after the last record that are none: a write under way, or one that was cut short.
    pub unfinished: u64,
}

/// Reads a stream from its first position on; `each` gets every sound record in order.
///
/// # Errors
/// When there is no segment of this stream, or the file system refuses.
pub fn inspect(dir: &Path, stream: Stream, mut each: impl FnMut(u64, &[u8])) -> Result<Inspected, LogError> {
    let segments = segments(dir, stream)?;
    let headers = segments.values().map(|path| Header::read(&File::open(path)?));
    let headers = headers.collect::<io::Result<Vec<_>>>().map_err(|e| io_error("read", dir, e))?;
    let Some(salt) = headers.into_iter().flatten().next().map(|header| header.salt) else {
        let source = io::Error::new(io::ErrorKind::NotFound, "no segment with a sound header");
        return Err(io_error("find the records in", dir, source));
    };
    let mut found = Inspected::default();
    let followers = segments.keys().skip(1).copied().chain([u64::MAX]);
    for ((first, path), below) in segments.iter().zip(followers) {
        let file = File::open(path).map_err(|e| io_error("open", path, e))?;
        found.gap(*first);
        let mut damage: Option<Range<u64>> = None;
        let mut scan = Scan::new(file, salt, stream, *first, below);
        loop {
            match scan.step().map_err(|e| io_error("read", path, e))? {
                Step::Record { position, payload } => {
                    found.before(position, damage.take(), path);
                    each(position, &payload);
                    found.next = position + 1;
                }
                Step::Damage(bytes) => damage = Some(bytes),
                Step::BadTail(bytes) if below == u64::MAX => found.unfinished = bytes.end - bytes.start,
                Step::BadTail(bytes) => damage = Some(bytes),
                Step::End if below == u64::MAX => break,
                Step::End => {
                    found.before(below, damage.take(), path);
                    break;
                }
            }
        }
    }
    Ok(found)
}

fn segments(dir: &Path, stream: Stream) -> Result<BTreeMap<u64, PathBuf>, LogError> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).map_err(|e| io_error("list", dir, e))? {
        let entry = entry.map_err(|e| io_error("list", dir, e))?;
        match entry.file_name().to_str().and_then(segment::parse_name) {
            Some((of, first)) if of == stream => drop(found.insert(first, entry.path())),
            _ => {}
        }
    }
    Ok(found)
}

impl Inspected {
    fn gap(&mut self, to: u64) {
        if self.next < to {
            self.problems.push(Problem::Gap { positions: self.next..to });
            self.next = to;
        }
    }

    /// What stands between the last record and a position.
    fn before(&mut self, to: u64, damage: Option<Range<u64>>, segment: &Path) {
        let Some(bytes) = damage else { return self.gap(to) };
        let positions = self.next..to;
        self.problems.push(Problem::Corrupt { positions, segment: segment.to_owned(), bytes });
        self.next = to;
    }
}
