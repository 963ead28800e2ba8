//! Appending to the last segment of one stream.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::frame::{self, Salt};
use super::segment::{self, Catalogue, Header};
use super::{LogError, Position, Stream};

/// The end of a stream.
#[derive(Debug)]
pub(super) struct Writer {
    dir: PathBuf,
    salt: Salt,
    file: File,
    /// First position of the open segment.
    first: u64,
    /// Where the next record goes.
    len: u64,
    next: u64,
    segment_bytes: u64,
    dirty: bool,
    buffer: Vec<u8>,
}

/// Larger buffers are given back after an unusually large append.
const BUFFER_KEEP: usize = 1 << 20;

impl Writer {
    pub(super) fn new(
        dir: PathBuf,
        salt: Salt,
        file: File,
        first: u64,
        end: (u64, u64),
        roll_at: u64,
    ) -> Self {
        let (len, next) = end;
        Self { dir, salt, file, first, len, next, segment_bytes: roll_at, dirty: false, buffer: Vec::new() }
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn append<P: AsRef<[u8]>>(
        &mut self,
        stream: Stream,
        payloads: &[P],
    ) -> Result<Range<Position>, LogError> {
        self.buffer.clear();
        let start = self.next;
        let mut next = start;
        for payload in payloads {
            frame::encode(&mut self.buffer, self.salt, stream, next, payload.as_ref());
            next += 1;
        }
        if let Err(error) = self.file.write_all_at(&self.buffer, self.len) {
            // Half a record must not stay: a later, shorter append would leave its rest behind.
            self.file.set_len(self.len).map_err(LogError::SyncFailed)?;
            return Err(if is_full(&error) { LogError::Full(error) } else { LogError::SyncFailed(error) });
        }
        self.len += self.buffer.len() as u64;
        self.next = next;
        self.dirty |= !payloads.is_empty();
        self.buffer.shrink_to(BUFFER_KEEP);
        Ok(Position(start)..Position(next))
    }

    /// Begins a new segment when the open one is full; says whether it did.
    pub(super) fn roll_if_full(&mut self, catalogue: &Catalogue, stream: Stream) -> Result<bool, LogError> {
        if self.len < self.segment_bytes || self.next == self.first {
            return Ok(false);
        }
        self.sync()?;
        let header = Header {
            salt: self.salt,
            stream,
            first: self.next,
            previous_first: self.first,
            previous_len: self.len,
        };
        let (file, path) = segment::create(&self.dir, &header)
            .map_err(|e| if is_full(&e) { LogError::Full(e) } else { LogError::SyncFailed(e) })?;
        catalogue.set_next(stream, self.next);
        catalogue.add(stream, self.next, path);
        self.file = file;
        self.first = self.next;
        self.len = segment::HEADER;
        Ok(true)
    }

    pub(super) fn sync(&mut self) -> Result<(), LogError> {
        if self.dirty {
            self.file.sync_data().map_err(LogError::SyncFailed)?;
            self.dirty = false;
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn break_sync(&mut self) {
        self.file = File::options().write(true).open("/dev/null").unwrap();
    }
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
