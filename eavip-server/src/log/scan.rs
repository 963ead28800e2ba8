//! Walking through a segment: record after record, and across damaged bytes to the next sound record.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::frame::{self, Header, Salt};
use super::{Stream, segment};

/// Read-ahead; records are some KiB.
const WINDOW: usize = 256 << 10;

/// What stands at the walk's place.
#[derive(Debug)]
pub(super) enum Step {
    /// A sound record. Its position may be higher than expected: then those between are missing.
    Record { position: u64, payload: Vec<u8> },
    /// Bytes that are no record, up to the next sound one.
    Damage(Range<u64>),
    /// Bytes that are no record, and no sound one after them.
    BadTail(Range<u64>),
    /// The end of the file, at the end of a record.
    End,
}

/// A walk through one segment file.
#[derive(Debug)]
pub(super) struct Scan {
    file: File,
    salt: Salt,
    stream: Stream,
    /// Where the next record should begin.
    pub(super) offset: u64,
    /// Which position it should have, at least.
    pub(super) expected: u64,
    /// Positions from here on belong to the next segment.
    below: u64,
    window: Vec<u8>,
    window_at: u64,
}

impl Scan {
    pub(super) fn new(file: File, salt: Salt, stream: Stream, first: u64, below: u64) -> Self {
        let offset = segment::HEADER;
        Self { file, salt, stream, offset, expected: first, below, window: Vec::new(), window_at: 0 }
    }

    /// Takes the next step.
    pub(super) fn step(&mut self) -> io::Result<Step> {
        let len = self.file.metadata()?.len();
        if self.offset >= len {
            return Ok(Step::End);
        }
        if let Some((header, payload)) = self.record_at(self.offset)? {
            self.offset += (frame::HEADER + payload.len()) as u64;
            self.expected = header.position + 1;
            return Ok(Step::Record { position: header.position, payload });
        }
        let from = self.offset;
        match self.search(from + 1)? {
            Some(found) => {
                self.offset = found;
                Ok(Step::Damage(from..found))
            }
            None => {
                self.offset = len;
                Ok(Step::BadTail(from..len))
            }
        }
    }

    /// The file, for copying damaged bytes.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The next place from `at` on where a sound record begins.
    fn search(&mut self, mut at: u64) -> io::Result<Option<u64>> {
        let magic = self.salt.magic();
        loop {
            // A bad sector is damage like any other: go past it.
            let bytes = match self.bytes(at, frame::HEADER) {
                Ok(bytes) if bytes.len() < frame::HEADER => return Ok(None),
                Ok(bytes) => bytes,
                Err(_) => {
                    at += SECTOR - at % SECTOR;
                    if at >= self.file.metadata()?.len() {
                        return Ok(None);
                    }
                    continue;
                }
            };
            match bytes.windows(magic.len()).position(|w| w == magic) {
                None => at += (bytes.len() - (magic.len() - 1)) as u64,
                Some(hop) => {
                    at += hop as u64;
                    if self.record_at(at)?.is_some() {
                        return Ok(Some(at));
                    }
                    at += 1;
                }
            }
        }
    }

    /// The record at `offset`, if one is there whose position fits.
    fn record_at(&mut self, offset: u64) -> io::Result<Option<(Header, Vec<u8>)>> {
        let (salt, stream) = (self.salt, self.stream);
        let fits = self.expected..self.below;
        let Ok(bytes) = self.bytes(offset, frame::HEADER) else { return Ok(None) };
        let Some(header) = bytes.first_chunk().and_then(|b| Header::decode(b, salt, stream)) else {
            return Ok(None);
        };
        if !fits.contains(&header.position) {
            return Ok(None);
        }
        let Ok(bytes) = self.bytes(offset, frame::HEADER + header.payload_len) else { return Ok(None) };
        let payload = bytes.get(frame::HEADER..frame::HEADER + header.payload_len);
        Ok(payload.filter(|p| header.vouches_for(salt, p)).map(|p| (header, p.to_vec())))
    }

    /// At least `len` bytes from `offset` on, fewer only at the end of the file.
    fn bytes(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        let inside = offset.checked_sub(self.window_at).and_then(|skip| usize::try_from(skip).ok());
        let held = inside.filter(|skip| skip + len <= self.window.len());
        let skip = match held {
            Some(skip) => skip,
            None => {
                self.window.clear();
                self.window.resize(len.max(WINDOW), 0);
                let mut filled = 0;
                while let Some(room) = self.window.get_mut(filled..).filter(|room| !room.is_empty()) {
                    match self.file.read_at(room, offset + filled as u64) {
                        Ok(0) => break,
                        Ok(n) => filled += n,
                        Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                        Err(e) => {
                            self.window.clear();
                            return Err(e);
                        }
                    }
                }
                self.window.truncate(filled);
                self.window_at = offset;
                0
            }
        };
        Ok(self.window.get(skip..).unwrap_or_default())
    }
}

/// What a disk fails to read at once.
const SECTOR: u64 = 4096;
