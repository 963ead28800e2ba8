//! A high-water mark outside the database: a few bytes that say what must be there, so that "silently empty" is seen.
//!
//! The file is made whole (temporary file, fsync, rename). After that it is updated in place, in two slots by turns, one
//! disk block each: a torn write spoils only the newer slot and one `fdatasync` suffices, where replacing the file would
//! cost three. The mark is written after the data it speaks of, so it may lag behind but never promise too much.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::files;

const MAGIC: [u8; 4] = *b"EVM1";
/// One disk block: a torn write cannot reach the other slot.
const SLOT: usize = 4096;
const HEADER: usize = 18;

/// Longest payload of a mark: a slot without its header.
pub const MARK_PAYLOAD_MAX: usize = SLOT - HEADER;

/// What was found where the mark should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkState {
    /// No such file: a new store, or one whose mark was taken away.
    Missing,
    /// A file is there, but no slot of it is sound.
    Damaged,
    /// The newest sound payload.
    Found(Vec<u8>),
}

/// An open mark file.
#[derive(Debug)]
pub struct Mark {
    file: File,
    turn: u64,
}

impl Mark {
    /// Opens or makes the mark at `path`, and says what it held.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(path: &Path) -> io::Result<(Self, MarkState)> {
        let (state, turn) = match std::fs::read(path) {
            Ok(bytes) => newest(&bytes),
            Err(e) if e.kind() == io::ErrorKind::NotFound => (MarkState::Missing, 0),
            Err(e) => return Err(e),
        };
        if !matches!(state, MarkState::Found(_)) {
            files::write_whole(path, &[0; 2 * SLOT])?;
        }
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok((Self { file, turn }, state))
    }

    /// Writes a new payload; it survives the end of the process, and a power cut after [`Mark::sync`].
    ///
    /// # Errors
    /// The file system's, or [`io::ErrorKind::InvalidInput`] for more than [`MARK_PAYLOAD_MAX`] bytes.
    pub fn store(&mut self, payload: &[u8]) -> io::Result<()> {
        let len = u16::try_from(payload.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        if payload.len() > MARK_PAYLOAD_MAX {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let turn = self.turn + 1;
        let mut slot = Vec::with_capacity(HEADER + payload.len());
        slot.extend_from_slice(&MAGIC);
        slot.extend_from_slice(&turn.to_le_bytes());
        slot.extend_from_slice(&len.to_le_bytes());
        slot.extend_from_slice(&checksum(&slot, payload).to_le_bytes());
        slot.extend_from_slice(payload);
        let offset = if turn.is_multiple_of(2) { SLOT as u64 } else { 0 };
        self.file.write_all_at(&slot, offset)?;
        self.turn = turn;
        Ok(())
    }

    /// Makes the newest payload durable.
    ///
    /// # Errors
    /// The file system's; it must not be tried again.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn newest(bytes: &[u8]) -> (MarkState, u64) {
    let best = bytes.chunks(SLOT).take(2).filter_map(read_slot).max_by_key(|(turn, _)| *turn);
    match best {
        Some((turn, payload)) => (MarkState::Found(payload.to_vec()), turn),
        None => (MarkState::Damaged, 0),
    }
}

fn read_slot(slot: &[u8]) -> Option<(u64, &[u8])> {
    let (header, rest) = slot.split_first_chunk::<HEADER>()?;
    let (head, crc) = header.split_last_chunk::<4>()?;
    let (magic, numbers) = head.split_first_chunk::<4>()?;
    let (turn, len) = numbers.split_first_chunk::<8>()?;
    let payload = rest.get(..usize::from(u16::from_le_bytes(len.try_into().ok()?)))?;
    (*magic == MAGIC && checksum(head, payload).to_le_bytes() == *crc)
        .then_some((u64::from_le_bytes(*turn), payload))
}

fn checksum(head: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(payload);
    hasher.finalize()
}
